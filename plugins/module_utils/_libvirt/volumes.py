"""Volumes at the destination of a disk copy: look for them, make them, remove those that a failed move left."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Any

from .._model.guest import VolumeRef
from .._model.plan import DiskCopy
from .binding import libvirt


def existing(connection: Any, copies: Iterable[DiskCopy]) -> tuple[VolumeRef, ...]:
    """Return the volumes of ``copies`` that are at the destination already."""
    return tuple(copy.dest for copy in copies if find(connection, copy.dest) is not None)


def find(connection: Any, ref: VolumeRef) -> Any:
    """Return the volume, None where its pool has none of that name. The pool is read anew first."""
    pool = connection.storagePoolLookupByName(ref.pool)
    pool.refresh(0)
    try:
        return pool.storageVolLookupByName(ref.volume)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_VOL:
            return None
        raise


def create(connection: Any, copy: DiskCopy) -> None:
    """Make an empty volume for the copy, of the same format and size, that takes space only as it is written.

    It stands on the image that the copy is to stand on, if there is one.
    """
    pool = connection.storagePoolLookupByName(copy.dest.pool)
    pool.createXML(_volume_xml(copy), 0)


def allocated(connection: Any, copies: Iterable[DiskCopy]) -> int:
    """Return the bytes that the volumes of ``copies`` take at the destination by now."""
    found = (find(connection, copy.dest) for copy in copies)
    return sum(int(volume.info()[2]) for volume in found if volume is not None)


def taken(connection: Any, ref: VolumeRef) -> int:
    """Return the bytes that a volume takes, 0 where there is none of that name; its pool is not read anew."""
    try:
        return int(connection.storagePoolLookupByName(ref.pool).storageVolLookupByName(ref.volume).info()[2])
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_VOL:
            return 0
        raise


def delete(connection: Any, ref: VolumeRef) -> None:
    """Remove the volume; one that is gone already is what was wanted."""
    volume = find(connection, ref)
    if volume is not None:
        volume.delete(0)


def _volume_xml(copy: DiskCopy) -> str:
    root = ET.Element("volume")
    ET.SubElement(root, "name").text = copy.dest.volume
    ET.SubElement(root, "capacity", {"unit": "bytes"}).text = str(copy.capacity)
    ET.SubElement(root, "allocation", {"unit": "bytes"}).text = "0"
    target = ET.SubElement(root, "target")
    ET.SubElement(target, "format", {"type": copy.format})
    if copy.backing is not None:
        below = ET.SubElement(root, "backingStore")
        ET.SubElement(below, "path").text = copy.backing
        ET.SubElement(below, "format", {"type": copy.backing_format or "raw"})
    return ET.tostring(root, encoding="unicode")
