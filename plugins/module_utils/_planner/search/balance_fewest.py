"""Bring a small fleet's imbalance to a threshold by provably the fewest moves. Must choose nothing on large fleets.

Method: all sets of one move, of two, of three and so on, each block moving at most once, as long as there are no more
than TRIES sets of that size. Of the first size with a set that comes to the threshold, is within the budgets, can be
put in an order in which each move fits, and evens out more than its moves ask for, the one that sends least is taken.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb

from .balance_anneal import Terms
from .balance_score import NOBODY, Signal, Spread
from .grid import Grid, Layout

TRIES = 60_000
Move = tuple[int, int, int]  # block, source, dest
Option = tuple[int, int]  # block, dest


def fewest(
    grid: Grid, signals: Sequence[Signal], pool: Sequence[int], terms: Terms, threshold: float
) -> tuple[Move, ...]:
    """Return the fewest moves that come to the threshold; none where that is more than can be tried."""
    options = [
        (block, host)
        for block in pool
        for host in range(len(grid.hosts))
        if host != grid.at[block] and grid.reach[block][host]
    ]
    spread = Spread(signals, grid.at, len(grid.hosts))
    begin = spread.imbalance()
    for number in range(1, min(terms.moves, len(pool)) + 1):
        if comb(len(options), number) > TRIES:
            break
        found = sorted(
            (sum(grid.cost[block] for block, _dest in chosen), value, chosen)
            for value, chosen in _sets(grid, spread, options, number, 0)
            if value <= threshold and begin - value > sum(terms.asked(block) for block, _dest in chosen)
        )
        for cost, _value, chosen in found:
            moves = in_order(grid, chosen) if cost <= terms.cost else ()
            if moves:
                return moves
    return ()


def in_order(grid: Grid, chosen: Sequence[Option]) -> tuple[Move, ...]:
    """Return the moves in an order in which each fits when its turn comes, nothing where there is none."""
    layout, waiting, moves = Layout(grid), list(chosen), []
    while waiting:
        ready = next(((block, dest) for block, dest in waiting if layout.fits(block, dest)), None)
        if ready is None:
            return ()
        block, dest = ready
        moves.append((block, layout.at[block], dest))
        layout.put(block, dest)
        waiting.remove(ready)
    return tuple(moves)


def _sets(
    grid: Grid, spread: Spread, options: Sequence[Option], number: int, first: int
) -> Iterator[tuple[float, tuple[Option, ...]]]:
    """Yield the imbalance after each set of so many options from ``first`` on; the spread is left as it was."""
    for index in range(first, len(options) - number + 1):
        block, dest = options[index]
        source = grid.at[block]
        if number == 1:
            yield spread.after(block, NOBODY, source, dest), (options[index],)
            continue
        following = index + 1
        while following < len(options) and options[following][0] == block:
            following += 1
        spread.shift(block, NOBODY, source, dest)
        for value, others in _sets(grid, spread, options, number - 1, following):
            yield value, (options[index], *others)
        spread.shift(block, NOBODY, dest, source)
