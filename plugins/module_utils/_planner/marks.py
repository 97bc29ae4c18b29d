"""The marks by which consolidation runs a fleet: how full is too full, and who was switched too lately. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .._model.energy import moment
from .._model.guest import Guest
from .._model.host import Host

MILLI = 1000


def milli_cpus(guests: Iterable[Guest]) -> int:
    """Return the thousandths of CPUs to keep ready for the guests, as measured or forecast."""
    return sum(math.ceil(guest.wanted_cpus * MILLI) for guest in guests)


def milli_percent(host: Host, percent: float) -> int:
    """Return that share of the host's CPUs in thousandths."""
    return int(host.cpus * MILLI * percent / 100)


def busy_now(hosts: Iterable[Host], percent: float) -> bool:
    """Return whether one of the hosts is overloaded as measured, not just by forecast."""
    return any(
        sum(guest.usage_cpus or 0.0 for guest in host.guests if guest.active) > host.cpus * percent / 100
        or sum(guest.memory for guest in host.guests if guest.active) > host.allocatable_memory
        for host in hosts
    )


def lately(hosts: Sequence[Host], taken_at: str, minutes: float) -> frozenset[str]:
    """Return the hosts that were switched less than so many minutes before the snapshot was taken."""
    now = moment(taken_at)
    if now is None:
        return frozenset()
    found = set()
    for host in hosts:
        since = moment(host.power_since) if host.power_since else None
        if since is not None and (now - since).total_seconds() < 60 * minutes:
            found.add(host.name)
    return frozenset(found)
