"""Bring read-only media to where a guest is going: libvirt migrates no disk that a guest can't write to.

They go through the conductor, since libvirt knows no other way from one host's pool into another's. An image gets its
name once all of it is there: what a run leaves that is killed before is called ``virtfleet-partial-``, and the next one
removes it.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import threading
import xml.etree.ElementTree as ET
from typing import Any

from .._engine.ports import DriverError, Failure
from .._model import prose
from .._model.guest import VolumeRef
from .._model.plan import MediaCopy, Move
from .._model.refusal import Refusal, RefusalCode
from . import volumes
from .binding import libvirt
from .connection import Fleet

PARTIAL = "virtfleet-partial-"
MIB = 1024 * 1024
_PIECE = 256 * 1024


def bring(fleet: Fleet, move: Move, item: MediaCopy, stop: threading.Event) -> bool:
    """Copy the image to the destination; return whether it was not there yet. Raises DriverError or libvirt's error.

    Set ``stop`` to have it given up.
    """
    connection = fleet.control(move.dest)
    if volumes.find(connection, item.dest) is not None:
        return False
    partial = VolumeRef(item.dest.pool, PARTIAL + item.dest.volume)
    volumes.delete(connection, partial)
    _refuse_without_room(connection, move, item)
    try:
        with fleet.lane(move.source) as here, fleet.lane(move.dest) as there:
            pool = there.storagePoolLookupByName(item.dest.pool)
            whole = pool.createXML(_xml(partial.volume, item.length), 0)
            original = here.storagePoolLookupByName(item.source.pool).storageVolLookupByName(item.source.volume)
            _send((here, original), (there, whole), item.length, stop)
            pool.createXMLFrom(_xml(item.dest.volume, item.length), whole, 0)
    finally:
        volumes.delete(connection, partial)
    return True


def _refuse_without_room(connection: Any, move: Move, item: MediaCopy) -> None:
    """It takes its room twice for a moment. The pool has just been read anew."""
    free, need = connection.storagePoolLookupByName(item.dest.pool).info()[3], 2 * item.length
    if free < need:
        facts = {"pool": item.dest.pool, "free_mib": str(free // MIB), "need_mib": str(-(-need // MIB))}
        refusal = Refusal(RefusalCode.DISK_SPACE, move.name, move.dest, facts)
        raise DriverError(Failure(prose.cause(refusal), prose.remedy(refusal)))


def _send(source: tuple[Any, Any], dest: tuple[Any, Any], length: int, stop: threading.Event) -> None:
    """Send one volume's bytes into another; each is given with its connection."""
    reading, writing = source[0].newStream(0), dest[0].newStream(0)
    source[1].download(reading, 0, length, 0)
    dest[1].upload(writing, 0, length, 0)
    ended = False
    try:
        while True:
            data = reading.recv(_PIECE)
            if not data:
                break
            while data:
                data = data[writing.send(data) :]
            if stop.is_set():
                raise DriverError(Failure("the run was interrupted while its media were copied", "Run again"))
        reading.finish()
        writing.finish()
        ended = True
    finally:
        if not ended:
            _abort(reading)
            _abort(writing)


def _abort(stream: Any) -> None:
    """Give a stream up; one that is broken anyway is not needed for it."""
    with contextlib.suppress(libvirt.libvirtError):
        stream.abort()


def _xml(name: str, length: int) -> str:
    root = ET.Element("volume")
    ET.SubElement(root, "name").text = name
    ET.SubElement(root, "capacity", {"unit": "bytes"}).text = str(length)
    ET.SubElement(root, "allocation", {"unit": "bytes"}).text = "0"
    ET.SubElement(ET.SubElement(root, "target"), "format", {"type": "raw"})
    return ET.tostring(root, encoding="unicode")
