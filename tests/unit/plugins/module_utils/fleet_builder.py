"""Hosts, guests, disks and snapshots with sensible defaults, so that a test states only what matters to it."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import uuid
from typing import Any

from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Disk,
    DiskKind,
    Guest,
    GuestCpu,
    GuestState,
    Interface,
    MoveClaim,
    Notes,
    VolumeRef,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import (
    Host,
    HostCpu,
    HostState,
    Network,
    Pool,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import DiskCopy, Move
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Method, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot

MIB = 1024 * 1024
GIB = 1024 * MIB

SHARED = Pool("shared", "netfs", True, "/srv/shared", "gluster://store/vol", 500 * GIB, 400 * GIB)
LOCAL = Pool("local", "dir", True, "/srv/local", None, 100 * GIB, 50 * GIB)


def uuid_of(name: str) -> str:
    """Return a UUID that is always the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def guest(name: str = "web", /, **changes: Any) -> Guest:
    """Return a running guest of 512 MiB and one vCPU, with one disk on shared storage."""
    values: dict[str, Any] = {
        "uuid": uuid_of(name),
        "name": name,
        "state": GuestState.RUNNING,
        "memory": 512 * MIB,
        "vcpus": 1,
        "machine": "pc-q35-7.2",
        "cpu": GuestCpu("custom", "qemu64"),
        "disks": (disk(name),),
        "interfaces": (Interface("network", "default"),),
    }
    return Guest(**{**values, **changes})


def disk(name: str = "web", /, pool: str = "shared", **changes: Any) -> Disk:
    """Return the disk vda of the guest ``name``, a file in the pool ``shared`` or ``local``."""
    target = changes.get("target", "vda")
    volume = f"{name}-{target}.qcow2"
    values: dict[str, Any] = {
        "target": target,
        "kind": DiskKind.FILE,
        "source": f"/srv/{pool}/{volume}",
        "format": "qcow2",
        "pool": pool,
        "volume": volume,
        "capacity": 10 * GIB,
        "allocation": GIB,
    }
    return Disk(**{**values, **changes})


def host(name: str, *guests: Guest, **changes: Any) -> Host:
    """Return a schedulable host with 8 GiB and 16 vCPUs to give, a shared pool, a local pool and a network."""
    values: dict[str, Any] = {
        "name": name,
        "state": HostState.SCHEDULABLE,
        "uuid": uuid_of(f"host {name}"),
        "libvirt_version": 9_000_000,
        "qemu_version": 7_002_000,
        "memory": 10 * GIB,
        "allocatable_memory": 8 * GIB,
        "cpus": 4,
        "allocatable_vcpus": 16,
        "cpu": HostCpu("x86_64", "Skylake-Server", "Intel", ("qemu64", "Nehalem")),
        "virt_types": ("kvm", "qemu"),
        "machine_types": ("pc-q35-6.2", "pc-q35-7.2"),
        "pools": (LOCAL, SHARED),
        "networks": (Network("default", True, "virbr0"),),
        "bridges": ("br0", "virbr0"),
        "guests": tuple(sorted(guests, key=lambda item: item.name)),
    }
    return Host(**{**values, **changes})


def snapshot(*hosts: Host) -> Snapshot:
    """Return a fleet snapshot of these hosts, sorted as a survey sorts them."""
    return Snapshot("2026-01-01T00:00:00Z", tuple(sorted(hosts, key=lambda item: item.name)))


def evacuate(*hosts: str, **changes: Any) -> Request:
    """Return the request to empty these hosts."""
    return Request(Goal.EVACUATE, hosts, **changes)


def move(number: int = 1, name: str = "web", source: str = "hv1", dest: str = "hv2", **changes: Any) -> Move:
    """Return a live move of the guest ``name`` that takes ten seconds in estimate."""
    values: dict[str, Any] = {
        "id": f"m{number:04d}",
        "guest": uuid_of(name),
        "name": name,
        "source": source,
        "dest": dest,
        "method": Method.LIVE,
        "est_seconds": 10.0,
        "est_bytes": 512 * MIB,
        "reason": f"{source} is evacuated",
    }
    return Move(**{**values, **changes})


def copy_of(item: Disk, pool: str = "local") -> DiskCopy:
    """Return the copy that takes ``item`` along to the destination's pool of that name."""
    volume = item.volume or ""
    return DiskCopy(
        item.target, VolumeRef(item.pool or "", volume), VolumeRef(pool, volume), "qcow2", item.capacity or 0
    )


def claimed(source: str, dest: str) -> Notes:
    """Return the notes of a guest whose move from ``source`` to ``dest`` was not confirmed."""
    return Notes(home=source, claim=MoveClaim(source, dest))
