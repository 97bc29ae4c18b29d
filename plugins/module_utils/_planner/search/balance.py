"""Make a fleet's hosts evenly filled with few moves. Must break no rule at any step and move nothing for little gain.

Method: (1) look whether any one move or swap would pay; if none does, the fleet counts as balanced and nothing moves.
(2) A few annealed walks (balance_anneal) look for an even placement within the budgets; where moves are unlimited,
with two more than single moves and swaps alone would take, so that a long walk does not reshuffle the fleet. (3) Each
is put in order: every move goes straight to its destination and fits with those before it done; a block that never
fits stays. (4) It is polished by single moves and swaps until none pays or the budget is used up, and the best is
kept. So a run on its own result stops at (1), unless a budget had cut it short. A move pays when the imbalance
(balance_score) times the number of hosts falls by more than ``min_gain``, a swap when it falls by twice that.
Bounds: STEPS tries per host and walk, within LEAST and MOST, fewer walks on more hosts; polishing ends because each
step must pay, and looks for each block at the NEAR emptiest hosts, for swaps at the NEAR fullest and emptiest.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from .balance_anneal import Change, Terms, anneal
from .balance_score import NOBODY, Signal, Spread
from .grid import Grid, Layout

STEPS = 6_500
LEAST, MOST = 300_000, 2_500_000
WALKS, SHARED = 4, 80  # walks: SHARED over the number of hosts, at most WALKS
FEW_BLOCKS = 5_000  # steps per block where there are so few that more would only repeat themselves
NEAR = 10
ANY = 1 << 62
HAIR = 1e-9  # what the imbalance must fall by where min_gain asks for nothing: more than rounding

Move = tuple[int, int, int]  # block, source, dest


class Outcome(enum.Enum):
    """Why a balance ended where it did."""

    EVEN_ENOUGH = "the imbalance is within the threshold"
    SETTLED = "no move or swap would pay"
    BALANCED = "no further move or swap would pay"
    BUDGET = "more would pay, but the budget is used up"


@dataclass(frozen=True)
class Bounds:
    """What a balance may do.

    ``min_gain`` is in hosts: 0.005 asks each move to even out half a percent of one host's room. At an imbalance within
    ``threshold`` nothing moves. ``stay`` are blocks that must not move (such as one that moved a short while ago).
    """

    max_moves: int = ANY
    max_bytes: int = ANY
    min_gain: float = 0.005
    threshold: float = 0.0
    stay: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Balanced:
    """Moves in a legal order, why they end there, and imbalance and spread by signal before and after them."""

    moves: tuple[Move, ...]
    outcome: Outcome
    before: float
    after: float
    spreads_before: tuple[float, ...]
    spreads_after: tuple[float, ...]


def balance(grid: Grid, signals: Sequence[Signal], bounds: Bounds = Bounds()) -> Balanced:
    """Return the moves that make the fleet even by these signals, within the bounds."""
    hosts = len(grid.hosts)
    if Spread(signals, grid.at, hosts).imbalance() <= bounds.threshold:
        return _result(grid, signals, (), Outcome.EVEN_ENOUGH)
    pool = [block for block in range(len(grid.blocks)) if block not in bounds.stay and _roams(grid, block)]
    terms = Terms(bounds.max_moves, bounds.max_bytes, bounds.min_gain / max(1, hosts))
    polish = _Polish(grid, signals, pool, terms)
    if not polish.pays():
        return _result(grid, signals, (), Outcome.SETTLED)
    steps = min(MOST, FEW_BLOCKS * len(pool), max(LEAST, STEPS * hosts))
    walked = terms
    if bounds.max_moves >= len(pool):
        polish.run()
        walked = replace(terms, moves=polish.moved + 2)
    best: Optional[tuple[float, tuple[Move, ...], bool]] = None
    for seed in range(max(1, min(WALKS, SHARED // hosts))):
        target = anneal(grid, signals, pool, walked, steps, seed)
        polish = _Polish(grid, signals, pool, terms)
        polish.start(direct(grid, target))
        polish.run()
        if best is None or polish.spread.imbalance() < best[0] - HAIR:
            best = polish.spread.imbalance(), polish.ordered(), polish.cut
    _imbalance, moves, cut = best or (0.0, (), False)
    return _result(grid, signals, moves, Outcome.BUDGET if cut else Outcome.BALANCED)


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


def _roams(grid: Grid, block: int) -> bool:
    return sum(grid.reach[block]) > 1


def _result(grid: Grid, signals: Sequence[Signal], moves: tuple[Move, ...], outcome: Outcome) -> Balanced:
    at = list(grid.at)
    for block, _source, dest in moves:
        at[block] = dest
    before, after = Spread(signals, grid.at, len(grid.hosts)), Spread(signals, at, len(grid.hosts))
    return Balanced(moves, outcome, before.imbalance(), after.imbalance(), before.by_signal(), after.by_signal())


class _Polish:
    """One placement, improved by steps that are each legal as they are made; ``cut`` says that a budget forbade one."""

    __slots__ = ("cost", "cut", "grid", "layout", "movable", "moved", "near", "spread", "steps", "terms")

    def __init__(self, grid: Grid, signals: Sequence[Signal], pool: Iterable[int], terms: Terms) -> None:
        self.grid, self.terms = grid, terms
        self.movable = frozenset(pool)
        self.layout = Layout(grid)
        self.spread = Spread(signals, grid.at, len(grid.hosts))
        self.steps: list[Move] = []
        self.moved = self.cost = 0
        self.cut = False
        self.near: Optional[tuple[list[int], list[int]]] = None

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
            self.near = None
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

    def ordered(self) -> tuple[Move, ...]:
        """Return moves that lead here: each block once where that can be put in order, else as they were made."""
        once = direct(self.grid, self.layout.at)
        return once if len(once) == self.moved else tuple(self.steps)

    def _moves(self, host: int) -> Iterator[Change]:
        mine = sorted(self.layout.on[host] & self.movable)
        for dest in self._extremes()[1]:
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

    def _extremes(self) -> tuple[list[int], list[int]]:
        """Return the NEAR fullest and the NEAR emptiest hosts as things stand."""
        if self.near is None:
            self.near = self._by_load(reverse=True)[:NEAR], self._by_load(reverse=False)[:NEAR]
        return self.near

    def _best(self, changes: Iterable[Change]) -> Optional[Change]:
        """Return the change that brings most of those that pay, fit and are within the budget."""
        now, price, after = self.spread.imbalance(), self.terms.price, self.spread.after
        best: Optional[Change] = None
        most = 0.0
        for change in changes:
            asked = price if change[1] == NOBODY else 2.0 * price
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
        self.near = None
        self.layout.put(block, dest)
        if other != NOBODY:
            self.layout.put(other, source)
