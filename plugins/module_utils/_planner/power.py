"""Watts of a fleet from its power models and the load its guests put on it. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Optional

from .._model.guest import Guest
from .._model.host import Host, HostState, PowerModel


def watts(model: PowerModel, load: float) -> float:
    """Return the watts at a load from 0 to 1: between the two nearest points of the table, or on the line idle to full.

    Source of the table's form: SPECpower_ssj2008 reports a server's watts at 0, 10 ... 100 % load.
    """
    points = model.table or (model.idle_watts, model.full_watts)
    position = min(max(load, 0.0), 1.0) * (len(points) - 1)
    lower = min(int(position), len(points) - 2) if len(points) > 1 else 0
    upper = min(lower + 1, len(points) - 1)
    return points[lower] + (points[upper] - points[lower]) * (position - lower)


def idle_watts(host: Host) -> Optional[float]:
    """Return what the host draws at rest, or None without a power model."""
    return None if host.power is None else watts(host.power, 0.0)


def spared_watts(host: Host) -> Optional[float]:
    """Return what an idle host stops drawing when it is switched off, or None without a power model."""
    return None if host.power is None else max(0.0, watts(host.power, 0.0) - host.power.off_watts)


def fleet_watts(hosts: Sequence[Host], guests: Mapping[str, Iterable[Guest]], on: Iterable[str]) -> Optional[float]:
    """Return the watts of the hosts, those in ``on`` with these guests each; None where one of them has no power model.

    A guest's load is its measured ``usage_cpus``; one that was not measured counts as idle. A host that is off draws
    what its power model says of that.
    """
    total = 0.0
    names = frozenset(on)
    for host in hosts:
        if host.name not in names:
            total += host.power.off_watts if host.power else 0.0
            continue
        if host.power is None:
            return None
        used = sum(guest.usage_cpus or 0.0 for guest in guests.get(host.name, ()) if guest.active)
        total += watts(host.power, used / host.cpus if host.cpus else 0.0)
    return round(total, 1)


def is_on(host: Host) -> bool:
    """Return whether the host draws power now, as far as anybody knows."""
    return host.state is not HostState.STANDBY
