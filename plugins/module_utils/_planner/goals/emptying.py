"""The part of goal consolidate that empties hosts: as many as pay, within the budget, in an order that works. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from ..._model.request import SurviveLoss
from ..board import Board
from ..frailty import newly_frail
from ..outcome import Hop
from ..power import idle_watts
from ..scope import Scope
from ..search.consolidate import Consolidation
from ..search.consolidate import consolidate as search
from ..search.grid import Grid, Layout
from ..search.sequence import Sequence as Ordered
from ..search.sequence import sequence
from ..worth import gain, not_worth
from .ways import hop_of


@dataclass(frozen=True)
class Task:
    """What is to be emptied: hosts of the scope but ``keep``, once the blocks of ``relief`` are where they go.

    Hosts that are ``fresh``, just woken for the load, are not filled either: what wakes one would empty another.
    """

    board: Board
    scope: Scope
    keep: frozenset[int]
    relief: Mapping[int, int]
    fresh: frozenset[int] = frozenset()


def watts_of(board: Board, scope: Scope) -> Optional[list[int]]:
    """Return idle watts by host of the scope, or None where one is unknown: then hosts are counted."""
    found = [idle_watts(board.snapshot.hosts[host]) for host in scope.hosts]
    return None if any(watts is None for watts in found) else [round(watts or 0) for watts in found]


def within_budget(task: Task) -> tuple[Consolidation, Ordered]:
    """Empty fewer hosts, half as many each time, until the moves stay within the request's budget."""
    found, order = _worth_it(task)
    wanted = sorted(found.emptied, key=lambda host: (_bytes_on(task.scope, host), host))
    every = frozenset(range(len(task.scope.hosts)))
    while wanted and order.steps and not _affordable(task, order):
        wanted = wanted[: len(wanted) // 2]
        found, order = _worth_it(replace(task, keep=every.difference(wanted) | task.keep))
    while task.relief and not _affordable(task, order):  # stops on the way count too
        fewer = dict(sorted(task.relief.items())[: len(task.relief) // 2])
        task = replace(task, keep=every, relief=fewer)
        found, order = _reachable(task)
    return found, order


def _worth_it(task: Task) -> tuple[Consolidation, Ordered]:
    """Keep hosts on that would not pay for their moves, until all that are emptied do."""
    while True:
        found, order = _reachable(task)
        off = frozenset(found.emptied)
        losing = not_worth(task.board, task.scope, order, off, task.relief)
        if not losing:
            return found, order
        task = replace(task, keep=task.keep | losing)


def _reachable(task: Task) -> tuple[Consolidation, Ordered]:
    """Search, and keep hosts on whose blocks find no way out in any order."""
    request, kept, scope = task.board.request, task.keep, task.scope
    weights = watts_of(task.board, scope) or [1] * len(scope.hosts)
    at = tuple(task.relief.get(block, host) for block, host in enumerate(scope.grid.at))
    start = _without_room(replace(scope.grid, at=at), task.fresh)
    while True:
        survive = request.survive_loss is SurviveLoss.KEEP
        found = search(start, weights, kept, request.min_on, survive)
        # a host that is to be switched off, or empty already, is no place for a stop
        stops = bytes(1 if host in found.on else 0 for host in range(len(scope.hosts)))
        order = sequence(scope.grid, _targets(scope, at, found), hop=hop_of(task.board, scope), parking=stops)
        blocked = {scope.grid.at[stuck.block] for stuck in order.stuck} - kept
        if not blocked:
            return found, order
        kept |= blocked


def _targets(scope: Scope, at: Sequence[int], found: Consolidation) -> dict[int, int]:
    """Return where blocks go from where they are now, relief and emptying in one."""
    ends = {**dict(enumerate(at)), **found.targets}
    return {block: host for block, host in ends.items() if host != scope.grid.at[block]}


def _without_room(grid: Grid, full: Collection[int]) -> Grid:
    """Return the grid with room for all who are there: a host that is overfull may be emptied like any other.

    That nobody comes before there is really room is the order's matter. Hosts of ``full`` have no more than that, and
    nobody leaves them.
    """
    layout = Layout(grid)
    only = {host: bytes(int(other == host) for other in range(len(grid.hosts))) for host in full}

    def rooms(room: Sequence[int], free: Sequence[int]) -> tuple[int, ...]:
        return tuple(
            most - (left if host in full else min(0, left)) for host, (most, left) in enumerate(zip(room, free))
        )

    return replace(
        grid,
        reach=tuple(only.get(host, row) for host, row in zip(grid.at, grid.reach)),
        room_memory=rooms(grid.room_memory, layout.memory),
        room_vcpus=rooms(grid.room_vcpus, layout.vcpus),
    )


def _affordable(task: Task, order: Ordered) -> bool:
    request, grid = task.board.request, task.scope.grid
    moves = sum(len(grid.blocks[step.block]) for step in order.steps)
    few = request.max_moves is None or moves <= request.max_moves
    return few and (request.max_bytes is None or order.cost(grid) <= request.max_bytes)


def _bytes_on(scope: Scope, host: int) -> int:
    return sum(scope.grid.cost[block] for block, at in enumerate(scope.grid.at) if at == host)


def to_switch_off(board: Board, scope: Scope, hops: Sequence[Hop], on: Collection[int]) -> tuple[int, ...]:
    """Return the hosts that have nobody at the end, not even a second definition, and need not stay ``on``.

    Those without which the fleet could not survive a loss any more stay on too, if that is asked: the largest first;
    and those that would not pay for being switched off and on again.
    """
    at = list(board.search.at)
    for hop in hops:
        at[hop.block] = hop.dest
    used = {*at, *(scope.hosts[host] for host in on)}
    home = {place.guest.uuid: place.host for group in board.members for place in group}
    defined = {place.host for place in board.snapshot.located() if place.host != home[place.guest.uuid]}
    free = [host for host in scope.hosts if host not in used and board.search.hosts[host] not in defined]
    free = [host for host in free if (saved := gain(board, host)) is None or saved > 0]
    spare = max(0, board.request.min_on - (len(scope.hosts) - len(free)))
    off = free[spare:]
    while off and newly_frail(board, hops, off):
        off.remove(max(off, key=lambda host: (board.search.room_memory[host], -host)))
    return tuple(off)
