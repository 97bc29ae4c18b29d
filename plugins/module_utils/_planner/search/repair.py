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
from math import gcd

from .grid import Grid, Kind, Layout

STEPS = 400
WIDE = 100
DESTS, WIDE_DESTS = 6, 2

MEMORY, VCPUS = -1, -2
_ROOMS = ((MEMORY, "room_memory"), (VCPUS, "room_vcpus"))
Move = tuple[int, int, int]  # block, source, dest
Account = tuple[int, int]  # MEMORY or VCPUS and a host, or a limit and one of its domains


@dataclass(frozen=True)
class Broken:
    """An account over its room: memory (bytes) or vCPUs of a host, or a limit by index in one of its domains."""

    account: Account
    excess: int


@dataclass(frozen=True)
class Spare:
    """Memory and vCPUs by host that arrivals leave free, and those who are there need not."""

    memory: tuple[int, ...] = ()
    vcpus: tuple[int, ...] = ()


NO_SPARE = Spare()


@dataclass(frozen=True)
class Repaired:
    """Moves in a legal order, what was broken before them, and what still is."""

    moves: tuple[Move, ...]
    found: tuple[Broken, ...]
    left: tuple[Broken, ...]


def repair(grid: Grid, stay: frozenset[int] = frozenset(), spare: Spare = NO_SPARE) -> Repaired:
    """Return the moves that mend what can be mended without a block of ``stay``.

    ``spare`` is what each host may be over its room without being broken. Only limits that are rules can be broken:
    what else a host has too little of keeps guests away, and hurts nobody who is there.
    """
    layout = Layout(grid)
    found = broken(layout, spare)
    moves: list[Move] = []
    hopeless: set[Account] = set()
    while True:
        left = broken(layout, spare)
        todo = [item.account for item in left if item.account not in hopeless]
        if not todo:
            return Repaired(tuple(moves), found, left)
        steps = _mend(layout, todo[0], stay.union(block for block, _source, _dest in moves), spare)
        if not steps:
            hopeless.add(todo[0])
            continue
        for block, _source, dest in steps:
            layout.put(block, dest)
        moves += steps
        hopeless.clear()  # room that others found to be missing may be there now


def broken(layout: Layout, spare: Spare = NO_SPARE) -> tuple[Broken, ...]:
    """Return what is over its room, the largest share first."""
    grid = layout.grid
    rooms = [((kind, host), room) for kind, each in _ROOMS for host, room in enumerate(getattr(grid, each))]
    for index, limit in enumerate(grid.limits):
        if limit.kind is Kind.RULE:
            rooms += [((index, domain), room) for domain, room in enumerate(limit.room)]
    over = [(account, room, _excess(layout, account, spare)) for account, room in rooms]
    shares = sorted((-excess / max(1, room), account, excess) for account, room, excess in over if excess)
    return tuple(Broken(account, excess) for _share, account, excess in shares)


def _mend(layout: Layout, account: Account, stay: frozenset[int], spare: Spare) -> tuple[Move, ...]:
    """Return the moves that bring the account down to its room, or as far as was seen; the layout stays as it is."""
    excess = _excess(layout, account, spare)
    steps, rest = _search(layout, account, stay, excess, wide=False)
    if rest == 0:
        return steps
    others, less = _search(layout, account, stay, excess, wide=True)
    return others if less < rest else steps


def _search(
    layout: Layout, account: Account, stay: frozenset[int], over: int, wide: bool
) -> tuple[tuple[Move, ...], int]:
    """Return the cheapest moves found, and what they leave of ``over``, the account's excess."""
    sends = layout.grid.cost
    known: dict[int, list[int]] = {}  # where blocks fitted when first looked at, the roomiest first
    rate, unit = _rate(layout, account, stay)
    best: tuple[int, int, tuple[Move, ...]] = (over, 0, ())
    heap: list[tuple[float, int, tuple[Move, ...]]] = [(0.0, best[0], ())]
    seen: set[frozenset[tuple[int, int]]] = set()
    for _step in range(WIDE if wide else STEPS):
        if not heap or (best[0] == 0 and heap[0][0] >= best[1]):
            break
        _estimate, excess, moves = heappop(heap)
        cost = sum(sends[block] for block, _source, _dest in moves)
        ends = frozenset((block, dest) for block, _source, dest in moves)
        for block, source, dest in _children(layout, account, moves, stay, known, wide):
            key = ends | {(block, dest)}
            if key in seen:
                continue
            seen.add(key)
            left = max(0, excess - _relief(layout, account, block, source, dest))
            found = (left, cost + sends[block], (*moves, (block, source, dest)))
            best = min(best, found)
            if left:
                heappush(heap, (found[1] + rate * (-(-left // unit) * unit), left, found[2]))
    return best[2], best[0]


def _excess(layout: Layout, account: Account, spare: Spare) -> int:
    kind, where = account
    if kind == MEMORY:
        return max(0, -layout.memory[where] - (spare.memory[where] if spare.memory else 0))
    if kind == VCPUS:
        return max(0, -layout.vcpus[where] - (spare.vcpus[where] if spare.vcpus else 0))
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


def _relief(layout: Layout, account: Account, block: int, source: int, dest: int) -> int:
    """Return what the account gets back by the move."""
    if not _holds(layout, account, source) or _holds(layout, account, dest):
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


def _rate(layout: Layout, account: Account, stay: frozenset[int]) -> tuple[float, int]:
    """Return the fewest bytes that any of the account's blocks sends for a unit of it, and in what steps it shrinks."""
    grid = layout.grid
    blocks = _blocks(layout, account, stay)
    weights = [_weight(grid, account, block) for block in blocks]
    rates = [grid.cost[block] / weight for block, weight in zip(blocks, weights)]
    return min(rates, default=0.0), gcd(*weights) or 1


def _children(
    layout: Layout,
    account: Account,
    moves: tuple[Move, ...],
    stay: frozenset[int],
    known: dict[int, list[int]],
    wide: bool,
) -> list[Move]:
    """Return, after these moves, those that relieve the account and, if wide, those that make room for its blocks."""
    for block, _source, dest in moves:
        layout.put(block, dest)
    gone = stay.union(block for block, _source, _dest in moves)
    opened = [source for _block, source, _dest in moves]
    own = _blocks(layout, account, gone)
    found = [(block, dest) for block in own for dest in _dests(layout, account, block, known, opened)[:DESTS]]
    if wide:
        found += _room_makers(layout, account, own, gone, known)
    steps = [(block, layout.at[block], dest) for block, dest in found]
    for block, source, _dest in reversed(moves):
        layout.put(block, source)
    return steps


def _room_makers(
    layout: Layout, account: Account, own: list[int], gone: frozenset[int], known: dict[int, list[int]]
) -> Iterator[tuple[int, int]]:
    reach = layout.grid.reach
    for host in range(len(layout.grid.hosts)):
        if _holds(layout, account, host) or not any(reach[block][host] for block in own):
            continue
        for other in _unlike(layout, sorted(layout.on[host] - gone)):
            for dest in _dests(layout, account, other, known, [])[:WIDE_DESTS]:
                yield other, dest


def _dests(layout: Layout, account: Account, block: int, known: dict[int, list[int]], opened: list[int]) -> list[int]:
    """Return hosts outside the account where the block fits, those that moves have made room on included."""
    if block not in known:
        memory = layout.memory
        hosts = [host for host in range(len(memory)) if not _holds(layout, account, host)]
        fitting = [host for host in hosts if host != layout.at[block] and layout.fits(block, host)]
        known[block] = sorted(fitting, key=lambda host: (-memory[host], host))[: 2 * DESTS]
    hosts = [host for host in opened if host != layout.at[block] and not _holds(layout, account, host)]
    return [host for host in dict.fromkeys(hosts + known[block]) if layout.fits(block, host)]


def name_of(grid: Grid, item: Broken) -> str:
    """Return the name of what is broken: the host for memory and vCPUs, else the limit's rule."""
    kind, where = item.account
    return grid.hosts[where] if kind in (MEMORY, VCPUS) else grid.limits[kind].rule
