"""The stand-in that carries a shut-off guest's disks: what it has of the guest, what not. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.offline_copy import (
    is_stand_in,
    stand_in_move,
    stand_in_settings,
    stand_in_uuid,
    stand_in_xml,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Change, ChangeKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings
from ansible_collections.virtfleet.migration.plugins.module_utils._model.transfer import TransferOptions
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

GUEST = """<domain type='kvm'>
  <name>web &amp; co</name><memory unit='GiB'>64</memory><vcpu>16</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><nvram>/n</nvram></os>
  <devices>
    <emulator>/usr/bin/qemu</emulator>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/><source file='/a/web.qcow2'/>
      <target dev='sda' bus='scsi'/><serial>1</serial></disk>
    <disk type='file' device='cdrom'><source file='/a/x.iso'/><target dev='sdb' bus='sata'/></disk>
    <disk type='volume' device='disk'><source pool='local' volume='b'/><target dev='sdc' bus='scsi'/></disk>
    <interface type='bridge'><source bridge='br0'/></interface>
    <hostdev mode='subsystem' type='pci'/>
  </devices>
</domain>"""
DISKS = [build.disk("web", "local", target=target) for target in ("sda", "sdc")]
MOVE = build.move(method=Method.OFFLINE, home="hv1", copies=tuple(build.copy_of(disk) for disk in DISKS))


def test_it_has_the_disks_that_are_copied_and_nothing_else_of_the_guest():
    root = ET.fromstring(stand_in_xml(GUEST, MOVE))
    disks = root.findall("devices/disk")
    assert [disk.find("source").attrib for disk in disks] == [
        {"file": "/a/web.qcow2"},
        {"pool": "local", "volume": "b"},
    ]
    assert [disk.find("driver").get("type") for disk in disks] == ["qcow2", "raw"]
    assert [disk.find("target").attrib for disk in disks] == [
        {"dev": "vda", "bus": "virtio"},
        {"dev": "vdb", "bus": "virtio"},
    ]
    assert {device.tag for device in root.find("devices")} == {"emulator", "controller", "disk", "memballoon"}
    assert root.find("os/type").attrib == {"arch": "x86_64", "machine": "pc-q35-7.2"}
    assert (root.find("memory").text, root.find("vcpu").text) == ("64", "1")


def test_it_moves_paused_under_a_name_of_its_own_with_its_own_disks():
    change = Change(ChangeKind.FILE, "sdc", "/b/x"), Change(ChangeKind.BRIDGE, "br0", "br1")
    move = stand_in_move(replace(MOVE, changes=change))
    assert (move.method, move.guest, move.home) == (Method.PAUSED, stand_in_uuid(MOVE.guest), None)
    assert [copy.target for copy in move.copies] == ["vda", "vdb"]
    assert [copy.dest for copy in move.copies] == [copy.dest for copy in MOVE.copies]
    assert move.changes == (Change(ChangeKind.FILE, "vdb", "/b/x"),)


def test_it_is_known_by_name_and_uuid_together():
    name = stand_in_move(MOVE).name
    assert is_stand_in(name, stand_in_uuid(MOVE.guest))
    assert not is_stand_in(name, MOVE.guest)
    assert not is_stand_in("web", stand_in_uuid(MOVE.guest))


def test_a_new_name_is_for_the_guest_alone():
    settings = MoveSettings(transfer=TransferOptions(new_name="other"), bandwidth_mibs=7)
    assert stand_in_settings(settings) == MoveSettings(bandwidth_mibs=7)
