"""What guests and their host use, from two looks at what libvirt counts. Reads the clock; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .._model.fleet import HostEntry
from .._model.guest import Guest
from .binding import libvirt
from .counters import disk_bytes, groups, host_cpu_ns, network_bytes

_NANO = 1e9


@dataclass(frozen=True)
class Counted:
    """What one guest has used since its process began: nanoseconds of CPU time, bytes of disks and of networks."""

    cpu_ns: Optional[int] = None
    disk: Optional[int] = None
    network: Optional[int] = None


@dataclass(frozen=True)
class Look:
    """What was counted at a moment of the monotonic clock: of guests by UUID, and of the host's CPUs altogether."""

    moment: float
    guests: Mapping[str, Counted]
    host_cpu_ns: Optional[int] = None


def look(connection: Any, entry: HostEntry) -> Look:
    """Return what each active guest of the host, and the host itself, has used so far."""
    host = host_cpu_ns(connection) if entry.own_counters else None
    moment = time.monotonic()
    # a guest in the middle of a job must not hold up the look
    flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    found = connection.getAllDomainStats(groups(), flags)
    return Look(moment, {domain.UUIDString(): _counted(stats) for domain, stats in found}, host)


def _counted(stats: Mapping[str, Any]) -> Counted:
    return Counted(stats.get("cpu.time"), disk_bytes(stats), network_bytes(stats))


def with_usage(guests: tuple[Guest, ...], first: Look, second: Look) -> tuple[Guest, ...]:
    """Return the guests with what they used in between; one that came, went or began anew meanwhile has none."""
    seconds = second.moment - first.moment

    def used(guest: Guest) -> Guest:
        before, after = first.guests.get(guest.uuid), second.guests.get(guest.uuid)
        if before is None or after is None or _began_anew(before, after):
            return guest
        return dataclasses.replace(
            guest,
            usage_cpus=_rate(before.cpu_ns, after.cpu_ns, seconds * _NANO, 3),
            usage_disk=_rate(before.disk, after.disk, seconds, 1),
            usage_network=_rate(before.network, after.network, seconds, 1),
        )

    return tuple(used(guest) for guest in guests)


def host_cpus(first: Look, second: Look) -> Optional[float]:
    """Return how many CPUs' worth of time all of the host used in between, None where nobody counts it."""
    return _rate(first.host_cpu_ns, second.host_cpu_ns, (second.moment - first.moment) * _NANO, 3)


def _began_anew(before: Counted, after: Counted) -> bool:
    return before.cpu_ns is not None and after.cpu_ns is not None and after.cpu_ns < before.cpu_ns


def _rate(before: Optional[int], after: Optional[int], span: float, digits: int) -> Optional[float]:
    """Return how much came to a counter; None where it was set back, as by a device that was taken away."""
    if before is None or after is None or after < before or span <= 0:
        return None
    return round((after - before) / span, digits)
