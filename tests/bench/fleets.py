"""Read the benchmark's synthetic fleets (NAME-HOSTS-SEED.json.gz) as what the planner takes. Must judge nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Disk,
    DiskKind,
    Guest,
    GuestState,
    Notes,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState, Pool, PowerModel
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import Rule, RuleKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid, Limit

MIB = 1024 * 1024
GIB = 1024 * MIB
SHARED = Pool("shared", "netfs", True, "/srv/shared", "gluster://store/vol", 1 << 50, 1 << 49)


def read_fleet(path: Path) -> dict[str, Any]:
    """Return the fleet file's document."""
    with gzip.open(path, "rt") as file:
        document: dict[str, Any] = json.load(file)
    return document


def snapshot_of(fleet: dict[str, Any], *, measured: bool = True) -> Snapshot:
    """Return the fleet as a snapshot; ``measured``: what guests use of their vCPUs is known.

    Free memory after placement must be above zero, as Ganeti has it: the last MiB of each host is nobody's.
    """
    guests: dict[str, list[Guest]] = defaultdict(list)
    for each in sorted(fleet["vms"], key=lambda each: each["name"]):
        guests[each["host"]].append(_guest(each, measured))
    hosts = sorted(fleet["hosts"], key=lambda each: each["name"])
    return Snapshot("2026-01-01T00:00:00Z", tuple(_host(each, fleet, guests[each["name"]]) for each in hosts))


def rules_of(fleet: dict[str, Any]) -> tuple[Rule, ...]:
    """Return what the fleet asks for: no two guests of an ``anti`` group on one host."""
    grouped = any(each["anti"] is not None for each in fleet["vms"])
    return (Rule("apart", RuleKind.ANTI_AFFINITY, group_by="anti"),) if grouped else ()


def _guest(each: dict[str, Any], measured: bool) -> Guest:
    volume = f"{each['name']}.qcow2"
    disk = Disk("vda", DiskKind.FILE, f"/srv/shared/{volume}", "qcow2", "shared", volume, capacity=GIB, allocation=GIB)
    return Guest(
        uuid=str(uuid.uuid5(uuid.NAMESPACE_DNS, each["name"])),
        name=each["name"],
        state=GuestState.RUNNING,
        memory=each["mem_mib"] * MIB,
        vcpus=each["vcpus"],
        disks=(disk,),
        usage_cpus=each["cpu_util"] * each["vcpus"] if measured else None,
        notes=Notes(labels={} if each["anti"] is None else {"anti": str(each["anti"])}),
    )


def _host(each: dict[str, Any], fleet: dict[str, Any], guests: list[Guest]) -> Host:
    return Host(
        name=each["name"],
        state=HostState.SCHEDULABLE,
        uuid=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"host {each['name']}")),
        memory=each["mem_mib"] * MIB,
        allocatable_memory=(each["mem_mib"] - each["os_mem_mib"] - 1) * MIB,
        cpus=each["cpus"],
        allocatable_vcpus=int(each["cpus"] * fleet["cpu_ratio"]),
        virt_types=("kvm",),
        pools=(SHARED,),
        power=PowerModel(each["power_idle_w"], each["power_max_w"]),
        guests=tuple(guests),
    )


def grid_of(fleet: dict[str, Any]) -> Grid:
    """Return the fleet as a grid: free memory after placement must be above zero, as Ganeti has it."""
    hosts = sorted(fleet["hosts"], key=lambda host: host["name"])
    guests = sorted(fleet["vms"], key=lambda guest: guest["name"])
    index = {host["name"]: number for number, host in enumerate(hosts)}
    limits, limits_of = _anti(guests, len(hosts))
    everywhere = bytes([1]) * len(hosts)
    return Grid(
        hosts=tuple(host["name"] for host in hosts),
        room_memory=tuple((host["mem_mib"] - host["os_mem_mib"] - 1) * MIB for host in hosts),
        room_vcpus=tuple(int(host["cpus"] * fleet["cpu_ratio"]) for host in hosts),
        blocks=tuple((guest["name"],) for guest in guests),
        names=tuple(guest["name"] for guest in guests),
        memory=tuple(guest["mem_mib"] * MIB for guest in guests),
        vcpus=tuple(guest["vcpus"] for guest in guests),
        cost=tuple(guest["mem_mib"] * MIB for guest in guests),
        at=tuple(index[guest["host"]] for guest in guests),
        reach=tuple(everywhere for _guest in guests),
        parkable=tuple(True for _guest in guests),
        limits=limits,
        limits_of=limits_of,
    )


def _anti(guests: list[dict[str, Any]], hosts: int) -> tuple[tuple[Limit, ...], tuple[tuple[int, ...], ...]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for number, guest in enumerate(guests):
        if guest["anti"] is not None:
            groups[str(guest["anti"])].append(number)
    limits = tuple(
        Limit(f"anti_affinity {name}", dict.fromkeys(groups[name], 1), tuple(range(hosts)), (1,) * hosts)
        for name in sorted(groups)
    )
    of: list[tuple[int, ...]] = [() for _guest in guests]
    for number, limit in enumerate(limits):
        for guest in limit.weight:
            of[guest] = (*of[guest], number)
    return limits, tuple(of) if limits else ()
