"""What a host has left: allocatable memory, vCPUs, space in its pools. Guests count where they are active."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from .._model.guest import Guest
from .._model.host import Host
from .._model.plan import DiskCopy
from .._model.refusal import Refusal, RefusalCode

MIB = 1024 * 1024


@dataclass(frozen=True)
class Free:
    """Allocatable memory in bytes and vCPUs that no guest has claimed, bytes free in each pool by name.

    Below zero where too much was given out.
    """

    memory: int
    vcpus: int
    pools: Mapping[str, int]

    def less(self, guest: Guest, copies: Sequence[DiskCopy] = ()) -> Free:
        """Return what is left once ``guest`` has come; a guest that is shut off takes neither memory nor vCPUs."""
        pools = dict(self.pools)
        for pool, size in copy_sizes(guest, copies).items():
            pools[pool] = pools.get(pool, 0) - size
        if not guest.active:
            return Free(self.memory, self.vcpus, pools)
        return Free(self.memory - guest.memory, self.vcpus - guest.vcpus, pools)


def free(host: Host) -> Free:
    """Return what ``host`` has left now."""
    left = Free(host.allocatable_memory, host.allocatable_vcpus, {pool.name: pool.available for pool in host.pools})
    for guest in host.guests:
        left = left.less(guest)
    return left


def copy_sizes(guest: Guest, copies: Sequence[DiskCopy]) -> dict[str, int]:
    """Return the bytes that copying the guest's disks takes in each destination pool: what is allocated now."""
    allocation = {disk.target: disk.allocation or disk.capacity or 0 for disk in guest.disks}
    sizes: dict[str, int] = {}
    for copy in copies:
        sizes[copy.dest.pool] = sizes.get(copy.dest.pool, 0) + allocation.get(copy.target, copy.capacity)
    return sizes


def refusals(guest: Guest, copies: Sequence[DiskCopy], host: Host, left: Free) -> tuple[Refusal, ...]:
    """Return why ``guest`` does not fit into what is ``left`` on ``host``."""
    space = _space(guest, copies, host, left)
    if not guest.active:
        return space
    found = (_memory(guest, host, left), _vcpus(guest, host, left), *space)
    return tuple(refusal for refusal in found if refusal is not None)


def _space(guest: Guest, copies: Sequence[DiskCopy], host: Host, left: Free) -> tuple[Refusal, ...]:
    short = {
        pool: {
            "pool": pool,
            "free_mib": str(max(left.pools.get(pool, 0), 0) // MIB),
            "need_mib": str(-(-size // MIB)),
        }
        for pool, size in copy_sizes(guest, copies).items()
        if size > left.pools.get(pool, 0)
    }
    return tuple(Refusal(RefusalCode.DISK_SPACE, guest.name, host.name, short[pool]) for pool in sorted(short))


def _memory(guest: Guest, host: Host, left: Free) -> Optional[Refusal]:
    if guest.memory <= left.memory:
        return None
    facts = {"free_mib": str(max(left.memory, 0) // MIB), "need_mib": str(-(-guest.memory // MIB))}
    return Refusal(RefusalCode.MEMORY, guest.name, host.name, facts)


def _vcpus(guest: Guest, host: Host, left: Free) -> Optional[Refusal]:
    if guest.vcpus <= left.vcpus:
        return None
    facts = {"free": str(max(left.vcpus, 0)), "need": str(guest.vcpus)}
    return Refusal(RefusalCode.VCPUS, guest.name, host.name, facts)
