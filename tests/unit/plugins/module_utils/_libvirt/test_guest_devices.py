"""Devices that tie a guest to its host are found in its XML, and others are not. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import guest_devices


def domain(devices: str = "", rest: str = "") -> ET.Element:
    return ET.fromstring(f"<domain>{rest}<devices>{devices}</devices></domain>")


@pytest.mark.parametrize(
    ("devices", "what"),
    [
        ("<hostdev mode='subsystem' type='pci'/>", "pci passthrough"),
        ("<hostdev mode='subsystem' type='mdev'/>", "mdev passthrough"),
        ("<interface type='hostdev'/>", "a hostdev network interface"),
        ("<interface type='vdpa'/>", "a vdpa network interface"),
        ("<filesystem type='mount'><driver type='virtiofs'/></filesystem>", "a shared folder"),
        ("<shmem name='x' role='peer'/>", "shared memory"),
        ("<tpm><backend type='passthrough'/></tpm>", "the TPM itself"),
        ("<memory model='dimm'><target/></memory>", "a DIMM without a fixed address"),
    ],
)
def test_what_libvirt_does_not_migrate_is_named(devices: str, what: str) -> None:
    assert guest_devices.unmovable(domain(devices)) == (what,)


@pytest.mark.parametrize(
    "devices",
    [
        "",
        "<hostdev mode='subsystem' type='usb'/>",
        "<interface type='hostdev'><teaming type='transient' persistent='ua-x'/></interface>",
        "<shmem name='x' role='master'/>",
        "<tpm><backend type='emulator'/></tpm>",
        "<memory model='dimm'><address type='dimm' slot='0' base='0x100000000'/></memory>",
        "<disk/>",
    ],
)
def test_what_it_does_migrate_is_not(devices: str) -> None:
    assert guest_devices.unmovable(domain(devices)) == ()


def test_an_invariant_tsc_needs_a_fixed_frequency() -> None:
    cpu = "<cpu><feature policy='{}' name='invtsc'/></cpu><clock><timer name='tsc'{}/></clock>"
    assert guest_devices.unmovable(domain(rest=cpu.format("require", ""))) != ()
    assert guest_devices.unmovable(domain(rest=cpu.format("require", " frequency='2000000000'"))) == ()
    assert guest_devices.unmovable(domain(rest=cpu.format("disable", ""))) == ()


def test_devices_that_stay_behind_are_named_though_they_allow_a_move() -> None:
    usb = "<hostdev mode='subsystem' type='usb'/>"
    assert guest_devices.of_host(domain(usb + usb)) == ("usb passthrough",)
    assert guest_devices.of_host(domain("<hostdev mode='subsystem' type='pci'/>")) == ("pci passthrough",)
    assert guest_devices.of_host(domain("<disk/>")) == ()
