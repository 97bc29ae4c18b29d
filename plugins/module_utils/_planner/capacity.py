"""What a host has left: memory, vCPUs, space in its pools, names of guests and volumes. Guests count where active."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

from .._model.guest import Guest, VolumeRef
from .._model.host import Host
from .._model.plan import DiskCopy
from .._model.refusal import Refusal, RefusalCode

MIB = 1024 * 1024


@dataclass(frozen=True)
class Free:
    """Allocatable memory in bytes and vCPUs that no guest has claimed, bytes free in each pool by name.

    Below zero where too much was given out. ``names`` and ``volumes`` are taken: by the guest of that UUID.
    """

    memory: int
    vcpus: int
    pools: Mapping[str, int]
    names: Mapping[str, str] = field(default_factory=dict)
    volumes: Mapping[VolumeRef, str] = field(default_factory=dict)

    def less(self, guest: Guest, copies: Sequence[DiskCopy] = ()) -> Free:
        """Return what is left once ``guest`` has come; a guest that is shut off takes neither memory nor vCPUs."""
        pools = dict(self.pools)
        for pool, size in copy_sizes(guest, copies).items():
            pools[pool] = pools.get(pool, 0) - size
        memory, vcpus = (guest.memory, guest.vcpus) if guest.active else (0, 0)
        names = {**self.names, guest.name: guest.uuid}
        volumes = {**self.volumes, **{copy.dest: guest.uuid for copy in copies}}
        return Free(self.memory - memory, self.vcpus - vcpus, pools, names, volumes)


def free(host: Host) -> Free:
    """Return what ``host`` has left now."""
    pools = {pool.name: pool.available for pool in host.pools}
    active = [guest for guest in host.guests if guest.active]
    return Free(
        host.allocatable_memory - sum(guest.memory for guest in active),
        host.allocatable_vcpus - sum(guest.vcpus for guest in active),
        pools,
        {guest.name: guest.uuid for guest in host.guests},
        {
            VolumeRef(disk.pool, disk.volume): guest.uuid
            for guest in host.guests
            for disk in guest.disks
            if disk.pool and disk.volume
        },
    )


def copy_sizes(guest: Guest, copies: Sequence[DiskCopy]) -> dict[str, int]:
    """Return the bytes that copying the guest's disks takes in each destination pool: what is allocated now."""
    allocation = {disk.target: disk.allocation or disk.capacity or 0 for disk in guest.disks}
    sizes: dict[str, int] = {}
    for copy in copies:
        sizes[copy.dest.pool] = sizes.get(copy.dest.pool, 0) + allocation.get(copy.target, copy.capacity)
    return sizes


def refusals(guest: Guest, copies: Sequence[DiskCopy], host: Host, left: Free) -> tuple[Refusal, ...]:
    """Return why ``guest`` does not fit into what is ``left`` on ``host``."""
    room = (_memory(guest, host, left), _vcpus(guest, host, left)) if guest.active else ()
    found = (*room, _name(guest, host, left), *_space(guest, copies, host, left))
    return (*(refusal for refusal in found if refusal is not None), *_volumes(guest, copies, host, left))


def _name(guest: Guest, host: Host, left: Free) -> Optional[Refusal]:
    owner = left.names.get(guest.name, guest.uuid)
    return None if owner == guest.uuid else Refusal(RefusalCode.NAME_TAKEN, guest.name, host.name, {"uuid": owner})


def _volumes(guest: Guest, copies: Sequence[DiskCopy], host: Host, left: Free) -> tuple[Refusal, ...]:
    taken = [copy.dest for copy in copies if left.volumes.get(copy.dest, guest.uuid) != guest.uuid]
    return tuple(
        Refusal(RefusalCode.DISK_EXISTS, guest.name, host.name, {"pool": volume.pool, "volume": volume.volume})
        for volume in taken
    )


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
