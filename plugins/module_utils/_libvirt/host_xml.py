"""Capabilities, pools and networks as libvirt describes them, turned into values. Must call nothing of libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Optional

from .._model.host import HostCpu, Network, NumaCell, Pool
from .xml import UNITS, attribute, parse, size_of, text_of

# Where a host has no huge pages at all: the kernel's default on x86_64.
_HUGEPAGE_KIB = 2048

# Pool types whose storage lies elsewhere, with the part of their source that names it beside the host.
_REMOTE = {
    "netfs": "dir",
    "iscsi": "device",
    "iscsi-direct": "device",
    "rbd": "name",
    "gluster": "name",
    "sheepdog": "name",
    "vstorage": "name",
}


@dataclass(frozen=True)
class Cell:
    """A NUMA node: its memory in bytes, and how many pages it is divided into, by size in KiB."""

    id: int
    memory: int
    pages: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Capabilities:
    """What virConnectGetCapabilities says; ``virt_types`` with kvm first, the one that guests should have."""

    uuid: Optional[str]
    arch: str
    model: Optional[str]
    vendor: Optional[str]
    virt_types: tuple[str, ...]
    machine_types: tuple[str, ...]
    cells: tuple[Cell, ...] = ()
    deprecated: tuple[str, ...] = ()

    @property
    def page_kib(self) -> int:
        """The size of normal pages, which is the smallest."""
        return min((size for cell in self.cells for size in cell.pages), default=4)

    @property
    def hugepage_sizes(self) -> tuple[int, ...]:
        """Sizes in KiB of which the host has huge pages set apart, free or not."""
        used = {size for cell in self.cells for size, count in cell.pages.items() if count}
        return tuple(sorted(used - {self.page_kib}))

    @property
    def hugepage_kib(self) -> int:
        """What a guest gets that asks for huge pages of no certain size; libvirt does not tell the kernel's default."""
        return next(iter(self.hugepage_sizes), _HUGEPAGE_KIB)


def capabilities_of(xml: str) -> Capabilities:
    """Parse the capabilities document; guest architectures other than the host's are left out."""
    root = parse(xml)
    cpu = root.find("host/cpu")
    arch = text_of(cpu, "arch") or ""
    virt_types: set[str] = set()
    machines: set[str] = set()
    deprecated: set[str] = set()
    for guest in root.findall("guest/arch"):
        if guest.get("name") != arch:
            continue
        virt_types.update(domain.get("type", "") for domain in guest.findall("domain"))
        for machine in guest.iter("machine"):
            names = [name for name in (machine.text, machine.get("canonical")) if name]
            machines.update(names)
            deprecated.update(names if machine.get("deprecated") == "yes" else ())
    return Capabilities(
        uuid=text_of(root, "host/uuid"),
        arch=arch,
        model=text_of(cpu, "model"),
        vendor=text_of(cpu, "vendor"),
        virt_types=tuple(sorted(virt_types, key=lambda name: (name != "kvm", name))),
        machine_types=tuple(sorted(machines)),
        cells=tuple(_cell(cell) for cell in root.findall("host/topology/cells/cell")),
        deprecated=tuple(sorted(deprecated)),
    )


def numa_cells_of(
    capabilities: Capabilities, memory: int, allocatable: int, free: Mapping[int, Mapping[int, int]]
) -> tuple[NumaCell, ...]:
    """Return the cells with their part of what guests may have; ``free`` has free huge pages by cell and size."""
    given = min(allocatable, memory)
    return tuple(
        NumaCell(
            id=cell.id,
            memory=cell.memory * given // memory if memory else 0,
            hugepages={str(size): count for size, count in sorted(free.get(cell.id, {}).items())},
        )
        for cell in capabilities.cells
    )


def cpu_of(capabilities: Capabilities, domain_capabilities: str) -> HostCpu:
    """Return the host's CPU with the named models that its QEMU can give to guests."""
    modes = parse(domain_capabilities).findall("cpu/mode[@name='custom']/model")
    usable = tuple(sorted(model.text or "" for model in modes if model.get("usable") != "no"))
    return HostCpu(capabilities.arch, capabilities.model, capabilities.vendor, usable)


def pool_of(xml: str, active: bool, shared_pools: Iterable[str]) -> Pool:
    """Return the pool; ``shared_pools`` names pools of this host that the user says all hosts share."""
    root = parse(xml)
    name, kind = text_of(root, "name") or "", root.get("type", "")
    path = text_of(root, "target/path")
    identity = _identity(kind, root.find("source"))
    if identity is None and name in shared_pools:
        identity = f"declared://{name}"
    return Pool(
        name=name,
        kind=kind,
        active=active,
        path=path,
        identity=identity,
        capacity=size_of(root, "capacity", "bytes"),
        available=size_of(root, "available", "bytes"),
    )


def network_of(xml: str, active: bool) -> Network:
    """Return the libvirt network."""
    root = parse(xml)
    mtu = attribute(root, "mtu", "size")
    return Network(text_of(root, "name") or "", active, attribute(root, "bridge", "name"), int(mtu) if mtu else None)


def emulates_tpm(domain_capabilities: str) -> Optional[bool]:
    """Return whether guests can have an emulated TPM, which needs swtpm; None where libvirt does not tell."""
    tpm = parse(domain_capabilities).find("devices/tpm")
    if tpm is None:
        return None
    backends = tpm.findall("enum[@name='backendModel']/value")
    return tpm.get("supported") == "yes" and any(value.text == "emulator" for value in backends)


def mtu_of(interface: str) -> tuple[str, Optional[int]]:
    """Return the name of a network device and its MTU, None where libvirt does not know it."""
    root = parse(interface)
    mtu = attribute(root, "mtu", "size")
    return root.get("name", ""), int(mtu) if mtu else None


def _cell(element: ET.Element) -> Cell:
    pages = {
        int(page.get("size", "0")) * UNITS[page.get("unit", "KiB")] // 1024: int(page.text or 0)
        for page in element.findall("pages")
    }
    return Cell(int(element.get("id", "0")), size_of(element, "memory", "KiB"), pages)


def _identity(kind: str, source: Optional[ET.Element]) -> Optional[str]:
    """Return what makes two pools on two hosts the same storage: type, server and what is taken from it."""
    if kind not in _REMOTE or source is None:
        return None
    part = _REMOTE[kind]
    what = text_of(source, "name") if part == "name" else attribute(source, part, "path")
    hosts = sorted(host.get("name", "") for host in source.findall("host"))
    form = attribute(source, "format", "type") if kind == "netfs" else None
    return f"{form or kind}://{','.join(hosts)}/{(what or '').lstrip('/')}"
