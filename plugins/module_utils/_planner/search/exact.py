"""How many blocks must stay whatever is tried: bounds for any fleet, all placements for a tiny one. Makes no order.

The bounds add up what must end on the allowed hosts (memory and vCPUs, rounded to what guests' sizes can fill, and the
weights of each limit) and compare it with their room. The exact search is branch and bound in limbo as search_displace
has it: the largest block first, its own host first; it compares blocks left, their memory, then bytes moved.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Optional

from .grid import Grid, Layout
from .limbo import keeps, union, with_limbo

LEAF = 100  # steps that judging one placement counts for
# blocks left, their memory, bytes sent beside those that must move
Price = tuple[int, int, int]
Judge = Callable[[Mapping[int, int]], Price]


def hopeless(grid: Grid, movers: Sequence[int], allowed: Sequence[bytes]) -> tuple[int, ...]:
    """Return the movers that no allowed host could take, were all who may leave it gone. No hosts allowed: stays."""
    memory, vcpus = list(grid.room_memory), list(grid.room_vcpus)
    leaving = set(movers)
    for block, host in enumerate(grid.at):
        if not allowed[block] and block not in leaving:
            memory[host] -= grid.memory[block]
            vcpus[host] -= grid.vcpus[block]
    return _without_host(grid, movers, allowed, memory, vcpus)


def too_large(grid: Grid, movers: Sequence[int], allowed: Sequence[bytes]) -> tuple[int, ...]:
    """Return the movers that no allowed host could take even if it were empty."""
    return _without_host(grid, movers, allowed, grid.room_memory, grid.room_vcpus)


def _without_host(
    grid: Grid, movers: Sequence[int], allowed: Sequence[bytes], memory: Sequence[int], vcpus: Sequence[int]
) -> tuple[int, ...]:
    found = []
    for block in movers:
        need, cpus = grid.memory[block], grid.vcpus[block]
        rooms = zip(allowed[block], memory, vcpus)
        if not any(open_ and (need <= room or not need) and (cpus <= left or not cpus) for open_, room, left in rooms):
            found.append(block)
    return tuple(found)


def must_stay(grid: Grid, movers: Sequence[int], allowed: Sequence[bytes]) -> int:
    """Return a number of movers that stay in any placement; 0 where the bounds prove nothing."""
    if not movers:
        return 0
    mask = union(allowed, movers)
    inside = _bound_to(grid, mask, allowed, set(movers))
    most = 0
    for sizes, rooms in ((grid.memory, grid.room_memory), (grid.vcpus, grid.room_vcpus)):
        unit = gcd(*sizes) if len(sizes) > 1 else 0
        held: dict[int, int] = {}
        for block in inside:
            held[grid.at[block]] = held.get(grid.at[block], 0) + sizes[block]
        supply = sum(
            max(rooms[host] // unit * unit if unit else 0, held.get(host, 0))
            for host, open_ in enumerate(mask)
            if open_
        )
        most = max(most, _count(supply - sum(held.values()), [sizes[block] for block in movers]))
    for limit in grid.limits:
        domains = {limit.domain[host] for host, open_ in enumerate(mask) if open_}
        weights = [limit.weight[block] for block in movers if block in limit.weight]
        if not weights or -1 in domains:
            continue
        used = dict.fromkeys(domains, 0)
        for block in limit.weight:
            if block in inside:
                used[limit.domain[grid.at[block]]] += limit.weight[block]
        supply = sum(max(limit.room[domain], used[domain]) for domain in domains)
        most = max(most, _count(supply - sum(used.values()), weights))
    return most


def _bound_to(grid: Grid, mask: bytes, allowed: Sequence[bytes], movers: set[int]) -> set[int]:
    """Return the others on the masked hosts that can't end anywhere else."""
    outside: dict[bytes, bool] = {}
    found = set()
    for block, host in enumerate(grid.at):
        if mask[host] and block not in movers:
            reach = allowed[block]
            if reach not in outside:
                outside[reach] = any(there and not here for there, here in zip(reach, mask))
            if not outside[reach]:
                found.add(block)
    return found


def _count(room: int, sizes: Iterable[int]) -> int:
    """Return how many of the sizes, largest first, must be given up for the rest to fit."""
    ordered = sorted(sizes, reverse=True)
    need, given_up = sum(ordered), 0
    while need > max(room, 0) and given_up < len(ordered):
        need -= ordered[given_up]
        given_up += 1
    return given_up


@dataclass(frozen=True)
class Exact:
    """The best placement seen (None: none within the steps), whether all were seen, and the fewest blocks left then."""

    where: Optional[Mapping[int, int]]
    complete: bool
    least_left: int


def exact(grid: Grid, movers: frozenset[int], allowed: Sequence[bytes], judge: Judge, steps: int) -> Exact:
    """Return the best of all placements, each judged with its order, unless the steps run out before."""
    search = _Exact(grid, movers, allowed, judge, steps)
    search.descend(0, (0, 0, 0))
    if search.best is None:
        return Exact(None, False, 0)
    complete = search.steps > 0
    return Exact(search.best[0], complete, search.fewest if complete else 0)


class _Exact:
    """What the recursion shares. Never leaves this file."""

    def __init__(self, grid: Grid, movers: frozenset[int], allowed: Sequence[bytes], judge: Judge, steps: int) -> None:
        self.grid, self.movers, self.allowed = with_limbo(grid), movers, allowed
        self.judge, self.steps = judge, steps
        self.start, self.layout = Layout(grid), Layout(self.grid)
        items = [block for block in range(len(grid.blocks)) if block in movers or allowed[block]]
        self.items = sorted(items, key=lambda block: (-grid.memory[block], -grid.vcpus[block], block))
        for block in items:
            self.layout.put(block, len(grid.hosts))
        self.best: Optional[tuple[Mapping[int, int], Price]] = None
        self.fewest = len(movers)

    def descend(self, depth: int, price: Price) -> None:
        """Try all places of the block at ``depth``, then of those after it. No order makes ``price`` lower."""
        if self.steps <= 0 or (self.best is not None and price >= self.best[1]):
            return
        self.steps -= len(self.start.memory)
        if depth == len(self.items):
            self._judge(price)
            return
        block, layout = self.items[depth], self.layout
        limbo, home = len(self.start.memory), self.grid.at[block]
        left, memory, sent = price
        mover = block in self.movers
        dearer = price if mover else (left, memory, sent + self.grid.cost[block])
        places = [(host, dearer) for host, open_ in enumerate(self.allowed[block]) if open_ and host != home]
        places = [(host, then) for host, then in places if layout.fits(block, host)]
        if keeps(self.start, layout, block):
            if mover:
                places.append((home, (left + 1, memory + self.grid.memory[block], sent)))
            else:
                places.insert(0, (home, price))
        for host, then in places:
            layout.put(block, host)
            self.descend(depth + 1, then)
            layout.put(block, limbo)

    def _judge(self, price: Price) -> None:
        at = self.layout.at
        where = {block: at[block] for block in self.items if at[block] != self.grid.at[block]}
        self.fewest = min(self.fewest, price[0])
        self.steps -= LEAF
        judged = self.judge(where)
        if self.best is None or judged < self.best[1]:
            self.best = (where, judged)
