"""Looks for places from which the fleet can still lose a host, where the plainest do not do. Judges no loss itself.

Method: the caller says of a list of steps whether it is sound. Where few blocks have a choice, all placements are tried
(search_exact). Else placements are made anew with room set aside on one or two hosts, the roomiest first: enough for
the largest block that would have had no place after a loss, then all of it, so that holes stay large. If none is sound,
blocks are given up, the largest first, twice as many each time, then fewer again: what is left is as little as this
finds. Bound: ``STEPS`` of the exact search, ``TRIES`` placements beside it.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Optional

from .evacuate import Left, Relocation, Why, relocate
from .exact import exact
from .grid import Grid, Layout
from .sequence import Hop, Step, sequence
from .sequence import Sequence as Ordered

FEW = 12  # so many blocks with a choice are placed by trying everything
STEPS = 200_000
ROOMIEST = 5  # hosts on which room is set aside
TRIES = 24
UNSOUND = 1 << 62

Sound = Callable[[Sequence[Step]], bool]


@dataclass(frozen=True)
class Asked:
    """As ``relocate`` takes it: the hosts of each block that must move, where others may step aside, and whether.

    ``size`` is the largest block that found no place after a loss.
    """

    wishes: Mapping[int, bytes]
    aside: bytes
    displace: bool
    hop: Optional[Hop]
    size: int


def sound_relocation(grid: Grid, asked: Asked, sound: Sound) -> Optional[Relocation]:
    """Return sound moves that leave as few behind as this search finds; None where every sound plan moves nobody."""
    movers = frozenset(block for block, mask in asked.wishes.items() if not mask[grid.at[block]])
    allowed = _allowed(grid, asked, movers)
    if len(movers.union(block for block, mask in enumerate(allowed) if mask)) <= FEW:
        found, complete = _tried_all(grid, asked, movers, allowed, sound)
        if found is not None or complete:
            return found
    return _with_room_aside(grid, asked, movers, sound)


def _allowed(grid: Grid, asked: Asked, movers: frozenset[int]) -> list[bytes]:
    """Return the hosts that each block may be on; none for those that have no choice."""
    found = []
    for block, reach in enumerate(grid.reach):
        mask = asked.wishes.get(block, asked.aside) if asked.displace or block in movers else b""
        both = bytes(map(int.__and__, mask, reach))
        found.append(both if any(open_ for host, open_ in enumerate(both) if host != grid.at[block]) else b"")
    return found


def _tried_all(
    grid: Grid, asked: Asked, movers: frozenset[int], allowed: Sequence[bytes], sound: Sound
) -> tuple[Optional[Relocation], bool]:
    """Return the best of all sound placements, and whether all were seen."""

    def judge(where: Mapping[int, int]) -> tuple[int, int, int]:
        made = _ordered(grid, asked, where)
        left = movers.difference(_arrived(made))
        if len(left) == len(movers) or not _caused(grid, made, movers) or not sound(made.steps):
            return UNSOUND, 0, 0
        needed = sum(grid.cost[block] for block in movers - left)
        return len(left), sum(grid.memory[block] for block in left), made.cost(grid) - needed

    best = exact(grid, movers, allowed, judge, STEPS)
    if best.where is None:
        return None, best.complete
    made = _ordered(grid, asked, best.where)
    arrived = _arrived(made)
    if not arrived & movers or not _caused(grid, made, movers) or not sound(made.steps):
        return None, best.complete
    left = tuple(Left(block, Why.NO_ROOM) for block in sorted(movers - arrived))
    return Relocation(made, left, tuple(sorted(arrived - movers)), 0, False), best.complete


def _ordered(grid: Grid, asked: Asked, where: Mapping[int, int]) -> Ordered:
    return sequence(grid, where, hop=asked.hop, parking=asked.aside, aside=asked.displace)


def _arrived(made: Ordered) -> frozenset[int]:
    return frozenset(step.block for step in made.steps if not step.parking)


def _caused(grid: Grid, made: Ordered, movers: frozenset[int]) -> bool:
    """Return whether all who only step aside leave a host, or a place of a limit, that somebody else comes to."""
    for block in _arrived(made) - movers:
        home = grid.at[block]
        limits = [grid.limits[index] for index in (grid.limits_of[block] if grid.limits_of else ())]
        others = [step for step in made.steps if step.block != block]
        comes = any(step.dest == home for step in others)
        crowds = (
            step.block in limit.weight and limit.domain[step.dest] == limit.domain[home] >= 0
            for limit in limits
            for step in others
        )
        if not comes and not any(crowds):
            return False
    return True


def _with_room_aside(grid: Grid, asked: Asked, movers: frozenset[int], sound: Sound) -> Optional[Relocation]:
    """Return the first sound placement of all blocks, or of as many as can be had."""
    grids = list(_reserves(grid, asked))[:TRIES]
    for reserved in grids:
        found = _placed(reserved, asked, movers, frozenset(), sound)
        if found is not None:
            return found
    largest = sorted(movers, key=lambda block: (-grid.memory[block], block))
    few = [grid, *grids[:1]]
    best: Optional[Relocation] = None
    low, high = 0, 1
    while best is None and high < len(largest):
        best = _first(few, asked, movers, largest[:high], sound)
        low, high = (low, high) if best is not None else (high, 2 * high)
    while best is not None and high - low > 1:
        middle = (low + high) // 2
        found = _first(few, asked, movers, largest[:middle], sound)
        low, high, best = (low, middle, found) if found is not None else (middle, high, best)
    return best


def _first(
    grids: Sequence[Grid], asked: Asked, movers: frozenset[int], given_up: Sequence[int], sound: Sound
) -> Optional[Relocation]:
    tried = (_placed(each, asked, movers, frozenset(given_up), sound) for each in grids)
    return next((found for found in tried if found is not None), None)


def _placed(
    grid: Grid, asked: Asked, movers: frozenset[int], given_up: frozenset[int], sound: Sound
) -> Optional[Relocation]:
    """Return what comes of the wishes without those given up, if it moves somebody and is sound."""
    wishes = {block: mask for block, mask in asked.wishes.items() if block not in given_up}
    found = relocate(grid, wishes, asked.aside, displace=asked.displace, hop=asked.hop)
    arrived, steps = _arrived(found.sequence), found.sequence.steps
    if not movers & arrived or given_up & arrived or not _caused(grid, found.sequence, movers) or not sound(steps):
        return None
    left = (*found.left, *(Left(block, Why.NO_ROOM) for block in sorted(given_up)))
    return replace(found, left=left, least_left=0, least=False)


def _reserves(grid: Grid, asked: Asked) -> Iterator[Grid]:
    """Yield the grid with room set aside: on one host for one block, or all that it has, then on two for one block."""
    layout = Layout(grid)
    may = [any(mask[host] for mask in asked.wishes.values()) or asked.aside[host] for host in range(len(grid.hosts))]
    open_hosts = [host for host, open_ in enumerate(may) if open_ and layout.memory[host] > 0]
    roomiest = sorted(open_hosts, key=lambda host: (-layout.memory[host], host))[:ROOMIEST]
    for host in roomiest:
        yield _reserved(grid, layout, (host,), grid.memory[asked.size], grid.vcpus[asked.size])
        yield _reserved(grid, layout, (host,), layout.memory[host], layout.vcpus[host])
    for pair in combinations(roomiest, 2):
        yield _reserved(grid, layout, pair, grid.memory[asked.size], grid.vcpus[asked.size])


def _reserved(grid: Grid, layout: Layout, hosts: Sequence[int], memory: int, vcpus: int) -> Grid:
    """Return the grid in which the hosts keep that much, or all that is free there, to themselves."""

    def less(rooms: Sequence[int], free: Sequence[int], amount: int) -> tuple[int, ...]:
        return tuple(
            room - max(0, min(amount, free[host])) if host in hosts else room for host, room in enumerate(rooms)
        )

    return replace(
        grid,
        room_memory=less(grid.room_memory, layout.memory, memory),
        room_vcpus=less(grid.room_vcpus, layout.vcpus, vcpus),
    )
