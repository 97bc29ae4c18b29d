"""Images that guests of several hosts rely on: find them on a host, and compare two of them. Changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Optional

from .._model.guest import Disk, Layer, VolumeRef
from .._model.host import Host, Image, Pool
from .._model.plan import Move
from .._model.refusal import Refusal, RefusalCode
from .binding import libvirt
from .connection import Fleet
from .guest_xml import home_of_path
from .xml import attribute, parse, size_of, text_of

MIB = 1024 * 1024
# Of larger images this much is compared, in pieces spread evenly from the first byte to the last.
COMPARED_BYTES = 64 * MIB
PIECES = 16
_PIECE_OF_STREAM = 256 * 1024


def wanted_names(hosts: Iterable[Host]) -> frozenset[str]:
    """Return the names of volumes in local pools that some guest reads and nobody writes: bases and media."""
    return frozenset(
        volume
        for host in hosts
        for guest in host.guests
        for disk in guest.disks
        for pool, volume in _read_only(disk)
        if volume is not None and _is_local(host.pool(pool))
    )


def _read_only(disk: Disk) -> Iterator[tuple[Optional[str], Optional[str]]]:
    if disk.readonly or disk.device in ("cdrom", "floppy"):
        yield disk.pool, disk.volume
    yield from ((layer.pool, layer.volume) for layer in disk.chain)


def _is_local(pool: Optional[Pool]) -> bool:
    return pool is not None and pool.identity is None


def images_of(connection: Any, pools: Sequence[Pool], names: Collection[str]) -> tuple[Image, ...]:
    """Return the volumes of those names in the host's local pools."""
    found: list[Image] = []
    for pool in pools:
        if not pool.active or pool.identity is not None:
            continue
        handle = connection.storagePoolLookupByName(pool.name)
        there = set(handle.listVolumes())
        if not there.issuperset(names):
            # libvirt does not see by itself what somebody has put into the pool
            handle.refresh(0)
            there = set(handle.listVolumes())
        images = (_image(handle, pool, name) for name in sorted(there.intersection(names)))
        found += [image for image in images if image is not None]
    return tuple(found)


def _image(handle: Any, pool: Pool, name: str) -> Optional[Image]:
    try:
        root = parse(handle.storageVolLookupByName(name).XMLDesc(0))
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_VOL:
            return None
        raise
    capacity = size_of(root, "capacity", "bytes")
    return Image(
        pool=pool.name,
        volume=name,
        format=attribute(root, "target/format", "type") or "raw",
        capacity=capacity,
        length=size_of(root, "physical", "bytes") or capacity,
        backing=text_of(root, "backingStore/path"),
    )


def chain_of(connection: Any, volume: Any, pools: Sequence[Pool]) -> tuple[Layer, ...]:
    """Return the images below a volume, as the pools of its host know them; a stranger among them is the last one."""
    found: list[Layer] = []
    root = parse(volume.XMLDesc(0))
    path = text_of(root, "backingStore/path")
    while path is not None and path not in [layer.source for layer in found]:
        pool, name = home_of_path(path, pools)
        found.append(Layer(path, attribute(root, "backingStore/format", "type"), pool, name))
        try:
            root = parse(connection.storageVolLookupByPath(path).XMLDesc(0))
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_VOL:
                break
            raise
        path = text_of(root, "backingStore/path")
    return tuple(found)


def pieces(length: int) -> tuple[tuple[int, int], ...]:
    """Return offsets and sizes of what is compared of an image: everything, or pieces from its beginning to its end."""
    if length <= COMPARED_BYTES:
        return ((0, length),)
    size = COMPARED_BYTES // PIECES
    return tuple((number * (length - size) // (PIECES - 1), size) for number in range(PIECES))


class Digests:
    """Digests of images, each read once: many guests of a run stand on the same."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._known: dict[tuple[str, VolumeRef], str] = {}

    def unlike(self, move: Move) -> list[Refusal]:
        """Return a refusal for each image of the destination that holds something else than its twin at the source."""
        found = []
        for twin in move.twins:
            if self._digest(move.source, twin.source) != self._digest(move.dest, twin.dest):
                facts = {"pool": twin.dest.pool, "volume": twin.dest.volume}
                found.append(Refusal(RefusalCode.IMAGES_DIFFER, move.name, move.dest, facts))
        return found

    def _digest(self, host: str, ref: VolumeRef) -> str:
        if (host, ref) not in self._known:
            self._known[host, ref] = digest_of(self._fleet.control(host), ref)
        return self._known[host, ref]


def digest_of(connection: Any, ref: VolumeRef) -> str:
    """Return a digest of an image's length and contents, of which at most ``COMPARED_BYTES`` are read for it."""
    volume = connection.storagePoolLookupByName(ref.pool).storageVolLookupByName(ref.volume)
    root = parse(volume.XMLDesc(0))
    length = size_of(root, "physical", "bytes") or size_of(root, "capacity", "bytes")
    digest = hashlib.sha256(str(length).encode())
    for offset, size in pieces(length):
        for data in _read(connection, volume, offset, size):
            digest.update(data)
    return digest.hexdigest()


def _read(connection: Any, volume: Any, offset: int, size: int) -> Iterator[bytes]:
    if size == 0:
        return
    stream = connection.newStream(0)
    volume.download(stream, offset, size, 0)
    while True:
        data = stream.recv(_PIECE_OF_STREAM)
        if not data:
            break
        yield data
    stream.finish()
