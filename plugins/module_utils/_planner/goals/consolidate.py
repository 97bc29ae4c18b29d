"""Goal consolidate: fewer hosts or idle watts, by emptying some that can then be switched off. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Optional

from ..._model.host import HostState
from ..._model.plan import Bound, SurviveLoss
from ..._model.rules import RuleKind
from ..._model.rules import Scope as Domain
from ..board import Board
from ..frailty import newly_frail
from ..outcome import Hop, Outcome
from ..power import idle_watts
from ..scope import Scope, narrow
from ..search.consolidate import Consolidation
from ..search.consolidate import consolidate as search
from ..search.grid import Grid, Layout
from ..search.sequence import Sequence as Ordered
from ..search.sequence import sequence
from ..select import goal_hosts
from .ways import hop_of


def consolidate(board: Board) -> Outcome:
    """Return the moves that empty as many hosts as the request lets them, and the hosts that then have nobody."""
    scope = narrow(board.search, in_scope(board))
    if not scope.hosts:
        return Outcome(remarks=("there is no schedulable host to consolidate",))
    keep = {index for index, host in enumerate(scope.hosts) if board.search.hosts[host] in board.request.keep_on}
    found, order = _within_budget(board, scope, keep)
    hops = tuple(
        Hop(scope.blocks[step.block], scope.hosts[step.source], scope.hosts[step.dest], step.parking)
        for step in order.steps
    )
    off = _empty(board, scope, hops, found)
    frail = newly_frail(board, hops, off) if hops else ""
    if frail:
        hops, off = (), _empty(board, scope, (), found)
    remarks = (frail,) if frail else ()
    bounds = _bounds(board, scope, found, off)
    return Outcome(hops, _reasons(board, hops, off), bounds=bounds, emptied=off, remarks=remarks)


def in_scope(board: Board) -> list[int]:
    """Return the schedulable hosts that the request is about."""
    chosen = goal_hosts(board.request, board.snapshot.hosts)
    every = not (board.request.hosts or board.request.sites)
    return [
        index
        for index, host in enumerate(board.snapshot.hosts)
        if host.state is HostState.SCHEDULABLE and (every or host.name in chosen)
    ]


def _watts(board: Board, scope: Scope) -> Optional[list[int]]:
    """Return idle watts by host of the scope, or None where one is unknown: then hosts are counted."""
    found = [idle_watts(board.snapshot.hosts[host]) for host in scope.hosts]
    return None if any(watts is None for watts in found) else [round(watts or 0) for watts in found]


def _within_budget(board: Board, scope: Scope, keep: Collection[int]) -> tuple[Consolidation, Ordered]:
    """Empty fewer hosts, half as many each time, until the moves stay within the request's budget."""
    found, order = _reachable(board, scope, keep)
    wanted = sorted(found.emptied, key=lambda host: (_bytes_on(scope, host), host))
    while order.steps and not _affordable(board, scope, order):
        wanted = wanted[: len(wanted) // 2]
        found, order = _reachable(board, scope, frozenset(range(len(scope.hosts))).difference(wanted).union(keep))
    return found, order


def _reachable(board: Board, scope: Scope, keep: Collection[int]) -> tuple[Consolidation, Ordered]:
    """Search, and keep hosts on whose blocks find no way out in any order."""
    request, kept = board.request, frozenset(keep)
    weights = _watts(board, scope) or [1] * len(scope.hosts)
    while True:
        survive = request.survive_loss is SurviveLoss.KEEP
        found = search(_no_overfull(scope.grid), weights, kept, request.min_on, survive)
        # a host that is to be switched off, or empty already, is no place for a stop
        stops = bytes(1 if host in found.on else 0 for host in range(len(scope.hosts)))
        order = sequence(scope.grid, found.targets, hop=hop_of(board, scope), parking=stops)
        blocked = {scope.grid.at[stuck.block] for stuck in order.stuck} - kept
        if not blocked:
            return found, order
        kept |= blocked


def _no_overfull(grid: Grid) -> Grid:
    """Return the grid with room for all who are there: a host that is overfull may be emptied like any other.

    That nobody comes before there is really room is the order's matter.
    """
    layout = Layout(grid)
    return replace(
        grid,
        room_memory=tuple(room - min(0, free) for room, free in zip(grid.room_memory, layout.memory)),
        room_vcpus=tuple(room - min(0, free) for room, free in zip(grid.room_vcpus, layout.vcpus)),
    )


def _affordable(board: Board, scope: Scope, order: Ordered) -> bool:
    most, send = board.request.max_moves, board.request.max_bytes
    moves = sum(len(scope.grid.blocks[step.block]) for step in order.steps)
    return (most is None or moves <= most) and (send is None or order.cost(scope.grid) <= send)


def _bytes_on(scope: Scope, host: int) -> int:
    return sum(scope.grid.cost[block] for block, at in enumerate(scope.grid.at) if at == host)


def _empty(board: Board, scope: Scope, hops: Sequence[Hop], found: Consolidation) -> tuple[int, ...]:
    """Return the hosts that have nobody at the end, not even a second definition, and need not stay on.

    Those without which the fleet could not survive a loss any more stay on too, if that is asked: the largest first.
    """
    at = list(board.search.at)
    for hop in hops:
        at[hop.block] = hop.dest
    used = {*at, *(scope.hosts[host] for host in found.on)}
    home = {place.guest.uuid: place.host for group in board.members for place in group}
    defined = {place.host for place in board.snapshot.located() if place.host != home[place.guest.uuid]}
    free = [host for host in scope.hosts if host not in used and board.search.hosts[host] not in defined]
    spare = max(0, board.request.min_on - (len(scope.hosts) - len(free)))
    off = free[spare:]
    while off and newly_frail(board, hops, off):
        off.remove(max(off, key=lambda host: (board.search.room_memory[host], -host)))
    return tuple(off)


def _reasons(board: Board, hops: Sequence[Hop], off: Collection[int]) -> dict[int, str]:
    hosts = board.search.hosts
    return {
        hop.block: (f"{hosts[hop.source]} is emptied" if hop.source in off else f"makes room on {hosts[hop.source]}")
        for hop in hops
    }


def _bounds(board: Board, scope: Scope, found: Consolidation, off: Collection[int]) -> tuple[Bound, ...]:
    # a group that affinity keeps in its rack or site could go elsewhere as a whole: that is not tried, nor counted
    penned = any(item.rule.kind is RuleKind.AFFINITY and item.rule.scope is not Domain.HOST for item in board.bound)
    least = None if penned else found.least_hosts
    bounds = [Bound("hosts on", "hosts", len(scope.hosts), len(scope.hosts) - len(off), least)]
    watts = _watts(board, scope)
    if watts is not None:
        on = sum(watts[index] for index, host in enumerate(scope.hosts) if host not in off)
        bounds.append(Bound("idle power", "W", sum(watts), on, None if penned else found.least_watts))
    return tuple(bounds)
