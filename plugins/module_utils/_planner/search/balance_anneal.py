"""Look for an even placement near a given one by simulated annealing. Must promise no order of moves.

A walk over legal placements (not over plans): each step tries one change, takes it when it makes the placement more
even, and takes a worse one with a chance that falls as the walk cools (Kirkpatrick, Gelatt, Vecchi 1983). The changes:
a block goes to another host or home; two blocks change places; a moved block is replaced by another (of its own first
host, or of any), which is what finds better moves under a budget that is used up. A move has a price, and the budgets
of moves and bytes are kept by penalties in the energy, so that the walk may pass through dearer placements; what is
returned is within them. The number of steps is fixed before the walk begins, and the chance is a seeded generator's:
same grid, same answer.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from random import Random

from .balance_score import NOBODY, Signal, Spread
from .grid import Grid, Layout

HOT, COLD = 0.05, 0.002  # temperatures, as shares of what is to gain per host
BLUR = 0.015  # of imbalance per signal: without it a signal that is perfect once holds all others where they are
Change = tuple[int, int, int, int]  # block, the one that it changes places with or NOBODY, its host, the other host


@dataclass(frozen=True)
class Terms:
    """What a walk may spend: moves, bytes, and what a move must bring (``price``, in units of the imbalance)."""

    moves: int
    cost: int
    price: float


def anneal(
    grid: Grid, signals: Sequence[Signal], pool: Sequence[int], terms: Terms, steps: int, seed: int
) -> tuple[int, ...]:
    """Return the best placement met in so many steps that move only blocks of the pool, within the terms."""
    walk = _Walk(grid, signals, pool, terms, seed)
    first = walk.energy
    warmth = first / len(grid.hosts)
    temperature, cooling = HOT * warmth, (COLD / HOT) ** (1.0 / max(1, steps))
    best, placement = first, tuple(grid.at)
    chance = walk.chance
    for _step in range(steps if warmth > 0 else 0):
        temperature *= cooling
        changes = walk.propose()
        if not changes:
            continue
        if len(changes) == 2:
            walk.spread.shift(*changes[0])
        energy, moves, cost = walk.weigh(changes)
        worse = energy - walk.energy
        if (worse > 0 and chance() >= exp(-worse / temperature)) or not walk.settle(changes):
            if len(changes) == 2:
                block, other, source, dest = changes[0]
                walk.spread.shift(block, other, dest, source)
            continue
        walk.spread.shift(*changes[-1])
        walk.energy, walk.moves, walk.cost = energy, moves, cost
        if energy < best - 1e-9 and moves <= terms.moves and cost <= terms.cost:
            best, placement = energy, tuple(walk.layout.at)
    return placement


class _Walk:
    """Where a walk stands: the placement, its energy, and the blocks that are away from home."""

    __slots__ = (
        "away", "chance", "cost", "energy", "grid", "home", "layout", "moves",
        "over_cost", "over_moves", "place", "pool", "spread", "terms",
    )  # fmt: skip

    def __init__(self, grid: Grid, signals: Sequence[Signal], pool: Sequence[int], terms: Terms, seed: int) -> None:
        self.grid, self.pool, self.terms = grid, pool, terms
        self.layout = Layout(grid)
        self.spread = Spread(signals, grid.at, len(grid.hosts), BLUR)
        self.energy = self.spread.imbalance()
        self.moves = self.cost = 0
        self.over_moves = self.energy / max(1, terms.moves)
        self.over_cost = self.energy / max(1, terms.cost)
        self.away: list[int] = []
        self.place = [-1] * len(grid.blocks)
        self.home: list[list[int]] = [[] for _host in grid.hosts]
        for block in pool:
            self.home[grid.at[block]].append(block)
        self.chance = Random(seed).random

    def propose(self) -> tuple[Change, ...]:
        """Return a change, or two that go together, or nothing when the draw makes no sense."""
        draw = self.chance()
        if draw < 0.66 and len(self.away) > 1:
            return self._among_away(draw)
        if draw < 0.9:
            return self._relocate() if self.moves < self.terms.moves else ()
        return self._swap()

    def _among_away(self, draw: float) -> tuple[Change, ...]:
        away, chance, at = self.away, self.chance, self.layout.at
        block = away[int(chance() * len(away))]
        host, first = at[block], self.grid.at[block]
        if draw < 0.11:
            dest = first if chance() < 0.3 else self._emptier()
            return ((block, NOBODY, host, dest),) if dest != host else ()
        if draw < 0.22:
            other = away[int(chance() * len(away))]
            return ((block, other, host, at[other]),) if at[other] != host else ()
        if draw < 0.44:
            kin = self.home[first]
            other = kin[int(chance() * len(kin))]
            return ((block, other, host, first),) if at[other] == first else ()
        other, dest = self._crowded(), self._emptier()
        if other == block or at[other] == dest:
            return ()
        return (block, NOBODY, host, first), (other, NOBODY, at[other], dest)

    def _relocate(self) -> tuple[Change, ...]:
        block, dest = self._crowded(), self._emptier()
        host = self.layout.at[block]
        return ((block, NOBODY, host, dest),) if host != dest else ()

    def _swap(self) -> tuple[Change, ...]:
        chance, at, pool = self.chance, self.layout.at, self.pool
        some = self.away if self.away and chance() < 0.5 else pool
        block, other = some[int(chance() * len(some))], pool[int(chance() * len(pool))]
        return ((block, other, at[block], at[other]),) if at[block] != at[other] else ()

    def _crowded(self) -> int:
        """Return the one of two blocks drawn whose host is fuller."""
        chance, pool, at, load = self.chance, self.pool, self.layout.at, self.spread.load
        block, other = pool[int(chance() * len(pool))], pool[int(chance() * len(pool))]
        return other if load[at[other]] > load[at[block]] else block

    def _emptier(self) -> int:
        """Return the emptier of two hosts drawn."""
        chance, hosts, load = self.chance, len(self.grid.hosts), self.spread.load
        host, other = int(chance() * hosts), int(chance() * hosts)
        return other if load[other] < load[host] else host

    def weigh(self, changes: tuple[Change, ...]) -> tuple[float, int, int]:
        """Return energy, moves and cost after the changes; of two the spread has the first already."""
        first, sends, terms = self.grid.at, self.grid.cost, self.terms
        energy = self.spread.after(*changes[-1])
        moves, cost = self.moves, self.cost
        for block, other, source, dest in changes:
            more = (dest != first[block]) - (source != first[block])
            moves += more
            cost += more * sends[block]
            if other != NOBODY:
                more = (source != first[other]) - (dest != first[other])
                moves += more
                cost += more * sends[other]
        energy += terms.price * moves
        if moves > terms.moves:
            energy += self.over_moves * (moves - terms.moves)
        if cost > terms.cost:
            energy += self.over_cost * (cost - terms.cost)
        return energy, moves, cost

    def settle(self, changes: tuple[Change, ...]) -> bool:
        """Make the changes if the placement that they lead to is legal; else leave all as it is."""
        layout = self.layout
        if len(changes) == 1 and changes[0][1] == NOBODY:
            block, _nobody, source, dest = changes[0]
            if not layout.fits(block, dest):
                return False
            layout.put(block, dest)
            self._mark(block)
            return True
        puts = [(block, source, dest) for block, _other, source, dest in changes]
        puts += [(other, dest, source) for _block, other, source, dest in changes if other != NOBODY]
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
        if (self.layout.at[block] != self.grid.at[block]) == (self.place[block] >= 0):
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
