"""A host is tried with hosts that guests will come home from, by a machine type that both ends have."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostCpu, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.trial import Partner
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.trial import awake, partners
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fleet_builder import (
    guest,
    host,
    snapshot,
)

TRIED = host("hv1", state=HostState.MAINTENANCE)


def names(*others: Host) -> list[str]:
    return [partner.host for partner in partners(snapshot(TRIED, *others), "hv1")]


def machine(here: tuple[str, ...], there: tuple[str, ...], **changes: object) -> str | None:
    fleet = snapshot(host("hv1", machine_types=here), host("hv2", machine_types=there, **changes))
    return next((partner.machine for partner in partners(fleet, "hv1")), None)


def test_it_is_told_what_the_test_guest_is_to_be() -> None:
    assert partners(snapshot(TRIED, host("hv2")), "hv1") == (Partner("hv2", "x86_64", "kvm", "pc-q35-7.2"),)


def test_hosts_with_guests_whose_home_it_is_come_first() -> None:
    away = [guest(name, notes=Notes(home="hv1")) for name in ("a", "b")]
    assert names(host("hv2"), host("hv3", *away), host("hv4", away[0])) == ["hv3", "hv4", "hv2"]


@pytest.mark.parametrize("state", [HostState.MAINTENANCE, HostState.STANDBY, HostState.UNREACHABLE])
def test_only_hosts_that_may_take_guests_take_part(state: HostState) -> None:
    assert names(host("hv2", state=state)) == []


def test_hosts_of_another_kind_take_no_part() -> None:
    other = HostCpu("aarch64", None, None, ())
    assert (
        names(host("hv2", cpu=other), host("hv3", virt_types=("xen",)), host("hv4", machine_types=("virt-8.2",))) == []
    )


def test_a_guest_that_only_emulation_can_run_on_both_is_emulated() -> None:
    (found,) = partners(snapshot(TRIED, host("hv2", virt_types=("qemu",))), "hv1")
    assert found.virt_type == "qemu"


@pytest.mark.parametrize(
    ("here", "there", "taken"),
    [
        (("pc-q35-7.2", "pc-q35-10.0", "q35"), ("pc-q35-7.2", "pc-q35-10.0", "q35"), "pc-q35-10.0"),
        (("pc-q35-7.2", "pc-q35-10.0"), ("pc-q35-7.2", "pc-q35-5.2"), "pc-q35-7.2"),
        (("pc-q35-rhel9.6.0", "pc-q35-rhel9.4.0"), ("pc-q35-rhel9.4.0",), "pc-q35-rhel9.4.0"),
        (("virt-8.2", "virt-9.0"), ("virt-8.2", "virt-9.0"), "virt-9.0"),
        (("pc-i440fx-7.2", "pc"), ("pc-i440fx-7.2", "pc"), "pc-i440fx-7.2"),
        (("q35", "pc"), ("q35", "pc"), None),
    ],
)
def test_the_newest_machine_type_that_both_have_is_taken_and_no_alias(
    here: tuple[str, ...], there: tuple[str, ...], taken: str | None
) -> None:
    assert machine(here, there) == taken


def test_a_machine_type_that_one_of_them_will_drop_is_taken_only_if_there_is_no_other() -> None:
    both = ("pc-q35-6.2", "pc-q35-7.2")
    assert machine(both, both, deprecated_machine_types=("pc-q35-7.2",)) == "pc-q35-6.2"
    assert machine(both, both, deprecated_machine_types=both) == "pc-q35-7.2"


@pytest.mark.parametrize(
    ("here", "said"),
    [
        (host("hv9"), "there is no host hv1"),
        (host("hv1", state=HostState.UNREACHABLE, error="no route"), "libvirt on hv1 does not answer: no route"),
        (host("hv1", machine_types=()), "libvirt on hv1 can start no guest at all"),
    ],
)
def test_a_host_that_cannot_be_tried_at_all_is_refused(here: Host, said: str) -> None:
    with pytest.raises(FleetError, match=said):
        partners(snapshot(here, host("hv2")), "hv1")


def test_hosts_that_answer_are_those_that_are_asked() -> None:
    fleet = snapshot(TRIED, host("hv2"), host("hv3", state=HostState.STANDBY), host("hv4", state=HostState.UNREACHABLE))
    assert awake(fleet) == ("hv1", "hv2")
