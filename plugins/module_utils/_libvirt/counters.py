"""What libvirt counts of hosts and guests since they began: CPU time, bytes of disks and networks. Decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, Optional

from .binding import libvirt

KIB = 1024


def groups() -> int:
    """Return the statistics of guests that hold these counters, for one bulk call."""
    return int(libvirt.VIR_DOMAIN_STATS_CPU_TOTAL | libvirt.VIR_DOMAIN_STATS_BLOCK | libvirt.VIR_DOMAIN_STATS_INTERFACE)


def disk_bytes(stats: Mapping[str, Any]) -> Optional[int]:
    """Return the bytes that a guest has read from its disks and written to them."""
    return _of_all(stats, "block", ("rd.bytes", "wr.bytes"))


def network_bytes(stats: Mapping[str, Any]) -> Optional[int]:
    """Return the bytes that a guest has received and sent."""
    return _of_all(stats, "net", ("rx.bytes", "tx.bytes"))


def _of_all(stats: Mapping[str, Any], group: str, counters: tuple[str, ...]) -> Optional[int]:
    """Return the sum over all devices: 0 where there is none, None where there are some and nobody counts for any.

    That is so of user-mode networking and of devices of the host, and of the disks of a guest in the middle of a job.
    """
    count = stats.get(f"{group}.count")
    if count is None:
        return None
    names = (f"{group}.{index}.{counter}" for index in range(int(count)) for counter in counters)
    found = [int(stats[name]) for name in names if name in stats]
    return sum(found) if found or not count else None


def balloon_used(stats: Mapping[str, Any]) -> Optional[int]:
    """Return the bytes of memory that a guest says it needs; None where its balloon driver tells nothing.

    What its kernel could hand out at once is not counted: caches too (usable) where it tells that, else what lies idle.
    """
    given, free = stats.get("balloon.current"), stats.get("balloon.usable", stats.get("balloon.unused"))
    return None if given is None or free is None else KIB * max(0, int(given) - int(free))


def host_cpu_ns(connection: Any) -> Optional[int]:
    """Return the nanoseconds in which the host's CPUs did anything, guests included; None where nobody counts them."""
    stats = offered(lambda: connection.getCPUStats(libvirt.VIR_NODE_CPU_STATS_ALL_CPUS, 0))
    return stats["kernel"] + stats["user"] if {"kernel", "user"} <= set(stats) else None


def offered(ask: Callable[[], Mapping[str, int]]) -> Mapping[str, int]:
    """Return what the host's libvirt tells, nothing where its driver can't: the guests matter more."""
    try:
        return ask()
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT:
            return {}
        raise
