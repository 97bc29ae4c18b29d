"""Findings about machine types and firmware as lines for people, and counted. Pure; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .plan_text import SHOWN, few, table, wrapped

_HEADER = ("guest", "host", "machine type", "deprecated in", "removed in", "remarks")
Entry = Mapping[str, Any]


def machine_totals(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return how many guests there are, how many are concerned, and how many by each code."""
    codes = Counter(each["code"] for entry in entries for each in entry["concerns"])
    concerned = sum(1 for entry in entries if entry["concerns"])
    return {"guests": len(entries), "concerned": concerned, "concerns": dict(sorted(codes.items()))}


def machine_lines(entries: Sequence[Entry]) -> list[str]:
    """Return a table of the guests that are concerned, of many the first, and each reason once."""
    concerned = [entry for entry in entries if entry["concerns"]]
    lines = table(_HEADER, [_row(entry) for entry in concerned[:SHOWN]]) if concerned else []
    if len(concerned) > SHOWN:
        lines.append(f"... and {len(concerned) - SHOWN} more guests: all are in the result")
    names: dict[str, list[str]] = {}
    for entry in concerned:
        for each in entry["concerns"]:
            names.setdefault(f"{each['message']}; {each['remedy']}", []).append(entry["name"])
    lines += [f"{few(guests)}: {reason}" for reason, guests in names.items()]
    rest = len(entries) - len(concerned)
    return wrapped(
        [*lines, f"{rest} of {len(entries)} guests have a machine type and firmware that every host supports"]
    )


def _row(entry: Entry) -> tuple[str, ...]:
    codes = few([each["code"] for each in entry["concerns"]])
    dates = (entry["deprecated_in"] or "-", entry["removed_in"] or "-")
    return (entry["name"], entry["host"], entry["machine"] or "-", *dates, codes)
