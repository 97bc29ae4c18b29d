"""Prints what each move of a report took beside what the guest itself noticed, and judges it. Must not run anything.

Usage: show_moves.py SINCE REPORT.json      exit status 1 if a guest is not well or missed too many ticks
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from labview import once_again_well, unexplained_holes

HEAD = ("guest", "from", "to", "state", "seconds", "MiB", "downtime ms", "longest hole s", "disk")


def main(since: float, path: Path) -> int:
    moves = json.loads(path.read_text(encoding="utf-8"))["moves"]
    judged = once_again_well(since)
    guests = {guest["name"]: guest for guest in judged["guests"]}
    rows = [HEAD, *(_row(move, guests[move["name"]]) for move in moves)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    wrong = [*judged["problems"], *unexplained_holes(judged, moves)]
    for problem in wrong:
        print(f"WRONG  {problem}")
    if not moves:
        print("WRONG  no guest was moved")
    return 1 if wrong or not moves else 0


def _row(move: dict[str, Any], guest: dict[str, Any]) -> tuple[str, ...]:
    sent = None if move["bytes"] is None else round(move["bytes"] / 2**20, 1)
    hole = guest["longest_hole_s"] if guest["intended_state"] == "running" else None
    values = (move["seconds"], sent, move["downtime_ms"], hole)
    figures = ["-" if value is None else str(value) for value in values]
    return (move["name"], move["source"], move["dest"], str(guest["state"]), *figures, guest["checksum"])


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), Path(sys.argv[2])))
