"""Block jobs of guests, which libvirt counts apart from its other jobs and does not migrate with. Changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from .._model.guest import DiskKind, Guest, JobKind
from .._model.host import Host, HostState
from .._model.snapshot import Snapshot
from .binding import libvirt
from .connection import Fleet
from .together import looked_at_again
from .xml import attribute, parse


def with_block_jobs(fleet: Fleet, snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with guests as busy that have a block job; raises FleetError where a host is gone."""
    asked = [host for host in snapshot.hosts if host.state in (HostState.SCHEDULABLE, HostState.MAINTENANCE)]
    return looked_at_again(
        fleet, snapshot, asked, lambda host: host.name, lambda host: _host(fleet.control(host.name), host)
    )


def has_block_job(domain: Any, targets: Iterable[str]) -> bool:
    """Return whether libvirt runs a job on one of these disks of an active guest."""
    return any(domain.blockJobInfo(target, 0) for target in targets)


def targets_of(domain: Any) -> tuple[str, ...]:
    """Return the disks of a guest that have a medium."""
    disks = parse(domain.XMLDesc(0)).findall("devices/disk")
    return tuple(attribute(disk, "target", "dev") or "" for disk in disks if disk.find("source") is not None)


def _host(connection: Any, host: Host) -> Host:
    guests = tuple(_guest(connection, guest) for guest in host.guests)
    return dataclasses.replace(host, guests=guests)


def _guest(connection: Any, guest: Guest) -> Guest:
    if not guest.active or guest.job is not None:
        return guest
    targets = [disk.target for disk in guest.disks if disk.kind is not DiskKind.NONE]
    try:
        busy = has_block_job(connection.lookupByUUIDString(guest.uuid), targets)
    except libvirt.libvirtError as error:
        # it left, or shut down, since the survey
        if error.get_error_code() in (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_OPERATION_INVALID):
            return guest
        raise
    return dataclasses.replace(guest, job=JobKind.OTHER) if busy else guest
