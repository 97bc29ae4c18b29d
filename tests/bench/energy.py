"""`make bench-energy`: a public day of 1,052 guests on 800 hosts, with our planner and with published policies.

Prints every policy's figures and a table of targets, and writes build/bench/energy.json. What the published benchmark
does wrong and how peers are made comparable: docs/design/simulation.md. Must not plan anything by itself.

Usage: energy.py BENCH_DIR [--days 1,2]      days: seeds of other days of the same kind
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from planner_here import resolve

OUT = Path(__file__).resolve().parents[2] / "build" / "bench" / "energy.json"
TRACE = "planetlab-20110303.tar.xz"
DAYS = "planetlab-*.tar.*"
# kWh and migrations of CloudSim 3.0.3 on this day: as published, and with the removal of guests switched off
PUBLISHED = {
    "DVFS": (764.96, 0),
    "THR-MMT 0.8": (198.08, 27728),
    "IQR-MMT 1.5": (193.63, 27592),
    "MAD-MMT 2.5": (189.79, 27781),
    "LR-MMT 1.2": (167.83, 27649),
}
CORRECTED = {"DVFS": (928.50, 0), "LR-MMT 1.2": (225.97, 45934)}
STATIC_TOLERANCE = 0.02
MOST_KWH, MOST_MIGRATIONS, MOST_OVERLOAD = 175.0, 2500, 1.0
MOST_KWH_RATIO, MOST_MIGRATIONS_RATIO = 0.80, 0.06


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("bench_dir", type=Path)
    parser.add_argument("--days", default="1,2", help="seeds of other days of the same kind")
    arguments = parser.parse_args()
    archive = arguments.bench_dir / "traces" / TRACE
    if not archive.is_file():
        say(f"bench-energy: no {archive}: nothing measured. Set BENCH_DIR to where it is.")
        return 0
    resolve()
    from planner_measure import table

    begun = time.monotonic()
    rows: list[Any] = []
    for row in measure(archive, [int(word) for word in arguments.days.split(",") if word.strip()]):
        rows.append(row)
        # a run that is cut off leaves what it has measured
        OUT.parent.mkdir(parents=True, exist_ok=True)
        OUT.write_text(json.dumps([asdict(each) for each in rows], indent=1) + "\n", encoding="utf-8")
    say("")
    table(rows, say)
    judged = [row for row in rows if row.met is not None]
    missed = sum(1 for row in judged if not row.met)
    seconds = time.monotonic() - begun
    say(f"{len(judged) - missed} of {len(judged)} targets met, in {seconds:.0f} s; figures in {OUT.name}")
    return 0


def measure(archive: Path, seeds: list[int]) -> Iterator[Any]:
    """Yield every row: the check of the simulator, peers as published and corrected, ours, ours on other days."""
    from energy_trace import booting, day_of, read_rows, resampled

    recorded = read_rows(archive)
    heads()
    removal = day_of("guests removed at 0 %", recorded, memory=False, removal=True)
    for peer in ("DVFS", "THR-MMT 0.8", "LR-MMT 1.2"):
        yield from _peer_rows(peer, _peer(peer, removal), removal.name, PUBLISHED)
    for peer in ("IQR-MMT 1.5", "MAD-MMT 2.5"):
        print_peer(peer, *PUBLISHED[peer])
    day = day_of("all guests kept", recorded, memory=False)
    for peer in ("DVFS", "THR-MMT 0.8", "LR-MMT 1.2"):
        found = _peer(peer, day)
        yield from _peer_rows(peer, found, day.name, CORRECTED)
    lr = found
    ours = _ours(day)
    yield from _target_rows("CPU only", ours)
    yield from _against_lr("CPU only", ours, lr)
    slow = _ours(booting(day_of("hosts boot 180 s", recorded, memory=False), 180.0, 60.0))
    yield from _figure_rows("CPU only, hosts boot 180 s", slow)
    yield from _figure_rows("memory respected", _ours(day_of("memory respected", recorded, memory=True)))
    # other recorded days, where there are any beside this one, and days drawn from it
    days = {path.name.split(".")[0]: read_rows(path) for path in sorted(archive.parent.glob(DAYS)) if path != archive}
    days.update({f"day of seed {seed}": resampled(recorded, seed) for seed in seeds})
    for name, rows in days.items():
        other = day_of(name, rows, memory=False)
        lr = _peer("LR-MMT 1.2", other)
        ours = _ours(other)
        yield from _against_lr(other.name, ours, lr)
        yield from _figure_rows(other.name, ours)


def _peer(name: str, day: Any) -> Any:
    """Return the figures of a published policy: any number of moves at once, hosts that switch at no cost."""
    from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.run import simulate
    from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.values import Moving
    from energy_peers import keep_in_place, local_regression, mmt, threshold

    policies = {
        "DVFS": keep_in_place,
        "THR-MMT 0.8": mmt(day.snapshot, threshold(0.8)),
        "LR-MMT 1.2": mmt(day.snapshot, local_regression(1.2)),
    }
    run = simulate(day.snapshot, day.trace, policies[name], Moving(BYTES_PER_SECOND, slots=None))
    print_run(name, day.name, run.figures)
    return run.figures


BYTES_PER_SECOND = 62.5e6  # half of 1 Gbit/s


def _ours(day: Any) -> Any:
    """Return the figures of production: the settings are those that a user would give to role and history."""
    from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
    from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Slots
    from ansible_collections.virtfleet.migration.plugins.module_utils._model.usage_window import UsageWindow
    from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.planned import Practice, planned
    from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.run import simulate
    from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.values import Moving

    request = Request(goal=Goal.CONSOLIDATE, max_cpu_percent=90.0, high_cpu_percent=100.0, wake=True)
    window = UsageWindow(minutes=120, percentile=50.0, horizon_minutes=60, profile_days=0, sigmas=1.0)
    practice = Practice(request, window, every_minutes=60, relief_minutes=5, first_samples=1)
    moving = Moving(BYTES_PER_SECOND, slots=Slots(6, 6, 100))
    run = simulate(day.snapshot, day.trace, planned(day.snapshot, practice), moving)
    print_run("virtfleet", day.name, run.figures)
    return run.figures


def _peer_rows(peer: str, found: Any, setting: str, known: dict[str, tuple[float, int]]) -> Iterator[Any]:
    from planner_measure import at_most, figure

    if peer not in known:
        return
    kwh, migrations = known[peer]
    print_peer(peer, kwh, migrations)
    name = f"{peer}, {setting}"
    if (peer, known) == ("DVFS", CORRECTED):
        off = abs(found.kwh / kwh - 1)
        yield at_most(f"{name}: energy off CloudSim's", off, "share", STATIC_TOLERANCE, "CloudSim kWh", kwh)
    yield figure(f"{name}: energy", found.kwh, "kWh", "CloudSim", kwh)
    if migrations:
        yield figure(f"{name}: migrations", found.migrations, "moves", "CloudSim", migrations)


def _target_rows(name: str, found: Any) -> Iterator[Any]:
    from planner_measure import at_most

    kwh, migrations = CORRECTED["LR-MMT 1.2"]
    yield at_most(f"{name}: energy", found.kwh, "kWh", MOST_KWH, "CloudSim's LR-MMT, all kept", kwh)
    yield at_most(f"{name}: migrations", found.migrations, "moves", MOST_MIGRATIONS, "CloudSim's LR-MMT", migrations)
    yield at_most(f"{name}: overload time", found.overload_percent, "%", MOST_OVERLOAD)
    yield at_most(f"{name}: hosts switched before their time", early(found), "kinds", 0)


def _against_lr(name: str, ours: Any, lr: Any) -> Iterator[Any]:
    from planner_measure import figure, ratio_at_most

    peer = "LR-MMT, all kept"
    yield ratio_at_most(f"{name}: energy beside LR-MMT here", ours.kwh, "kWh", peer, lr.kwh, MOST_KWH_RATIO)
    yield ratio_at_most(
        f"{name}: migrations beside LR-MMT here", ours.migrations, "moves", peer, lr.migrations, MOST_MIGRATIONS_RATIO
    )
    yield figure(f"{name}: overload beside LR-MMT here", ours.overload_percent, "%", peer, lr.overload_percent)


def _figure_rows(name: str, found: Any) -> Iterator[Any]:
    from planner_measure import at_most, figure

    yield figure(f"{name}: energy", found.kwh, "kWh")
    yield figure(f"{name}: migrations", found.migrations, "moves")
    yield figure(f"{name}: overload time", found.overload_percent, "%")
    yield at_most(f"{name}: hosts switched before their time", early(found), "kinds", 0)
    if name == "memory respected":
        yield at_most(f"{name}: moves to too little memory", found.memory_breaches, "moves", 0)


def early(found: Any) -> int:
    """Return how many of the two minimum times, on and off, some host was switched before."""
    times = ((found.least_on_minutes, 30.0), (found.least_off_minutes, 15.0))
    return sum(1 for minutes, least in times if minutes is not None and minutes < least)


COLUMNS = "{:<14} {:<24} {:>8} {:>10} {:>9} {:>8} {:>8} {:>9} {:>9} {:>6}"


def heads() -> None:
    say(
        COLUMNS.format(*("policy", "setting", "kWh", "migrations", "overload", "SLATAH", "PDM", "SLAV", "ESV", "hosts"))
    )


def print_run(policy: str, setting: str, found: Any) -> None:
    shares = (f"{value:.3f} %" for value in (found.overload_percent, found.slatah_percent, found.pdm_percent))
    service = (f"{found.slav:.2e}", f"{found.esv:.2e}", f"{found.mean_hosts_on:.1f}")
    say(COLUMNS.format(policy, setting, f"{found.kwh:.1f}", found.migrations, *shares, *service))


def print_peer(policy: str, kwh: float, migrations: int) -> None:
    say(COLUMNS.format(policy, "  as CloudSim 3.0.3 has it", f"{kwh:.1f}", migrations, *("-",) * 6))


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
