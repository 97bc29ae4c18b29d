"""A simulation in words, as lines of a table for people. Computes nothing but differences."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Optional

from .values import Figures


def simulation_lines(found: Figures, unchanged: Figures) -> list[str]:
    """Return what the run comes to beside the fleet left as it is."""
    saved = unchanged.kwh - found.kwh
    share = f" ({100 * saved / unchanged.kwh:.1f} %)" if unchanged.kwh else ""
    return [
        f"{found.hours:g} hours simulated, {found.plans} plans made",
        f"energy           {found.kwh:.1f} kWh, left as it is {unchanged.kwh:.1f} kWh: {saved:.1f} kWh{share} saved",
        f"hosts on         {found.mean_hosts_on:.1f} on average, {found.least_hosts_on} to {found.most_hosts_on};"
        f" switched on {found.switched_on}, off {found.switched_off} times",
        f"shortest time    on {_minutes(found.least_on_minutes)}, off {_minutes(found.least_off_minutes)}",
        f"migrations       {found.migrations}, {found.gib_moved:.1f} GiB; guests lost {found.pdm_percent:.3f} % of"
        " their CPU by them",
        f"overload         {found.overload_percent:.2f} % of the time of hosts that were on (left as it is"
        f" {unchanged.overload_percent:.2f} %), {found.short_percent:.3f} % of the CPU that guests wanted"
        " was not there",
        f"memory           {found.memory_breaches} moves to hosts with too little",
    ]


def _minutes(found: Optional[float]) -> str:
    return "not switched twice" if found is None else f"{found:.0f} min"
