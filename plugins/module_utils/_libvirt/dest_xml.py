"""A guest's definition as its destination must have it: other names of bridges, networks, pools and files.

Only what lies outside of the guest changes; what the guest itself sees stays as it is. Must call nothing of libvirt.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Optional

from .._model.errors import FleetError
from .._model.plan import Change, ChangeKind
from .xml import attribute, parse


def rewritten(xml: str, changes: Iterable[Change], at_next_start: bool = False) -> str:
    """Return the definition with the changes; raises FleetError where one of them finds nothing to change.

    ``at_next_start``: it is the one for the guest's next start, from which something may have been taken away since.
    """
    root = parse(xml)
    _keep_prefixes(xml)
    devices = root.find("devices")
    for change in changes:
        done = _plugs(devices, change) if change.kind in _ATTRIBUTES else _disks(devices, change)
        if not done and not at_next_start:
            raise FleetError(
                f"the guest's definition has no {change.kind.value} {change.what} to change",
                "It has changed since the plan was made; plan again",
            )
    return ET.tostring(root, encoding="unicode")


def _keep_prefixes(xml: str) -> None:
    """Have namespaces written out under the prefixes that they have in ``xml``: people look for them in metadata."""
    parser = ET.XMLPullParser(events=("start-ns",))
    parser.feed(xml)
    for _event, (prefix, namespace) in parser.read_events():
        if prefix and not _RESERVED.fullmatch(prefix):
            ET.register_namespace(prefix, namespace)


_RESERVED = re.compile(r"ns\d+")
_ATTRIBUTES = {ChangeKind.BRIDGE: "bridge", ChangeKind.NETWORK: "network"}


def _plugs(devices: Optional[ET.Element], change: Change) -> bool:
    name = _ATTRIBUTES[change.kind]
    found = False
    for interface in devices.findall("interface") if devices is not None else ():
        source = interface.find("source")
        if source is None or source.get(name) != change.what:
            continue
        if change.kind is ChangeKind.BRIDGE and source.get("network") is not None:
            continue  # the bridge behind a network, which the network's own change speaks of
        source.set(name, change.to)
        if change.kind is ChangeKind.NETWORK:
            # what libvirt found out about the network here: its bridge, and the port that it was given
            for known in ("bridge", "portid"):
                source.attrib.pop(known, None)
        found = True
    return found


def _disks(devices: Optional[ET.Element], change: Change) -> bool:
    for disk in devices.findall("disk") if devices is not None else ():
        if attribute(disk, "target", "dev") != change.what:
            continue
        if change.kind is ChangeKind.EJECT:
            return _emptied(disk)
        if change.kind is ChangeKind.CHAIN:
            # left out, libvirt looks for itself on what the disk stands there
            for below in disk.findall("backingStore"):
                disk.remove(below)
            return True
        source = disk.find("source")
        if source is None:
            return False
        known = "pool" if change.kind is ChangeKind.POOL else next(n for n in ("file", "dev") if n in source.attrib)
        source.set(known, change.to)
        return True
    return False


def _emptied(drive: ET.Element) -> bool:
    """Take the medium out of a drive that stays; return whether there was one."""
    parts = [part for name in ("source", "backingStore") for part in drive.findall(name)]
    for part in parts:
        drive.remove(part)
    # an empty drive of any other type would have to say of what it is empty
    drive.set("type", "file")
    return bool(parts)
