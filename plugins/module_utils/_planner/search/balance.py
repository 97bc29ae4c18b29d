"""Make a fleet's hosts evenly filled with few moves. Must break no rule at any step and move nothing for little gain.

Method: (1) look whether any one move or swap would pay; if none does, the fleet counts as balanced and nothing moves.
(2) A few annealed walks (balance_anneal) look for an even placement within the budgets; where moves are unlimited,
with two more than single moves and swaps alone would take, so that a long walk does not reshuffle the fleet. (3) Each
is put in order: every move goes straight to its destination and fits with those before it done; a block that never
fits stays. (4) It is polished by single moves and swaps until none pays or the budget is used up, and the best is
kept. So a run on its own result stops at (1), unless a budget had cut it short. A move pays when the imbalance
(balance_score) times the number of hosts falls by more than ``min_gain`` and its ``extra``, a swap when it falls by
more than both its moves ask for. With a ``threshold`` the fewest moves are wanted that come to it: on small fleets
balance_fewest tries them all; else a descent takes the best moves until it is there, those that are not needed are
taken back, and walks look for fewer moves that send less.
Bounds: STEPS tries per host and walk, within LEAST and MOST, fewer walks on more hosts; polishing ends because each
step must pay.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .balance_anneal import Terms, anneal
from .balance_fewest import fewest
from .balance_polish import HAIR, Found, Move, Polish, direct
from .balance_score import Signal, Spread
from .grid import Grid

STEPS = 6_500
LEAST, MOST = 300_000, 2_500_000
WALKS, SHARED = 4, 80  # walks: SHARED over the number of hosts, at most WALKS
FEW_BLOCKS = 5_000  # steps per block where there are so few that more would only repeat themselves
FEWER = 200  # as SHARED, for walks that look for fewer moves and bytes to a threshold
LIGHTER = 0.95  # of the bytes of the best so far, what such a walk may send
ANY = 1 << 62


class Outcome(enum.Enum):
    """Why a balance ended where it did."""

    EVEN_ENOUGH = "the imbalance is within the threshold"
    REACHED = "the moves bring the imbalance within the threshold"
    SETTLED = "no move or swap would pay"
    BALANCED = "no further move or swap would pay"
    BUDGET = "more would pay, but the budget is used up"


@dataclass(frozen=True)
class Bounds:
    """What a balance may do.

    ``min_gain`` is in hosts: 0.005 asks each move to even out half a percent of one host's room. At an imbalance within
    ``threshold`` nothing moves. ``stay`` are blocks that must not move (such as one that moved a short while ago).
    ``extra`` has by block what a move of it must even out beside, in hosts too, as it costs so much; none: nothing.
    """

    max_moves: int = ANY
    max_bytes: int = ANY
    min_gain: float = 0.005
    threshold: float = 0.0
    stay: frozenset[int] = frozenset()
    extra: tuple[float, ...] = ()


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
    if Spread(signals, grid.at, hosts).imbalance() <= bounds.threshold + HAIR:
        return _result(grid, signals, (), Outcome.EVEN_ENOUGH)
    weighs = [any(signal.amount[block] for signal in signals) for block in range(len(grid.blocks))]
    pool = [block for block, heavy in enumerate(weighs) if heavy and block not in bounds.stay and _roams(grid, block)]
    terms = terms_of(bounds, hosts)
    polish = Polish(grid, signals, pool, terms)
    if not polish.pays():
        return _result(grid, signals, (), Outcome.BUDGET if polish.cut else Outcome.SETTLED)
    if bounds.threshold > 0.0:
        return _to_threshold(grid, signals, pool, terms, bounds.threshold)
    best = _walked(grid, signals, pool, terms)
    return _result(grid, signals, best.moves, Outcome.BUDGET if best.cut else Outcome.BALANCED)


def terms_of(bounds: Bounds, hosts: int) -> Terms:
    """Return the bounds in units of the imbalance, which is a mean over the hosts."""
    extra = tuple(each / max(1, hosts) for each in bounds.extra)
    return Terms(bounds.max_moves, bounds.max_bytes, bounds.min_gain / max(1, hosts), extra)


def _walked(grid: Grid, signals: Sequence[Signal], pool: Sequence[int], terms: Terms) -> Found:
    """Return the most even of what a few walks come to, polished."""
    hosts, best, walked = len(grid.hosts), None, terms
    if terms.moves >= len(pool):
        polish = Polish(grid, signals, pool, terms)
        polish.run()
        walked = replace(terms, moves=polish.moved + 2)
    steps = min(MOST, FEW_BLOCKS * len(pool), max(LEAST, STEPS * hosts))
    for seed in range(max(1, min(WALKS, SHARED // hosts))):
        polish = Polish(grid, signals, pool, terms)
        polish.start(direct(grid, anneal(grid, signals, pool, walked, steps, seed)))
        polish.run()
        if best is None or polish.spread.imbalance() < best.imbalance - HAIR:
            best = Found(polish.spread.imbalance(), polish.ordered(), polish.cut)
    return best or Found(0.0, (), False)


def _to_threshold(
    grid: Grid, signals: Sequence[Signal], pool: Sequence[int], terms: Terms, threshold: float
) -> Balanced:
    """Return the fewest moves that come to the threshold, or as near to it as pays."""
    few = fewest(grid, signals, pool, terms, threshold)
    if few:
        return _result(grid, signals, few, Outcome.REACHED)
    polish = Polish(grid, signals, pool, terms)
    polish.descend(threshold)
    if polish.spread.imbalance() > threshold:
        best = _walked(grid, signals, pool, terms)
        if best.imbalance > threshold:
            return _result(grid, signals, best.moves, Outcome.BUDGET if best.cut else Outcome.BALANCED)
        polish = Polish(grid, signals, pool, terms)
        polish.start(best.moves)
    found = [polish.pruned(threshold)]
    hosts = len(grid.hosts)
    steps = min(MOST, FEW_BLOCKS * len(pool), max(LEAST, STEPS * hosts))
    for seed in range(max(1, min(WALKS, FEWER // hosts))):
        least = min(found, key=lambda each: each.rank(grid, threshold))
        moves, sends = len(least.moves) - 1, int(least.sends(grid) * LIGHTER)
        fewer = replace(terms, moves=moves, cost=min(terms.cost, sends))
        if moves < 1:
            break
        polish = Polish(grid, signals, pool, fewer)
        polish.start(direct(grid, anneal(grid, signals, pool, fewer, steps, seed)))
        polish.descend(threshold)
        if polish.spread.imbalance() <= threshold:
            found.append(polish.pruned(threshold))
    best = min(found, key=lambda each: each.rank(grid, threshold))
    return _result(grid, signals, best.moves, Outcome.REACHED)


def _roams(grid: Grid, block: int) -> bool:
    return sum(grid.reach[block]) > 1


def _result(grid: Grid, signals: Sequence[Signal], moves: tuple[Move, ...], outcome: Outcome) -> Balanced:
    at = list(grid.at)
    for block, _source, dest in moves:
        at[block] = dest
    before, after = Spread(signals, grid.at, len(grid.hosts)), Spread(signals, at, len(grid.hosts))
    return Balanced(moves, outcome, before.imbalance(), after.imbalance(), before.by_signal(), after.by_signal())
