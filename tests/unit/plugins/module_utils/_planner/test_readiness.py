"""Readiness of hosts for one another: what keeps any guest from going from the one to the other."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._model.fleet import HostEntry
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState, Maintenance
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import CautionCode, RefusalCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Wanted
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.readiness import readiness

from .. import fleet_builder as build

FLEET = build.snapshot(
    build.host("hv1", build.guest("web", snapshots=2)),
    build.host("hv2", libvirt_version=8_000_000),
    build.host("hv3", state=HostState.UNREACHABLE, error="no answer"),
)


def codes(fleet: Snapshot, entries: dict[str, HostEntry] | None = None) -> dict[tuple[str, str], list[RefusalCode]]:
    found = readiness(fleet, Wanted(), entries)
    return {(each.source, each.dest): [refusal.code for refusal in each.refusals] for each in found}


def test_every_ordered_pair_is_judged_whatever_guests_there_are() -> None:
    assert codes(FLEET) == {
        ("hv1", "hv2"): [],
        ("hv1", "hv3"): [RefusalCode.HOST_UNREACHABLE],
        ("hv2", "hv1"): [],
        ("hv2", "hv3"): [RefusalCode.HOST_UNREACHABLE],
        ("hv3", "hv1"): [RefusalCode.HOST_UNREACHABLE],
        ("hv3", "hv2"): [RefusalCode.HOST_UNREACHABLE],
    }


def test_a_way_to_an_older_release_is_warned_of() -> None:
    found = {(each.source, each.dest): each.cautions for each in readiness(FLEET, Wanted())}
    assert [caution.code for caution in found["hv1", "hv2"]] == [CautionCode.OLDER_RELEASE]
    assert found["hv2", "hv1"] == ()


def test_a_full_host_and_one_in_maintenance_are_ready_all_the_same() -> None:
    full = build.host("hv1", build.guest("web", memory=8 * build.GIB), max_guests=1)
    marked = build.host("hv2", state=HostState.MAINTENANCE, maintenance=Maintenance("memory"))
    assert codes(build.snapshot(full, marked)) == {("hv1", "hv2"): [], ("hv2", "hv1"): []}


def test_a_host_on_standby_neither_sends_nor_receives() -> None:
    fleet = build.snapshot(build.host("hv1"), build.host("hv2", state=HostState.STANDBY))
    assert codes(fleet) == {
        ("hv1", "hv2"): [RefusalCode.HOST_ON_STANDBY],
        ("hv2", "hv1"): [RefusalCode.HOST_ON_STANDBY],
    }


def test_hosts_of_one_uuid_are_ready_for_nobody() -> None:
    fleet = build.snapshot(build.host("hv1", uuid="same"), build.host("hv2", uuid="same"))
    assert set(map(tuple, codes(fleet).values())) == {(RefusalCode.HOST_UUID_TWICE,)}


def test_a_host_without_the_hypervisor_of_the_other_is_not_ready_for_it() -> None:
    fleet = build.snapshot(build.host("hv1"), build.host("hv2", virt_types=("qemu",)))
    assert codes(fleet) == {("hv1", "hv2"): [RefusalCode.VIRT_TYPE], ("hv2", "hv1"): []}


def test_a_daemon_that_knows_no_way_to_the_other_is_refused() -> None:
    entries = {name: HostEntry(name, f"qemu+ssh://{name}/system") for name in ("hv1", "hv2", "hv3")}
    assert codes(FLEET, entries)["hv1", "hv2"] == [RefusalCode.NO_PEER_URI]


def test_a_fleet_of_which_no_host_answers_is_refused_and_no_error() -> None:
    fleet = build.snapshot(*(build.host(name, state=HostState.UNREACHABLE) for name in ("hv1", "hv2")))
    assert set(map(tuple, codes(fleet).values())) == {(RefusalCode.HOST_UNREACHABLE,)}
