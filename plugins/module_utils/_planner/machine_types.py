"""Whose machine type or firmware some host does not have, or is about to lose. Pure; forbids nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Optional

from .._model.guest import Guest
from .._model.host import Host
from .._model.machine_type import (
    ConcernedHosts,
    Firmware,
    MachineConcern,
    MachineFinding,
    family_of,
    is_upstream,
    release_of,
)
from .._model.snapshot import Snapshot

# firmware of each host by name, for each machine type that was asked about
FirmwareOf = Mapping[str, Mapping[str, Firmware]]


def machine_findings(snapshot: Snapshot, firmware: FirmwareOf) -> tuple[MachineFinding, ...]:
    """Return a finding for each guest, sorted by name; hosts that told nothing say nothing about it."""
    hosts = [host for host in snapshot.hosts if host.machine_types]
    found = [_finding(guest, host, _peers(guest, hosts), firmware) for host in snapshot.hosts for guest in host.guests]
    return tuple(sorted(found, key=lambda each: (each.name, each.host)))


def _peers(guest: Guest, hosts: Sequence[Host]) -> list[Host]:
    return [host for host in hosts if host.cpu.arch == guest.arch]


def _finding(guest: Guest, home: Host, hosts: Sequence[Host], firmware: FirmwareOf) -> MachineFinding:
    return MachineFinding(
        guest=guest.uuid,
        name=guest.name,
        host=home.name,
        machine=guest.machine,
        firmware=guest.loader or guest.firmware,
        suggested=suggested_type(guest.machine, hosts),
        concerns=tuple(_concerns(guest, hosts, firmware)),
    )


def suggested_type(machine: Optional[str], hosts: Sequence[Host]) -> Optional[str]:
    """Return the newest machine type of the same family that every host knows and none marks as deprecated."""
    family = family_of(machine)
    if family is None or not hosts:
        return None
    known = set.intersection(*({*host.machine_types} - {*host.deprecated_machine_types} for host in hosts))
    fitting = [name for name in known if family_of(name) == family]
    newest = max(fitting, key=lambda name: (release_of(name), name), default=None)
    return newest if newest != machine else None


def _concerns(guest: Guest, hosts: Sequence[Host], firmware: FirmwareOf) -> Iterator[ConcernedHosts]:
    by_concern: dict[MachineConcern, list[Host]] = {}
    for host in hosts:
        for concern in (_of_machine(guest.machine, host), _of_firmware(guest, firmware.get(host.name, {}))):
            if concern is not None:
                by_concern.setdefault(concern, []).append(host)
    for concern in MachineConcern:
        concerned = by_concern.get(concern)
        if concerned:
            versions = tuple(host.qemu_version for host in concerned)
            yield ConcernedHosts(concern, tuple(host.name for host in concerned), versions)


def _of_machine(machine: Optional[str], host: Host) -> Optional[MachineConcern]:
    if machine is None or machine in host.machine_types:
        return MachineConcern.DEPRECATED if machine in host.deprecated_machine_types else None
    if not is_upstream(machine):
        return MachineConcern.UNKNOWN
    qemu = (host.qemu_version // 1_000_000, host.qemu_version // 1000 % 1000)
    return MachineConcern.TOO_NEW if release_of(machine) > qemu else MachineConcern.GONE


def _of_firmware(guest: Guest, there: Mapping[str, Firmware]) -> Optional[MachineConcern]:
    """A host that does not know the machine type has not been asked what firmware it has for it."""
    offered = there.get(guest.machine or "")
    if offered is None:
        return None
    if guest.loader is not None:
        return MachineConcern.FIRMWARE if guest.loader not in offered.loaders else None
    return MachineConcern.FIRMWARE if guest.firmware is not None and guest.firmware not in offered.kinds else None
