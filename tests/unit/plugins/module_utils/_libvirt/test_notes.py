"""Notes survive the way into libvirt's metadata and back. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import MoveClaim, Notes, VolumeRef


def as_libvirt_keeps_it(text: str) -> ET.Element:
    """libvirt puts the element in the namespace that was given beside it, children included."""
    metadata = ET.Element("metadata")
    root = ET.fromstring(text)
    for element in root.iter():
        element.tag = f"{{{notes.NAMESPACE}}}{element.tag}"
    metadata.append(root)
    return metadata


@pytest.mark.parametrize(
    "wanted",
    [
        Notes(home="hv1"),
        Notes(claim=MoveClaim("hv1", "hv2", True)),
        Notes(claim=MoveClaim("hv1", "hv2", False, (VolumeRef("ssd", "a"),), (VolumeRef("local", "a"),))),
        Notes("hv <1> & 'x'", MoveClaim("hv1", "hv2", False, (VolumeRef("p", 'a "b".raw'), VolumeRef("ü", "c")))),
    ],
)
def test_what_is_written_is_read_again(wanted):
    text = notes.write(wanted)
    assert text is not None
    assert notes.read(as_libvirt_keeps_it(text)) == wanted


def test_nothing_to_note_is_no_element():
    assert notes.write(Notes()) is None
    assert notes.read(None) == Notes()
    assert notes.read(ET.Element("metadata")) == Notes()
