"""Parse libvirt's XML without entities, and read it shortly. Must not know what a document means."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Optional

from .._model.errors import FleetError

# A suffix that libvirt may put behind a number, as in <memory unit='KiB'>.
UNITS = {
    "b": 1,
    "bytes": 1,
    "KB": 10**3,
    "k": 2**10,
    "KiB": 2**10,
    "MB": 10**6,
    "M": 2**20,
    "MiB": 2**20,
    "GB": 10**9,
    "G": 2**30,
    "GiB": 2**30,
    "TB": 10**12,
    "T": 2**40,
    "TiB": 2**40,
}


def parse(text: str) -> ET.Element:
    """Return the root element; raises FleetError on malformed XML and on any document type (it could hold entities)."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise FleetError("the XML declares a document type, which libvirt never does", "Find out where it comes from")
    try:
        return ET.fromstring(text)
    except ET.ParseError as error:
        raise FleetError(f"malformed XML ({error})", "Find out where it comes from") from error


def text_of(element: Optional[ET.Element], path: str) -> Optional[str]:
    """Return the text at ``path``, None where there is none."""
    found = element.find(path) if element is not None else None
    return found.text if found is not None else None


def attribute(element: Optional[ET.Element], path: str, name: str) -> Optional[str]:
    """Return an attribute of the first element at ``path``, None where there is none."""
    found = element.find(path) if element is not None else None
    return found.get(name) if found is not None else None


def size_of(element: Optional[ET.Element], path: str, default_unit: str) -> int:
    """Return the bytes of an element such as <memory unit='KiB'>; 0 where there is none."""
    found = element.find(path) if element is not None else None
    if found is None or not found.text:
        return 0
    return int(found.text) * UNITS[found.get("unit", default_unit)]


def cells_of(nodeset: str) -> tuple[int, ...]:
    """Return the numbers of a libvirt set such as ``0-3,^2,5``, sorted."""
    chosen: set[int] = set()
    for part in nodeset.replace(" ", "").split(","):
        first, _dash, last = part.lstrip("^").partition("-")
        numbers = set(range(int(first), int(last or first) + 1)) if first else set()
        chosen = chosen - numbers if part.startswith("^") else chosen | numbers
    return tuple(sorted(chosen))
