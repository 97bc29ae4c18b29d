"""One placement made more even by steps that are each legal as they are made. Must promise no best answer.

A sweep takes the best move of each host in turn, then the best swaps, until nothing pays; a descent takes the best move
of all, until a threshold is reached. They look at the NEAR (a descent: WIDE) emptiest hosts only, for swaps at the NEAR
fullest and emptiest. Both end because each step must pay.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heapify, heappop, heappush, nsmallest
from typing import Optional

from .balance_anneal import Change, Terms
from .balance_score import NOBODY, Signal, Spread
from .grid import Grid, Layout

NEAR = 10
WIDE = 30  # emptiest hosts that a descent looks at
HAIR = 1e-9  # what the imbalance must fall by where min_gain asks for nothing: more than rounding

Move = tuple[int, int, int]  # block, source, dest


@dataclass(frozen=True)
class Found:
    """What a search came to: ``cut`` says that a budget forbade more."""

    imbalance: float
    moves: tuple[Move, ...]
    cut: bool

    def sends(self, grid: Grid) -> int:
        """Return the bytes that the moves send."""
        return sum(grid.cost[block] for block, _source, _dest in self.moves)

    def rank(self, grid: Grid, threshold: float) -> tuple[float, float, int]:
        """Return what makes one better than another, the less the better: within the threshold only what it costs."""
        return (0.0, len(self.moves), self.sends(grid)) if self.imbalance <= threshold else (self.imbalance, 0.0, 0)


def direct(grid: Grid, target: Sequence[int]) -> tuple[Move, ...]:
    """Return moves straight to the target in an order that fits; blocks that never fit are left out."""
    layout = Layout(grid)
    waiting = [block for block, host in enumerate(target) if host != grid.at[block]]
    moves: list[Move] = []
    while True:
        left = []
        for block in waiting:
            if layout.fits(block, target[block]):
                moves.append((block, layout.at[block], target[block]))
                layout.put(block, target[block])
            else:
                left.append(block)
        if len(left) == len(waiting):
            return tuple(moves)
        waiting = left


class Polish:
    """One placement, improved by steps that are each legal as they are made; ``cut`` says that a budget forbade one."""

    __slots__ = ("cost", "cut", "grid", "layout", "movable", "moved", "near", "spread", "steps", "terms", "wide")

    def __init__(self, grid: Grid, signals: Sequence[Signal], pool: Iterable[int], terms: Terms) -> None:
        self.grid, self.terms = grid, terms
        self.movable = frozenset(pool)
        self.layout = Layout(grid)
        self.spread = Spread(signals, grid.at, len(grid.hosts))
        self.steps: list[Move] = []
        self.moved = self.cost = 0
        self.cut = False
        self.near: Optional[tuple[list[int], list[int]]] = None
        self.wide: Optional[list[int]] = None

    def start(self, moves: Iterable[Move]) -> None:
        """Make these moves first."""
        for block, source, dest in moves:
            self._make((block, NOBODY, source, dest))

    def pays(self) -> bool:
        """Return whether any step would pay and is within the budget."""
        hosts = range(len(self.grid.hosts))
        return any(self._best(self._moves(host)) or self._best(self._swaps(host)) for host in hosts)

    def run(self) -> None:
        """Take the best move of each host in turn, and the best swaps where no move is left, until nothing pays."""
        while True:
            # afresh, so that what is settled here does not look otherwise by a rounding error to the next run
            self.spread = Spread(self.spread.signals, self.layout.at, len(self.grid.hosts))
            self.near = self.wide = None
            self.cut = False
            if not self._sweep(self._moves) and not self._sweep(self._swaps):
                return

    def _sweep(self, changes_of: Callable[[int], Iterable[Change]]) -> bool:
        """Take the best change of each host, the fullest first; return whether there was any."""
        taken = False
        for host in self._by_load(reverse=True):
            change = self._best(changes_of(host))
            if change is not None:
                self._make(change)
                taken = True
        return taken

    def descend(self, threshold: float) -> None:
        """Take the best step there is, one after the other, until the threshold is reached or none pays.

        What a host's best move brings is looked up anew only when it seems to be the best of all: it seldom grows.
        """
        while self.spread.imbalance() > threshold:
            self.cut = False
            if not self._singles(threshold):
                full = self._extremes()[0]
                change = self._best(change for host in full for change in self._swaps(host))
                if change is None:
                    return
                self._make(change)

    def _singles(self, threshold: float) -> bool:
        """Take the best single moves until the threshold is reached or none pays; return whether there was any."""
        hosts, taken = range(len(self.grid.hosts)), False
        heap = [(-gain, host) for host in hosts for gain, _change in self._best_move(host)]
        heapify(heap)
        while heap and self.spread.imbalance() > threshold:
            _old, host = heappop(heap)
            for gain, change in self._best_move(host):
                if heap and gain < -heap[0][0] - HAIR:
                    heappush(heap, (-gain, host))
                    continue
                self._make(change)
                taken = True
                for again in (host, change[3]):
                    for more, _change in self._best_move(again):
                        heappush(heap, (-more, again))
        return taken

    def _best_move(self, host: int) -> tuple[tuple[float, Change], ...]:
        """Return the best move off the host and what it brings beyond what it asks, nothing where none pays."""
        change = self._best(self._moves(host, WIDE))
        if change is None:
            return ()
        return ((self.spread.imbalance() - self.spread.after(*change) - self.terms.asked(change[0]), change),)

    def pruned(self, threshold: float) -> Found:
        """Return these moves without those that are not needed to come to the threshold."""
        grid, whole = self.grid, Found(self.spread.imbalance(), self.ordered(), self.cut)
        layout, spread = self.layout.copy(), Spread(self.spread.signals, self.layout.at, len(self.grid.hosts))
        left = True
        while left:
            away = [block for block, host in enumerate(layout.at) if host != grid.at[block]]
            order = sorted(
                away, key=lambda block: (spread.after(block, NOBODY, layout.at[block], grid.at[block]), block)
            )
            left = False
            for block in order:
                source, home = layout.at[block], grid.at[block]
                if spread.after(block, NOBODY, source, home) <= threshold and layout.fits(block, home):
                    spread.shift(block, NOBODY, source, home)
                    layout.put(block, home)
                    left = True
        moves = direct(grid, layout.at)
        away = [block for block, host in enumerate(layout.at) if host != grid.at[block]]
        exact = Spread(self.spread.signals, layout.at, len(grid.hosts)).imbalance()
        gain = Spread(self.spread.signals, grid.at, len(grid.hosts)).imbalance() - exact
        pays = gain > sum(self.terms.asked(block) for block in away)
        # what is left must find an order of its own, and be worth it
        return Found(exact, moves, self.cut) if len(moves) == len(away) and exact <= threshold and pays else whole

    def ordered(self) -> tuple[Move, ...]:
        """Return moves that lead here: each block once where that can be put in order, else as they were made."""
        once = direct(self.grid, self.layout.at)
        return once if len(once) == self.moved else tuple(self.steps)

    def _moves(self, host: int, near: int = NEAR) -> Iterator[Change]:
        mine = sorted(self.layout.on[host] & self.movable)
        for dest in self._extremes()[1] if near == NEAR else self._emptiest(near):
            for block in mine if dest != host else ():
                yield block, NOBODY, host, dest

    def _swaps(self, source: int) -> Iterator[Change]:
        fullest, emptiest = self._extremes()
        if source not in fullest:
            return
        on, movable = self.layout.on, self.movable
        mine = sorted(on[source] & movable)
        for dest in emptiest:
            for other in sorted(on[dest] & movable) if dest != source else ():
                for block in mine:
                    yield block, other, source, dest

    def _by_load(self, reverse: bool) -> list[int]:
        load, sign = self.spread.load, -1 if reverse else 1
        return sorted(range(len(load)), key=lambda host: (sign * load[host], host))

    def _emptiest(self, near: int) -> list[int]:
        """Return so many of the emptiest hosts as things stand, and half as many of those by each signal alone."""
        if self.wide is None:
            hosts, spread = range(len(self.grid.hosts)), self.spread
            found = dict.fromkeys(self._by_load(reverse=False)[:near])
            for signal in range(len(spread.signals)):
                found.update(dict.fromkeys(nsmallest(near // 2, hosts, key=partial(spread.fill, signal))))
            self.wide = list(found)
        return self.wide

    def _extremes(self) -> tuple[list[int], list[int]]:
        """Return the NEAR fullest and the NEAR emptiest hosts as things stand."""
        if self.near is None:
            self.near = self._by_load(reverse=True)[:NEAR], self._by_load(reverse=False)[:NEAR]
        return self.near

    def _best(self, changes: Iterable[Change]) -> Optional[Change]:
        """Return the change that brings most of those that pay, fit and are within the budget."""
        now, price, after = self.spread.imbalance(), self.terms.price, self.spread.after
        extra = self.terms.extra
        best: Optional[Change] = None
        most = 0.0
        for change in changes:
            asked = price if change[1] == NOBODY else 2.0 * price
            if extra:
                asked += extra[change[0]] + (0.0 if change[1] == NOBODY else extra[change[1]])
            gain = now - after(*change) - asked
            if gain > max(most, HAIR) and self._legal(change):
                if self._affordable(change):
                    best, most = change, gain
                else:
                    self.cut = True
        return best

    def _legal(self, change: Change) -> bool:
        return bool(self._in_order(change))

    def _in_order(self, change: Change) -> tuple[Move, ...]:
        """Return the change as moves that fit one after the other, or nothing."""
        block, other, source, dest = change
        layout = self.layout
        if other == NOBODY:
            return ((block, source, dest),) if layout.fits(block, dest) else ()
        go, come = (block, source, dest), (other, dest, source)
        for first, second in ((go, come), (come, go)):
            if layout.fits(first[0], first[2]):
                layout.put(first[0], first[2])
                fits = layout.fits(second[0], second[2])
                layout.put(first[0], first[1])
                if fits:
                    return first, second
        return ()

    def _spent(self, change: Change) -> tuple[int, int]:
        block, other, source, dest = change
        moved, cost = self.moved, self.cost
        for who, leaves, enters in ((block, source, dest), (other, dest, source)):
            if who != NOBODY:
                more = (enters != self.grid.at[who]) - (leaves != self.grid.at[who])
                moved += more
                cost += more * self.grid.cost[who]
        return moved, cost

    def _affordable(self, change: Change) -> bool:
        moved, cost = self._spent(change)
        return moved <= self.terms.moves and cost <= self.terms.cost

    def _make(self, change: Change) -> None:
        self.moved, self.cost = self._spent(change)
        self.steps += self._in_order(change)
        block, other, source, dest = change
        self.spread.shift(*change)
        self.near = self.wide = None
        self.layout.put(block, dest)
        if other != NOBODY:
            self.layout.put(other, source)
