"""A guest as it is once it has arrived: in which pools its disks are, what it is plugged into. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from .._model.guest import Disk, DiskKind, Guest, GuestState, Interface, Layer
from .._model.host import Host
from .._model.plan import Change, ChangeKind, DiskCopy
from .storage import Reach


def guest_at(guest: Guest, reach: Reach, source: Host, dest: Host) -> Guest:
    """Return the guest with the copies and changes of ``reach``; one that is paused has not run there."""
    ran = guest.has_run and guest.state is not GuestState.PAUSED
    if not reach.copies and not reach.changes and source.pools == dest.pools:
        return guest if ran == guest.has_run else replace(guest, has_run=ran)
    copies = {copy.target: copy for copy in reach.copies}
    return replace(
        guest,
        has_run=ran,
        interfaces=tuple(_plugged(interface, reach.changes) for interface in guest.interfaces),
        disks=tuple(
            _on(_disk(disk, copies.get(disk.target), reach.changes, source, dest), reach, dest) for disk in guest.disks
        ),
    )


def _on(disk: Disk, reach: Reach, dest: Host) -> Disk:
    """Return the disk with the images below it where ``dest`` has them."""
    there = {(twin.source.pool, twin.source.volume): twin.dest for twin in reach.twins}

    def layer_at(layer: Layer) -> Layer:
        ref = there.get((layer.pool or "", layer.volume or ""))
        pool = dest.pool(ref.pool) if ref is not None else None
        if ref is None or pool is None:
            return layer
        return replace(layer, source=f"{pool.path}/{ref.volume}", pool=ref.pool, volume=ref.volume)

    return replace(disk, chain=tuple(layer_at(layer) for layer in disk.chain)) if disk.chain else disk


def _plugged(interface: Interface, changes: tuple[Change, ...]) -> Interface:
    names = {(change.kind.value, change.what): change.to for change in changes}
    return replace(interface, source=names.get((interface.kind, interface.source or ""), interface.source))


def _disk(disk: Disk, copy: Optional[DiskCopy], changes: tuple[Change, ...], source: Host, dest: Host) -> Disk:
    mine = {change.kind: change.to for change in changes if change.what == disk.target}
    if ChangeKind.EJECT in mine:
        return Disk(disk.target, DiskKind.NONE, device=disk.device, readonly=disk.readonly)
    if disk.kind is DiskKind.VOLUME and ChangeKind.POOL in mine:
        disk = replace(disk, source=f"{mine[ChangeKind.POOL]}/{disk.volume}", pool=mine[ChangeKind.POOL])
    elif ChangeKind.FILE in mine:
        disk = replace(disk, source=mine[ChangeKind.FILE], pool=_pool_of(mine[ChangeKind.FILE], dest))
    elif copy is None:
        disk = replace(disk, pool=_same_pool(disk, source, dest))
    if copy is None:
        return disk
    flat = not copy.backing
    return replace(
        disk,
        pool=copy.dest.pool,
        volume=copy.dest.volume,
        backing=copy.backing,
        chain=() if flat else disk.chain,
    )


def _pool_of(path: str, dest: Host) -> Optional[str]:
    inside = [pool for pool in dest.pools if pool.path and path.startswith(pool.path.rstrip("/") + "/")]
    return max(inside, key=lambda pool: len(pool.path or "")).name if inside else None


def _same_pool(disk: Disk, source: Host, dest: Host) -> Optional[str]:
    """Return the name that the pool of a disk which stays where it is has on the other host."""
    here = source.pool(disk.pool)
    if here is None or disk.kind is DiskKind.VOLUME:
        return disk.pool
    same = (
        pool.name for pool in dest.pools if pool.active and (pool.identity, pool.path) == (here.identity, here.path)
    )
    return next(same, disk.pool)
