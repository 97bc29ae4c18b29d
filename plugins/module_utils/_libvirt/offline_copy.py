"""How disks of a shut-off guest are copied: by a stand-in, a guest that holds them, never runs and is moved paused.

libvirt copies disks of active guests only. The stand-in has no memory to speak of and nothing that the guest has but
its disks, is transient and paused from its first moment to its last, and so moves data from host to host as a live move
does. The guest itself stays shut off. Must call nothing of libvirt.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import dataclasses
import uuid
import xml.etree.ElementTree as ET
from typing import Optional

from .._model.plan import Change, Move
from .._model.request import Method
from .._model.settings import MoveSettings
from .xml import attribute, parse, text_of

PREFIX = "virtfleet-copy-"
_NAMESPACE = uuid.UUID("5d2fbe0c-6f0d-5c5e-9a5e-0e2f9d6a7c11")
_MEMORY_MIB = 64


def stand_in_uuid(guest: str) -> str:
    """Return the UUID of the stand-in for the guest of that UUID: always the same."""
    return str(uuid.uuid5(_NAMESPACE, guest))


def is_stand_in(name: str, own_uuid: str) -> bool:
    """Return whether a guest is one of ours: name and UUID both say for whom it stands."""
    return name.startswith(PREFIX) and stand_in_uuid(name[len(PREFIX) :]) == own_uuid


def stand_in_move(move: Move) -> Move:
    """Return the move of the stand-in: its disks are called otherwise than the guest's."""
    targets = {item.target: _target(number) for number, item in enumerate(move.copies)}
    return dataclasses.replace(
        move,
        guest=stand_in_uuid(move.guest),
        name=PREFIX + move.guest,
        method=Method.PAUSED,
        home=None,
        copies=tuple(dataclasses.replace(item, target=targets[item.target]) for item in move.copies),
        changes=tuple(
            Change(change.kind, targets[change.what], change.to) for change in move.changes if change.what in targets
        ),
    )


def stand_in_settings(settings: MoveSettings) -> MoveSettings:
    """Return the settings of a guest's move without what is about the guest's name or screen."""
    transfer = dataclasses.replace(settings.transfer, new_name=None, graphics_uri=None)
    return dataclasses.replace(settings, transfer=transfer)


def stand_in_xml(definition: str, move: Move) -> str:
    """Return the stand-in for the guest of that definition; ``move`` is the guest's own."""
    guest = parse(definition)
    root = ET.Element("domain", {"type": guest.get("type", "kvm")})
    _add(root, "name", PREFIX + move.guest)
    _add(root, "uuid", stand_in_uuid(move.guest))
    _add(root, "title", f"copies the disks of {text_of(guest, 'name')}, which is shut off")
    _add(root, "memory", str(_MEMORY_MIB), unit="MiB")
    _add(root, "vcpu", "1")
    machine = guest.find("os/type")
    known = {key: machine.get(key, "") for key in ("arch", "machine") if machine is not None and machine.get(key)}
    _add(_add(root, "os"), "type", "hvm", **known)
    devices = _add(root, "devices")
    emulator = text_of(guest, "devices/emulator")
    if emulator is not None:
        _add(devices, "emulator", emulator)
    _add(devices, "controller", type="usb", model="none")
    disks = {attribute(disk, "target", "dev"): disk for disk in guest.findall("devices/disk")}
    for number, item in enumerate(move.copies):
        devices.append(_disk(disks[item.target], _target(number)))
    _add(devices, "memballoon", model="none")
    return ET.tostring(root, encoding="unicode")


def _disk(original: ET.Element, target: str) -> ET.Element:
    disk = ET.Element("disk", {"type": original.get("type", "file"), "device": "disk"})
    _add(disk, "driver", name="qemu", type=attribute(original, "driver", "type") or "raw")
    for part in ("source", "backingStore"):
        found = original.find(part)
        if found is not None:
            disk.append(copy.deepcopy(found))
    _add(disk, "target", dev=target, bus="virtio")
    return disk


def _target(number: int) -> str:
    """Return vda, vdb ... vdz, vdaa ..."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return f"vd{letters}"


def _add(parent: ET.Element, tag: str, text: Optional[str] = None, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag, attributes)
    child.text = text
    return child
