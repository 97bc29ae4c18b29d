"""The order of a plan's moves: by priority, and group after group where they go over the same link. Pure.

Method: hops are put into units, a group being one unit and all others one each; units are taken by priority, then in
the order of the plan, as far as what hops wait for allows. A group that waits for itself by way of others can't be kept
apart; its hops are units of their own then.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# two sites between which a move goes; None where it does not leave its site
Way = frozenset[str]


@dataclass(frozen=True)
class Step:
    """A hop as far as its place in the order goes: priority, groups of its guests, and the sites it goes between."""

    priority: int
    groups: tuple[str, ...]
    way: Way


@dataclass(frozen=True)
class Ordered:
    """``order`` has the hops anew, by index. ``once_over``: of each hop, those that are to be over before it starts."""

    order: tuple[int, ...]
    once_over: Mapping[int, tuple[int, ...]]


def ordered(steps: Sequence[Step], after: Sequence[Sequence[int]]) -> Ordered:
    """Return the order; ``after``: of each hop, those that must have arrived before it starts."""
    unit = _units(steps)
    tangled = _tangled(unit, after)
    unit = [(-1 - index) if number in tangled else number for index, number in enumerate(unit)]
    ranks = _ranks(steps, unit, after)
    order = sorted(range(len(steps)), key=lambda index: (ranks[unit[index]], index))
    return Ordered(tuple(order), _apart(steps, unit, order))


def _units(steps: Sequence[Step]) -> list[int]:
    """Return the unit of each hop, named by its first hop; groups that share a hop are one."""
    leader: dict[str, str] = {}

    def root(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for step in steps:
        for name in step.groups[1:]:
            leader[root(name)] = root(step.groups[0])
    first: dict[str, int] = {}
    return [first.setdefault(root(s.groups[0]), index) if s.groups else index for index, s in enumerate(steps)]


def _waits(unit: Sequence[int], after: Sequence[Sequence[int]]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {number: set() for number in unit}
    for index, others in enumerate(after):
        found[unit[index]].update(unit[other] for other in others if unit[other] != unit[index])
    return found


def _tangled(unit: Sequence[int], after: Sequence[Sequence[int]]) -> frozenset[int]:
    """Return the units that wait for themselves, by way of others."""
    waits = _waits(unit, after)
    followers: dict[int, list[int]] = defaultdict(list)
    for number, others in waits.items():
        for other in others:
            followers[other].append(number)
    count = {number: len(others) for number, others in waits.items()}
    free = [number for number, others in count.items() if not others]
    while free:
        for other in followers[free.pop()]:
            count[other] -= 1
            if not count[other]:
                free.append(other)
    left = frozenset(number for number, others in count.items() if others)
    return frozenset(number for number in left if number in _reached(number, waits, left))


def _reached(number: int, waits: Mapping[int, set[int]], among: frozenset[int]) -> set[int]:
    found: set[int] = set()
    ahead = [number]
    while ahead:
        further = (waits[ahead.pop()] & among) - found
        found |= further
        ahead += further
    return found


def _ranks(steps: Sequence[Step], unit: Sequence[int], after: Sequence[Sequence[int]]) -> dict[int, int]:
    """Return the place of each unit: of those that could be next the one of the highest priority, then the first."""
    priority: dict[int, int] = {}
    for index, number in enumerate(unit):
        priority[number] = max(priority.get(number, steps[index].priority), steps[index].priority)
    first = {number: index for index, number in reversed(list(enumerate(unit)))}
    waits = _waits(unit, after)
    followers: dict[int, list[int]] = defaultdict(list)
    for number, others in waits.items():
        for other in others:
            followers[other].append(number)
    count = {number: len(others) for number, others in waits.items()}
    ready = [(-priority[number], first[number], number) for number, left in count.items() if not left]
    heapq.heapify(ready)
    found: dict[int, int] = {}
    while ready:
        _priority, _first, number = heapq.heappop(ready)
        found[number] = len(found)
        for other in followers[number]:
            count[other] -= 1
            if not count[other]:
                heapq.heappush(ready, (-priority[other], first[other], other))
    return found


def _apart(steps: Sequence[Step], unit: Sequence[int], order: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Return what each hop of a group has to let be over: the hops of the group before it on the same way."""
    found: dict[int, set[int]] = defaultdict(set)
    latest: dict[Way, int] = {}
    before: dict[tuple[Way, int], list[int]] = defaultdict(list)
    previous: dict[tuple[Way, int], int] = {}
    for index in order:
        step, number = steps[index], unit[index]
        if not step.groups or not step.way or number < 0:
            continue
        key = (step.way, number)
        if key not in previous:
            previous[key] = latest.get(step.way, -1)
            latest[step.way] = number
        if previous[key] >= 0:
            found[index].update(before[step.way, previous[key]])
        before[key].append(index)
    return {index: tuple(sorted(others)) for index, others in found.items()}
