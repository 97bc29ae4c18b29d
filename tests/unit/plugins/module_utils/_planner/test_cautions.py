"""What a person should beware of is said, and nothing where there is no cause."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model import prose
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Guest,
    GuestCpu,
    GuestState,
    Interface,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, MissingMedia, Network
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Wanted
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.cautions import LONG_TLS_BYTES, cautions

from .. import fleet_builder as build

HV1, HV2 = build.host("hv1"), build.host("hv2")


def said(
    guest: Guest, source: Host = HV1, dest: Host = HV2, copies: tuple[str, ...] = (), **wanted: Any
) -> list[tuple[str, str]]:
    copied = tuple(build.copy_of(disk) for disk in guest.disks if disk.target in copies)
    found = cautions(guest, source, dest, copied, Wanted(**wanted))
    return [(caution.code.value, prose.cause(caution)) for caution in found]


def test_two_hosts_alike_give_no_cause() -> None:
    assert said(build.guest()) == []


def test_an_older_release_is_named_for_each_of_the_two() -> None:
    newer = build.host("hv1", libvirt_version=11_003_000, qemu_version=10_000_013)
    assert said(build.guest(), newer) == [
        ("older_release", "hv2 has libvirt 9.0.0, older than 11.3.0 where the guest is"),
        ("older_release", "hv2 has QEMU 7.2.0, older than 10.0.13 where the guest is"),
    ]
    assert said(build.guest(), HV1, replace(newer, name="hv2")) == []
    assert said(build.guest(state=GuestState.SHUT_OFF), newer) == []


@pytest.mark.parametrize(
    ("cpu", "libvirt", "warned"),
    [
        (GuestCpu("custom", "qemu64", check="full"), 11_003_000, True),
        (GuestCpu("custom", "qemu64", check="full"), 11_010_000, False),
        (GuestCpu("custom", "qemu64", ("ht",), check="full"), 11_003_000, False),
        (GuestCpu("custom", "qemu64", check="none"), 11_003_000, False),
    ],
)
def test_ht_between_qemu_9_and_10(cpu: GuestCpu, libvirt: int, warned: bool) -> None:
    dest = build.host("hv2", libvirt_version=libvirt, qemu_version=10_000_000)
    found = said(build.guest(cpu=cpu), dest=dest)
    assert bool(found) is warned
    assert all("(extra features: ht)" in text for _code, text in found)


@pytest.mark.parametrize(
    ("here", "there", "warned"),
    [
        (9_000_000, 9_010_000, True),
        (9_000_000, 10_001_000, True),
        (9_000_000, 10_002_000, False),
        (9_010_000, 10_001_000, False),
    ],
)
def test_vmx_into_libvirt_9_10_to_10_1(here: int, there: int, warned: bool) -> None:
    guest = build.guest(cpu=GuestCpu("custom", "qemu64", ("vmx",)))
    found = said(guest, build.host("hv1", libvirt_version=here), build.host("hv2", libvirt_version=there))
    assert [code for code, _text in found] == (["release_pair"] if warned else [])


def test_copies_by_tls_and_post_copy_in_libvirt_10_0_to_10_2() -> None:
    guest = build.guest(disks=(build.disk(pool="local"),))
    old = build.host("hv2", libvirt_version=10_002_000)
    assert [code for code, _text in said(guest, dest=old, copies=("vda",), post_copy=True)] == ["release_pair"]
    assert said(guest, dest=old, copies=("vda",)) == []
    assert said(guest, dest=old, post_copy=True) == []
    assert said(guest, dest=old, copies=("vda",), post_copy=True, tls=False) == []


def test_a_long_encrypted_move_with_an_older_libvirt() -> None:
    large = build.guest(memory=LONG_TLS_BYTES)
    assert [text.split(",")[0] for _code, text in said(large)] == ["64 GiB go by TLS"]
    assert said(large, tls=False) == []
    newest = {"libvirt_version": 11_006_000}
    assert said(large, build.host("hv1", **newest), build.host("hv2", **newest)) == []
    wide = build.guest(disks=(build.disk(pool="local", allocation=LONG_TLS_BYTES),))
    assert [code for code, _text in said(wide, copies=("vda",))] == ["long_tls_move"]
    assert said(wide) == [], "a disk that stays where it is goes by nothing"


@pytest.mark.parametrize("kind", ["bridge", "direct"])
def test_a_smaller_mtu_is_named_and_a_larger_one_is_not(kind: str) -> None:
    guest = build.guest(interfaces=(Interface(kind, "br0"),))
    large, small = build.host("hv1", mtus={"br0": 9000}), build.host("hv2", mtus={"br0": 1500})
    assert said(guest, large, small) == [
        ("smaller_mtu", f"{kind} br0 of hv2 has an MTU of 1500, it has 9000 where the guest is")
    ]
    assert said(guest, small, large) == []
    assert said(guest, large, HV2) == [], "where libvirt does not tell it nothing is claimed"


def test_the_mtu_of_a_network_is_its_own_or_that_of_its_bridge() -> None:
    set_so = build.host("hv1", networks=(Network("default", True, "virbr0", 9000),))
    by_bridge = build.host("hv2", mtus={"virbr0": 1500})
    ((code, text),) = said(build.guest(), set_so, by_bridge)
    assert (code, text.split(" has")[0]) == ("smaller_mtu", "network default of hv2")


def test_devices_that_stay_behind_are_named() -> None:
    ((code, text),) = said(build.guest(host_devices=("usb passthrough",)))
    assert (code, text) == ("host_device", "it uses usb passthrough of its host, which does not come along")


def test_media_that_would_be_ejected_are_named() -> None:
    guest = build.guest(disks=(build.disk("web", "local", target="sda", device="cdrom", readonly=True),))
    assert said(guest) == []
    assert said(guest, dest=replace(HV2, missing_media=MissingMedia.EJECT)) == [
        ("media_ejected", "what is in its drive sda is not on hv2 and is ejected when it goes there")
    ]
