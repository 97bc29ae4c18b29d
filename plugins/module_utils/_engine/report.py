"""The report of a run: one mapping with the same keys for a real run and a rehearsal. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .._model import prose
from .._model.host import HostState
from .._model.plan import Plan, Stay
from .._model.prose_balance import not_moved_facts
from .._model.snapshot import Snapshot, by_uuid, residence
from .accuracy import accuracy, accuracy_lines
from .crossing_text import Run, crossed_lines, group_facts, link_facts, split_problems
from .energy_text import energy_facts, report_energy_lines
from .result import ARRIVED, MoveResult, Outcome

SCHEMA = 1


def build(
    plan: Plan,
    results: Sequence[MoveResult],
    before: Snapshot,
    after: Snapshot,
    troubles: Sequence[str],
    mended: int,
    span: tuple[float, float],
) -> dict[str, Any]:
    """Return the report. ``span``: first and last second of the run; ``troubles``: broken invariants in words."""
    moved = [result for result in results if result.outcome is Outcome.MOVED]
    # what failed in one round may have gone well in a later one
    last = {result.move.guest: result.round for result in results}
    left = [result for result in results if result.outcome not in ARRIVED and result.round == last[result.move.guest]]
    failed = {result.move.guest for result in left}
    stays = [stay for stay in plan.stays if stay.guest not in failed]
    run = Run(results, before, after, span)
    groups = group_facts(plan, run)
    tried = {result.move.guest for result in results}
    return {
        "schema": SCHEMA,
        "plan_id": plan.plan_id,
        "goal": plan.request.goal.value,
        "hosts": list(plan.request.hosts),
        "seconds": round(span[1] - span[0], 1),
        "moves": [_move(result) for result in results],
        "stays": [stay_facts(stay) for stay in stays],
        "not_moved": [not_moved_facts(each) for each in plan.not_moved if each.guest not in tried],
        "left": sorted({result.move.name for result in left} | {stay.name for stay in stays}),
        "problems": [*troubles, *split_problems(groups)],
        "groups": groups,
        "links": link_facts(plan, run),
        "accuracy": accuracy(results),
        "energy": energy_facts(plan, results),
        "mended": mended,
        "totals": {
            "moved": len(moved),
            "already_there": sum(1 for result in results if result.outcome is Outcome.ALREADY_THERE),
            "failed": len(left),
            "stayed": len(stays),
            "bytes": sum(result.cost.sent_bytes or 0 for result in moved),
            "longest_downtime_ms": max((result.cost.downtime_ms or 0 for result in moved), default=0),
        },
        "placement": {"before": placement(before), "after": placement(after)},
    }


def placement(snapshot: Snapshot) -> dict[str, list[str]]:
    """Return the names of the guests on each host, sorted: the form of every diff."""
    found: dict[str, list[str]] = {host.name: [] for host in snapshot.hosts}
    for places in by_uuid(snapshot).values():
        home = residence(places)
        found[home.host].append(home.guest.name)
    return {host: sorted(names) for host, names in sorted(found.items())}


def stay_facts(stay: Stay) -> dict[str, Any]:
    """Return a guest that stays, with its refusals in words."""
    return {
        "guest": stay.guest,
        "name": stay.name,
        "host": stay.host,
        "refusals": [prose.describe(refusal) for refusal in stay.refusals],
    }


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """Return lines of aligned text, header first; None is shown as a dash."""
    cells = [list(columns)] + [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in cells]


def result_lines(report: Mapping[str, Any]) -> list[str]:
    """Return the report as lines for people: a table of moves, then what stayed and why, then what is wrong."""
    rows = [{**move, "data_mib": _mib(move["bytes"])} for move in report["moves"]]
    columns: tuple[str, ...] = ("name", "source", "dest", "method", "outcome", "seconds", "data_mib", "downtime_ms")
    if any(move["round"] > 1 for move in rows):
        columns = ("round", *columns)
    lines = table(rows, columns) if rows else ["nothing to move"]
    for move in report["moves"]:
        if move["error"]:
            lines.append(f"{move['name']}: {move['error']}. {move['remedy']}".rstrip(" ."))
    lines += accuracy_lines(report["accuracy"])
    lines += report_energy_lines(report["energy"])
    lines += crossed_lines(report["links"], report["groups"])
    lines += stay_lines(report["stays"])
    return lines + [f"PROBLEM: {problem}" for problem in report["problems"]]


def stay_lines(stays: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for each reason for which a guest stays; what many hosts have in common is said once."""
    return [
        f"{stay['name']} stays on {stay['host']}: {reason}"
        for stay in stays
        for reason in prose.summary(stay["refusals"])
    ]


def silent_lines(snapshot: Snapshot) -> list[str]:
    """Return a line for each host that does not answer."""
    silent = (host for host in snapshot.hosts if host.state is HostState.UNREACHABLE)
    return [f"host {host.name} does not answer and takes no guests: {host.error}" for host in silent]


def _move(result: MoveResult) -> dict[str, Any]:
    move, cost, failure = result.move, result.cost, result.failure
    return {
        "id": move.id,
        "guest": move.guest,
        "name": move.name,
        "source": move.source,
        "dest": move.dest,
        "method": move.method.value,
        "adopted": move.adopt,
        "reason": move.reason,
        "purpose": move.purpose.value if move.purpose else None,
        "outcome": result.outcome.value,
        "round": result.round,
        "seconds": cost.seconds,
        "bytes": cost.sent_bytes,
        "disk_bytes": cost.disk_bytes,
        "downtime_ms": cost.downtime_ms,
        "est_seconds": move.est_seconds,
        "est_bytes": move.est_bytes,
        "est_downtime_ms": move.est_downtime_ms,
        "error": failure.message if failure else None,
        "remedy": failure.remedy if failure else None,
    }


def _mib(size: Optional[int]) -> Optional[float]:
    return None if size is None else round(size / 1048576, 1)


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)
