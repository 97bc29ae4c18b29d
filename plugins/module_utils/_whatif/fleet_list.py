"""A fleet from a simple list of hosts and guests, for those who have no snapshot. Knows no disks: they are shared."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from .._model.codec import DecodeError, from_json
from .._model.errors import FleetError
from .._model.guest import Guest, GuestState, Notes
from .._model.host import Host, HostState, PowerModel
from .._model.snapshot import Snapshot

MIB = 1024 * 1024
# of a fleet that was never surveyed; any would do
TAKEN_AT = "2026-01-05T00:00:00Z"


@dataclass(frozen=True)
class HostLine:
    """A host of the list; memory is what guests may have of it."""

    name: str
    cpus: int
    memory_mib: int
    power: PowerModel
    cpu_overcommit: float = 4.0
    standby: bool = False
    site: Optional[str] = None
    rack: Optional[str] = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class GuestLine:
    """A guest of the list, and the host where it begins."""

    name: str
    host: str
    vcpus: int
    memory_mib: int
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FleetList:
    """The whole list."""

    hosts: tuple[HostLine, ...]
    guests: tuple[GuestLine, ...] = ()


def fleet_of(data: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot of such a fleet; raises FleetError on doubles and on guests of unknown hosts."""
    try:
        found = from_json(FleetList, data, "fleet")
    except DecodeError as error:
        raise FleetError(error.message, "Check the hosts and guests of the fleet") from error
    names = [*(line.name for line in found.hosts), *(line.name for line in found.guests)]
    double = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if double is not None:
        raise FleetError(f"fleet has {double} twice", "Give each host and guest a name of its own")
    known = {line.name for line in found.hosts}
    for line in found.guests:
        if line.host not in known:
            raise FleetError(f"guest {line.name} is on {line.host}, no host of the fleet", "Check its host")
    hosts = tuple(_host(line) for line in sorted(found.hosts, key=lambda each: each.name))
    guests = {host.name: tuple(_guest(line) for line in found.guests if line.host == host.name) for host in hosts}
    return Snapshot(TAKEN_AT, tuple(replace(host, guests=guests[host.name]) for host in hosts))


def _host(line: HostLine) -> Host:
    return Host(
        name=line.name,
        state=HostState.STANDBY if line.standby else HostState.SCHEDULABLE,
        uuid=_uuid("host", line.name),
        memory=line.memory_mib * MIB,
        allocatable_memory=line.memory_mib * MIB,
        cpus=line.cpus,
        allocatable_vcpus=int(line.cpus * line.cpu_overcommit),
        virt_types=("kvm",),
        site=line.site,
        rack=line.rack,
        labels=line.labels,
        power=line.power,
    )


def _guest(line: GuestLine) -> Guest:
    return Guest(
        uuid=_uuid("guest", line.name),
        name=line.name,
        state=GuestState.RUNNING,
        memory=line.memory_mib * MIB,
        vcpus=line.vcpus,
        notes=Notes(labels=line.labels),
    )


def _uuid(kind: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{kind} {name}"))
