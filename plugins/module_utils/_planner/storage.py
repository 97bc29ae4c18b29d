"""What becomes of a guest's disks when it goes to another host: reached there, copied along, or refused. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

from .._model.guest import Disk, DiskKind, Guest, VolumeRef
from .._model.host import Host, MissingMedia, Pool
from .._model.plan import Change, ChangeKind, DiskCopy, MediaCopy, Twin
from .._model.refusal import Refusal, RefusalCode
from .chains import Base, base_at, media_at
from .maps import pools_at
from .site_storage import stands_for

# Pool types in which a volume can be made for libvirt's storage copy to write to.
COPYABLE_POOLS = frozenset({"dir", "fs", "netfs", "logical"})
# And in which a file can be put that is read as it is; of these formats it has to be.
FILE_POOLS = frozenset({"dir", "fs", "netfs"})
PLAIN_FORMATS = frozenset({"raw", "iso"})
# libvirt fills up a copy of anything else to whole sectors, so that it would not be the same.
SECTOR = 512
# Drives that a guest still has when there is nothing in them.
REMOVABLE = frozenset({"cdrom", "floppy"})


class DiskClass(enum.Enum):
    """What a disk is to two hosts. Codes are stable: they are in explanations.

    SHARED: in a pool that both have. LOCAL: in one of the source alone. NETWORK: QEMU is its own client of it. MEDIA:
    a CD-ROM, floppy or other disk that the guest only reads, in a local pool. EMPTY: a drive with nothing in it.
    DEVICE: a device of the host, handed through. TRANSIENT: thrown away at the guest's end. STRAY: in no pool.
    """

    SHARED = "shared"
    LOCAL = "local"
    NETWORK = "network"
    MEDIA = "media"
    EMPTY = "empty"
    DEVICE = "device"
    TRANSIENT = "transient"
    STRAY = "stray"


@dataclass(frozen=True)
class Fate:
    """What becomes of one disk. Neither copied nor refused: it is reached from there as it is, but for ``changes``."""

    target: str
    disk_class: DiskClass
    copy: Optional[DiskCopy] = None
    refusal: Optional[Refusal] = None
    changes: tuple[Change, ...] = ()
    twins: tuple[Twin, ...] = ()
    media: Optional[MediaCopy] = None


@dataclass(frozen=True)
class Reach:
    """How a guest gets to a host: disks to copy along, what changes in its definition, and what speaks against it.

    ``twins`` are images of both hosts that have to be the same, ``media`` those that it does not have yet.
    """

    copies: tuple[DiskCopy, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    changes: tuple[Change, ...] = ()
    twins: tuple[Twin, ...] = ()
    media: tuple[MediaCopy, ...] = ()


def reach(guest: Guest, source: Host, dest: Host) -> Reach:
    """Sum up what becomes of the disks of ``guest`` on a move from ``source`` to ``dest``."""
    found = fates(guest, source, dest)
    return Reach(
        copies=tuple(fate.copy for fate in found if fate.copy is not None),
        refusals=tuple(fate.refusal for fate in found if fate.refusal is not None),
        changes=tuple(change for fate in found for change in fate.changes),
        twins=tuple(dict.fromkeys(twin for fate in found for twin in fate.twins)),
        media=tuple(fate.media for fate in found if fate.media is not None),
    )


def fates(guest: Guest, source: Host, dest: Host) -> tuple[Fate, ...]:
    """Return what becomes of each disk of ``guest`` on a move from ``source`` to ``dest``."""
    found = tuple(
        _ejected(disk, dest, _fate(disk, guest, source, dest, base_at(disk, source, dest))) for disk in guest.disks
    )
    chained = {disk.target for disk in guest.disks if disk.backing or disk.chain}
    if all(fate.copy is None or fate.copy.backing or fate.target not in chained for fate in found):
        return found
    # libvirt copies either the top layers of all disks or everything of all disks
    return tuple(_ejected(disk, dest, _fate(disk, guest, source, dest, None)) for disk in guest.disks)


def disk_class(disk: Disk, source: Host) -> DiskClass:
    """Return what the disk is, as its own host has it."""
    if disk.kind is DiskKind.NONE:
        return DiskClass.EMPTY
    if disk.transient:
        return DiskClass.TRANSIENT
    pool = source.pool(disk.pool)
    if pool is None:
        if disk.kind is DiskKind.NETWORK:
            return DiskClass.NETWORK
        return DiskClass.DEVICE if disk.kind in (DiskKind.BLOCK, DiskKind.OTHER) else DiskClass.STRAY
    if pool.identity is not None:
        return DiskClass.SHARED
    return DiskClass.MEDIA if disk.readonly or disk.device in REMOVABLE else DiskClass.LOCAL


def _ejected(disk: Disk, dest: Host, fate: Fate) -> Fate:
    """Return the fate of a disk, but taken out of its drive where it would be refused and ``dest`` has that ejected."""
    removable = disk.device in REMOVABLE and fate.disk_class is not DiskClass.TRANSIENT
    if fate.refusal is None or not removable or dest.missing_media is not MissingMedia.EJECT:
        return fate
    return Fate(disk.target, fate.disk_class, changes=(Change(ChangeKind.EJECT, disk.target),))


def _fate(disk: Disk, guest: Guest, source: Host, dest: Host, base: Optional[Base]) -> Fate:
    kind = disk_class(disk, source)
    pool = source.pool(disk.pool)
    refused: Optional[Refusal] = None
    if kind is DiskClass.TRANSIENT and guest.active:
        refused = _refusal(RefusalCode.DISK_TRANSIENT, disk, guest, dest)
    elif kind is DiskClass.DEVICE:
        refused = _refusal(RefusalCode.DISK_DEVICE, disk, guest, dest, source=disk.source or "of another kind")
    elif kind is DiskClass.STRAY or (kind is DiskClass.TRANSIENT and pool is None):
        refused = _refusal(RefusalCode.DISK_IN_NO_POOL, disk, guest, dest, source=disk.source or "of an unknown kind")
    if refused is not None:
        return Fate(disk.target, kind, refusal=refused)
    if pool is None:
        return Fate(disk.target, kind)
    if pool.identity is not None:
        return _shared(disk, kind, pool, guest, source, dest)
    if kind is DiskClass.MEDIA:
        return _media(disk, pool, guest, source, dest)
    found = pools_at(pool, disk.kind is DiskKind.VOLUME, source, dest)
    match = next((other for other in found if other.identity is None), None)
    return _copied(disk, pool, match, guest, source, dest, base)


def _shared(disk: Disk, kind: DiskClass, pool: Pool, guest: Guest, source: Host, dest: Host) -> Fate:
    """Find the same storage at the destination, the images below the disk included."""
    by_name = disk.kind is DiskKind.VOLUME
    same = next((other for other in pools_at(pool, by_name, source, dest) if other.identity == pool.identity), None)
    if same is None:
        # copied whole: what is below it is as little there
        other = None if disk.readonly or disk.device != "disk" else stands_for(pool, by_name, source, dest)
        return _copied(disk, pool, other, guest, source, dest, None)
    moved = (same.name != pool.name) if by_name else (same.path != pool.path)
    base = base_at(disk, source, dest) if disk.chain else None
    if disk.chain and (base is None or moved):
        facts = {"why": f"the image below it ({disk.chain[0].source}) is not the same there"}
        facts["remedy"] = "put the base image there, or flatten the disk with virsh blockpull"
        return Fate(disk.target, kind, refusal=_refusal(RefusalCode.DISK_NOT_COPYABLE, disk, guest, dest, **facts))
    return Fate(disk.target, kind, changes=_moved(disk, pool, same), twins=base.twins if base else ())


def _media(disk: Disk, pool: Pool, guest: Guest, source: Host, dest: Host) -> Fate:
    """Find read-only media under the same name: libvirt copies nothing that the guest can't write to."""
    twin = media_at(disk, source, dest)
    there = dest.pool(twin.dest.pool) if twin is not None else None
    brought = _brought(disk, pool, source, dest) if twin is None else None
    if brought is not None:
        return brought
    if twin is None or there is None:
        facts = {"volume": disk.volume or disk.source or "", "pool": pool.name}
        return Fate(
            disk.target, DiskClass.MEDIA, refusal=_refusal(RefusalCode.MEDIA_MISSING, disk, guest, dest, **facts)
        )
    return Fate(disk.target, DiskClass.MEDIA, changes=_moved(disk, pool, there), twins=(twin,))


def _brought(disk: Disk, pool: Pool, source: Host, dest: Host) -> Optional[Fate]:
    """Return how media come to a host that has them copied, None where it can't take them or has others of the name."""
    image = source.image(disk.pool, disk.volume)
    if dest.missing_media is not MissingMedia.COPY or image is None:
        return None
    if image.format not in PLAIN_FORMATS or image.length % SECTOR:
        return None
    found = pools_at(pool, disk.kind is DiskKind.VOLUME, source, dest)
    match = next((other for other in found if other.identity is None and other.kind in FILE_POOLS), None)
    if match is None or dest.image(match.name, image.volume) is not None:
        return None
    copy = MediaCopy(disk.target, VolumeRef(pool.name, image.volume), VolumeRef(match.name, image.volume), image.length)
    return Fate(disk.target, DiskClass.MEDIA, changes=_moved(disk, pool, match), media=copy)


def _copied(
    disk: Disk,
    pool: Pool,
    match: Optional[Pool],
    guest: Guest,
    source: Host,
    dest: Host,
    base: Optional[Base],
) -> Fate:
    kind = disk_class(disk, source)
    if match is None:
        return Fate(disk.target, kind, refusal=_pool_missing(disk, pool, guest, dest))
    obstacle = _copy_obstacle(disk, match) or _other_user(disk, guest, source)
    if obstacle is not None:
        why, remedy = obstacle
        refusal = _refusal(RefusalCode.DISK_NOT_COPYABLE, disk, guest, dest, why=why, remedy=remedy)
        return Fate(disk.target, kind, refusal=refusal)
    volume = disk.volume or ""
    copy = DiskCopy(
        target=disk.target,
        source=VolumeRef(pool.name, volume),
        dest=VolumeRef(match.name, volume),
        format=disk.format or "raw",
        capacity=disk.capacity or 0,
        backing=base.path if base is not None else None,
        backing_format=base.format if base is not None else None,
    )
    changes = _moved(disk, pool, match)
    if (disk.backing or disk.chain) and (base is None or base.path != disk.chain[0].source):
        changes = (*changes, Change(ChangeKind.CHAIN, disk.target))
    return Fate(disk.target, kind, copy, changes=changes, twins=base.twins if base is not None else ())


def _moved(disk: Disk, pool: Pool, other: Pool) -> tuple[Change, ...]:
    """Return what the definition has to call the disk there, nothing where that is what it calls it here."""
    if disk.kind is DiskKind.VOLUME:
        return () if other.name == pool.name else (Change(ChangeKind.POOL, disk.target, other.name),)
    if other.path == pool.path or other.path is None:
        return ()
    return (Change(ChangeKind.FILE, disk.target, f"{other.path.rstrip('/')}/{disk.volume}"),)


def _copy_obstacle(disk: Disk, match: Pool) -> Optional[tuple[str, str]]:
    if disk.shareable:
        return "it is shared between guests", "put it on shared storage"
    if disk.volume is None or disk.capacity is None:
        return f"it is not a volume of pool {disk.pool} that libvirt knows", "refresh the pool"
    if match.kind not in COPYABLE_POOLS:
        return f"volumes can't be made in a pool of type {match.kind}", "use a dir or logical pool"
    if disk.backing and (disk.format or "raw") == "raw":
        return "it is raw and stands on another image", "flatten it with virsh blockpull"
    return None


def _other_user(disk: Disk, guest: Guest, source: Host) -> Optional[tuple[str, str]]:
    """A copied disk leaves its source, so no other guest there may need it, nor have it below its own."""
    for other in source.guests:
        if other.uuid != guest.uuid and any(_uses(user, disk) for user in other.disks):
            return f"guest {other.name} uses it too", "detach it there, or put it on shared storage"
    return None


def _uses(user: Disk, disk: Disk) -> bool:
    if (user.pool, user.volume) == (disk.pool, disk.volume):
        return True
    return disk.source is not None and disk.source in _paths_of(user)


def _paths_of(user: Disk) -> Iterable[Optional[str]]:
    return (user.source, user.backing, *(layer.source for layer in user.chain))


def _pool_missing(disk: Disk, pool: Pool, guest: Guest, dest: Host) -> Refusal:
    what = pool.identity or f"{pool.kind} {pool.path or ''}".strip()
    return _refusal(RefusalCode.POOL_MISSING, disk, guest, dest, pool=pool.name, what=what)


def _refusal(code: RefusalCode, disk: Disk, guest: Guest, dest: Host, **facts: str) -> Refusal:
    return Refusal(code, guest.name, dest.name, {"disk": disk.target, **facts})
