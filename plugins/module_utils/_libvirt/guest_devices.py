"""Devices in a guest's XML that tie it to its host, or stay there when it leaves. Must call nothing of libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import xml.etree.ElementTree as ET


def unmovable(root: ET.Element) -> tuple[str, ...]:
    """Return what ties the guest to its host while it is active, as qemuMigrationSrcIsAllowed and QEMU have it."""
    found = [f"{dev.get('type')} passthrough" for dev in root.findall("devices/hostdev") if dev.get("type") != "usb"]
    for kind in ("hostdev", "vdpa"):
        nics = root.findall(f"devices/interface[@type='{kind}']")
        found += [f"a {kind} network interface" for nic in nics if nic.find("teaming") is None]
    found += ["a shared folder" for _element in root.findall("devices/filesystem")]
    found += ["shared memory" for shmem in root.findall("devices/shmem") if shmem.get("role") != "master"]
    found += ["the TPM itself" for _element in root.findall("devices/tpm/backend[@type='passthrough']")]
    found += ["a DIMM without a fixed address" for dimm in root.findall("devices/memory") if _loose(dimm)]
    if _ticks_with_its_host(root):
        found.append("the invariant TSC, without a fixed frequency,")
    return tuple(sorted(set(found)))


def of_host(root: ET.Element) -> tuple[str, ...]:
    """Return devices of its host that the guest uses and that are not carried along, those too that allow a move."""
    found = [f"{dev.get('type')} passthrough" for dev in root.findall("devices/hostdev")]
    found += [f"a {nic.get('type')} network interface" for nic in root.findall("devices/interface[@type='hostdev']")]
    found += ["the TPM itself" for _element in root.findall("devices/tpm/backend[@type='passthrough']")]
    found += ["a shared folder" for _element in root.findall("devices/filesystem")]
    return tuple(sorted(set(found)))


def _loose(memory: ET.Element) -> bool:
    """Libvirt gives each DIMM of a running guest a slot and a base, without which it would lie elsewhere there."""
    return memory.get("model") == "dimm" and memory.find("address[@type='dimm']") is None


def _ticks_with_its_host(root: ET.Element) -> bool:
    """QEMU blocks migration with an invariant TSC unless its frequency is set."""
    wants = [each for each in root.findall("cpu/feature[@name='invtsc']") if each.get("policy", "require") == "require"]
    fixed = [timer for timer in root.findall("clock/timer[@name='tsc']") if timer.get("frequency")]
    return bool(wants) and not fixed
