"""The guest of a test migration: little memory, no disk, no network, never running. Must call nothing of libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Optional

from .._model.plan import Move
from .._model.request import Method
from .._model.trial import Partner, trial_name, trial_uuid

# longer than any test migration takes: what is older was left behind by a run that was killed
AGE_SECONDS = 900.0
_MEMORY_MIB = 16
_MADE = re.compile(r"made at (\d+)")


def trial_xml(host: str, partner: Partner, now: float) -> str:
    """Return the definition of the guest that tries ``host``. Its title says when it was made, and that it may go."""
    name = trial_name(host)
    root = ET.Element("domain", {"type": partner.virt_type})
    _add(root, "name", name)
    _add(root, "uuid", trial_uuid(name))
    _add(root, "title", f"tries moves to and from {host}, holds nothing and may be destroyed; made at {now:.0f}")
    _add(root, "memory", str(_MEMORY_MIB), unit="MiB")
    _add(root, "vcpu", "1")
    _add(_add(root, "os"), "type", "hvm", arch=partner.arch, machine=partner.machine)
    devices = _add(root, "devices")
    _add(devices, "controller", type="usb", model="none")
    _add(devices, "memballoon", model="none")
    return ET.tostring(root, encoding="unicode")


def trial_move(host: str, source: str, dest: str) -> Move:
    """Return the move of the guest that tries ``host``; it is paused, as nothing in it could run."""
    name = trial_name(host)
    return Move(f"{name}: {source} to {dest}", trial_uuid(name), name, source, dest, Method.PAUSED)


def is_left(title: Optional[str], now: float) -> bool:
    """Return whether a test guest of that title was left behind; one under way has been made just now."""
    made = _MADE.search(title or "")
    return made is None or now - float(made[1]) > AGE_SECONDS


def _add(parent: ET.Element, tag: str, text: Optional[str] = None, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag, attributes)
    child.text = text
    return child
