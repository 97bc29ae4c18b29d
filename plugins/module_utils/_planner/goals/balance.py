"""Goal balance: hosts evenly filled, by what guests are given and by what they were measured to use. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from ..._model.plan import Bound
from ..board import Board
from ..frailty import newly_frail
from ..outcome import Hop, Outcome
from ..scope import Scope, narrow
from ..search.balance import ANY, Balanced, Bounds
from ..search.balance import balance as search
from ..search.balance_score import Signal, demand_signals
from .consolidate import in_scope


def balance(board: Board) -> Outcome:
    """Return the moves that even out the fleet, or the hosts of the request among themselves."""
    request, scope = board.request, narrow(board.search, in_scope(board))
    if not scope.hosts:
        return Outcome(remarks=("there is no schedulable host to balance",))
    signals = _signals(board, scope)
    bounds = Bounds(
        ANY if request.max_moves is None else request.max_moves,
        ANY if request.max_bytes is None else request.max_bytes,
        request.min_gain,
        request.threshold,
    )
    found = search(scope.grid, signals, bounds)
    # where no order takes everybody straight there, one is moved on later: its first move is a stop
    last = {block: number for number, (block, _source, _dest) in enumerate(found.moves)}
    hops = tuple(
        Hop(scope.blocks[block], scope.hosts[source], scope.hosts[dest], parking=number != last[block])
        for number, (block, source, dest) in enumerate(found.moves)
    )
    frail = newly_frail(board, hops) if hops else ""
    if frail:
        return Outcome(remarks=(f"nothing moves, for {frail}",))
    reasons = {hop.block: f"evens out {board.search.hosts[hop.source]}" for hop in hops}
    return Outcome(hops, reasons, bounds=_bounds(found, signals), remarks=(found.outcome.value,))


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
