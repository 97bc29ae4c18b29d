"""When each move of a decision begins and ends: order, slots, hosts that boot first. Knows neither load nor watts."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from .._model.errors import FleetError
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


def lay_out(
    orders: Sequence[Order], placement: Mapping[str, str], ready: Mapping[str, float], now: float, moving: Moving
) -> tuple[Transfer, ...]:
    """Return the moves with their times: each begins as soon as order, slots and booting hosts allow, first come first.

    ``ready`` has the second at which a host that boots is up.
    """
    waiting, under_way, found = list(orders), list[Transfer](), list[Transfer]()
    at, over = dict(placement), dict[str, float]()
    ids = {order.id for order in orders}
    while waiting:
        begun = set()
        for order in waiting:
            held = any(over.get(other, math.inf) > now for other in order.after if other in ids)
            held = held or ready.get(order.dest, now) > now
            if (
                held
                or ready.get(order.dest, now) > now
                or not _has_slot(moving.slots, under_way, at[order.guest], order)
            ):
                continue
            end = now + moving.fixed_seconds + order.bytes / moving.bytes_per_second
            transfer = Transfer(order.guest, at[order.guest], order.dest, now, end, order.bytes)
            under_way.append(transfer)
            found.append(transfer)
            at[order.guest], over[order.id] = order.dest, end
            begun.add(order.id)
        waiting = [order for order in waiting if order.id not in begun]
        if waiting:
            now = _next(under_way, ready, now)
            under_way = [transfer for transfer in under_way if transfer.end > now]
    return tuple(found)


def _next(under_way: Sequence[Transfer], ready: Mapping[str, float], now: float) -> float:
    """Return the next second at which a move ends or a host is up."""
    coming = [transfer.end for transfer in under_way] + [second for second in ready.values() if second > now]
    if not coming:
        raise FleetError("moves wait for each other", "This is a defect: report fleet and trace")
    return min(coming)


def _has_slot(slots: Optional[Slots], under_way: Sequence[Transfer], source: str, order: Order) -> bool:
    if slots is None:
        return True
    out = sum(1 for transfer in under_way if transfer.source == source)
    into = sum(1 for transfer in under_way if transfer.dest == order.dest)
    full = len(under_way) >= slots.max_per_fleet
    return not full and out < slots.max_outbound_per_host and into < slots.max_inbound_per_host
