"""libvirt's own comparison of guests' CPUs with hosts: which host lacks what for which CPU. Changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Any, Optional

from .._model.guest import Guest, GuestCpu
from .._model.host import CpuLack, Host
from .binding import libvirt

# how libvirt's messages name the features: those that the host lacks, or the one that this libvirt has never heard of
_MISSING = re.compile(r"(?:required features:|Unknown CPU feature) (?P<names>[\w.\-]+(?:, ?[\w.\-]+)*)")
Kind = tuple[str, str, GuestCpu]


def kinds_of(guests: Iterable[Guest]) -> tuple[Kind, ...]:
    """Return each CPU that can be compared once, with its architecture and kind of guest, in an order of its own.

    A CPU of the host (passthrough), and one that is chosen anew at each start (host-model), is the same everywhere.
    """
    kinds = {(guest.arch, guest.virt_type, guest.cpu) for guest in guests if _is_named(guest.cpu)}
    return tuple(
        sorted(kinds, key=lambda kind: (kind[0], kind[1], kind[2].model or "", kind[2].features, repr(kind[2])))
    )


def with_lacks(connection: Any, host: Host, kinds: Iterable[Kind]) -> Host:
    """Return the host with what it lacks for those CPUs; models that it does not have at all are known without that."""
    found = []
    for arch, virt_type, cpu in kinds:
        if arch == host.cpu.arch and virt_type in host.virt_types and cpu.model in host.cpu.usable_models:
            lack = lack_of(connection, arch, virt_type, cpu)
            found += [lack] if lack is not None else []
    return dataclasses.replace(host, cpu=dataclasses.replace(host.cpu, lacks=tuple(found))) if found else host


def lack_of(
    connection: Any, arch: str, virt_type: str, cpu: GuestCpu, machine: Optional[str] = None
) -> Optional[CpuLack]:
    """Return what the host of this connection lacks for a CPU, None where nothing, or where QEMU does not tell."""
    flags = libvirt.VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE
    try:
        connection.compareHypervisorCPU(None, arch, machine, virt_type, xml_of(cpu), flags)
    except libvirt.libvirtError as error:
        if not connection.isAlive():
            raise
        # where QEMU does not tell libvirt what CPU it gives there is nothing to compare with
        if error.get_error_code() in (libvirt.VIR_ERR_OPERATION_UNSUPPORTED, libvirt.VIR_ERR_NO_SUPPORT):
            return None
        # incompatible, or so strange to this libvirt that it can't even be read there
        said = " ".join(str(error).split())
        return CpuLack(cpu, virt_type, missing_in(said), said)
    return None


def xml_of(cpu: GuestCpu) -> str:
    """Return the CPU as libvirt compares it: model, vendor and features; topology is the guest's own affair."""
    root = ET.Element("cpu", mode="custom", match="exact")
    ET.SubElement(root, "model", fallback="forbid").text = cpu.model
    if cpu.vendor:
        ET.SubElement(root, "vendor").text = cpu.vendor
    for policy, names in (("require", cpu.features), ("disable", cpu.disabled)):
        for name in names:
            ET.SubElement(root, "feature", policy=policy, name=name)
    return ET.tostring(root, encoding="unicode")


def missing_in(message: str) -> tuple[str, ...]:
    """Return the features that libvirt's message names, sorted."""
    match = _MISSING.search(message)
    return tuple(sorted(name.strip() for name in match["names"].split(","))) if match else ()


def _is_named(cpu: GuestCpu) -> bool:
    return cpu.mode == "custom" and cpu.model is not None
