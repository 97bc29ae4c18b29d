"""Look for an even placement near a given one by simulated annealing. Must promise no order of moves.

A walk over legal placements (not over plans): each step tries one change, takes it when it makes the placement more
even, and takes a worse one with a chance that falls as the walk cools (Kirkpatrick, Gelatt, Vecchi 1983). The changes:
a block goes to another host or home; two blocks change places; a moved block goes home and any other moves instead, or
one of the same first host does that takes its place (*kin*). Kin find the best moves once a budget is used up, which
is most of the walk, so they are tried most. A move has a price, and the budgets of moves and bytes are never left. The
number of steps is fixed before the walk begins, and the chance is a seeded generator's: same grid, same answer.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from random import Random
from typing import Optional

from .balance_score import NOBODY, Signal, Spread
from .grid import Grid, Layout

# first and last temperature, as shares of what is to gain per host: on few hosts, and on many, where a share is less
HOT, COLD = 0.1, 0.003
FEW = 40
HOT_OF_MANY, COLD_OF_MANY = 0.4, 0.001
BLUR = 0.04  # of imbalance per signal: without it a signal that is perfect once holds all others where they are
KIN, SWAP, INSTEAD = 0.45, 0.84, 0.94  # how often each kind of change is tried, added up to one with single moves
GROW = 0.08  # how often a single move is tried first while the budget allows more of them
Change = tuple[int, int, int, int]  # block, the one that it changes places with or NOBODY, its host, the other host


@dataclass(frozen=True)
class Terms:
    """What a walk may spend: moves, bytes, and what a move must bring (in units of the imbalance).

    ``price`` is that of every move, ``extra`` has by block what its own costs beside; none: nothing.
    """

    moves: int
    cost: int
    price: float
    extra: Sequence[float] = ()

    def asked(self, block: int) -> float:
        """Return what a move of the block must bring."""
        return self.price + self.extra[block] if self.extra else self.price


def anneal(
    grid: Grid, signals: Sequence[Signal], pool: Sequence[int], terms: Terms, steps: int, seed: int
) -> tuple[int, ...]:
    """Return the best placement met in so many steps that move only blocks of the pool, within the terms."""
    walk = _Walk(grid, signals, pool, terms, seed)
    best = walk.spread.imbalance()
    warmth = best / len(grid.hosts)
    # on a handful of hosts a single move is much of all there is to gain
    few = max(HOT, 1.0 / len(grid.hosts)), COLD
    hot, cold = few if len(grid.hosts) <= FEW else (HOT_OF_MANY, COLD_OF_MANY)
    walk.temperature, cooling = hot * warmth, (cold / hot) ** (1.0 / max(1, steps))
    placement = tuple(grid.at)
    step, blurred = walk.step, BLUR * len(signals)
    for _step in range(steps if warmth > 0 else 0):
        walk.temperature *= cooling
        # the energy is blurred; what counts is not
        if step() and walk.energy - blurred < best:
            found = walk.spread.imbalance() + terms.price * walk.moves + walk.paid
            if found < best - 1e-9:
                best, placement = found, tuple(walk.layout.at)
    return placement


class _Walk:
    """Where a walk stands: the placement, its energy, and the blocks that are away from home."""

    __slots__ = (
        "away", "chance", "cost", "energy", "extra", "first", "grid", "home", "layout", "moves", "paid",
        "place", "pool", "sends", "spread", "temperature", "terms",
    )  # fmt: skip

    def __init__(self, grid: Grid, signals: Sequence[Signal], pool: Sequence[int], terms: Terms, seed: int) -> None:
        self.grid, self.pool, self.terms = grid, pool, terms
        self.first, self.sends = grid.at, grid.cost
        self.layout = Layout(grid)
        self.spread = Spread(signals, grid.at, len(grid.hosts), BLUR)
        # blurred as all that it is compared with; else, on many hosts, no first step would ever be taken
        self.energy = self.spread.after(NOBODY, NOBODY, 0, 0)
        self.temperature = 0.0
        self.moves = self.cost = 0
        # what the moves cost beside their price; with no extra costs both stay as they are
        self.extra, self.paid = terms.extra or [0.0] * len(grid.blocks), 0.0
        self.away: list[int] = []
        self.place = [-1] * len(grid.blocks)
        self.home: list[list[int]] = [[] for _host in grid.hosts]
        for block in pool:
            self.home[grid.at[block]].append(block)
        self.chance = Random(seed).random

    def step(self) -> bool:
        """Try one change; return whether it was made."""
        draw = self.chance()
        if self.moves < self.terms.moves and self.chance() < GROW:
            change = self._single(self._crowded(), self._emptier())
        elif not self.away:
            change = self._swap()
        elif draw < KIN:
            return self._kin()
        elif draw < SWAP:
            change = self._swap()
        elif draw < INSTEAD:
            return self._instead()
        else:
            block = self._some(self.away)
            change = self._single(block, self.first[block] if self.chance() < 0.3 else self._emptier())
        return change is not None and self._try(change)

    def _some(self, blocks: Sequence[int]) -> int:
        return blocks[int(self.chance() * len(blocks))]

    def _single(self, block: int, dest: int) -> Optional[Change]:
        host = self.layout.at[block]
        return (block, NOBODY, host, dest) if host != dest else None

    def _kin(self) -> bool:
        """Try that a moved block changes places with one at its home: what half of all steps are, so written out."""
        at, away, chance = self.layout.at, self.away, self.chance
        block = away[int(chance() * len(away))]
        first = self.first[block]
        home = self.home[first]
        other = home[int(chance() * len(home))]
        if at[other] != first:
            return False
        cost = self.cost + self.sends[other] - self.sends[block]
        if cost > self.terms.cost:
            return False
        paid = self.paid + self.extra[other] - self.extra[block]
        change = block, other, at[block], first
        energy = self.spread.after(*change) + self.terms.price * self.moves + paid
        return self._take(change, energy, self.moves, cost, paid)

    def _swap(self) -> Optional[Change]:
        """Return two that change places, more often than not both of them away: that costs no move."""
        chance, at, away, pool = self.chance, self.layout.at, self.away, self.pool
        some = away if away and chance() < 0.9 else pool
        block = some[int(chance() * len(some))]
        some = away if away and chance() < 0.8 else pool
        other = some[int(chance() * len(some))]
        return (block, other, at[block], at[other]) if at[block] != at[other] else None

    def _crowded(self) -> int:
        """Return the one of two blocks drawn whose host is fuller."""
        pool, chance, at, load = self.pool, self.chance, self.layout.at, self.spread.load
        block, other = pool[int(chance() * len(pool))], pool[int(chance() * len(pool))]
        return other if load[at[other]] > load[at[block]] else block

    def _emptier(self) -> int:
        """Return the emptier of two hosts drawn."""
        chance, hosts, load = self.chance, len(self.grid.hosts), self.spread.load
        host, other = int(chance() * hosts), int(chance() * hosts)
        return other if load[other] < load[host] else host

    def _instead(self) -> bool:
        """Try that a moved block goes home and another goes elsewhere; return whether that was done."""
        at = self.layout.at
        block, other, dest = self._some(self.away), self._crowded(), self._emptier()
        host, first, source = at[block], self.first[block], at[other]
        if other == block or source == dest:
            return False
        moves, cost, paid = self._spent(block, NOBODY, host, first)
        more, bytes_more, paid_more = self._spent(other, NOBODY, source, dest)
        moves, cost, paid = moves + more - self.moves, cost + bytes_more - self.cost, paid + paid_more - self.paid
        if not self._affordable(moves, cost):
            return False
        self.spread.shift(block, NOBODY, host, first)
        energy = self.spread.after(other, NOBODY, source, dest) + self.terms.price * moves + paid
        if self._welcome(energy) and self._settle(((block, host, first), (other, source, dest))):
            self.spread.shift(other, NOBODY, source, dest)
            self.energy, self.moves, self.cost, self.paid = energy, moves, cost, paid
            return True
        self.spread.shift(block, NOBODY, first, host)
        return False

    def _try(self, change: Change) -> bool:
        """Make the change if the budgets, the chance and the placement allow it; return whether it was made."""
        moves, cost, paid = self._spent(*change)
        if not self._affordable(moves, cost):
            return False
        return self._take(change, self.spread.after(*change) + self.terms.price * moves + paid, moves, cost, paid)

    def _take(self, change: Change, energy: float, moves: int, cost: int, paid: float) -> bool:
        """Make a change that is within the budgets, if the chance and the placement allow it."""
        worse = energy - self.energy
        if worse > 0 and self.chance() >= exp(-worse / self.temperature):
            return False
        block, other, source, dest = change
        if other == NOBODY:
            if not self.layout.fits(block, dest):
                return False
            self.layout.put(block, dest)
            self._mark(block)
        elif not self._roomy(change) or not self._settle(((block, source, dest), (other, dest, source))):
            return False
        self.spread.shift(block, other, source, dest)
        self.energy, self.moves, self.cost, self.paid = energy, moves, cost, paid
        return True

    def _spent(self, block: int, other: int, source: int, dest: int) -> tuple[int, int, float]:
        """Return the moves, the bytes and what the moves cost beside, after the change."""
        first, sends, extra = self.first, self.sends, self.extra
        home = first[block]
        more = (dest != home) - (source != home)
        moves, cost, paid = self.moves + more, self.cost + more * sends[block], self.paid + more * extra[block]
        if other != NOBODY:
            home = first[other]
            more = (source != home) - (dest != home)
            moves += more
            cost += more * sends[other]
            paid += more * extra[other]
        return moves, cost, paid

    def _affordable(self, moves: int, cost: int) -> bool:
        return moves <= self.terms.moves and cost <= self.terms.cost

    def _welcome(self, energy: float) -> bool:
        worse = energy - self.energy
        return worse <= 0 or self.chance() < exp(-worse / self.temperature)

    def _roomy(self, change: Change) -> bool:
        """Return whether both hosts have room for the difference: a quick no to most swaps that are none."""
        block, other, source, dest = change
        layout, grid = self.layout, self.grid
        memory, vcpus = grid.memory[block] - grid.memory[other], grid.vcpus[block] - grid.vcpus[other]
        return -layout.memory[source] <= memory <= layout.memory[dest] and (
            -layout.vcpus[source] <= vcpus <= layout.vcpus[dest]
        )

    def _settle(self, puts: tuple[tuple[int, int, int], ...]) -> bool:
        """Put blocks from here to there if the placement that this leads to is legal; else leave all as it is."""
        layout = self.layout
        for block, _source, dest in puts:
            layout.put(block, dest)
        if not all(stands(layout, block) for block, _source, _dest in puts):
            for block, source, _dest in reversed(puts):
                layout.put(block, source)
            return False
        for block, _source, _dest in puts:
            self._mark(block)
        return True

    def _mark(self, block: int) -> None:
        if (self.layout.at[block] != self.first[block]) == (self.place[block] >= 0):
            return
        if self.place[block] < 0:
            self.place[block] = len(self.away)
            self.away.append(block)
            return
        last = self.away.pop()
        if last != block:
            self.away[self.place[block]] = last
            self.place[last] = self.place[block]
        self.place[block] = -1


def stands(layout: Layout, block: int) -> bool:
    """Return whether the block breaks nothing where it is now: reach, room and limits (a host over its room fails)."""
    grid, host = layout.grid, layout.at[block]
    if not grid.reach[block][host]:
        return False
    if (grid.memory[block] and layout.memory[host] < 0) or (grid.vcpus[block] and layout.vcpus[host] < 0):
        return False
    if not grid.limits_of:
        return True
    for index in grid.limits_of[block]:
        limit = grid.limits[index]
        domain = limit.domain[host]
        if domain >= 0 and layout.used[index][domain] > limit.room[domain]:
            return False
    return True
