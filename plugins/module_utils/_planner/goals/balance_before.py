"""What goal balance does before it evens anything out: mend, relieve, make room for guests that start. Pure.

Each part is planned on the fleet as the parts before it leave it; who has moved stays there. What a part may cost is
what the ones before it have left of the budget.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Optional

from ..._model.balance import AsIfStarted
from ..._model.guest import Guest, GuestState
from ..._model.plan import Purpose
from ..._model.rules import RuleKind
from ..board import Board, kept_free
from ..frailty import newly_frail
from ..marks import milli_cpus, milli_percent
from ..outcome import Hop, Kept, Outcome, Wish
from ..scope import Scope, narrow
from ..search.grid import Grid, Layout
from ..search.relief import Budget, Marks, overloaded, relieve
from ..search.repair import Spare, broken
from ..search.sequence import sequence
from ..select import domain_of
from .repair import repair
from .ways import hop_of

ANY_LOAD = 1 << 60


@dataclass(frozen=True)
class Part:
    """What one part of a balance does: hops in a legal order, the purpose and each block's reason, and remarks."""

    hops: tuple[Hop, ...] = ()
    purpose: Purpose = Purpose.EVEN_OUT
    reasons: Mapping[int, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    unplaced: Mapping[int, Kept] = field(default_factory=dict)
    away: tuple[int, ...] = ()


def advanced(board: Board, hops: Sequence[Hop]) -> Board:
    """Return the board once the hops are made: who has moved stays there, and the budget is what is left of it."""
    request = board.request
    guests = sum(len(board.search.blocks[hop.block]) for hop in hops)
    size = sum(board.search.cost[hop.block] for hop in hops)
    left = replace(
        request,
        max_moves=None if request.max_moves is None else max(0, request.max_moves - guests),
        max_bytes=None if request.max_bytes is None else max(0, request.max_bytes - size),
    )
    ends = {hop.block: hop.dest for hop in hops}
    moved = replace(board, request=left, search=_moved(board.search, ends), order=_moved(board.order, ends))
    return replace(moved, free=board.free or board.search.reach)


def holding(board: Board, blocks: Collection[int], hosts: Optional[Collection[int]] = None) -> Board:
    """Return the board on which these blocks stay, and with ``hosts`` all others too but on these and between them."""

    def held(grid: Grid) -> Grid:
        reach = list(grid.reach)
        for block, host in enumerate(grid.at):
            if block in blocks or (hosts is not None and host not in hosts):
                reach[block] = _only(grid, host)
            elif hosts is not None:
                row = grid.reach[block]
                reach[block] = bytes(may if index in hosts else 0 for index, may in enumerate(row))
        return replace(grid, reach=tuple(reach))

    # who is held may be started elsewhere all the same after a loss
    return replace(board, search=held(board.search), order=held(board.order), free=board.free or board.search.reach)


def mended(board: Board, wishes: Sequence[Wish], cool: Collection[int], hosts: Sequence[int]) -> Part:
    """Return what mends broken rules and overfull hosts; a guest that is itself concerned moves in its cooldown too."""
    inside = frozenset(hosts)
    mine = [wish for wish in wishes if board.search.at[board.block[wish.place.guest.uuid]] in inside]
    held = frozenset(cool) - {board.block[wish.place.guest.uuid] for wish in mine} - _concerned(board)
    limited = None if len(inside) == len(board.search.hosts) else inside
    found: Outcome = repair(holding(board, held, limited), mine)
    return Part(found.hops, Purpose.MEND, found.reasons, found.remarks, found.unplaced, found.away)


def relieved(board: Board, cool: Collection[int], hosts: Collection[int]) -> Part:
    """Return what takes guests off hosts above ``high_cpu_percent`` or overfull in memory, live, as few as do."""
    scope = narrow(holding(board, cool).search, hosts)
    high, (memory, _vcpus) = board.request.high_cpu_percent, kept_free(board)
    marks = Marks(
        tuple(milli_cpus(place.guest for place in board.members[block]) for block in scope.blocks),
        tuple(ANY_LOAD if high is None else milli_percent(board.snapshot.hosts[host], high) for host in scope.hosts),
        tuple(memory[host] for host in scope.hosts),
        spread=True,
    )
    return _taken_off(board, scope, marks, Purpose.RELIEVE, "relieves {}")


def room_to_start(board: Board, cool: Collection[int], hosts: Collection[int]) -> Part:
    """Return which shut-off guests move, as definitions, off hosts that would be overfull if they were started there.

    Overfull means memory or vCPUs: what a guest that does not run would use of a CPU nobody knows.
    """
    counted = [
        [place.guest for place in group if starts(place.guest, board.request.as_if_started)] for group in board.members
    ]
    # a block with somebody else in it does not go as definitions
    mixed = (block for block, guests in enumerate(counted) if len(guests) < len(board.members[block]))
    still = frozenset(cool).union(mixed)
    grid = narrow(holding(board, still).search, hosts)
    if len(still) == len(counted):
        return Part()
    memory, vcpus = kept_free(board)
    scope = replace(
        grid,
        grid=replace(
            grid.grid,
            memory=tuple(
                size + sum(guest.memory for guest in counted[block])
                for size, block in zip(grid.grid.memory, grid.blocks)
            ),
            vcpus=tuple(
                size + sum(guest.vcpus for guest in counted[block]) for size, block in zip(grid.grid.vcpus, grid.blocks)
            ),
        ),
    )
    marks = Marks(
        scope.grid.vcpus,
        tuple(room + vcpus[host] for room, host in zip(scope.grid.room_vcpus, scope.hosts)),
        tuple(memory[host] for host in scope.hosts),
        spread=True,
    )
    return _taken_off(board, scope, marks, Purpose.START_ROOM, "{} would be overfull if it were started there")


def starts(guest: Guest, which: AsIfStarted) -> bool:
    """Return whether there must be room for the shut-off guest."""
    if which is AsIfStarted.NONE or guest.state is not GuestState.SHUT_OFF:
        return False
    return which is AsIfStarted.ALL or guest.autostart


def _taken_off(board: Board, scope: Scope, marks: Marks, purpose: Purpose, why: str) -> Part:
    """Return the moves that take guests off overloaded hosts to where most is left, unless the fleet gets frail."""
    hot = overloaded(scope.grid, marks)
    if not hot:
        return Part()
    budget = Budget(board.request.max_moves, board.request.max_bytes)
    found = relieve(scope.grid, marks, (), budget)
    steps = sequence(scope.grid, found.targets, hop=hop_of(board, scope), aside=False).steps
    hops = tuple(
        Hop(scope.blocks[step.block], scope.hosts[step.source], scope.hosts[step.dest], step.parking) for step in steps
    )
    left = tuple(
        f"{scope.grid.hosts[host]} stays overloaded: no guest of it may go, or finds a place" for host in found.left
    )
    if purpose is Purpose.START_ROOM:
        left = tuple(
            f"{scope.grid.hosts[host]} could not start all its guests: no shut-off one may go, or finds a place"
            for host in found.left
        )
    frail = newly_frail(board, hops) if hops else ""
    if frail:
        names = ", ".join(scope.grid.hosts[host] for host in hot)
        return Part(remarks=(f"{names}: nobody is taken off, for {frail}", *left))
    reasons = {hop.block: why.format(board.search.hosts[hop.source]) for hop in hops}
    return Part(hops, purpose, reasons, left)


def torn(board: Board) -> dict[int, str]:
    """Return the blocks of affinity rules that are broken, with the rule: whom a mend brings together nobody parts."""
    found: dict[int, str] = {}
    for item in board.bound:
        if item.rule.kind is RuleKind.AFFINITY:
            blocks = {board.block[uuid] for uuid in item.guests}
            places = {domain_of(board.snapshot.hosts[board.search.at[block]], item.rule.scope) for block in blocks}
            found.update(dict.fromkeys(blocks if len(places) > 1 else (), item.rule.name))
    return found


def for_arrivals(board: Board, grid: Grid) -> Grid:
    """Return a grid of all hosts without the room that guests which are to be started will need."""
    memory, vcpus = reserved(board)
    return replace(
        grid,
        room_memory=tuple(room - need for room, need in zip(grid.room_memory, memory)),
        room_vcpus=tuple(room - need for room, need in zip(grid.room_vcpus, vcpus)),
    )


def reserved(board: Board) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the memory and vCPUs by host that guests which are to be started there will need."""
    memory, vcpus = [0] * len(board.search.hosts), [0] * len(board.search.hosts)
    for block, group in enumerate(board.members):
        for place in group:
            if starts(place.guest, board.request.as_if_started):
                memory[board.search.at[block]] += place.guest.memory
                vcpus[board.search.at[block]] += place.guest.vcpus
    return tuple(memory), tuple(vcpus)


def _concerned(board: Board) -> frozenset[int]:
    """Return the blocks that are part of what is broken: a limit that is exceeded, a host that is overfull."""
    grid, found = board.search, set()
    layout = Layout(grid)
    for item in broken(layout, Spare(*kept_free(board))):
        index, where = item.account
        if index < 0:
            found |= layout.on[where]
        else:
            limit = grid.limits[index]
            found |= {block for block in limit.weight if limit.domain[grid.at[block]] == where}
    return frozenset(found)


def _moved(grid: Grid, ends: Mapping[int, int]) -> Grid:
    at = tuple(ends.get(block, host) for block, host in enumerate(grid.at))
    reach = tuple(_only(grid, ends[block]) if block in ends else row for block, row in enumerate(grid.reach))
    parkable = tuple(may and block not in ends for block, may in enumerate(grid.parkable))
    return replace(grid, at=at, reach=reach, parkable=parkable)


def _only(grid: Grid, host: int) -> bytes:
    return bytes(host) + b"\1" + bytes(len(grid.hosts) - host - 1)
