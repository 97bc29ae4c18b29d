"""Whether a guest's disks can be reached from another host, or must be copied there. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Union

from .._model.guest import Disk, DiskKind, Guest, VolumeRef
from .._model.host import Host, Pool
from .._model.plan import DiskCopy
from .._model.refusal import Refusal, RefusalCode

# Pool types in which a volume can be made for libvirt's storage copy to write to.
COPYABLE_POOLS = frozenset({"dir", "fs", "netfs", "logical"})


@dataclass(frozen=True)
class Reach:
    """How a guest's disks get to a host: those to copy along, and what speaks against it."""

    copies: tuple[DiskCopy, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def reach(guest: Guest, source: Host, dest: Host) -> Reach:
    """Class every disk of ``guest`` for a move from ``source`` to ``dest``."""
    results = [_disk_reach(disk, guest, source, dest) for disk in guest.disks]
    copies = tuple(result for result in results if isinstance(result, DiskCopy))
    refusals = tuple(result for result in results if isinstance(result, Refusal))
    return Reach(copies, refusals)


def _disk_reach(disk: Disk, guest: Guest, source: Host, dest: Host) -> Optional[Union[DiskCopy, Refusal]]:
    if disk.kind is DiskKind.NONE:
        return None
    pool = source.pool(disk.pool)
    if pool is None:
        # QEMU is its own client of network storage; a pool is not needed to reach it
        return None if disk.kind is DiskKind.NETWORK else _no_pool(disk, guest, dest)
    if pool.identity is not None:
        return None if _same_storage(disk, pool, dest) else _pool_missing(disk, pool, guest, dest)
    return _copy(disk, pool, guest, source, dest)


def _same_storage(disk: Disk, pool: Pool, dest: Host) -> bool:
    same = [other for other in dest.pools if other.active and other.identity == pool.identity]
    # the guest's XML is not rewritten: names and paths in it must mean the same there
    if disk.kind is DiskKind.VOLUME:
        return any(other.name == pool.name for other in same)
    return any(other.path == pool.path for other in same)


def _copy(disk: Disk, pool: Pool, guest: Guest, source: Host, dest: Host) -> Union[DiskCopy, Refusal]:
    match = next((other for other in dest.pools if other.active and _takes_copy(disk, pool, other)), None)
    if match is None:
        return _pool_missing(disk, pool, guest, dest)
    obstacle = _copy_obstacle(disk, guest, pool) or _other_user(disk, guest, source)
    if obstacle is not None:
        why, remedy = obstacle
        return Refusal(
            RefusalCode.DISK_NOT_COPYABLE,
            guest.name,
            dest.name,
            {"disk": disk.target, "why": why, "remedy": remedy},
        )
    volume = disk.volume or ""
    return DiskCopy(
        target=disk.target,
        source=VolumeRef(pool.name, volume),
        dest=VolumeRef(match.name, volume),
        format=disk.format or "raw",
        capacity=disk.capacity or 0,
    )


def _takes_copy(disk: Disk, pool: Pool, other: Pool) -> bool:
    if other.identity is not None:
        return False
    return other.name == pool.name if disk.kind is DiskKind.VOLUME else other.path == pool.path


def _copy_obstacle(disk: Disk, guest: Guest, pool: Pool) -> Optional[tuple[str, str]]:
    if not guest.active:
        return (
            "libvirt copies disks of active guests only",
            "start the guest, or put the disk on shared storage",
        )
    if disk.readonly or disk.device == "cdrom":
        return "libvirt does not copy read-only media", "eject it, or put the image on shared storage"
    if disk.shareable:
        return "it is shared between guests", "put it on shared storage"
    if disk.backing:
        return f"it has a backing file ({disk.backing})", "flatten it with virsh blockpull"
    if disk.volume is None or disk.capacity is None:
        return f"it is not a volume of pool {pool.name} that libvirt knows", "refresh the pool"
    if pool.kind not in COPYABLE_POOLS:
        return f"volumes can't be made in a pool of type {pool.kind}", "use a dir or logical pool"
    return None


def _other_user(disk: Disk, guest: Guest, source: Host) -> Optional[tuple[str, str]]:
    """A copied disk leaves its source, so no other guest there may need it, nor have it as backing file."""
    for other in source.guests:
        if other.uuid != guest.uuid and any(_uses(user, disk) for user in other.disks):
            return f"guest {other.name} uses it too", "detach it there, or put it on shared storage"
    return None


def _uses(user: Disk, disk: Disk) -> bool:
    if (user.pool, user.volume) == (disk.pool, disk.volume):
        return True
    return disk.source is not None and disk.source in (user.source, user.backing)


def _pool_missing(disk: Disk, pool: Pool, guest: Guest, dest: Host) -> Refusal:
    what = pool.identity or f"{pool.kind} {pool.path or ''}".strip()
    facts = {"disk": disk.target, "pool": pool.name, "what": what}
    return Refusal(RefusalCode.POOL_MISSING, guest.name, dest.name, facts)


def _no_pool(disk: Disk, guest: Guest, dest: Host) -> Refusal:
    facts = {"disk": disk.target, "source": disk.source or "of an unknown kind"}
    return Refusal(RefusalCode.DISK_IN_NO_POOL, guest.name, dest.name, facts)
