"""The collection's notes in a guest's libvirt metadata: to and from XML under one namespace."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Optional

from .._model.guest import MoveClaim, Notes, VolumeRef

NAMESPACE = "urn:virtfleet:guest:1"
PREFIX = "virtfleet"


def read(metadata: Optional[ET.Element]) -> Notes:
    """Return the notes in a <metadata> element of a guest's XML."""
    root = metadata.find(_tag("guest")) if metadata is not None else None
    if root is None:
        return Notes()
    home = root.find(_tag("home"))
    return Notes(home.get("host") if home is not None else None, _claim(root.find(_tag("move"))))


def write(notes: Notes) -> Optional[str]:
    """Return the XML element that virDomainSetMetadata takes, None where there is nothing to note."""
    if notes == Notes():
        return None
    # libvirt adds the namespace itself: it takes the element with neither prefix nor xmlns
    root = ET.Element("guest")
    if notes.home is not None:
        ET.SubElement(root, "home", {"host": notes.home})
    if notes.claim is not None:
        claim = notes.claim
        autostart = "yes" if claim.autostart else "no"
        move = ET.SubElement(root, "move", {"source": claim.source, "dest": claim.dest, "autostart": autostart})
        for tag, refs in (("volume", claim.volumes), ("copied", claim.copied)):
            for ref in refs:
                ET.SubElement(move, tag, {"pool": ref.pool, "name": ref.volume})
    return ET.tostring(root, encoding="unicode")


def _claim(move: Optional[ET.Element]) -> Optional[MoveClaim]:
    if move is None:
        return None
    autostart = move.get("autostart") == "yes"
    volumes, copied = _refs(move, "volume"), _refs(move, "copied")
    return MoveClaim(move.get("source", ""), move.get("dest", ""), autostart, volumes, copied)


def _refs(move: ET.Element, tag: str) -> tuple[VolumeRef, ...]:
    return tuple(VolumeRef(ref.get("pool", ""), ref.get("name", "")) for ref in move.findall(_tag(tag)))


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
