"""Verdicts of a pre-flight look as data, totals and lines for people. Pure; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .._model import prose
from .._planner.preflight import Verdict
from .plan_text import SHOWN, WIDTH, few, table

_HEADER = ("guest", "from", "to", "could go", "refused because of", "beware of")
Entry = Mapping[str, Any]


def matrix(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Return the verdicts as a module gives them back, refusals and warnings in words."""
    return [
        {
            "guest": each.guest,
            "name": each.name,
            "source": each.source,
            "dest": each.dest,
            "ok": not each.refusals,
            "refusals": [prose.describe(refusal) for refusal in each.refusals],
            "warnings": [prose.describe(caution) for caution in each.cautions],
        }
        for each in verdicts
    ]


def totals(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return how many guests and pairs were looked at and how they fared, refusals and warnings by code."""
    guests = {entry["guest"] for entry in entries}
    return {
        "guests": len(guests),
        "guests_without_host": len(guests - {entry["guest"] for entry in entries if entry["ok"]}),
        "pairs": len(entries),
        "ok": sum(1 for entry in entries if entry["ok"]),
        "refused": sum(1 for entry in entries if not entry["ok"]),
        "warned": sum(1 for entry in entries if entry["warnings"]),
        "refusals": _codes(entries, "refusals"),
        "warnings": _codes(entries, "warnings"),
    }


def check_lines(entries: Sequence[Entry], shown: int = SHOWN) -> list[str]:
    """Return a table of the pairs, of many the first ``shown`` (0: all), refused ones before others; then why."""
    if not entries:
        return ["no guest is on the hosts given"]
    most = shown or len(entries)
    ranked = sorted(entries, key=lambda entry: (entry["ok"], not entry["warnings"]))
    lines = table(_HEADER, [_row(entry) for entry in ranked[:most]])
    if len(entries) > most:
        lines.append(f"... and {len(entries) - most} more pairs: all are in the matrix")
    lines += reasons(entries, "refusals", "can't go")
    lines += reasons(entries, "warnings", "beware")
    return [part for line in lines + _verdict(totals(entries)) for part in wrapped_line(line)]


def _row(entry: Entry) -> tuple[str, ...]:
    answer = "no" if not entry["ok"] else "with care" if entry["warnings"] else "yes"
    codes = [few(sorted({each["code"] for each in entry[label]})) for label in ("refusals", "warnings")]
    return (entry["name"], entry["source"], entry["dest"], answer, *codes)


def reasons(entries: Sequence[Entry], label: str, word: str) -> list[str]:
    """Return each reason once, with the guests that it holds for; what many hosts have in common is said once too."""
    reasons: dict[tuple[str, str], Entry] = {}
    names: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        for each in entry[label]:
            key = each["code"], each["message"]
            reasons.setdefault(key, each)
            names[key] = [*names.get(key, ()), *([entry["name"]] if entry["name"] not in names.get(key, ()) else ())]
    together: dict[tuple[str, ...], list[Entry]] = {}
    for key, guests in names.items():
        together.setdefault(tuple(guests), []).append(reasons[key])
    return [f"{few(guests)}: {word}: {line}" for guests, group in together.items() for line in prose.summary(group)]


def _verdict(total: Mapping[str, Any]) -> list[str]:
    stuck = total["guests_without_host"]
    nowhere = f"; {stuck} of {total['guests']} guests could go nowhere" if stuck else ""
    return [f"{total['ok']} of {total['pairs']} pairs of guest and host are possible{nowhere}"]


def wrapped_line(line: str) -> list[str]:
    """Return the line, broken at blanks where it is too wide: paths and names stay whole, to be copied."""
    if len(line) <= WIDTH:
        return [line]
    return textwrap.wrap(line, WIDTH, subsequent_indent="    ", break_on_hyphens=False, break_long_words=False)


def _codes(entries: Sequence[Entry], label: str) -> dict[str, int]:
    """Return how many pairs have each code."""
    counts = Counter(code for entry in entries for code in {each["code"] for each in entry[label]})
    return dict(sorted(counts.items()))
