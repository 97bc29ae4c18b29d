"""Goal balance: hosts evenly filled, by what guests are given and by what they were measured to use. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median

from ..._model.balance import level_of
from ..._model.plan import Bound, Goal
from ..board import Board
from ..frailty import newly_frail
from ..outcome import Hop, Outcome
from ..scope import Scope, narrow
from ..search.balance import ANY, Balanced, Bounds
from ..search.balance import balance as search
from ..search.balance_score import Signal, demand_signals
from .consolidate import consolidate, in_scope


def balance(board: Board) -> Outcome:
    """Return the moves that even out the fleet, or the hosts of the request among themselves."""
    request, unwanted = board.request, _unwanted(board, ())
    scope = narrow(board.search, [host for host in in_scope(board) if host not in unwanted])
    if not scope.hosts:
        return Outcome(remarks=("there is no schedulable host to balance",))
    signals = _signals(board, scope)
    level = level_of(request.aggressiveness, request.threshold, request.min_gain)
    bounds = Bounds(
        ANY if request.max_moves is None else request.max_moves,
        ANY if request.max_bytes is None else request.max_bytes,
        level.min_gain,
        level.threshold,
    )
    found = search(scope.grid, signals, bounds)
    hops = _hops(scope, found)
    while hops and not _unwanted(board, hops) <= unwanted:
        found = search(scope.grid, signals, replace(bounds, max_moves=len(found.moves) // 2))
        hops = _hops(scope, found)
    frail = newly_frail(board, hops) if hops else ""
    if frail:
        return Outcome(remarks=(f"nothing moves, for {frail}",))
    reasons = {hop.block: f"evens out {board.search.hosts[hop.source]}" for hop in hops}
    remarks = (found.outcome.value, *_left_out(board, unwanted))
    return Outcome(hops, reasons, bounds=_bounds(found, signals), remarks=remarks)


def _hops(scope: Scope, found: Balanced) -> tuple[Hop, ...]:
    # where no order takes everybody straight there, one is moved on later: its first move is a stop
    last = {block: number for number, (block, _source, _dest) in enumerate(found.moves)}
    return tuple(
        Hop(scope.blocks[block], scope.hosts[source], scope.hosts[dest], parking=number != last[block])
        for number, (block, source, dest) in enumerate(found.moves)
    )


def _unwanted(board: Board, hops: Sequence[Hop]) -> frozenset[int]:
    """Return the hosts that a consolidation with the same settings would switch off once the hops are made.

    Only a request with a mark of load speaks of a fleet that is consolidated too.
    """
    if board.request.high_cpu_percent is None:
        return frozenset()
    at = list(board.search.at)
    for hop in hops:
        at[hop.block] = hop.dest
    request = replace(board.request, goal=Goal.CONSOLIDATE, max_moves=None, max_bytes=None)
    return frozenset(consolidate(replace(board, request=request, search=replace(board.search, at=tuple(at)))).emptied)


def _left_out(board: Board, unwanted: Iterable[int]) -> tuple[str, ...]:
    names = ", ".join(board.search.hosts[host] for host in sorted(unwanted))
    return (f"{names} takes no part, as a consolidation would switch it off",) if names else ()


def _signals(board: Board, scope: Scope) -> tuple[Signal, ...]:
    """Return memory as a share of all that hosts have, vCPUs per core, and CPU time where some guest's was measured."""
    hosts = [board.snapshot.hosts[host] for host in scope.hosts]
    ratio = median(host.allocatable_vcpus / host.cpus if host.cpus else 1.0 for host in hosts)
    memory, vcpus = demand_signals(scope.grid, vcpus=ratio)
    # of hosts of several sizes, what each keeps for itself counts as filled, as Ganeti's score has it
    room = [max(host.memory, host.allocatable_memory) for host in hosts]
    kept = [1.0 - host.allocatable_memory / total if total else 0.0 for host, total in zip(hosts, room)]
    signals = replace(memory, room=room, base=kept), vcpus
    used = [sum(place.guest.wanted_cpus for place in board.members[block]) for block in scope.blocks]
    if not any(used):
        return signals
    return (*signals, Signal("cpu usage", used, [float(host.cpus) for host in hosts]))


def _bounds(found: Balanced, signals: Sequence[Signal]) -> tuple[Bound, ...]:
    spreads = zip(signals, found.spreads_before, found.spreads_after)
    return (
        Bound("imbalance", "", round(found.before, 5), round(found.after, 5)),
        *(Bound(f"spread of {each.name}", "", round(before, 5), round(after, 5)) for each, before, after in spreads),
    )
