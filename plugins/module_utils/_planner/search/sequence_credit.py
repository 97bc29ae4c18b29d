"""What each move of an ordered, legal list has to wait for so that every other order is legal too. Must order nothing.

Method: each resource (memory and vCPUs of a host, one domain of a limit) is an account of units, each free at the start
or held by a block that will leave. A move that arrives takes units, the free ones first, then those that are given back
earliest in the list, and waits for the departures that give them. No unit is given twice, so the account never goes
below zero, in any order that the dependencies allow. Where too much was given out at the start, the first to leave pay
that back, and all arrivals wait for them. Departures count when they are over, arrivals from their start. Linear.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from .grid import Grid, Layout


class _Kind(enum.IntEnum):
    MEMORY = 0
    VCPUS = 1
    LIMIT = 2


# kind, index of the limit (0 for hosts), host or domain
_Key = tuple[_Kind, int, int]


class _Account:
    """Units of one resource along the list: what is free, and what departures give back that nobody has taken yet."""

    __slots__ = ("debt", "free", "paid", "releases")

    def __init__(self, free: int) -> None:
        self.free, self.debt = max(free, 0), max(-free, 0)
        self.paid: list[int] = []
        self.releases: deque[tuple[int, int]] = deque()

    def give(self, number: int, amount: int) -> None:
        """Let the move ``number`` give the amount back once it is over."""
        if self.debt > 0:
            self.paid.append(number)
        left = amount - self.debt
        self.debt = max(-left, 0)
        if left > 0:
            self.releases.append((number, left))

    def take(self, amount: int) -> Iterator[int]:
        """Take the amount and yield the moves that must be over for it."""
        yield from self.paid
        taken = min(self.free, amount)
        self.free -= taken
        while taken < amount and self.releases:
            number, left = self.releases.popleft()
            yield number
            taken += left
        if taken > amount:
            self.releases.appendleft((number, taken - amount))


def dependencies(grid: Grid, moves: Sequence[tuple[int, int, int]]) -> list[tuple[int, ...]]:
    """Return for each move (block, source, dest) the earlier ones that must be over before it starts."""
    accounts = _Accounts(grid)
    found: list[tuple[int, ...]] = []
    last: dict[int, int] = {}
    for number, (block, source, dest) in enumerate(moves):
        after = {last[block]} if block in last else set()
        for key, amount in _amounts(grid, block, dest, source):
            after.update(accounts[key].take(amount))
        for key, amount in _amounts(grid, block, source, dest):
            accounts[key].give(number, amount)
        found.append(_without_implied(after, found))
        last[block] = number
    return found


def _without_implied(after: set[int], found: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Drop what another dependency waits for itself; deeper ones may remain, they cost nothing but space."""
    implied: Iterable[int] = {earlier for other in after for earlier in found[other]}
    return tuple(sorted(after.difference(implied)))


class _Accounts(dict[_Key, _Account]):
    """Accounts by key, each opened at first use with what is free at the start."""

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self._grid, self._start = grid, Layout(grid)

    def __missing__(self, key: _Key) -> _Account:
        kind, index, where = key
        if kind is _Kind.LIMIT:
            free = self._grid.limits[index].room[where] - self._start.used[index][where]
        else:
            free = (self._start.memory if kind is _Kind.MEMORY else self._start.vcpus)[where]
        self[key] = _Account(free)
        return self[key]


def _amounts(grid: Grid, block: int, host: int, other: int) -> Iterator[tuple[_Key, int]]:
    """Yield what the block takes on ``host`` that it does not share with ``other``."""
    if grid.memory[block]:
        yield (_Kind.MEMORY, 0, host), grid.memory[block]
    if grid.vcpus[block]:
        yield (_Kind.VCPUS, 0, host), grid.vcpus[block]
    for index in grid.limits_of[block] if grid.limits_of else ():
        limit = grid.limits[index]
        domain = limit.domain[host]
        if domain >= 0 and domain != limit.domain[other] and limit.weight[block]:
            yield (_Kind.LIMIT, index, domain), limit.weight[block]
