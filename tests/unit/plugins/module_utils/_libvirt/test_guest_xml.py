"""A guest's XML becomes the right Guest. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.guest_xml import Facts, guest_of
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    DiskKind,
    GuestState,
    Interface,
    JobKind,
    Layer,
    MoveClaim,
    VolumeRef,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Pool

POOLS = (
    Pool("gluster", "netfs", True, path="/var/lib/libvirt/gluster", identity="glusterfs://s/gv0"),
    Pool("local", "dir", True, path="/var/lib/libvirt/images"),
    Pool("inner", "dir", True, path="/var/lib/libvirt/images/inner"),
    Pool("iscsi", "iscsi-direct", True, identity="iscsi-direct://10.0.0.1/iqn.2026-01.lab:guests"),
)


def xml_of(devices: str = "", extra: str = "") -> str:
    return f"""<domain type='qemu'><name>o'brien &amp; söhne</name><uuid>u-1</uuid>{extra}
      <memory unit='MiB'>96</memory><vcpu>2</vcpu><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
      <cpu mode='custom'><model>qemu64</model><feature policy='require' name='svm'/>
      <feature policy='disable' name='nx'/></cpu><devices>{devices}</devices></domain>"""


def guest(devices: str = "", extra: str = "", **stats: object):
    facts = Facts({"state.state": 1, **stats}, persistent=True, autostart=True, snapshots=2, job=JobKind.OTHER)
    return guest_of(xml_of(devices, extra), facts, POOLS)


def disk(xml: str, **stats: object):
    return guest(xml, **stats).disks[0]


def test_identity_size_and_needs_are_read():
    found = guest()
    assert (found.name, found.uuid, found.memory, found.vcpus) == ("o'brien & söhne", "u-1", 96 * 2**20, 2)
    assert (found.machine, found.arch, found.virt_type) == ("pc-q35-7.2", "x86_64", "qemu")
    assert (found.cpu.mode, found.cpu.model, found.cpu.features) == ("custom", "qemu64", ("svm",))
    assert (found.persistent, found.autostart, found.snapshots, found.job) == (True, True, 2, JobKind.OTHER)


def test_its_firmware_is_read():
    code = "/usr/share/OVMF/OVMF_CODE.fd"
    xml = xml_of().replace("<os>", "<os firmware='efi'>").replace("</os>", f"<loader>{code}</loader></os>")
    found = guest_of(xml, Facts({}, persistent=True, autostart=False, snapshots=0, job=None), POOLS)
    assert (found.loader, found.firmware) == (code, "efi")
    assert (guest().loader, guest().firmware) == (None, None)


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (1, GuestState.RUNNING),
        (2, GuestState.RUNNING),
        (3, GuestState.PAUSED),
        (4, GuestState.OTHER),
        (5, GuestState.SHUT_OFF),
        (6, GuestState.CRASHED),
        (7, GuestState.OTHER),
    ],
)
def test_each_state_of_libvirt_has_its_own(number, state):
    assert guest(**{"state.state": number}).state is state


def test_a_file_disk_is_in_the_pool_with_the_longest_matching_path():
    found = disk("<disk type='file'><source file='/var/lib/libvirt/images/inner/a.qcow2'/><target dev='vda'/></disk>")
    assert (found.kind, found.pool, found.volume) == (DiskKind.FILE, "inner", "a.qcow2")


def test_a_file_beside_a_pool_whose_name_it_begins_with_is_in_no_pool():
    found = disk("<disk type='file'><source file='/var/lib/libvirt/images2/a.raw'/><target dev='vda'/></disk>")
    assert (found.pool, found.volume, found.source) == (None, None, "/var/lib/libvirt/images2/a.raw")


def test_a_volume_disk_names_its_pool():
    found = disk("<disk type='volume'><source pool='iscsi' volume='unit:0:0:1'/><target dev='vda'/></disk>")
    assert (found.kind, found.pool, found.volume) == (DiskKind.VOLUME, "iscsi", "unit:0:0:1")


def test_a_network_disk_is_in_the_pool_with_its_server_and_target():
    source = "<source protocol='iscsi' name='iqn.2026-01.lab:guests/1'><host name='10.0.0.1' port='3260'/></source>"
    found = disk(f"<disk type='network'>{source}<target dev='vda'/></disk>")
    assert (found.kind, found.pool) == (DiskKind.NETWORK, "iscsi")
    assert found.source == "iscsi://10.0.0.1/iqn.2026-01.lab:guests/1"


def test_an_empty_cdrom_is_no_disk_to_move():
    found = disk("<disk type='file' device='cdrom'><target dev='sda'/><readonly/></disk>")
    assert (found.kind, found.device, found.readonly) == (DiskKind.NONE, "cdrom", True)


def test_sizes_come_from_the_record_of_the_same_target_and_not_from_a_backing_image():
    stats = {
        "block.count": 3,
        "block.0.name": "vdb",
        "block.0.capacity": 1,
        "block.1.name": "vda",
        "block.1.capacity": 2,
        "block.1.allocation": 3,
        "block.2.name": "vda",
        "block.2.backingIndex": 2,
        "block.2.capacity": 4,
    }
    found = disk("<disk type='file'><source file='/x'/><target dev='vda'/></disk>", **stats)
    assert (found.capacity, found.allocation) == (2, 3)


def test_a_backing_file_is_seen():
    backing = "<backingStore type='file'><source file='/base.qcow2'/></backingStore>"
    assert disk(f"<disk type='file'><source file='/x'/>{backing}<target dev='vda'/></disk>").backing == "/base.qcow2"
    assert disk("<disk type='file'><source file='/x'/><backingStore/><target dev='vda'/></disk>").backing is None


def test_every_image_below_a_disk_is_seen_with_its_pool():
    base = "<format type='raw'/><source file='/elsewhere/base'/><backingStore/>"
    middle = "<format type='qcow2'/><source file='/var/lib/libvirt/images/mid.qcow2'/>"
    below = f"<backingStore type='file'>{middle}<backingStore type='file'>{base}</backingStore></backingStore>"
    found = disk(f"<disk type='file'><source file='/x'/>{below}<target dev='vda'/></disk>")
    assert found.backing == "/var/lib/libvirt/images/mid.qcow2"
    assert found.chain == (
        Layer("/var/lib/libvirt/images/mid.qcow2", "qcow2", "local", "mid.qcow2"),
        Layer("/elsewhere/base", "raw"),
    )


def test_a_file_takes_its_blocks_and_a_device_what_libvirt_calls_its_allocation():
    sizes = {"block.count": 1, "block.0.name": "vda", "block.0.backingIndex": 3}
    sizes.update({"block.0.capacity": 10, "block.0.allocation": 0, "block.0.physical": 7})
    file, device = (f"<disk type='{kind}'><source {name}='/x'/><target dev='vda'/></disk>" for kind, name in KINDS)
    assert (disk(file, **sizes).capacity, disk(file, **sizes).allocation) == (10, 7)
    assert disk(device, **sizes).allocation == 0


KINDS = (("file", "file"), ("block", "dev"))


def test_transient_disks_and_the_file_of_the_firmware_are_seen():
    found = guest("<disk type='file'><source file='/x'/><target dev='vda'/><transient/></disk>", NVRAM)
    assert found.disks[0].transient
    assert found.nvram == "/n/web_VARS.fd"
    assert guest().nvram is None


NVRAM = "<os><nvram>/n/web_VARS.fd</nvram></os>"


def test_a_running_guest_needs_the_network_and_not_the_bridge_behind_it():
    found = guest("<interface type='bridge'><source network='lab' bridge='br0'/></interface>")
    assert found.interfaces == (Interface("network", "lab"),)
    found = guest("<interface type='bridge'><source bridge='br0'/></interface>")
    assert found.interfaces == (Interface("bridge", "br0"),)


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("<hostdev type='pci' mode='subsystem'/>", "pci passthrough"),
        ("<hostdev type='mdev' mode='subsystem'/>", "mdev passthrough"),
        ("<interface type='hostdev'/>", "a hostdev network interface"),
        ("<interface type='vdpa'/>", "a vdpa network interface"),
        ("<filesystem type='mount'/>", "a shared folder"),
        ("<shmem name='x' role='peer'/>", "shared memory"),
    ],
)
def test_devices_that_tie_a_guest_to_its_host_are_named(device, words):
    assert guest(device).unmovable_devices == (words,)


@pytest.mark.parametrize(
    "device",
    [
        "<hostdev type='usb'/>",
        "<interface type='hostdev'><teaming type='transient'/></interface>",
        "<shmem role='master'/>",
    ],
)
def test_devices_that_libvirt_moves_are_not(device):
    assert guest(device).unmovable_devices == ()


def test_notes_are_read_from_the_metadata():
    note = """<metadata><v:guest xmlns:v='urn:virtfleet:guest:1'><v:home host='hv1'/>
      <v:move source='hv1' dest='hv2' autostart='yes'><v:volume pool='local' name='a b'/></v:move>
      </v:guest></metadata>"""
    notes = guest(extra=note).notes
    assert notes.home == "hv1"
    assert notes.claim == MoveClaim("hv1", "hv2", True, (VolumeRef("local", "a b"),))


@pytest.mark.parametrize("bad", ["<domain>", "", "<!DOCTYPE x [<!ENTITY a 'b'>]><domain>&a;</domain>"])
def test_malformed_xml_and_entities_are_refused(bad):
    with pytest.raises(FleetError):
        guest_of(bad, Facts({}, True, False, 0, None), ())


@pytest.mark.parametrize(
    ("stats", "has_run"),
    [
        ({}, True),
        ({"vcpu.maximum": 2, "vcpu.0.time": 0, "vcpu.1.time": 0}, False),
        ({"vcpu.maximum": 2, "vcpu.0.time": 0, "vcpu.1.time": 10_000_000}, True),
        ({"vcpu.maximum": 2, "vcpu.0.state": 1}, True),
    ],
)
def test_a_guest_has_not_run_only_where_every_known_vcpu_took_no_time(stats, has_run):
    assert guest(**stats).has_run is has_run


@pytest.mark.parametrize(
    ("pages", "kib"),
    [
        ("<hugepages/>", 2048),
        ("<hugepages><page size='1048576' unit='KiB'/></hugepages>", 1048576),
        ("<hugepages><page size='1' unit='G' nodeset='0'/><page size='2' unit='M'/></hugepages>", 2048),
        ("<hugepages><page size='1' unit='GiB' nodeset='0'/></hugepages>", 1048576),
        ("<hugepages><page size='4' unit='KiB'/></hugepages>", None),
        ("<nosharepages/>", None),
    ],
)
def test_the_size_of_huge_pages_is_that_for_nodes_without_their_own(pages, kib):
    assert guest(extra=f"<memoryBacking>{pages}</memoryBacking>").hugepage_kib == kib


def test_huge_pages_of_no_certain_size_are_those_that_the_host_has():
    facts = Facts({}, True, False, 0, None, page_kib=64, hugepage_kib=524288)
    found = guest_of(xml_of(extra="<memoryBacking><hugepages/></memoryBacking>"), facts, ())
    assert found.hugepage_kib == 524288


@pytest.mark.parametrize(
    ("numatune", "cells"),
    [
        ("<memory mode='strict' nodeset='1'/>", (1,)),
        ("<memory nodeset='0-3,^2,7'/>", (0, 1, 3, 7)),
        ("<memory mode='preferred' nodeset='1'/>", ()),
        ("<memory mode='interleave' nodeset='0-1'/>", ()),
        ("<memory mode='strict' placement='auto'/>", ()),
        ("<memnode cellid='0' mode='strict' nodeset='2'/><memnode cellid='1' mode='strict' nodeset='0'/>", (0, 2)),
    ],
)
def test_only_strictly_bound_memory_needs_certain_nodes(numatune, cells):
    assert guest(extra=f"<numatune>{numatune}</numatune>").numa_cells == cells


def test_a_guest_without_such_wishes_has_none():
    assert (guest().hugepage_kib, guest().numa_cells) == (None, ())


def test_a_rule_that_can_not_be_read_is_told_by_its_kind():
    note = "<metadata><v:guest xmlns:v='urn:virtfleet:guest:1'><v:rule kind='orbit'/></v:guest></metadata>"
    found = guest(extra=note)
    assert (found.unreadable_rules, found.unmovable_devices) == (("orbit",), ())
    assert found.notes.rules == ()


def test_a_disk_that_is_being_mirrored_makes_the_guest_busy():
    mirror = "<disk type='file'><source file='/a'/><mirror type='file' job='copy'/><target dev='vda'/></disk>"
    facts = Facts({"state.state": 1}, persistent=True, autostart=False, snapshots=0, job=None)
    assert guest_of(xml_of(mirror), facts, POOLS).job is JobKind.OTHER
    assert guest_of(xml_of(), facts, POOLS).job is None


def test_what_libvirt_compares_of_a_cpu_is_read():
    assert guest().cpu.disabled == ("nx",)
