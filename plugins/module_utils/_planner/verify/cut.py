"""The most that some of several arrivals can bring, each only after certain departures. Must import only _model.

Who may be at a place together is a question of sets: every set of arrivals brings its sizes, less what everyone leaves
who must be gone before one of them comes. The greatest such sum is that of all sizes less a maximum flow from arrivals
to the departures that they wait for (a closure of greatest weight; J.-C. Picard, 1976).
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

TINY = 1e-9


def greatest_surplus(
    arrivals: Mapping[int, float], departures: Mapping[int, float], waits: Mapping[int, list[int]], enough: float
) -> float:
    """Return the greatest surplus of a set of arrivals over the departures it waits for.

    Once it is known to be ``enough`` or less, the search ends with what is known by then.
    """
    size, leaving = dict(arrivals), dict(departures)
    flow: dict[int, dict[int, float]] = {departure: {} for departure in departures}
    surplus = sum(size.values())
    for arrival in arrivals:
        while size[arrival] > TINY and surplus > enough:
            path = _path(arrival, leaving, flow, waits)
            if path is None:
                break
            surplus -= _push(path, size, leaving, flow)
    return surplus


def _path(
    arrival: int, leaving: Mapping[int, float], flow: Mapping[int, Mapping[int, float]], waits: Mapping[int, list[int]]
) -> Optional[list[int]]:
    """Return arrival, departure, arrival, ... departure with something left, over flow that can be turned back."""
    came: dict[int, tuple[int, int]] = {}  # departure: the arrival that reaches it, the departure before that
    todo = [(arrival, -1)]
    for taker, by in todo:
        for departure in waits[taker]:
            if departure in came:
                continue
            came[departure] = (taker, by)
            if leaving[departure] > TINY:
                return _traced(departure, came)
            todo.extend((other, departure) for other, amount in flow[departure].items() if amount > TINY)
    return None


def _traced(departure: int, came: Mapping[int, tuple[int, int]]) -> list[int]:
    path: list[int] = []
    while departure >= 0:
        arrival, earlier = came[departure]
        path += [departure, arrival]
        departure = earlier
    return path[::-1]


def _push(
    path: list[int], size: dict[int, float], leaving: dict[int, float], flow: dict[int, dict[int, float]]
) -> float:
    """Send as much as the path takes along it, and return how much; the flow and what is left are changed in place."""
    takers, departures = path[::2], path[1::2]
    turned = list(zip(takers[1:], departures))
    amount = min([size[takers[0]], leaving[departures[-1]], *(flow[departure][taker] for taker, departure in turned)])
    size[takers[0]] -= amount
    leaving[departures[-1]] -= amount
    for taker, departure in zip(takers, departures):
        flow[departure][taker] = flow[departure].get(taker, 0.0) + amount
    for taker, departure in turned:
        flow[departure][taker] -= amount
    return amount
