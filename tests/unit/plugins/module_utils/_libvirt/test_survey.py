"""Hosts on standby are described and never asked. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import survey as survey_file
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.asleep import asleep
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.host_xml import Cell
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.offline_copy import stand_in_uuid
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fleet import HostEntry
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import (
    Host,
    HostState,
    Maintenance,
    NumaCell,
    Pool,
    PowerModel,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import Link
from ansible_collections.virtfleet.migration.plugins.module_utils._model.trial import trial_name, trial_uuid

MIB = 2**20


def entry(**more):
    return HostEntry("hv9", "qemu+tls://hv9/system", standby=True, **more)


def test_a_host_on_standby_has_the_figures_of_the_inventory():
    power = PowerModel(50, 200)
    more = {"power": power, "site": "north", "rack": "r1", "labels": {"a": "b"}, "max_guests": 3}
    found = asleep(entry(memory_mib=4096, cpus=8, **more), None)
    assert (found.name, found.state, found.error) == ("hv9", HostState.STANDBY, None)
    assert (found.memory, found.allocatable_memory) == (4096 * MIB, 3072 * MIB)
    assert (found.cpus, found.allocatable_vcpus) == (8, 32)
    assert (found.power, found.site, found.rack, found.labels) == (power, "north", "r1", {"a": "b"})
    assert found.max_guests == 3


def test_allocatable_figures_win():
    found = asleep(entry(memory_mib=4096, cpus=8, allocatable_memory_mib=100, allocatable_vcpus=3), None)
    assert (found.allocatable_memory, found.allocatable_vcpus) == (100 * MIB, 3)


def test_a_host_of_the_same_build_tells_the_rest_but_nothing_of_its_own():
    guest = Guest("u", "web", GuestState.RUNNING, 1, 1)
    shared, local = Pool("s", "netfs", True, identity="nfs://a/b"), Pool("l", "dir", True)
    twin = Host(
        "hv1",
        HostState.SCHEDULABLE,
        uuid="h-1",
        memory=8192 * MIB,
        cpus=4,
        usage_memory=9,
        virt_types=("kvm",),
        machine_types=("q35",),
        pools=(shared, local),
        numa_cells=(NumaCell(0, 1),),
        power=PowerModel(1, 2),
        site="north",
        labels={"x": "y"},
        guests=(guest,),
    )
    found = asleep(entry(standby_like="hv1"), twin)
    assert (found.name, found.memory, found.allocatable_memory) == ("hv9", 8192 * MIB, 7168 * MIB)
    assert (found.virt_types, found.machine_types, found.pools) == (("kvm",), ("q35",), (shared,))
    assert (found.uuid, found.guests, found.usage_memory, found.numa_cells) == (None, (), 0, ())
    assert (found.power, found.site, found.labels) == (None, None, {})


def test_without_one_a_host_is_as_it_was_known_before_it_went_off():
    local = Pool("l", "dir", True)
    known = Host(
        "hv9", HostState.SCHEDULABLE, memory=2048 * MIB, cpus=4, machine_types=("q35",), pools=(local,), site="north"
    )
    found = asleep(entry(known=known, allocatable_vcpus=3), None)
    assert (found.state, found.memory, found.cpus, found.allocatable_vcpus) == (HostState.STANDBY, 2048 * MIB, 4, 3)
    assert (found.machine_types, found.pools) == (("q35",), (local,))
    assert found.site is None, "the inventory says where it is now"


def test_a_host_on_standby_with_a_mark_stays_in_maintenance():
    found = asleep(entry(memory_mib=1, cpus=1, maintenance=Maintenance("fan")), None)
    assert (found.state, found.maintenance) == (HostState.MAINTENANCE, Maintenance("fan"))


def test_a_host_on_standby_is_not_connected_to():
    def connect(_host):
        raise AssertionError("it was connected to")

    link = Link(("south", "north"), 100.0)
    entries = {"hv9": entry(memory_mib=4096, cpus=8, links=(link,))}
    snapshot = survey_file.survey(SimpleNamespace(entries=entries, timeout=1, control=connect))
    assert [host.state for host in snapshot.hosts] == [HostState.STANDBY]
    assert snapshot.links == (Link(("north", "south"), 100.0),)


def test_only_cells_with_huge_pages_are_asked_for_free_ones():
    asked = []

    def free(sizes, first, count):
        asked.append((sizes, first, count))
        return {first: dict.fromkeys(sizes, 7)}

    connection, host = SimpleNamespace(getFreePages=free), SimpleNamespace(hugepage_sizes=(2048, 1048576))
    assert survey_file._free_pages(connection, Cell(2, 1, {4: 9, 2048: 8, 1048576: 0}), host) == {2048: 7}
    assert survey_file._free_pages(connection, Cell(0, 1, {4: 9}), host) == {}
    assert asked == [([2048], 2, 1)]


@pytest.mark.parametrize("seconds", [-1, 601, float("nan"), float("inf")])
def test_a_look_of_no_sensible_length_is_refused(seconds):
    with pytest.raises(FleetError, match="measure_usage_seconds is"):
        survey_file.survey(SimpleNamespace(entries={}, timeout=1), seconds)


def test_the_stand_in_that_carries_disks_of_a_guest_is_no_guest():
    guest = "5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01"
    domain = SimpleNamespace(name=lambda: f"virtfleet-copy-{guest}", UUIDString=lambda: stand_in_uuid(guest))
    assert survey_file._guest(domain, {}, (), SimpleNamespace()) is None


def test_the_guest_of_a_test_migration_is_no_guest():
    name = trial_name("hv1")
    domain = SimpleNamespace(name=lambda: name, UUIDString=lambda: trial_uuid(name))
    assert survey_file._guest(domain, {}, (), SimpleNamespace()) is None


def test_guests_can_be_plugged_into_what_either_driver_of_libvirt_knows(monkeypatch):
    monkeypatch.setattr(
        survey_file, "libvirt", SimpleNamespace(VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET=0, libvirtError=RuntimeError)
    )
    device = "<device><capability type='net'><interface>{}</interface></capability></device>"
    devices = [SimpleNamespace(XMLDesc=lambda _flags, name=name: device.format(name)) for name in ("eth0", "br0")]
    interfaces = [
        SimpleNamespace(name=lambda name=name: name, XMLDesc=lambda _flags, name=name: f"<interface name='{name}'/>")
        for name in ("br0", "br-late", "vnet3")
    ]
    connection = SimpleNamespace(listAllDevices=lambda _flags: devices, listAllInterfaces=lambda _flags: interfaces)
    found = survey_file._interfaces(connection)
    assert survey_file._bridges(connection, found) == ("br-late", "br0", "eth0")
    assert survey_file._bridges(connection, []) == ("br0", "eth0")
