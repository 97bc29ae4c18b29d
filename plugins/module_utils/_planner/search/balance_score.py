"""How uneven a placement is, as one number, with an O(1) answer to "and after this move?". Must choose no move.

A *signal* is something that guests bring to a host: memory, vCPUs, measured CPU use. A host's *fill* in a signal is
what its guests bring over the room it has. The *spread* of a signal is the standard deviation of the fill over all
hosts (0.1: hosts are typically ten points of a hundred off the mean), and the *imbalance* is the sum of the spreads,
each times the signal's weight. With the overcommit ratio as its weight the vCPU signal counts vCPUs per core, as
Ganeti's cluster score does (hbal(1), CLUSTER SCORING). Sums of fills and of their squares are kept by signal, so that
a move or a swap costs the same on 10 and on 1,000 hosts.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from .grid import Grid

Row = tuple[list[float], list[float], list[float], float]  # amount by block; fill and 1 / room by host; weight
After = Callable[[int, int, int, int], float]
NOBODY = -1  # a block that brings nothing: makes a move of what is otherwise a swap


@dataclass(frozen=True)
class Signal:
    """What each block brings (``amount``), what each host has room for, and how much the signal's spread counts.

    ``base`` is the fill of each host without guests, where ``room`` counts what the host keeps for itself too.
    """

    name: str
    amount: Sequence[float]
    room: Sequence[float]
    weight: float = 1.0
    base: Sequence[float] = ()


def demand_signals(grid: Grid, memory: float = 1.0, vcpus: float = 1.0) -> tuple[Signal, ...]:
    """Return the signals that each fleet has, with these weights: configured memory and vCPUs."""
    found = (
        Signal("memory", grid.memory, grid.room_memory, memory),
        Signal("vcpus", grid.vcpus, grid.room_vcpus, vcpus),
    )
    return tuple(signal for signal in found if signal.weight > 0)


class Spread:
    """The imbalance of one placement while a search changes it. Never leaves the function it is made in."""

    __slots__ = ("_rows", "_squares", "_sums", "after", "hosts", "load", "signals")

    def __init__(self, signals: Sequence[Signal], at: Sequence[int], hosts: int, blur: float = 0.0) -> None:
        """``blur`` is an imbalance that ``after`` mixes into each signal's part, lest one that is perfect stay so.

        ``after(block, other, source, dest)`` is what the imbalance would be, were ``block`` on dest and ``other`` (or
        NOBODY) on source instead.
        """
        self.signals = tuple(signals)
        self.hosts = hosts
        self._rows = [_row(signal, at, hosts) for signal in signals]
        self._sums = [sum(fill) for _amount, fill, _part, _weight in self._rows]
        self._squares = [sum(value * value for value in fill) for _amount, fill, _part, _weight in self._rows]
        # in the units of the spread under the root in after()
        blurred = [(blur / signal.weight * hosts) ** 2 for signal in signals]
        answer = _after_of_two if len(signals) == 2 else _after
        self.after = answer(self._rows, self._sums, self._squares, blurred, hosts)
        # by host, the weighted fill over all signals: what tells a crowded host from an empty one
        self.load = [0.0] * hosts
        for _amount, fill, _part, weight in self._rows:
            self.load = [sofar + weight * value for sofar, value in zip(self.load, fill)]

    def by_signal(self) -> tuple[float, ...]:
        """Return each signal's spread, without its weight."""
        hosts = self.hosts
        pairs = zip(self._sums, self._squares)
        return tuple(sqrt(max(0.0, square * hosts - total * total)) / hosts for total, square in pairs)

    def fill(self, signal: int, host: int) -> float:
        """Return how full the host is by that signal."""
        return self._rows[signal][1][host]

    def imbalance(self) -> float:
        """Return the weighted sum of the spreads."""
        return sum(signal.weight * value for signal, value in zip(self.signals, self.by_signal()))

    def shift(self, block: int, other: int, source: int, dest: int) -> None:
        """Make that change."""
        load = self.load
        for index, (amount, fill, part, weight) in enumerate(self._rows):
            change = amount[block] - amount[other]
            less = change * part[source]
            more = change * part[dest]
            self._sums[index] += more - less
            self._squares[index] += more * (2.0 * fill[dest] + more) - less * (2.0 * fill[source] - less)
            fill[source] -= less
            fill[dest] += more
            load[source] -= weight * less
            load[dest] += weight * more


def _after(rows: Sequence[Row], sums: list[float], squares: list[float], blurs: list[float], hosts: int) -> After:
    def after(block: int, other: int, source: int, dest: int) -> float:
        found = 0.0
        for (amount, fill, part, weight), total, square, blur in zip(rows, sums, squares, blurs):
            change = amount[block] - amount[other]
            less, more = change * part[source], change * part[dest]
            after_sum = total + more - less
            after_square = square + more * (2.0 * fill[dest] + more) - less * (2.0 * fill[source] - less)
            spread = after_square * hosts - after_sum * after_sum
            found += weight * sqrt(spread + blur if spread > 0.0 else blur)
        return found

    return after


def _after_of_two(
    rows: Sequence[Row], sums: list[float], squares: list[float], blurs: list[float], hosts: int
) -> After:
    """Return the same as ``_after``, written out: walks ask little else, and ask it a million times."""
    (amount, fill, part, weight), (amount2, fill2, part2, weight2) = rows
    blur, blur2 = blurs

    def after(block: int, other: int, source: int, dest: int) -> float:
        change = amount[block] - amount[other]
        less, more = change * part[source], change * part[dest]
        total = sums[0] + more - less
        square = squares[0] + more * (2.0 * fill[dest] + more) - less * (2.0 * fill[source] - less)
        spread = square * hosts - total * total
        change = amount2[block] - amount2[other]
        less, more = change * part2[source], change * part2[dest]
        total = sums[1] + more - less
        square = squares[1] + more * (2.0 * fill2[dest] + more) - less * (2.0 * fill2[source] - less)
        spread2 = square * hosts - total * total
        return weight * sqrt(spread + blur if spread > 0.0 else blur) + weight2 * sqrt(
            spread2 + blur2 if spread2 > 0.0 else blur2
        )

    return after


def _row(signal: Signal, at: Sequence[int], hosts: int) -> Row:
    part = [1.0 / room if room > 0 else 0.0 for room in signal.room]
    fill = list(signal.base) or [0.0] * hosts
    for block, host in enumerate(at):
        fill[host] += signal.amount[block] * part[host]
    # the last element answers to NOBODY; the weight carries the division by the number of hosts
    return [*signal.amount, 0.0], fill, part, signal.weight / hosts
