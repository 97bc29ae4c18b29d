"""Images that must be the same on two hosts: bases below a disk, and read-only media. Pure.

What names and sizes tell is compared here; the contents are compared by the driver before anything is copied.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .._model.guest import Disk, DiskKind, Layer, VolumeRef
from .._model.host import Host, Image
from .._model.plan import Twin
from .maps import pools_at


@dataclass(frozen=True)
class Base:
    """What a copied disk can stand on at the destination; ``twins`` are the local images that this relies on."""

    path: str
    format: Optional[str]
    twins: tuple[Twin, ...]


@dataclass(frozen=True)
class _There:
    path: str
    image: Optional[Image]
    twin: Optional[Twin]


def base_at(disk: Disk, source: Host, dest: Host) -> Optional[Base]:
    """Return the images below the disk as ``dest`` has them, None where one of them is not there alike."""
    if not disk.chain or not dest.reuse_images:
        return None
    found = [_layer_at(layer, source, dest) for layer in disk.chain]
    layers = [layer for layer in found if layer is not None]
    if len(layers) < len(found):
        return None
    for layer, below in zip(layers, [*(each.path for each in layers[1:]), None]):
        if layer.image is not None and layer.image.backing != below:
            return None
    return Base(layers[0].path, disk.chain[0].format, tuple(each.twin for each in layers if each.twin is not None))


def _layer_at(layer: Layer, source: Host, dest: Host) -> Optional[_There]:
    pool = source.pool(layer.pool)
    if pool is None or layer.volume is None:
        return None
    if pool.identity is not None:
        reached = any(
            other.identity == pool.identity and other.path == pool.path for other in pools_at(pool, False, source, dest)
        )
        return _There(layer.source, None, None) if reached else None
    return _alike(VolumeRef(pool.name, layer.volume), False, source, dest)


def media_at(disk: Disk, source: Host, dest: Host) -> Optional[Twin]:
    """Return the twin of a local read-only disk at ``dest``, None where there is none."""
    found = _alike(VolumeRef(disk.pool or "", disk.volume or ""), disk.kind is DiskKind.VOLUME, source, dest)
    return found.twin if found is not None else None


def _alike(ref: VolumeRef, by_name: bool, source: Host, dest: Host) -> Optional[_There]:
    """Return the image of ``dest`` under the same name with the same format and sizes."""
    pool, here = source.pool(ref.pool), source.image(ref.pool, ref.volume)
    if pool is None or here is None:
        return None
    for other in pools_at(pool, by_name, source, dest):
        there = dest.image(other.name, ref.volume) if other.identity is None else None
        if there is not None and _figures(there) == _figures(here):
            return _There(f"{other.path}/{ref.volume}", there, Twin(ref, VolumeRef(other.name, ref.volume)))
    return None


def _figures(image: Image) -> tuple[str, int, int, bool]:
    return image.format, image.capacity, image.length, image.backing is None
