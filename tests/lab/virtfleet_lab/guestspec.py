"""What a guest of the lab is: a value, its libvirt XML, the first content of its disk. It asks no libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

from .settings import HOST_GLUSTER_DIR, HOST_GUEST_DIR, HOST_IMAGES_DIR, HOST_SERIAL_DIR, guest_uuid
from .shell import LabError

# chain: local, over a base image. mixed: local, a second disk on Gluster, and a CD-ROM with local media.
DISKS = ("none", "local", "chain", "mixed", "iscsi", "gluster")
LOCAL = ("local", "chain", "mixed")
BASE_VOLUME, MEDIA_VOLUME = "lab-base.raw", "lab-media.iso"
STATES = ("running", "paused", "shutoff")
DEFAULT_MACHINE = "pc-q35-7.2"
RING_BYTES = 64 * 1024
# What kernel, initramfs and ticker need for themselves.
SYSTEM_MIB = 72
SHARED_DISK_BYTES = 8 * 1024 * 1024
TRANSLATION_CACHE_MIB = 64
LOCAL_DISK_BYTES = 32 * 1024 * 1024
# Clocks with a fixed frequency: under load a calibrated one (TSC, local APIC) can run several times too fast or slow.
CLOCKS = "clocksource=hpet tsc=unstable nolapic_timer no_timer_check"
CMDLINE = f"console=ttyS0 quiet {CLOCKS} nokaslr mitigations=off random.trust_cpu=on panic=-1"


@dataclass(frozen=True)
class GuestSpec:
    """A guest as it is meant to be. `lun` is its number at the iSCSI target, 0 without one; `since` is the moment
    from which on it is expected to tick without a hole. It holds `touched_mib` of memory beside its system, and
    writes `writes_mib` of it each second, round and round. `burns`: the share of its CPU that it keeps busy, 0 to 1.
    `bridge`: what it is plugged into directly."""

    name: str
    host: str
    disk: str = "none"
    state: str = "running"
    memory_mib: int = 96
    vcpus: int = 1
    machine: str = DEFAULT_MACHINE
    nic: bool = False
    lun: int = 0
    touched_mib: int = 0
    writes_mib: int = 0
    burns: float = 0.0
    bridge: str = ""
    from_data_file: bool = False
    since: float = 0.0

    @property
    def uuid(self) -> str:
        return guest_uuid(self.name)

    @property
    def volume(self) -> str:
        """The file of its disk in its pool, or at the iSCSI target."""
        if self.disk in LOCAL:
            return f"{self.name}.qcow2"
        return f"{self.name}.raw" if self.disk == "gluster" else f"{self.uuid}.raw"

    @property
    def second_volume(self) -> str:
        """The file of its second disk on Gluster, where it has one."""
        return f"{self.name}-b.raw"


def next_lun(guests: Sequence[GuestSpec]) -> int:
    taken = {guest.lun for guest in guests}
    return next(number for number in range(1, 512) if number not in taken)


def checked(guest: GuestSpec) -> GuestSpec:
    for what, value, allowed in (("disk", guest.disk, DISKS), ("state", guest.state, STATES)):
        if value not in allowed:
            raise LabError(f"Guest {guest.name!r}: {what} {value!r} is not one of {', '.join(allowed)}.")
    if guest.writes_mib and not guest.touched_mib:
        raise LabError(f"Guest {guest.name!r}: say with --touched how much memory it writes to.")
    if not 0 <= guest.burns <= 1:
        raise LabError(f"Guest {guest.name!r}: --burns is a share of one CPU, 0 to 1, not {guest.burns:g}.")
    if guest.touched_mib and guest.touched_mib + SYSTEM_MIB > guest.memory_mib:
        raise LabError(f"Guest {guest.name!r}: of {guest.memory_mib} MiB it can hold {guest.memory_mib - SYSTEM_MIB}.")
    if not guest.name or "/" in guest.name or "\n" in guest.name:
        raise LabError(f"Guest {guest.name!r}: libvirt takes no empty name and none with a slash or a line end.")
    return guest


def first_content(guest: GuestSpec) -> bytes:
    """What a shared disk holds when it is made: different for each guest, the same each time."""
    blocks = SHARED_DISK_BYTES // 4096
    return b"".join(
        hashlib.md5(f"{guest.uuid} {number}".encode()).hexdigest().encode() * 128 for number in range(blocks)
    )


def shared_content(name: str) -> bytes:
    """What a file holds that hosts have in common, such as a base image: the same each time."""
    return b"".join(hashlib.md5(f"{name} {number}".encode()).digest() * 256 for number in range(2048))


def domain_xml(guest: GuestSpec) -> str:
    domain = ET.Element("domain", type="qemu")
    _add(domain, "name", guest.name)
    _add(domain, "uuid", guest.uuid)
    _add(domain, "memory", str(guest.memory_mib), unit="MiB")
    _add(domain, "vcpu", str(guest.vcpus))
    system = _add(domain, "os")
    _add(system, "type", "hvm", arch="x86_64", machine=guest.machine)
    _add(system, "kernel", f"{HOST_GUEST_DIR}/vmlinuz")
    _add(system, "initrd", f"{HOST_GUEST_DIR}/initrd.img")
    _add(system, "cmdline", _command_line(guest))
    features = _add(domain, "features")
    _add(features, "acpi")
    # Translated code may take a gigabyte per guest otherwise.
    _add(_add(features, "tcg"), "tb-cache", str(TRANSLATION_CACHE_MIB), unit="MiB")
    cpu = _add(domain, "cpu", mode="custom", match="exact", check="none")
    _add(cpu, "model", "qemu64", fallback="forbid")
    _add(_add(domain, "clock", offset="utc"), "timer", name="hpet", present="yes")
    _add_devices(domain, guest)
    return ET.tostring(domain, encoding="unicode")


def _command_line(guest: GuestSpec) -> str:
    wanted = {"touched": guest.touched_mib, "writes": guest.writes_mib, "burns": guest.burns}
    return " ".join([CMDLINE, *(f"virtfleet.{name}={value}" for name, value in wanted.items() if value)])


def _add_devices(domain: ET.Element, guest: GuestSpec) -> None:
    devices = _add(domain, "devices")
    _add(devices, "emulator", "/usr/bin/qemu-system-x86_64")
    _add(devices, "controller", type="usb", model="none")
    if guest.disk != "none":
        _add_disk(devices, guest)
    if guest.nic:
        card = _add(devices, "interface", type="network")
        _add(card, "source", network="lab")
        _add(card, "model", type="virtio")
    if guest.bridge:
        card = _add(devices, "interface", type="bridge")
        _add(card, "source", bridge=guest.bridge)
        _add(card, "model", type="virtio")
    serial = _add(devices, "serial", type="file")
    _add(serial, "source", path=f"{HOST_SERIAL_DIR}/{guest.uuid}", append="on")
    _add(serial, "target", port="0")
    _add(devices, "memballoon", model="none")


def _add_disk(devices: ET.Element, guest: GuestSpec) -> None:
    kind = "volume" if guest.disk == "iscsi" else "file"
    disk = _add(devices, "disk", type=kind, device="disk")
    _add(disk, "driver", name="qemu", type="qcow2" if guest.disk in LOCAL else "raw", cache="none")
    if guest.disk == "iscsi":
        _add(disk, "source", pool="iscsi", volume=f"unit:0:0:{guest.lun}")
    else:
        folder = HOST_IMAGES_DIR if guest.disk in LOCAL else HOST_GLUSTER_DIR
        _add(disk, "source", file=f"{folder}/{guest.volume}")
    _add(disk, "target", dev="vda", bus="virtio")
    if guest.disk == "mixed":
        _add_more_disks(devices, guest)


def _add_more_disks(devices: ET.Element, guest: GuestSpec) -> None:
    second = _add(devices, "disk", type="file", device="disk")
    _add(second, "driver", name="qemu", type="raw", cache="none")
    _add(second, "source", file=f"{HOST_GLUSTER_DIR}/{guest.second_volume}")
    _add(second, "target", dev="vdb", bus="virtio")
    media = _add(devices, "disk", type="file", device="cdrom")
    _add(media, "driver", name="qemu", type="raw")
    _add(media, "source", file=f"{HOST_IMAGES_DIR}/{MEDIA_VOLUME}")
    _add(media, "target", dev="sda", bus="sata")
    _add(media, "readonly")


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, tag, attributes)
    child.text = text
    return child
