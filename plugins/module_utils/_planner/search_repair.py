"""Mend what is broken already: hosts overfull, limits exceeded. Must not improve what is not broken.

Method: what is over its room is an account (memory or vCPUs of a host, one domain of a limit). Account by account, the
worst share first, an A* search looks for the cheapest moves (bytes, then number) that bring it down to its room: first
of its own blocks to where they fit, then also of others that make room for them. The estimate of what is still to send
is the excess times the fewest bytes per unit among the account's blocks, which never overrates. A move is made only to
where everything fits, so no other account gets worse. What a search cannot mend within its bound it brings as far down
as it has seen, and goes on from there; what is over its room at the end is named.
Bounds: STEPS placements looked at per search, WIDE where others make room; the DESTS roomiest places (WIDE_DESTS for
those that make room) tried for each block.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from .grid import Grid, Layout

STEPS = 2_000
WIDE = 400
DESTS, WIDE_DESTS = 6, 2

MEMORY, VCPUS = -1, -2
Move = tuple[int, int, int]  # block, source, dest
Account = tuple[int, int]  # MEMORY or VCPUS and a host, or a limit and one of its domains


@dataclass(frozen=True)
class Broken:
    """An account over its room: memory (bytes) or vCPUs of a host, or a limit by index in one of its domains."""

    account: Account
    excess: int


@dataclass(frozen=True)
class Repaired:
    """Moves in a legal order, what was broken before them, and what still is."""

    moves: tuple[Move, ...]
    found: tuple[Broken, ...]
    left: tuple[Broken, ...]


def repair(grid: Grid, stay: frozenset[int] = frozenset()) -> Repaired:
    """Return the moves that mend what can be mended without a block of ``stay``."""
    layout = Layout(grid)
    found = broken(layout)
    moves: list[Move] = []
    hopeless: set[Account] = set()
    while True:
        todo = [item.account for item in broken(layout) if item.account not in hopeless]
        if not todo:
            return Repaired(tuple(moves), found, broken(layout))
        steps = _mend(layout, todo[0], stay)
        if not steps:
            hopeless.add(todo[0])
            continue
        for block, _source, dest in steps:
            layout.put(block, dest)
        moves += steps
        hopeless.clear()  # room that others found to be missing may be there now


def broken(layout: Layout) -> tuple[Broken, ...]:
    """Return what is over its room, the largest share first."""
    grid = layout.grid
    found: list[tuple[float, Account, int]] = []
    for kind, free, room in ((MEMORY, layout.memory, grid.room_memory), (VCPUS, layout.vcpus, grid.room_vcpus)):
        found += [(free[host] / max(1, room[host]), (kind, host), -free[host]) for host in _below_zero(free)]
    for index, limit in enumerate(grid.limits):
        for domain, (used, room_there) in enumerate(zip(layout.used[index], limit.room)):
            if used > room_there:
                found.append(((room_there - used) / max(1, room_there), (index, domain), used - room_there))
    return tuple(Broken(account, excess) for _share, account, excess in sorted(found))


def _below_zero(free: Iterable[int]) -> list[int]:
    return [host for host, value in enumerate(free) if value < 0]


def _mend(layout: Layout, account: Account, stay: frozenset[int]) -> tuple[Move, ...]:
    """Return the moves that bring the account down to its room, or as far as was seen; the layout stays as it is."""
    steps, rest = _search(layout, account, stay, STEPS, wide=False)
    if rest == 0:
        return steps
    others, less = _search(layout, account, stay, WIDE, wide=True)
    return others if less < rest else steps


def _search(
    layout: Layout, account: Account, stay: frozenset[int], bound: int, wide: bool
) -> tuple[tuple[Move, ...], int]:
    """Return the cheapest moves found, and the excess that they leave."""
    rate = _rate(layout, account, stay)
    first = _excess(layout, account)
    best: tuple[int, int, tuple[Move, ...]] = (first, 0, ())
    heap: list[tuple[float, int, int, tuple[Move, ...]]] = [(0.0, 0, first, ())]
    seen: set[frozenset[tuple[int, int]]] = set()
    sends = layout.grid.cost
    for _step in range(bound):
        if not heap:
            break
        _estimate, _length, excess, moves = heappop(heap)
        cost = sum(sends[block] for block, _source, _dest in moves)
        best = min(best, (excess, cost, moves))
        if excess == 0:
            break
        for block, _source, dest in moves:
            layout.put(block, dest)
        gone = frozenset(block for block, _source, _dest in moves) | stay
        for block, dest in list(_children(layout, account, gone, wide)):
            key = frozenset([(one, there) for one, _source, there in moves] + [(block, dest)])
            if key not in seen:
                seen.add(key)
                left = max(0, excess - _relief(layout, account, block, dest))
                step = (block, layout.at[block], dest)
                heappush(heap, (cost + sends[block] + rate * left, len(moves) + 1, left, (*moves, step)))
        for block, source, _dest in reversed(moves):
            layout.put(block, source)
    return best[2], best[0]


def _excess(layout: Layout, account: Account) -> int:
    kind, where = account
    if kind == MEMORY:
        return max(0, -layout.memory[where])
    if kind == VCPUS:
        return max(0, -layout.vcpus[where])
    return max(0, layout.used[kind][where] - layout.grid.limits[kind].room[where])


def _weight(grid: Grid, account: Account, block: int) -> int:
    """Return what the block takes of the account while it is there."""
    kind = account[0]
    if kind == MEMORY:
        return grid.memory[block]
    if kind == VCPUS:
        return grid.vcpus[block]
    return grid.limits[kind].weight.get(block, 0)


def _holds(layout: Layout, account: Account, host: int) -> bool:
    kind, where = account
    return host == where if kind in (MEMORY, VCPUS) else layout.grid.limits[kind].domain[host] == where


def _relief(layout: Layout, account: Account, block: int, dest: int) -> int:
    """Return what the account gets back by the move."""
    if not _holds(layout, account, layout.at[block]) or _holds(layout, account, dest):
        return 0
    return _weight(layout.grid, account, block)


def _blocks(layout: Layout, account: Account, stay: frozenset[int]) -> list[int]:
    """Return the blocks that the account is made of, one of each set of blocks that are alike."""
    grid = layout.grid
    hosts = [host for host in range(len(grid.hosts)) if _holds(layout, account, host)]
    here = sorted(block for host in hosts for block in layout.on[host] if block not in stay)
    return [block for block in _unlike(layout, here) if _weight(grid, account, block) > 0]


def _unlike(layout: Layout, blocks: Iterable[int]) -> Iterator[int]:
    grid = layout.grid
    seen = set()
    for block in blocks:
        rules = grid.limits_of[block] if grid.limits_of else ()
        weights = tuple(grid.limits[index].weight[block] for index in rules)
        shape = (layout.at[block], grid.memory[block], grid.vcpus[block], grid.cost[block], grid.reach[block])
        if (shape, rules, weights) not in seen:
            seen.add((shape, rules, weights))
            yield block


def _rate(layout: Layout, account: Account, stay: frozenset[int]) -> float:
    """Return the fewest bytes that any of the account's blocks sends for a unit of it."""
    grid = layout.grid
    rates = [grid.cost[block] / _weight(grid, account, block) for block in _blocks(layout, account, stay)]
    return min(rates, default=0.0)


def _children(layout: Layout, account: Account, gone: frozenset[int], wide: bool) -> Iterator[tuple[int, int]]:
    """Yield moves that relieve the account and, if wide, moves that make room where its blocks may go."""
    own = _blocks(layout, account, gone)
    for block in own:
        for dest in _dests(layout, block, account)[:DESTS]:
            yield block, dest
    if not wide:
        return
    reach = layout.grid.reach
    for host in range(len(layout.grid.hosts)):
        if _holds(layout, account, host) or not any(reach[block][host] for block in own):
            continue
        for other in _unlike(layout, sorted(layout.on[host] - gone)):
            for dest in _dests(layout, other, account)[:WIDE_DESTS]:
                yield other, dest


def _dests(layout: Layout, block: int, account: Account) -> list[int]:
    """Return the hosts outside the account where the block fits, the roomiest first."""
    memory, at = layout.memory, layout.at[block]
    hosts = [host for host in range(len(memory)) if host != at and not _holds(layout, account, host)]
    fitting = [host for host in hosts if layout.fits(block, host)]
    return sorted(fitting, key=lambda host: (-memory[host], host))


def name_of(grid: Grid, item: Broken) -> str:
    """Return the name of what is broken: the host for memory and vCPUs, else the limit's rule."""
    kind, where = item.account
    return grid.hosts[where] if kind in (MEMORY, VCPUS) else grid.limits[kind].rule
