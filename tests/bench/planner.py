"""`make bench-planner`: every fleet of the benchmark through the planner's door, judged, beside peers and bounds.

Prints a table for each operation and writes build/bench/planner.json. Must not decide what a target is: planner_goals.

With --seeds the fleets are made by planner_seeds instead of read: the same families, other draws.

Usage: planner.py BENCH_DIR [--only evacuate,balance] [--sizes 10,20] [--families light,vec] [--seeds 2,3]
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from planner_here import resolve
from planner_seeds import make

CHECKOUT = Path(__file__).resolve().parents[2]
OUT = CHECKOUT / "build" / "bench" / "planner.json"
SEEDED = CHECKOUT / "build" / "bench" / "fleets"
USUAL = [6, 10, 20, 40, 100]  # sizes of fleets from other seeds where none are asked for


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("bench_dir", type=Path)
    for option in ("--only", "--sizes", "--families", "--seeds"):
        parser.add_argument(option, default="", help="separated by commas; all where none is given")
    arguments = parser.parse_args()
    if not (arguments.bench_dir / "fleets").is_dir() or not (arguments.bench_dir / "judge.py").is_file():
        say(f"bench-planner: no fleets and judge.py in {arguments.bench_dir}: nothing measured. Set BENCH_DIR to them.")
        return 0
    resolve()
    sizes, families = [int(size) for size in _words(arguments.sizes)], _words(arguments.families)
    fleets = arguments.bench_dir / "fleets"
    if arguments.seeds:
        fleets = make(SEEDED, [int(seed) for seed in _words(arguments.seeds)], sizes or USUAL, families)
    return run(arguments.bench_dir, fleets, _words(arguments.only), sizes, families)


def run(bench_dir: Path, folder: Path, only: list[str], sizes: list[int], families: list[str]) -> int:
    """Measure, print and write; the result of the command is 0 whatever was missed."""
    # they import the collection, which resolve() has made known
    import planner_exact
    import planner_goals
    import planner_htools
    from planner_case import cases
    from planner_measure import table

    known = [*planner_goals.OPERATIONS, "scale"]
    strange = sorted(set(only) - set(known))
    if strange:
        sys.exit(f"bench-planner: no operation {strange[0]}. Known: {', '.join(known)}")
    begun, chosen = time.monotonic(), only or known
    rows: dict[str, list[Any]] = {name: [] for name in chosen}
    with ThreadPoolExecutor(1) as peers:
        fleets = cases(bench_dir, folder, sizes, families, peers)
        for case in fleets:
            for tool in {tool for name in chosen for tool in planner_goals.TOOLS.get(name, ())}:
                case.start(tool)
        for case in fleets:
            fresh = replace(case)  # what it reads is dropped with it
            for name in (name for name in chosen if name in planner_goals.OPERATIONS):
                say(f"{time.monotonic() - begun:6.0f} s  {case.name}  {name}")
                rows[name] += planner_goals.OPERATIONS[name](fresh)
                # a run that is cut off leaves what it has measured
                _write(rows)
    for name, found in rows.items():
        found.extend(planner_goals.averages(name, found))
    if "scale" in rows and fleets:
        rows["scale"] = _scale(fleets)
    say(f"\nhtools: {'run beside' if planner_htools.installed() else 'not installed, recorded figures'}")
    say(f"CP-SAT: {'run beside' if planner_exact.available() else 'not installed'}")
    say("Seconds are the processor's, of the planner's thread alone, verify included: the machine has other work.")
    for name in (name for name in rows if rows[name]):
        say(f"\n{name}")
        table(rows[name], say)
    return _end(rows, time.monotonic() - begun)


def _scale(fleets: list[Any]) -> list[Any]:
    from planner_scale import measure

    largest = max(fleets, key=lambda case: (case.size, case.path.stat().st_size))
    return measure(replace(largest), say) if largest.size >= 1000 else []


def _end(rows: dict[str, list[Any]], seconds: float) -> int:
    every = [row for found in rows.values() for row in found]
    judged = [row for row in every if row.met is not None]
    missed = [row for row in judged if not row.met]
    _write(rows)
    say("")
    for row in missed:
        say(f"MISSED  {row.metric}: {row.value:g} {row.unit}, ratio {row.ratio}, target {row.target}")
    say(f"{len(judged) - len(missed)} of {len(judged)} targets met, in {seconds:.0f} s; figures in {OUT.name}")
    return 0


def _write(rows: dict[str, list[Any]]) -> None:
    OUT.parent.mkdir(parents=True, exist_ok=True)
    every = [asdict(row) for found in rows.values() for row in found]
    OUT.write_text(json.dumps(every, indent=1) + "\n", encoding="utf-8")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
