"""What is measured of each goal on one fleet, against which figures: the targets of the benchmark's README.

A fleet that the README names has its figure; one that it does not name has the same target against the bound, the
exact solver, the greedy drain and the peers run beside.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any, Optional

import planner_exact as exact
import planner_htools as htools
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal
from planner_baseline import evacuation_gib, idle_watts, least_hosts, no_room
from planner_case import MIXED, Case
from planner_htools import Peer
from planner_measure import Planned, Row, at_most, costs, figure, ratio_at_most

GIB = 1024**3
EXACT_TO = 40  # hosts
# idle watts left on
WATTS = {"hetero-100-s1": 4400, "vech-100-s1": 5900, "hetero-10-s1": 520, "vech-20-s1": 1400}
# of the greedy drain's watts, as those of the named fleets are
WATTS_SHARE = {"hetero": 4400 / 4980, "vech": 5900 / 6250}
# hosts left on, and of irregular fleets how far above the bound from sums
HOSTS = {
    "vec-40-s1": 24,
    "vec-100-s1": 58,
    "vec-400-s1": 238,
    "vec-1000-s1": 605,
    "light-100-s1": 45,
    "light-400-s1": 184,
    "light-1000-s1": 462,
    "tight-100-s1": 82,
    "tight-400-s1": 332,
    "tight-1000-s1": 823,
}
ABOVE_BOUND = {40: 24 / 24, 100: 58 / 57, 400: 238 / 233, 1000: 605 / 587}


def evacuate(case: Case) -> list[Row]:
    if case.jammed:
        return _jam(case)
    names = case.hosts
    rows = []
    for host in dict.fromkeys((names[0], names[min(3, len(names) - 1)], names[-1])):
        rows += _leave(case, f"one host {host}", (host,), 1.00)
    if case.size >= 20:
        rows += _leave(case, "10 % of hosts", tuple(names[: case.size // 10]), 1.03)
    return rows


def _jam(case: Case) -> list[Row]:
    found = case.plan(Goal.EVACUATE, case.jammed, hosts=case.jammed)
    name = f"{case.name} jam"
    best = exact.least_evacuation(case.fleet, case.jammed) if exact.available() else None
    label, least = "least GiB (CP-SAT)", best.value if best else None
    if least is None:
        label, least = "its own bound", found.plan.bounds[0].bound / 1024
    return [
        at_most(f"{name}: guests left", len(found.plan.stays), "guests", 0),
        ratio_at_most(f"{name}: sent", found.verdict.gib, "GiB", label, least, 1.25),
        *costs(name, found, 1.0),
    ]


def _leave(case: Case, what: str, hosts: tuple[str, ...], share: float) -> list[Row]:
    found = case.plan(Goal.EVACUATE, hosts, hosts=hosts)
    name = f"{case.name} {what}"
    limit = _limit(case, 0.2, 3.0)
    if found.plan.stays:
        return [_said_so(case, name, hosts, found), *costs(name, found, None)]
    least = evacuation_gib(case.fleet, hosts)
    sent = ratio_at_most(f"{name}: sent", found.verdict.gib, "GiB", "guests of the hosts", least, share)
    return [sent, *costs(name, found, limit)]


def _said_so(case: Case, name: str, hosts: Sequence[str], found: Planned) -> Row:
    """Return whether it is impossible indeed, and each guest that stays is named with what keeps it."""
    named = all(stay.refusals for stay in found.plan.stays)
    metric, left = f"{name}: guests left, each with its reasons", len(found.plan.stays)
    if no_room(case.fleet, hosts):
        return Row(metric, left, "guests", "sum of all room", 0, met=named)
    best = exact.least_evacuation(case.fleet, hosts) if exact.available() and case.size <= EXACT_TO else None
    if best is None:
        return Row(metric, left, "guests", "unproven", None, met=None if named else False)
    impossible = best.value is None
    return Row(metric, left, "guests", f"CP-SAT: {'im' if impossible else ''}possible", met=named and impossible)


def _limit(case: Case, small: float, large: float) -> float:
    return small if case.size <= 100 else large


def consolidate(case: Case) -> list[Row]:
    found = case.plan(Goal.CONSOLIDATE)
    hosts, greedy, name = found.verdict.hosts_used, case.drained, case.name
    rows = [_watts(case, found)] if case.family in MIXED else _hosts(case, found)
    peer = case.hsqueeze()
    if peer:
        rows.append(figure(f"{name}: hosts on beside hsqueeze", hosts, "hosts", peer.name, peer.hosts))
    bound = max(least_hosts(case.fleet), 1)
    rows.append(figure(f"{name}: hosts on beside the bound from sums", hosts, "hosts", "bound", bound))
    if case.family in MIXED:
        rows.append(figure(f"{name}: sent", found.verdict.gib, "GiB", "greedy", greedy.gib))
    seconds = 0.5 if case.size <= 40 else 5.0 if case.size <= 100 else 30.0
    return [*rows, *costs(name, found, seconds)]


def _watts(case: Case, found: Planned) -> Row:
    watts = idle_watts(case.fleet, set(found.verdict.where.values()))
    target, best = WATTS.get(case.name), None
    if target is None and exact.available() and case.size <= EXACT_TO:
        best = exact.least_watts(case.fleet)
    if best and best.proven and best.value is not None:
        target = best.value
    if target is None:
        target = case.drained.watts * (WATTS_SHARE[case.family] if case.size >= 100 else 1.0)
    return at_most(f"{case.name}: idle watts left on", watts, "W", target, "greedy", case.drained.watts)


def _hosts(case: Case, found: Planned) -> list[Row]:
    """Return hosts left on, and GiB beside the least known at that number."""
    hosts, greedy, name = found.verdict.hosts_used, case.drained, case.name
    record = case.records.packing.get(name, {})
    label, fewest = _fewest(case, record)
    rows = [at_most(f"{name}: hosts on", hosts, "hosts", fewest, label, fewest)]
    least = _least_gib(case, record, hosts) if case.size <= 40 else None
    if least:
        rows.append(ratio_at_most(f"{name}: sent", found.verdict.gib, "GiB", f"CP-SAT, {hosts} hosts", least, 1.03))
    elif case.family == "vec" or greedy.hosts != hosts or not greedy.gib:
        rows.append(figure(f"{name}: sent", found.verdict.gib, "GiB", f"greedy, {greedy.hosts} hosts", greedy.gib))
    else:
        rows.append(ratio_at_most(f"{name}: sent", found.verdict.gib, "GiB", "greedy", greedy.gib, 1.02))
    return rows


def _fewest(case: Case, record: Mapping[str, Any]) -> tuple[str, int]:
    if case.name in HOSTS:
        bound = least_hosts(case.fleet)
        if bound > HOSTS[case.name]:
            return f"bound (README's {HOSTS[case.name]} needs the last MiB of each host)", bound
        return "README", HOSTS[case.name]
    recorded = record.get("cpsat-hosts-60s", {})
    if recorded.get("status") == "OPTIMAL":
        return "CP-SAT (recorded)", recorded["hosts"]
    best = exact.fewest_hosts(case.fleet) if exact.available() and case.size <= EXACT_TO else None
    # anti-affinity is not in the model: there it is a bound, and the greedy drain what is to be equalled
    if best and best.proven and best.value is not None and case.family != "anti":
        return "CP-SAT", round(best.value)
    if case.family == "vec" and case.size in ABOVE_BOUND:
        return "bound from sums", ceil(least_hosts(case.fleet) * ABOVE_BOUND[case.size])
    return "greedy", case.drained.hosts


def _least_gib(case: Case, record: Mapping[str, Any], hosts: int) -> Optional[float]:
    recorded = record.get(f"cpsat-mingib-k{hosts}-60s", {})
    if recorded.get("hosts") == hosts:
        return float(recorded["gib"])
    best = exact.least_gib(case.fleet, hosts) if exact.available() else None
    return best.value if best else None


def balance(case: Case) -> list[Row]:
    peer = case.hbal()
    if not peer.moves or not peer.score:
        return []
    rows = []
    same = case.plan(
        Goal.BALANCE, measured=False, max_moves=peer.moves, max_bytes=int(peer.gib * GIB), min_gain=0.0, threshold=0.0
    )
    name = f"{case.name} {peer.moves} moves, {peer.gib:g} GiB"
    got = htools.score(case.fleet, same.verdict.where)
    rows.append(_score(f"{name}: score", got, peer, {10: 0.85, 20: 0.95, 40: 0.95}.get(case.size)))
    rows += costs(name, same, None)
    more = case.plan(Goal.BALANCE, measured=False, max_moves=2 * peer.moves, min_gain=0.0, threshold=0.0)
    name = f"{case.name} {2 * peer.moves} moves"
    got = htools.score(case.fleet, more.verdict.where)
    rows.append(_score(f"{name}: score", got, peer, 0.5))
    rows.append(figure(f"{name}: sent", more.verdict.gib, "GiB", peer.name, peer.gib))
    rows += costs(name, more, _limit(case, 3.0, 30.0))
    # the imbalance of what guests were given is Ganeti's score: what it costs to come as far as the peer has
    to = case.plan(Goal.BALANCE, measured=False, threshold=peer.score, min_gain=0.0)
    name = f"{case.name} to the peer's score"
    rows.append(ratio_at_most(f"{name}: moves", to.verdict.moves, "moves", peer.name, peer.moves, 1.0))
    rows.append(ratio_at_most(f"{name}: sent", to.verdict.gib, "GiB", peer.name, peer.gib, 1.0))
    rows.append(_score(f"{name}: score", htools.score(case.fleet, to.verdict.where), peer, None))
    return [*rows, *costs(name, to, None)]


def _score(metric: str, got: float, peer: Peer, share: float | None) -> Row:
    theirs = peer.score or 0.0
    if share is None:
        return figure(metric, got, "", peer.name, theirs)
    return ratio_at_most(metric, got, "", peer.name, theirs, share)


def rolling(case: Case) -> list[Row]:
    guests, seconds = len(case.fleet["vms"]), _limit(case, 1.0, 10.0)
    rows = []
    ways = {"one per wave": (1, 1.02 if case.size >= 100 else 1.12)}
    if case.size >= 20:
        ways["10 % per wave"] = (case.size // 10, 1.06)
    for what, (at_once, share) in ways.items():
        found = case.plan(Goal.ROLLING, max_at_once=at_once)
        name = f"{case.name} {what}"
        metric, each = f"{name}: moves per guest", found.verdict.moves / guests
        if found.plan.stays:
            rows.append(_unrolled(case, name, found))
        else:
            # with fewer than ten hosts the last one's guests alone are more than the target allows
            rows.append(at_most(metric, each, "", share) if case.size >= 10 else figure(metric, each, ""))
        rows += costs(name, found, seconds)
    found, peer = case.plan(Goal.ROLLING, max_at_once=None), case.hroller()
    name = f"{case.name} as many as fit"
    if found.plan.stays:
        rows.append(_unrolled(case, name, found))
    elif peer and peer.groups:
        rows.append(at_most(f"{name}: waves", len(found.plan.waves), "waves", peer.groups, peer.name, peer.groups))
    else:
        rows.append(figure(f"{name}: waves, hroller refuses", len(found.plan.waves), "waves"))
    return [*rows, figure(f"{name}: moves per guest", found.verdict.moves / guests, ""), *costs(name, found, seconds)]


def _unrolled(case: Case, name: str, found: Planned) -> Row:
    """Return whether some host can't be emptied indeed."""
    return _said_so(case, name, (sorted(stay.host for stay in found.plan.stays)[0],), found)


OPERATIONS: Mapping[str, Callable[[Case], list[Row]]] = {
    "evacuate": evacuate,
    "consolidate": consolidate,
    "balance": balance,
    "rolling": rolling,
}
# peers of each operation
TOOLS = {"evacuate": (), "consolidate": ("hsqueeze",), "balance": ("hbal",), "rolling": ("hroller",)}


def averages(operation: str, rows: Sequence[Row]) -> list[Row]:
    """Return the targets that are of a mean over fleets."""
    if operation == "evacuate":
        return _mean("jams on average: sent", [row for row in rows if row.metric.endswith("jam: sent")], 1.10)
    if operation == "balance":
        same = [row for row in rows if row.metric.endswith("GiB: score") and "-10-" in row.metric]
        ordinary = [row for row in same if not row.metric.startswith("jam-")]
        return [
            *_mean("10 hosts on average: score of hbal's", same, 0.60),
            *_mean("10 hosts on average without jams: score of hbal's", ordinary, 0.60),
        ]
    return []


def _mean(metric: str, rows: Sequence[Row], target: float) -> list[Row]:
    ratios = [row.ratio for row in rows if row.ratio is not None]
    return [at_most(metric, sum(ratios) / len(ratios), "ratio", target)] if ratios else []
