"""Which firmware each host has for the machine types of the fleet's guests. Changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._model.host import Host
from .._model.machine_type import Firmware
from .._model.snapshot import Snapshot
from .connection import Fleet
from .together import ask_hosts
from .xml import parse


def firmware_of(fleet: Fleet, snapshot: Snapshot) -> tuple[dict[str, dict[str, Firmware]], dict[str, str]]:
    """Return by host and machine type what the guests that name a firmware could have there, and who did not answer.

    Only such guests' machine types are asked about, and only hosts that know them.
    """
    wanted = {
        (guest.arch, guest.virt_type, guest.machine)
        for host in snapshot.hosts
        for guest in host.guests
        if guest.machine is not None and (guest.loader or guest.firmware)
    }
    by_name = {host.name: host for host in snapshot.hosts}
    asked = [name for name, entry in fleet.entries.items() if wanted and not entry.standby]
    return ask_hosts(
        [name for name in asked if by_name[name].machine_types],
        fleet.timeout,
        lambda name: _of_host(fleet.control(name), by_name[name], wanted),
    )


def firmware_in(domain_capabilities: str) -> Firmware:
    """Return what a host's libvirt lists: firmware files that are there, and kinds that it finds by itself."""
    os = parse(domain_capabilities).find("os")
    if os is None:
        return Firmware()
    loaders = sorted({value.text or "" for value in os.findall("loader/value")})
    kinds = sorted({value.text or "" for value in os.findall("enum[@name='firmware']/value")})
    return Firmware(tuple(loaders), tuple(kinds))


def _of_host(connection: Any, host: Host, wanted: Iterable[tuple[str, str, str]]) -> dict[str, Firmware]:
    return {
        machine: firmware_in(connection.getDomainCapabilities(None, arch, machine, virt_type, 0))
        for arch, virt_type, machine in sorted(wanted)
        if arch == host.cpu.arch and virt_type in host.virt_types and machine in host.machine_types
    }
