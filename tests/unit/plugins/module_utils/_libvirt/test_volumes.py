"""The volumes that copies are written to: what they are, and what is told of them. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import volumes
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

COPY = build.copy_of(build.disk("web", "local"))


@pytest.fixture
def made():
    """Return what makes a volume, and gives back its description."""

    def make(copy):
        told = []
        pool = SimpleNamespace(createXML=lambda xml, _flags: told.append(xml))
        volumes.create(SimpleNamespace(storagePoolLookupByName=lambda _name: pool), copy)
        return ET.fromstring(told[0])

    return make


def test_a_volume_has_name_format_and_size_and_takes_nothing_yet(made):
    root = made(COPY)
    assert (root.find("name").text, root.find("target/format").get("type")) == ("web-vda.qcow2", "qcow2")
    assert (root.find("capacity").text, root.find("allocation").text) == (str(10 * build.GIB), "0")
    assert root.find("backingStore") is None


def test_a_volume_for_a_top_layer_stands_on_the_image_that_is_there(made):
    root = made(replace(COPY, backing="/b/base", backing_format="raw"))
    assert root.find("backingStore/path").text == "/b/base"
    assert root.find("backingStore/format").get("type") == "raw"


def test_what_volumes_take_is_summed_up_and_those_that_are_gone_take_nothing(monkeypatch):
    there = {name: SimpleNamespace(info=lambda size=size: [0, 100, size]) for name, size in (("one", 5), ("two", 7))}
    monkeypatch.setattr(volumes, "find", lambda _connection, ref: there.get(ref.volume))
    copies = [replace(COPY, dest=replace(COPY.dest, volume=name)) for name in ("one", "two", "gone")]
    assert volumes.allocated(None, copies) == 12
