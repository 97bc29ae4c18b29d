"""A plan's energy: what it saves in a day, and what its moves and the switching of hosts cost. Pure; decides nothing.

The formulas and their sources are in docs/design/energy.md.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Optional

from .._model.energy import JOULES_PER_KWH, Energy, joules_of_move, joules_of_switching
from .._model.host import Host
from .._model.plan import Move
from .._model.request import Request

HOURS_PER_DAY = 24


def energy_of(
    request: Request,
    hosts: Iterable[Host],
    moves: Iterable[Move],
    watts: tuple[Optional[float], Optional[float]],
    power_on: Collection[str],
    power_off: Collection[str],
) -> Optional[Energy]:
    """Return the energy of a plan with these watts before and after it; None where one of them is unknown."""
    before, after = watts
    if before is None or after is None:
        return None
    sent = sum(joules_of_move(move.est_bytes) for move in moves) / JOULES_PER_KWH
    switched = _switched(hosts, power_on, power_off) / JOULES_PER_KWH
    spared = (before - after) / 1000
    per_day = spared * HOURS_PER_DAY
    price, grams = request.price_per_kwh, request.co2_g_per_kwh
    return Energy(
        watts_before=before,
        watts_after=after,
        kwh_saved_per_day=round(per_day, 4),
        moves_kwh=round(sent, 6),
        switching_kwh=round(switched, 6),
        payback_hours=round((sent + switched) / spared, 4) if spared > 0 else None,
        money_per_day=None if price is None else round(per_day * price, 4),
        currency=request.currency,
        co2_kg_per_day=None if grams is None else round(per_day * grams / 1000, 4),
    )


def _switched(hosts: Iterable[Host], power_on: Collection[str], power_off: Collection[str]) -> float:
    """Return the joules of switching: a host that goes off will have to come back one day, so it pays for both."""
    total = 0.0
    for host in hosts:
        if host.power is not None and (host.name in power_on or host.name in power_off):
            total += joules_of_switching(host.power, off=host.name in power_off, on=True)
    return total
