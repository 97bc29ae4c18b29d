"""Version gates: what is in use and older than a host knows is refused for that host, before anything moves."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.courses import Course
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.gates import refusals_of, transfer_refusals
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.session import carry_out, rehearsal
from ansible_collections.virtfleet.migration.plugins.module_utils._model import prose
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings
from ansible_collections.virtfleet.migration.plugins.module_utils._model.transfer import Compression, TransferOptions
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

NEWEST = {"libvirt_version": 12_008_000, "qemu_version": 10_001_000}
COPIED = build.move(copies=(build.copy_of(build.disk(pool="local")),))
POST_COPY = {"permit_post_copy": True}


def causes(settings: MoveSettings, move: Any = COPIED, source: Any = None, dest: Any = None) -> list[str]:
    """Return what is told of a move from hv1 to hv2, each of the newest unless the test gives another."""
    hosts = (build.host("hv1", **{**NEWEST, **(source or {})}), build.host("hv2", **{**NEWEST, **(dest or {})}))
    return [prose.cause(refusal) for refusal in transfer_refusals(settings, *hosts, move)]


def using(**options: Any) -> MoveSettings:
    return MoveSettings(transfer=TransferOptions(**options))


FLOORS = [
    (using(parallel_connections=2), "libvirt", 5_002_000, "parallel_connections needs libvirt 5.2.0"),
    (using(parallel_connections=2), "qemu", 4_000_000, "parallel_connections needs QEMU 4.0.0"),
    (using(disks_uri="tcp://hv2:1"), "libvirt", 6_008_000, "disks_uri needs libvirt 6.8.0"),
    (
        using(storage_synchronous_writes=True),
        "libvirt",
        8_000_000,
        "storage_synchronous_writes needs libvirt 8.0.0",
    ),
    (using(zerocopy=True), "libvirt", 8_005_000, "zerocopy needs libvirt 8.5.0"),
    (using(zerocopy=True), "qemu", 7_001_000, "zerocopy needs QEMU 7.1.0"),
    (using(compression=Compression.ZLIB), "libvirt", 9_004_000, "compression zlib needs libvirt 9.4.0"),
    (using(compression=Compression.ZSTD), "qemu", 5_000_000, "compression zstd needs QEMU 5.0.0"),
    (using(detect_zeroes=True), "libvirt", 10_009_000, "detect_zeroes needs libvirt 10.9.0"),
    (using(switchover_bandwidth_mibs=9), "libvirt", 11_001_000, "switchover_bandwidth_mibs needs libvirt 11.1.0"),
    (using(switchover_bandwidth_mibs=9), "qemu", 8_002_000, "switchover_bandwidth_mibs needs QEMU 8.2.0"),
    (
        MoveSettings(transfer=TransferOptions(post_copy_bandwidth_mibs=9), **POST_COPY),
        "libvirt",
        5_001_000,
        "post_copy_bandwidth_mibs needs libvirt 5.1.0",
    ),
    (
        MoveSettings(transfer=TransferOptions(parallel_connections=9), **POST_COPY),
        "qemu",
        10_001_000,
        "parallel_connections together with post-copy needs QEMU 10.1.0",
    ),
]


@pytest.mark.parametrize(("settings", "what", "floor", "told"), FLOORS)
@pytest.mark.parametrize("end", ["source", "dest"])
def test_one_release_too_old_is_refused_at_either_end(
    settings: MoveSettings, what: str, floor: int, told: str, end: str
) -> None:
    host = "hv1" if end == "source" else "hv2"
    assert causes(settings, **{end: {f"{what}_version": floor}}) == []
    older = floor - 1
    has = f"{older // 1_000_000}.{older // 1000 % 1000}.{older % 1000}"
    brand = "libvirt" if what == "libvirt" else "QEMU"
    assert causes(settings, **{end: {f"{what}_version": older}}) == [f"{told}, and {host} has {brand} {has}"]


def test_a_host_whose_version_is_not_known_is_left_to_its_own_words() -> None:
    assert causes(using(zerocopy=True), dest={"libvirt_version": 0, "qemu_version": 0}) == []


def test_what_is_about_disks_is_not_asked_for_where_none_is_copied() -> None:
    settings = using(storage_synchronous_writes=True, detect_zeroes=True, disks_uri="tcp://hv2:1")
    old = {"libvirt_version": 6_000_000}
    assert len(causes(settings, dest=old)) == 3
    assert causes(settings, replace(COPIED, copies=()), dest=old) == []


def test_a_guest_that_is_shut_off_asks_for_nothing_of_that() -> None:
    settings = using(zerocopy=True, compression=Compression.ZSTD)
    assert causes(settings, replace(COPIED, method=Method.OFFLINE, copies=()), dest={"libvirt_version": 1}) == []


def test_a_paused_guest_knows_no_post_copy() -> None:
    settings = MoveSettings(transfer=TransferOptions(parallel_connections=2, post_copy_bandwidth_mibs=1), **POST_COPY)
    old = {"qemu_version": 7_002_000}
    assert len(causes(settings, dest=old)) == 1
    assert causes(settings, replace(COPIED, method=Method.PAUSED), dest=old) == []


def test_a_new_name_must_be_free_at_the_destination() -> None:
    taken = {"guests": (build.guest("shop"),)}
    assert causes(using(new_name="shop"), dest=taken) == [
        f"hv2 already has another guest of that name (UUID {build.uuid_of('shop')})"
    ]
    assert causes(using(new_name="other"), dest=taken) == []
    assert causes(using(new_name="shop"), dest={"guests": (build.guest("shop", uuid=build.uuid_of("web")),)}) == []


def test_a_migration_that_is_under_way_is_past_asking() -> None:
    fleet = build.snapshot(build.host("hv1", build.guest()), build.host("hv2"))
    courses = {COPIED.id: Course(settings=using(detect_zeroes=True))}
    assert [len(found) for found in refusals_of([COPIED], courses, fleet).values()] == [2]
    assert refusals_of([replace(COPIED, adopt=True)], courses, fleet) == {}


def rehearsed(settings: MoveSettings, new_name: Any = None) -> Any:
    fleet = build.snapshot(build.host("hv1", build.guest()), build.host("hv2"))
    plan = make_plan(fleet, build.evacuate("hv1"))
    driver, look = rehearsal(fleet, 0.0, new_name)
    return carry_out(plan, fleet, driver, RunOptions(settings), lambda _event, _facts: None, look)


def test_check_mode_refuses_what_the_run_would() -> None:
    report = rehearsed(using(parallel_connections=2, compression=Compression.ZSTD))
    (move,) = report["moves"]
    assert move["outcome"] == "refused"
    assert move["error"] == (
        "compression zstd needs libvirt 9.4.0, and hv1 has libvirt 9.0.0; "
        "compression zstd needs libvirt 9.4.0, and hv2 has libvirt 9.0.0"
    )
    assert move["remedy"].startswith("upgrade it there, or leave compression zstd out")
    assert report["placement"]["after"] == {"hv1": ["web"], "hv2": []}


def test_check_mode_foresees_the_new_name() -> None:
    report = rehearsed(using(new_name="shop"), "shop")
    assert report["placement"] == {"before": {"hv1": ["web"], "hv2": []}, "after": {"hv1": [], "hv2": ["shop"]}}
    assert report["problems"] == []
