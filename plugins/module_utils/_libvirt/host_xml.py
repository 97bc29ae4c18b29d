"""Capabilities, pools and networks as libvirt describes them, turned into values. Must call nothing of libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

from .._model.host import HostCpu, Network, Pool
from .xml import attribute, parse, size_of, text_of

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
class Capabilities:
    """What virConnectGetCapabilities says; ``virt_types`` with kvm first, the one that guests should have."""

    uuid: Optional[str]
    arch: str
    model: Optional[str]
    vendor: Optional[str]
    virt_types: tuple[str, ...]
    machine_types: tuple[str, ...]


def capabilities_of(xml: str) -> Capabilities:
    """Parse the capabilities document; guest architectures other than the host's are left out."""
    root = parse(xml)
    cpu = root.find("host/cpu")
    arch = text_of(cpu, "arch") or ""
    virt_types: set[str] = set()
    machines: set[str] = set()
    for guest in root.findall("guest/arch"):
        if guest.get("name") != arch:
            continue
        virt_types.update(domain.get("type", "") for domain in guest.findall("domain"))
        for machine in guest.iter("machine"):
            machines.update(name for name in (machine.text, machine.get("canonical")) if name)
    return Capabilities(
        uuid=text_of(root, "host/uuid"),
        arch=arch,
        model=text_of(cpu, "model"),
        vendor=text_of(cpu, "vendor"),
        virt_types=tuple(sorted(virt_types, key=lambda name: (name != "kvm", name))),
        machine_types=tuple(sorted(machines)),
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
    return Network(text_of(root, "name") or "", active, attribute(root, "bridge", "name"))


def _identity(kind: str, source: Optional[ET.Element]) -> Optional[str]:
    """Return what makes two pools on two hosts the same storage: type, server and what is taken from it."""
    if kind not in _REMOTE or source is None:
        return None
    part = _REMOTE[kind]
    what = text_of(source, "name") if part == "name" else attribute(source, part, "path")
    hosts = sorted(host.get("name", "") for host in source.findall("host"))
    form = attribute(source, "format", "type") if kind == "netfs" else None
    return f"{form or kind}://{','.join(hosts)}/{(what or '').lstrip('/')}"
