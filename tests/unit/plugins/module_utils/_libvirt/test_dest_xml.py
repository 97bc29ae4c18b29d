"""What a guest's definition becomes for its destination, and what of it stays. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.dest_xml import rewritten
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Change, ChangeKind

GUEST = """<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <metadata><v:guest xmlns:v='urn:virtfleet:guest:1'><v:home host='hv1'/></v:guest></metadata>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/><source file='/a/web.qcow2' index='1'/>
      <backingStore type='file'><format type='qcow2'/><source file='/a/base.qcow2'/></backingStore>
      <target dev='vda' bus='virtio'/><address type='pci' slot='0x03'/>
    </disk>
    <disk type='volume' device='disk'><source pool='local' volume='b'/><target dev='vdb' bus='virtio'/></disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>
    <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/></interface>
    <interface type='network'><source network='lan' portid='x' bridge='br0'/></interface>
    <interface type='user'/>
  </devices>
  <qemu:commandline><qemu:arg value='-foo'/></qemu:commandline>
</domain>"""


def changed(*changes: Change, **options: bool) -> ET.Element:
    return ET.fromstring(rewritten(GUEST, changes, **options))


def test_a_bridge_is_changed_where_it_is_plugged_into_and_not_where_it_is_behind_a_network():
    root = changed(Change(ChangeKind.BRIDGE, "br0", "br-lan"))
    sources = [source.attrib for source in root.findall("devices/interface/source")]
    assert sources == [{"bridge": "br-lan"}, {"network": "lan", "portid": "x", "bridge": "br0"}]


def test_a_network_takes_nothing_along_that_only_the_source_knows_of_it():
    root = changed(Change(ChangeKind.NETWORK, "lan", "wan"))
    assert root.find("devices/interface[@type='network']/source").attrib == {"network": "wan"}


def test_a_disk_has_another_path_or_pool_and_the_guest_sees_it_where_it_was():
    root = changed(Change(ChangeKind.FILE, "vda", "/b/web.qcow2"), Change(ChangeKind.POOL, "vdb", "fast"))
    first, second, _cd = root.findall("devices/disk")
    assert first.find("source").get("file") == "/b/web.qcow2"
    assert second.find("source").attrib == {"pool": "fast", "volume": "b"}
    assert first.find("address").get("slot") == "0x03"
    assert first.find("backingStore/source").get("file") == "/a/base.qcow2"


def test_a_disk_that_stands_on_something_else_says_nothing_of_what():
    assert changed(Change(ChangeKind.CHAIN, "vda")).find("devices/disk/backingStore") is None


def test_namespaces_keep_their_prefixes():
    text = rewritten(GUEST, [Change(ChangeKind.BRIDGE, "br0", "br1")])
    assert "<qemu:commandline>" in text
    assert 'xmlns:v="urn:virtfleet:guest:1"' in text


@pytest.mark.parametrize(
    "change",
    [
        Change(ChangeKind.BRIDGE, "br7", "br1"),
        Change(ChangeKind.NETWORK, "br0", "x"),
        Change(ChangeKind.FILE, "vdx", "/x"),
        Change(ChangeKind.FILE, "sda", "/x"),
    ],
)
def test_a_definition_that_has_changed_since_is_an_error_but_for_the_next_start(change: Change):
    with pytest.raises(FleetError, match="has changed since the plan was made"):
        rewritten(GUEST, [change])
    assert ET.canonicalize(rewritten(GUEST, [change], at_next_start=True)) == ET.canonicalize(GUEST)


CD = """<domain><devices><disk type='block' device='cdrom'><driver name='qemu' type='raw'/>
<source dev='/dev/sr0' startupPolicy='optional' index='2'/><backingStore/><target dev='sda' bus='sata'/><readonly/>
<alias name='sata0-0-0'/><address type='drive' unit='0'/></disk></devices></domain>"""


def test_a_drive_is_emptied_and_stays_where_the_guest_sees_it():
    (drive,) = ET.fromstring(rewritten(CD, [Change(ChangeKind.EJECT, "sda")])).findall("devices/disk")
    assert drive.attrib == {"type": "file", "device": "cdrom"}
    assert [part.tag for part in drive] == ["driver", "target", "readonly", "alias", "address"]


def test_a_drive_that_has_been_emptied_meanwhile_is_as_wanted_for_the_next_start_only():
    eject = Change(ChangeKind.EJECT, "sda")
    assert changed(eject, at_next_start=True).find("devices/disk[@device='cdrom']/source") is None
    with pytest.raises(FleetError, match="no eject sda to change"):
        changed(eject)
