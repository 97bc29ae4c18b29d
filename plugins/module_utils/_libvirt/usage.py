"""How many CPUs guests use, from two looks at their CPU time. Reads the clock; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._model.guest import Guest
from .binding import libvirt


@dataclass(frozen=True)
class Look:
    """Nanoseconds of CPU time by UUID, at a moment of the monotonic clock."""

    moment: float
    cpu_time: Mapping[str, int]


def look(connection: Any) -> Look:
    """Return the CPU time that each active guest of the host has used so far."""
    moment = time.monotonic()
    # a guest in the middle of a job must not hold up the look
    flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    found = connection.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_CPU_TOTAL, flags)
    return Look(moment, {domain.UUIDString(): int(stats["cpu.time"]) for domain, stats in found if "cpu.time" in stats})


def with_usage(guests: tuple[Guest, ...], first: Look, second: Look) -> tuple[Guest, ...]:
    """Return the guests with what they used in between; one that came, went or began anew meanwhile has none."""
    seconds = second.moment - first.moment

    def used(guest: Guest) -> Guest:
        before, after = first.cpu_time.get(guest.uuid), second.cpu_time.get(guest.uuid)
        if before is None or after is None or after < before or seconds <= 0:
            return guest
        return dataclasses.replace(guest, usage_cpus=round((after - before) / 1e9 / seconds, 3))

    return tuple(used(guest) for guest in guests)
