"""`make bench-prediction`: guests of many sizes move to and fro, and what was predicted is held against what it took.

Runs migration_apply as a user does, with a measured dirty rate. Seconds and bytes are those that libvirt measured.

Usage: prediction.py [--rounds N]
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab" / "scenarios"))

from conductor import on_fleet, play
from labview import CHECKOUT, lab, status

OUT = CHECKOUT / "build" / "bench"
ENDS = ("hv2", "hv3")
# MiB/s that all moves of a host may use, in turn by round
LIMITS = (40, 20, 60)
MEASURED_SECONDS = 2
MOST_SECONDS_OFF, MOST_BYTES_OFF = 25.0, 15.0
ROOM = {"virtfleet_allocatable_memory_mib": 16384, "virtfleet_allocatable_vcpus": 64}
MIB = 2**20


@dataclass(frozen=True)
class Guest:
    """A guest, the memory that it holds beside its system, and what it writes of it: MiB and MiB/s."""

    name: str
    memory: int
    touched: int = 0
    writes: int = 0


GUESTS = (
    Guest("size1", 96),
    Guest("size2", 128, 40, 2),
    Guest("size3", 192, 100),
    Guest("size4", 256),
    Guest("size5", 320, 60, 8),
    Guest("size6", 384, 250, 5),
    Guest("size7", 512, 150),
)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    OUT.mkdir(parents=True, exist_ok=True)
    lab("up", timeout=600)
    left = [guest["name"] for guest in status()["guests"] if guest["name"] in {each.name for each in GUESTS}]
    if left:
        lab("guest", "remove", *left)
    for guest in GUESTS:
        held = ("--memory", guest.memory, "--touched", guest.touched, "--writes", guest.writes)
        lab("guest", "add", guest.name, "--host", ENDS[0], *map(str, held))
    try:
        moves = [move for number in range(rounds) for move in moved(number)]
    finally:
        lab("guest", "remove", *(guest.name for guest in GUESTS))
    return report(moves)


def moved(number: int) -> list[dict[str, Any]]:
    """Move all guests to the other host, one after the other, and return what the report says of each."""
    dest, limit = ENDS[1 - number % 2], LIMITS[number % len(LIMITS)]
    variables = json.dumps({"virtfleet_migration_bandwidth_mibs": limit, **ROOM})
    options = {"goal": "move", "guests": [guest.name for guest in GUESTS], "goal_hosts": [dest]}
    slots = {"max_outbound_per_host": 1, "measure_dirty_rate_seconds": MEASURED_SECONDS}
    with tempfile.TemporaryDirectory() as folder:
        task = on_fleet("migration_apply", **options, **slots, journal_dir=str(OUT / "journal"))
        run, results = play(Path(folder), [task], "-e", variables)
    if run.status != 0:
        sys.exit(f"bench: the moves to {dest} failed:\n{run.output}")
    (OUT / f"prediction-{number + 1}-plan.json").write_text(json.dumps(results[0]["plan"], indent=1), encoding="utf-8")
    for move in results[0]["report"]["moves"]:
        print(f"round {number + 1}  {limit:3d} MiB/s  {_line(move)}", flush=True)
    return results[0]["report"]["moves"]


def _line(move: dict[str, Any]) -> str:
    """Return expected and real seconds, MiB and milliseconds of downtime."""
    seconds = f"{move['est_seconds']:5.1f} / {move['seconds']:5.1f} s ({off(move, 'seconds'):+5.0f} %)"
    sent = f"{move['est_bytes'] / MIB:4.0f} / {move['bytes'] / MIB:4.0f} MiB ({off(move, 'bytes'):+5.0f} %)"
    return f"{move['name']}  {seconds}  {sent}  {move['est_downtime_ms']:4d} / {move['downtime_ms']:4d} ms"


def off(move: dict[str, Any], what: str) -> float:
    """Return by how many percent of the real figure the estimate was above it."""
    return 100 * (move[f"est_{what}"] - move[what]) / move[what]


def report(moves: list[dict[str, Any]]) -> int:
    """Print the medians against their targets, and write both down."""
    rows = [
        _row(moves, "seconds", MOST_SECONDS_OFF),
        _row(moves, "bytes", MOST_BYTES_OFF),
    ]
    print(f"\n{len(moves)} moves")
    for row in rows:
        print(f"{row['metric']}: {row['value']} %  target {row['target']} %: {'met' if row['met'] else 'MISSED'}")
    (OUT / "prediction.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


def _row(moves: list[dict[str, Any]], what: str, target: float) -> dict[str, Any]:
    value = round(statistics.median(abs(off(move, what)) for move in moves), 1)
    nothing = dict.fromkeys(("peer", "peer_value", "ratio"))
    metric = f"median error of predicted {what}, {len(moves)} moves"
    return {"metric": metric, "value": value, "unit": "%", **nothing, "target": target, "met": value < target}


if __name__ == "__main__":
    sys.exit(main())
