"""Readiness of hosts for one another as data and as a drawn matrix for people. Pure; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._model import prose
from .._planner.preflight import Verdict
from .check_text import reasons, wrapped_line
from .plan_text import WIDTH

Entry = Mapping[str, Any]
_GAP = 2
_SELF = "-"


def pairs(verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """Return the verdicts of ordered pairs of hosts as a module gives them back."""
    return [
        {
            "source": each.source,
            "dest": each.dest,
            "ok": not each.refusals,
            "refusals": [prose.describe(refusal) for refusal in each.refusals],
            "warnings": [prose.describe(caution) for caution in each.cautions],
        }
        for each in verdicts
    ]


def pair_lines(entries: Sequence[Entry]) -> list[str]:
    """Return the matrix, sources down and destinations across, then why some pairs are not ready, then the sum."""
    if not entries:
        return ["there are no two hosts in the group"]
    named = [{**entry, "name": f"{entry['source']} to {entry['dest']}"} for entry in entries]
    ready = sum(1 for entry in entries if entry["ok"])
    lines = [
        *_drawn(entries),
        *reasons(named, "refusals", "not ready"),
        *reasons(named, "warnings", "beware"),
        f"{ready} of {len(entries)} pairs of hosts are ready",
    ]
    return [part for line in lines for part in wrapped_line(line)]


def _drawn(entries: Sequence[Entry]) -> list[str]:
    """Return the drawn matrix; of more hosts than fit in a line nothing is drawn, the reasons name the pairs."""
    hosts = sorted({entry["source"] for entry in entries} | {entry["dest"] for entry in entries})
    answers = {(entry["source"], entry["dest"]): _answer(entry) for entry in entries}
    rows = [["from", *hosts], *([one, *(answers.get((one, other), _SELF) for other in hosts)] for one in hosts)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    if sum(widths) + _GAP * (len(widths) - 1) > WIDTH:
        return []
    return [(" " * _GAP).join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _answer(entry: Entry) -> str:
    return "NO" if not entry["ok"] else "care" if entry["warnings"] else "yes"
