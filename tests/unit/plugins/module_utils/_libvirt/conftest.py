"""A domain whose metadata behaves as libvirt keeps it, live and persistent apart. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import guest_notes, notes

LIVE, CONFIG, INACTIVE = 1, 2, 2


class FakeDomain:
    """Metadata as virDomainSetMetadata keeps it. ``written``: how often somebody wrote."""

    def __init__(self, active: bool, persistent: bool) -> None:
        self.active, self.persistent, self.written = active, persistent, 0
        self.metadata = {LIVE: "", CONFIG: ""}

    def isActive(self):  # noqa: N802
        return int(self.active)

    def isPersistent(self):  # noqa: N802
        return int(self.persistent)

    def XMLDesc(self, flags):  # noqa: N802
        which = CONFIG if flags & INACTIVE or not self.active else LIVE
        return f"<domain><metadata>{self.metadata[which]}</metadata></domain>"

    def setMetadata(self, _kind, text, _prefix, namespace, flags):  # noqa: N802
        if not (self.active and flags & LIVE) and not (self.persistent and flags & CONFIG):
            raise AssertionError("written to no definition that there is")
        self.written += 1
        for which in (LIVE, CONFIG):
            if flags & which:
                self.metadata[which] = "" if text is None else _in_namespace(text, namespace)

    def put(self, text, which=(LIVE, CONFIG)):
        """Have this element, without namespace, in the metadata from the beginning."""
        for each in which:
            self.metadata[each] = _in_namespace(text, notes.NAMESPACE)

    def notes(self, which=LIVE):
        return notes.read(ET.fromstring(f"<metadata>{self.metadata[which]}</metadata>"))


def _in_namespace(text: str, namespace: str) -> str:
    root = ET.fromstring(text)
    for element in root.iter():
        element.tag = element.tag if element.tag.startswith("{") else f"{{{namespace}}}{element.tag}"
    return ET.tostring(root, encoding="unicode")


@pytest.fixture
def domain_of(monkeypatch):
    """Return a function that makes a domain."""
    constants = SimpleNamespace(
        VIR_DOMAIN_AFFECT_LIVE=LIVE,
        VIR_DOMAIN_AFFECT_CONFIG=CONFIG,
        VIR_DOMAIN_METADATA_ELEMENT=2,
        VIR_DOMAIN_XML_INACTIVE=INACTIVE,
    )
    monkeypatch.setattr(guest_notes, "libvirt", constants)
    return lambda active=True, persistent=True: FakeDomain(active, persistent)
