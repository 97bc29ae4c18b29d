"""When each move of a decision begins and ends: order, slots, hosts that boot first. Knows neither load nor watts."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from .._model.settings import Slots
from .values import Moving, Order


@dataclass(frozen=True)
class Transfer:
    """A guest on its way between two hosts, from second to second."""

    guest: str
    source: str
    dest: str
    begin: float
    end: float
    bytes: int


class _Slots:
    """Seconds at which places for moves become free; never leaves this file. None: as many places as anybody asks."""

    def __init__(self, most: Optional[int], now: float) -> None:
        self.free = None if most is None else [now] * most

    def soonest(self) -> float:
        return self.free[0] if self.free else 0.0

    def take(self, until: float) -> None:
        if self.free:
            heapq.heapreplace(self.free, until)


def lay_out(
    orders: Sequence[Order], placement: Mapping[str, str], ready: Mapping[str, float], now: float, moving: Moving
) -> tuple[Transfer, ...]:
    """Return the moves with their times, each begun as soon as order, slots and booting hosts allow, in their order."""
    fleet_most, out_most, in_most = _most(moving.slots)
    fleet = _Slots(fleet_most, now)
    out: dict[str, _Slots] = {}
    into: dict[str, _Slots] = {}
    at: dict[str, str] = {}
    over: dict[str, float] = {}
    found = []
    for order in orders:
        source = at.get(order.guest, placement[order.guest])
        leaving = out.setdefault(source, _Slots(out_most, now))
        coming = into.setdefault(order.dest, _Slots(in_most, now))
        waits = [now, ready.get(order.dest, now), fleet.soonest(), leaving.soonest(), coming.soonest()]
        begin = max(*waits, *(over[other] for other in order.after))
        end = begin + moving.fixed_seconds + order.bytes / moving.bytes_per_second
        for place in (fleet, leaving, coming):
            place.take(end)
        at[order.guest], over[order.id] = order.dest, end
        found.append(Transfer(order.guest, source, order.dest, begin, end, order.bytes))
    return tuple(found)


def _most(slots: Optional[Slots]) -> tuple[Optional[int], Optional[int], Optional[int]]:
    return (
        (None, None, None)
        if slots is None
        else (slots.max_per_fleet, slots.max_outbound_per_host, slots.max_inbound_per_host)
    )
