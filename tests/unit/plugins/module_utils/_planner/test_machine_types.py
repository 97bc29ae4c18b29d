"""Which hosts lack a machine type or firmware, or will drop it, and what would do everywhere. Needs nothing else."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostCpu, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.machine_type import Firmware, MachineConcern
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.machine_types import (
    machine_findings,
    suggested_type,
)

C = MachineConcern
OVMF = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OLD = ("pc-q35-4.0", "pc-q35-6.2", "pc-q35-7.2", "q35")
NEW = ("pc-q35-10.0", "pc-q35-6.2", "pc-q35-7.2", "q35")


def guest(name="web", machine="pc-q35-7.2", **changes):
    return Guest(f"uuid-{name}", name, GuestState.RUNNING, 1, 1, machine=machine, **changes)


def old(name="hv1", *guests):
    return Host(name, HostState.SCHEDULABLE, qemu_version=7_002_022, machine_types=OLD, guests=guests)


def new(name="hv4", *guests, deprecated=("pc-q35-6.2",)):
    values = {"machine_types": NEW, "deprecated_machine_types": deprecated, "guests": guests}
    return Host(name, HostState.SCHEDULABLE, qemu_version=10_000_002, **values)


def concerns(*hosts, firmware=None):
    """Return what is found about the one guest, as concerns with hosts."""
    (found,) = machine_findings(Snapshot("", hosts), firmware or {})
    return {each.concern: each.hosts for each in found.concerns}


def test_a_guest_that_every_host_supports_is_no_concern() -> None:
    assert concerns(old("hv1", guest()), new()) == {}


def test_a_machine_type_newer_than_a_hosts_qemu_is_too_new_there() -> None:
    assert concerns(old("hv1"), old("hv2"), new("hv4", guest(machine="pc-q35-10.0"))) == {C.TOO_NEW: ("hv1", "hv2")}


def test_a_machine_type_that_a_newer_qemu_does_not_have_is_gone_there() -> None:
    assert concerns(old("hv1", guest(machine="pc-q35-4.0")), new()) == {C.GONE: ("hv4",)}


def test_of_a_distributions_machine_type_it_is_only_known_that_it_is_not_there() -> None:
    assert concerns(old("hv1", guest(machine="pc-i440fx-jammy")), new()) == {C.UNKNOWN: ("hv1", "hv4")}


def test_a_mark_of_qemu_is_told_with_the_hosts_that_give_it() -> None:
    assert concerns(old("hv1", guest(machine="pc-q35-6.2")), new()) == {C.DEPRECATED: ("hv4",)}


def test_the_newest_machine_type_that_all_hosts_know_and_keep_is_suggested() -> None:
    hosts = [old(), new()]
    assert suggested_type("pc-q35-6.2", hosts) == "pc-q35-7.2"
    assert suggested_type("pc-q35-10.0", hosts) == "pc-q35-7.2"
    assert suggested_type("pc-q35-6.2", [new()]) == "pc-q35-10.0"


@pytest.mark.parametrize("machine", ["pc-q35-7.2", "pc-i440fx-7.2", "pc-i440fx-jammy", None])
def test_where_none_is_better_none_is_suggested(machine):
    assert suggested_type(machine, [old(), new()]) is None


def test_a_type_that_any_host_will_drop_is_never_suggested() -> None:
    assert suggested_type("pc-q35-6.2", [old(), new(deprecated=NEW)]) is None


def test_a_host_without_the_firmware_file_is_named() -> None:
    firmware = {"hv1": {"pc-q35-7.2": Firmware((OVMF,), ("efi",))}, "hv4": {"pc-q35-7.2": Firmware((), ("efi",))}}
    assert concerns(old("hv1", guest(loader=OVMF)), new(), firmware=firmware) == {C.FIRMWARE: ("hv4",)}


def test_where_libvirt_is_to_find_a_firmware_the_kind_must_be_there() -> None:
    firmware = {"hv1": {"pc-q35-7.2": Firmware((OVMF,), ("efi",))}, "hv4": {"pc-q35-7.2": Firmware()}}
    assert concerns(old("hv1", guest(firmware="efi")), new(), firmware=firmware) == {C.FIRMWARE: ("hv4",)}
    assert concerns(old("hv1", guest(loader=OVMF, firmware="bios")), new(), firmware=firmware) == {C.FIRMWARE: ("hv4",)}


def test_a_host_that_was_not_asked_about_firmware_says_nothing_about_it() -> None:
    assert concerns(old("hv1", guest(loader=OVMF)), new(), firmware={"hv1": {}}) == {}


def test_hosts_of_another_architecture_or_without_an_answer_are_no_concern() -> None:
    arm = Host("arm1", HostState.SCHEDULABLE, cpu=HostCpu("aarch64"), machine_types=("virt-10.0",))
    silent = Host("hv9", HostState.UNREACHABLE)
    assert concerns(old("hv1", guest()), arm, silent) == {}


def test_guests_come_in_the_order_of_their_names() -> None:
    found = machine_findings(Snapshot("", (old("hv1", guest("web")), new("hv4", guest("db")))), {})
    assert [each.name for each in found] == ["db", "web"]
