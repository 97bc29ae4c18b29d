"""How many bytes a disk takes: on the way and at the destination. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable

from .._model.guest import Disk, Guest
from .._model.host import Host
from .._model.plan import DiskCopy


def own_bytes(disk: Disk) -> int:
    """Return what the disk's own image takes now; what was never written takes nothing, nor is it sent."""
    return disk.allocation or disk.capacity or 0


def whole_bytes(disk: Disk, source: Host) -> int:
    """Return what the disk takes together with all images below it: at most its size, which is also the guess where
    one of them is unknown."""
    layers = [source.image(layer.pool, layer.volume) for layer in disk.chain]
    known = [layer.length for layer in layers if layer is not None]
    if len(known) < len(layers) or (disk.backing and not layers):
        return max(own_bytes(disk), disk.capacity or 0)
    capacity = disk.capacity or 0
    return max(own_bytes(disk), min(own_bytes(disk) + sum(known), capacity)) if known else own_bytes(disk)


def copied_bytes(guest: Guest, copy: DiskCopy, source: Host) -> int:
    """Return what the copy sends, and takes at the destination."""
    disk = next((disk for disk in guest.disks if disk.target == copy.target), None)
    if disk is None:
        return copy.capacity
    return own_bytes(disk) if copy.backing is not None else whole_bytes(disk, source)


def by_pool(sizes: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the sums of sizes by pool."""
    found: dict[str, int] = {}
    for pool, size in sizes:
        found[pool] = found.get(pool, 0) + size
    return found
