"""From a target placement to ordered, legal steps with their dependencies. Knows neither Snapshot nor goals.

Method: steps are replayed one after another on a Layout, each as soon as its destination has room; a block that finds
none waits at the account that is short (memory and vCPUs of a host, or one domain of a limit) and is looked at again
when that account gets something back. Where all wait for each other, the block that is cheapest to send takes a
stop on a third host (parking), or one that stays steps aside and comes back. What each step then has to wait for is
worked out by sequence_credit. Bound: each block parks at most once, so there are at most twice the blocks in steps.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Optional

from .grid import Grid, Layout
from .sequence_credit import dependencies

# (block, from host, to host): whether the move is possible from where a parked block is by then
Hop = Callable[[int, int, int], bool]
# what a block can wait for: (-1, host) is room on the host, (limit, domain) is room within that limit
Account = tuple[int, int]
HOST = -1
NO_WAY: Account = (-2, -2)


@dataclass(frozen=True)
class Step:
    """One move; ``after`` has the indices of the steps that must be over. ``parking``: a stop, another step follows."""

    block: int
    source: int
    dest: int
    after: tuple[int, ...]
    parking: bool = False


@dataclass(frozen=True)
class Stuck:
    """A block that never got to ``dest``; ``waits_for`` are blocks that would have to leave first (none: no way)."""

    block: int
    dest: int
    waits_for: tuple[int, ...]


@dataclass(frozen=True)
class Sequence:
    """Steps in an order that is legal as it stands, and in every other order that ``after`` allows."""

    steps: tuple[Step, ...]
    stuck: tuple[Stuck, ...] = ()

    def cost(self, grid: Grid) -> int:
        """Return the bytes that all steps send, stops included."""
        return sum(grid.cost[step.block] for step in self.steps)


def sequence(
    grid: Grid,
    targets: Mapping[int, int],
    *,
    hop: Optional[Hop] = None,
    parking: Optional[bytes] = None,
    aside: bool = True,
) -> Sequence:
    """Return the steps that bring each block of ``targets`` to its host.

    ``parking`` has a byte for each host: 1 where a stop is allowed (default: everywhere). ``aside``: whether others may
    make way and come back too.
    """
    hops = hop or (lambda block, _source, dest: bool(grid.reach[block][dest]))
    stops = parking or bytes([1]) * len(grid.hosts)
    barred = set() if aside else set(range(len(grid.blocks))).difference(targets)
    while True:
        best = _least(grid, targets, hops, stops, barred)
        lost = best.parked.intersection(best.pending)
        if not lost:
            break
        # a stop that nobody can go on from helps no one: without these
        barred |= lost
    hops_made = [(block, source, dest) for block, source, dest, _parking in best.moves]
    steps = (Step(*move[:3], after, move[3]) for move, after in zip(best.moves, dependencies(grid, hops_made)))
    return Sequence(tuple(steps), tuple(best.stuck()))


def _least(grid: Grid, targets: Mapping[int, int], hop: Hop, stops: bytes, barred: set[int]) -> _Replay:
    """Return the better of two orders; the second is tried only where the first needs stops or gets stuck."""
    replay = _Replay(grid, targets, hop, stops, barred)
    replay.run(urgent=False)
    if not replay.parked and not replay.pending:
        return replay
    other = _Replay(grid, targets, hop, stops, barred)
    other.run(urgent=True)
    return min(replay, other, key=lambda one: one.price())


class _Replay:
    """Moves made one after another. Never leaves this file."""

    def __init__(self, grid: Grid, targets: Mapping[int, int], hop: Hop, stops: bytes, barred: set[int]) -> None:
        self.grid, self.hop, self.stops, self.barred = grid, hop, stops, barred
        self.layout = Layout(grid)
        self.pending = {block: targets[block] for block in sorted(targets) if targets[block] != grid.at[block]}
        self.moves: list[tuple[int, int, int, bool]] = []
        self.parked: set[int] = set()
        self.arrived: set[int] = set()
        self.waiting: dict[Account, list[int]] = {}
        self.heap: list[tuple[int, int, int]] = []
        self.needed: set[int] = set()

    def price(self) -> tuple[int, int]:
        """Return what makes a replay worse than another: blocks that did not arrive, then bytes sent."""
        return len(self.pending), sum(self.grid.cost[block] for block, _source, _dest, _parking in self.moves)

    def run(self, urgent: bool) -> None:
        """Move all that can be moved. ``urgent``: leave the hosts first that lack room for what is to come."""
        if urgent:
            self.needed = self._short()
        for block in self.pending:
            self._look_at(block)
        heapify(self.heap)
        while True:
            while self.heap:
                self._try(heappop(self.heap)[2])
            if not self._make_way():
                return

    def _short(self) -> set[int]:
        memory, vcpus = list(self.layout.memory), list(self.layout.vcpus)
        for block, dest in self.pending.items():
            memory[dest] -= self.grid.memory[block]
            vcpus[dest] -= self.grid.vcpus[block]
        return {host for host in range(len(memory)) if memory[host] < 0 or vcpus[host] < 0}

    def _look_at(self, block: int) -> None:
        idle = self.layout.at[block] not in self.needed
        heappush(self.heap, (idle, -self.grid.cost[block], block))

    def _try(self, block: int) -> None:
        dest = self.pending[block]
        account = self.short_of(block, dest)
        if account is None:
            del self.pending[block]
            self.arrived.add(block)
            self._move(block, dest, parking=False)
        else:
            self.waiting.setdefault(account, []).append(block)

    def _move(self, block: int, dest: int, parking: bool) -> None:
        source = self.layout.at[block]
        self.moves.append((block, source, dest, parking))
        self.layout.put(block, dest)
        for account in _given_back(self.grid, block, source, dest):
            for other in self.waiting.pop(account, ()):
                self._look_at(other)

    def short_of(self, block: int, dest: int) -> Optional[Account]:
        """Return the account that keeps the block from coming to ``dest`` now."""
        grid, layout = self.grid, self.layout
        source = layout.at[block]
        reached = self.hop(block, source, dest) if block in self.parked else grid.reach[block][dest]
        if not reached:
            return NO_WAY
        if (grid.memory[block] and grid.memory[block] > layout.memory[dest]) or (
            grid.vcpus[block] and grid.vcpus[block] > layout.vcpus[dest]
        ):
            return (HOST, dest)
        for index in grid.limits_of[block] if grid.limits_of else ():
            limit = grid.limits[index]
            domain = limit.domain[dest]
            if domain < 0 or domain == limit.domain[source]:
                continue
            if layout.used[index][domain] + limit.weight[block] > limit.room[domain]:
                return (index, domain)
        return None

    def _make_way(self) -> bool:
        """Break one circle of waiting: the cheapest way to let anyone in. False where there is none."""
        ways: list[tuple[int, int, tuple[int, ...]]] = []
        for account in sorted(self.waiting):
            if account != NO_WAY:
                ways.extend(self._ways(account))
        return any(self._clear(blocks, waiter) for _price, waiter, blocks in sorted(ways))

    def _ways(self, account: Account) -> Iterator[tuple[int, int, tuple[int, ...]]]:
        """Yield price, waiter and the blocks to park for each account's easiest waiter and for its cheapest blocks."""
        grid = self.grid
        waiter = min(self.waiting[account], key=lambda block: (grid.memory[block], grid.vcpus[block], block))
        # who has arrived does not leave again: that would be a second move
        fixed = self.parked | self.barred | self.arrived
        present = [block for block in self._holders(account) if grid.parkable[block] and block not in fixed]
        present.sort(key=lambda block: (self._price(block), block))
        if account[0] != HOST:
            yield from ((self._price(block), waiter, (block,)) for block in present)
            return
        memory = grid.memory[waiter] - self.layout.memory[account[1]]
        vcpus = grid.vcpus[waiter] - self.layout.vcpus[account[1]]
        for block in present:
            if grid.memory[block] >= memory and grid.vcpus[block] >= vcpus:
                yield self._price(block), waiter, (block,)
        chosen: list[int] = []
        for block in present:
            if (memory > 0 and grid.memory[block]) or (vcpus > 0 and grid.vcpus[block]):
                chosen.append(block)
                memory -= grid.memory[block]
                vcpus -= grid.vcpus[block]
        if memory <= 0 and vcpus <= 0 and len(chosen) > 1:
            yield sum(map(self._price, chosen)), waiter, tuple(chosen)

    def _price(self, block: int) -> int:
        # one that stays has to come back as well
        return self.grid.cost[block] * (1 if block in self.pending else 2)

    def _holders(self, account: Account) -> list[int]:
        index, domain = account
        if index == HOST:
            return sorted(self.layout.on[domain])
        limit = self.grid.limits[index]
        return sorted(block for block in limit.weight if limit.domain[self.layout.at[block]] == domain)

    def _clear(self, blocks: tuple[int, ...], waiter: int) -> bool:
        """Park the blocks and let the waiter in, or leave everything as it was."""
        dest = self.pending[waiter]
        homes, made = {block: self.layout.at[block] for block in blocks}, len(self.moves)
        if waiter in homes:
            return False
        for block in blocks:
            stop = self._stop(block, dest)
            if stop is None:
                break
            self.moves.append((block, homes[block], stop, True))
            self.layout.put(block, stop)
        if len(self.moves) - made < len(blocks) or self.short_of(waiter, dest) is not None:
            for block, source, _stop, _parking in reversed(self.moves[made:]):
                self.layout.put(block, source)
            del self.moves[made:]
            return False
        self.parked.update(blocks)
        for block, home in homes.items():
            self.pending.setdefault(block, home)
        self._wake(waiter, blocks, homes)
        return True

    def _wake(self, waiter: int, blocks: tuple[int, ...], homes: Mapping[int, int]) -> None:
        for account in list(self.waiting):
            self.waiting[account] = [block for block in self.waiting[account] if block not in (waiter, *blocks)]
            if not self.waiting[account]:
                del self.waiting[account]
        self._try(waiter)
        for block in blocks:
            for account in _given_back(self.grid, block, homes[block], self.layout.at[block]):
                for other in self.waiting.pop(account, ()):
                    self._look_at(other)
            self._look_at(block)

    def _stop(self, block: int, avoid: int) -> Optional[int]:
        """Return the host for a stop: one that nobody waits for, then the emptiest."""
        grid, layout, source = self.grid, self.layout, self.layout.at[block]
        target = self.pending.get(block, source)
        best: Optional[tuple[bool, int, int]] = None
        for host in range(len(grid.hosts)):
            if not self.stops[host] or host in (source, avoid, target):
                continue
            rank = ((HOST, host) in self.waiting, -layout.memory[host], host)
            if (best is None or rank < best) and layout.fits(block, host) and self.hop(block, host, target):
                best = rank
        return best[2] if best else None

    def stuck(self) -> Iterator[Stuck]:
        """Yield the blocks that did not arrive, with those that stand in their way and should have left."""
        for block, dest in sorted(self.pending.items()):
            account = self.short_of(block, dest)
            holders = [] if account is None or account == NO_WAY else self._holders(account)
            yield Stuck(block, dest, tuple(other for other in holders if other in self.pending and other != block))


def _given_back(grid: Grid, block: int, source: int, dest: int) -> Iterator[Account]:
    """Yield the accounts that get something back when the block has left ``source`` for ``dest``."""
    yield (HOST, source)
    for index in grid.limits_of[block] if grid.limits_of else ():
        limit = grid.limits[index]
        domain = limit.domain[source]
        if domain >= 0 and domain != limit.domain[dest]:
            yield (index, domain)
