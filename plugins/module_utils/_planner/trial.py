"""With whom a host is tried by a test migration, and what the test guest is. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Optional

from .._model.errors import FleetError
from .._model.host import Host, HostState
from .._model.snapshot import Snapshot
from .._model.trial import Partner

# families of machine types, the one to take first; each is for one architecture
_FAMILIES = ("pc-q35", "virt", "s390-ccw-virtio", "pseries", "pc-i440fx")
_NUMBERS = re.compile(r"\d+")


def partners(snapshot: Snapshot, name: str) -> tuple[Partner, ...]:
    """Return who can take part, first those that have most guests to send home to the host; raises FleetError."""
    host = snapshot.host(name)
    if host is None:
        raise FleetError(f"there is no host {name} in hosts", "Name one of them")
    if host.state in (HostState.UNREACHABLE, HostState.STANDBY):
        raise FleetError(f"libvirt on {name} does not answer: {host.error or host.state.value}", "See to that host")
    if not host.machine_types:
        raise FleetError(f"libvirt on {name} can start no guest at all", "Install QEMU there, and restart its libvirt")
    others = (each for each in snapshot.hosts if each.name != name and each.state is HostState.SCHEDULABLE)
    ordered = sorted(others, key=lambda each: (-_to_come(each, name), each.name))
    return tuple(partner for partner in (_partner(host, each) for each in ordered) if partner is not None)


def awake(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the hosts that answer."""
    silent = (HostState.UNREACHABLE, HostState.STANDBY)
    return tuple(host.name for host in snapshot.hosts if host.state not in silent)


def _to_come(host: Host, home: str) -> int:
    return sum(1 for guest in host.guests if guest.notes.home == home)


def _partner(host: Host, other: Host) -> Optional[Partner]:
    kind = next((each for each in host.virt_types if each in other.virt_types), None)
    machine = _machine(host, other)
    if host.cpu.arch != other.cpu.arch or kind is None or machine is None:
        return None
    return Partner(other.name, host.cpu.arch, kind, machine)


def _machine(host: Host, other: Host) -> Optional[str]:
    """Return the newest machine type that both have, best one that stays; an alias means another type on each."""
    common = set(host.machine_types) & set(other.machine_types)
    waning = {*host.deprecated_machine_types, *other.deprecated_machine_types}
    return _newest(common - waning) or _newest(common)


def _newest(common: Collection[str]) -> Optional[str]:
    for family in _FAMILIES:
        versions = [each for each in common if each.startswith(f"{family}-") and _NUMBERS.search(each[len(family) :])]
        if versions:
            return max(versions, key=lambda each: (_numbers(each[len(family) :]), each))
    return None


def _numbers(text: str) -> list[int]:
    return [int(number) for number in _NUMBERS.findall(text)]
