"""Rows of the planner's benchmark, and one plan through the public door: timed, verified again, judged.

Must not know any goal.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import statistics
import time
from collections.abc import Collection, Iterable
from dataclasses import asdict, astuple, dataclass
from typing import Any, Callable, Optional

from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify.verify import first_violation
from planner_replay import Judge, Verdict

HAIR = 1e-9
QUICK = 1.0  # plans below so many seconds are made three times, and the median counts
COLUMNS = ("metric", "value", "unit", "peer", "peer_value", "ratio", "target", "met")


@dataclass(frozen=True)
class Row:
    """One figure. ``met`` is None where nothing is asked."""

    metric: str
    value: float
    unit: str
    peer: Optional[str] = None
    peer_value: Optional[float] = None
    ratio: Optional[float] = None
    target: Optional[float] = None
    met: Optional[bool] = None


@dataclass(frozen=True)
class Planned:
    """A plan with what it took. Seconds are the processor's, ``wall`` the clock's; ``verify`` is part of ``cpu``."""

    plan: Plan
    verdict: Verdict
    cpu: float
    wall: float
    verify: float


def figure(metric: str, value: float, unit: str, peer: str | None = None, peer_value: float | None = None) -> Row:
    """Return a row that only informs."""
    ratio = round(value / peer_value, 3) if peer_value else None
    return Row(metric, round(value, 4), unit, peer, peer_value if peer_value is None else round(peer_value, 4), ratio)


def at_most(
    metric: str, value: float, unit: str, target: float, peer: str | None = None, peer_value: float | None = None
) -> Row:
    """Return a row whose value is to be no more than the target."""
    row = figure(metric, value, unit, peer, peer_value)
    return Row(**{**asdict(row), "target": round(target, 4), "met": value <= target + HAIR})


def ratio_at_most(metric: str, value: float, unit: str, peer: str, peer_value: float, target: float) -> Row:
    """Return a row whose ratio to the peer's value is to be no more than the target."""
    row = figure(metric, value, unit, peer, peer_value)
    met = value <= target * peer_value + HAIR
    return Row(**{**asdict(row), "target": target, "met": met})


def planned(
    judge: Judge, fleet: dict[str, Any], snapshot: Snapshot, request: Request, offline: Collection[str] = ()
) -> Planned:
    """Make the plan through the public door, and judge it."""
    runs = []
    while len(runs) < 3 and (not runs or runs[0][0] < QUICK):
        # of this thread: peers run meanwhile
        cpu, wall = time.thread_time(), time.perf_counter()
        plan = make_plan(snapshot, request)
        runs.append((time.thread_time() - cpu, time.perf_counter() - wall))
    begun = time.thread_time()
    if first_violation(snapshot, plan) is not None:
        raise RuntimeError("the verifier says otherwise the second time")
    verify = time.thread_time() - begun
    cpu, wall = (statistics.median(each) for each in zip(*runs))
    return Planned(plan, judge(fleet, plan, offline), cpu, wall, verify)


def costs(name: str, found: Planned, limit: float | None) -> list[Row]:
    """Return the rows that every plan has: violations, and seconds against ``limit``."""
    seconds = f"{name}: CPU seconds"
    return [
        at_most(f"{name}: violations", found.verdict.violations, "steps", 0),
        figure(seconds, found.cpu, "s", "wall", found.wall)
        if limit is None
        else at_most(seconds, found.cpu, "s", limit, "wall", found.wall),
        figure(f"{name}: CPU seconds without verify", found.cpu - found.verify, "s"),
    ]


def table(rows: Iterable[Row], say: Callable[[str], None]) -> None:
    """Print the rows in columns, but for those that only a broken plan makes worth reading."""
    every = list(rows)
    broken = [row for row in every if row.metric.endswith(": violations") and not row.met]
    bare = {row.metric: row.value for row in every if row.metric.endswith(" without verify")}
    shown = [row for row in every if not row.metric.endswith((": violations", " without verify"))]
    heads = (*COLUMNS, "unverified")
    figures = ((*astuple(row), bare.get(f"{row.metric} without verify")) for row in [*broken, *shown])
    lines = [tuple(_cell(value, head) for value, head in zip(row, heads)) for row in figures]
    widths = [max(len(cell) for cell in column) for column in zip(heads, *lines)]
    for line in (heads, *lines):
        say("  ".join((line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:])))))
    say(f"{sum(row.metric.endswith(': violations') for row in every)} plans judged, {len(broken)} of them broken")


def _cell(value: Any, column: str) -> str:
    if value is None:
        return "-" if column not in ("met", "unverified") else ""
    if column == "met":
        return "met" if value else "MISSED"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)
