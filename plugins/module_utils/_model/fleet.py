"""The fleet as the inventory describes it: how to reach each host, and what the user says of it. Nothing measured."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import urlsplit

from .codec import DecodeError, from_json
from .errors import FleetError
from .host import Maintenance

MIB = 1024 * 1024


@dataclass(frozen=True)
class HostEntry:
    """One host of the option ``hosts``; URIs are libvirt's, memory is in MiB, ``migration_address`` a name or an IP."""

    name: str
    uri: str
    peer_uri: Optional[str] = None
    migration_address: Optional[str] = None
    allocatable_memory_mib: Optional[int] = None
    reserve_memory_mib: int = 1024
    allocatable_vcpus: Optional[int] = None
    cpu_overcommit: float = 4.0
    shared_pools: tuple[str, ...] = ()
    maintenance: Optional[Maintenance] = None
    labels: Mapping[str, str] = field(default_factory=dict)
    site: Optional[str] = None
    rack: Optional[str] = None


def parse_hosts(data: Sequence[Mapping[str, Any]]) -> tuple[HostEntry, ...]:
    """Return the entries sorted by name; raises FleetError on an empty list, doubles and nonsense values."""
    if not data:
        raise FleetError("the list of hosts is empty", "Check the inventory group (default: hypervisors)")
    entries = tuple(sorted((_parse_host(item, index) for index, item in enumerate(data)), key=lambda e: e.name))
    for left, right in zip(entries, entries[1:]):
        if left.name == right.name:
            raise FleetError(f"host {left.name} is given twice", "Give each host once")
    _refuse_same(entries, "uri")
    _refuse_same(entries, "peer_uri")
    return entries


def _parse_host(item: Mapping[str, Any], index: int) -> HostEntry:
    # options that were not given arrive as None
    given = {key: value for key, value in item.items() if value is not None} if isinstance(item, Mapping) else item
    try:
        entry = from_json(HostEntry, given, f"hosts[{index}]")
    except DecodeError as error:
        raise FleetError(error.message, "Check the variables of that host in the inventory") from error
    for label in ("allocatable_memory_mib", "allocatable_vcpus", "reserve_memory_mib", "cpu_overcommit"):
        value = getattr(entry, label)
        if value is not None and value < 0:
            raise FleetError(f"{label} of host {entry.name} is negative ({value})", "Give zero or more")
    for label in ("uri", "peer_uri"):
        _check_uri(entry, label)
    if not entry.name:
        raise FleetError(f"hosts[{index}] has an empty name", "Give each host its inventory name")
    return entry


def _check_uri(entry: HostEntry, label: str) -> None:
    uri = getattr(entry, label)
    if uri is not None and not _is_uri(uri):
        raise FleetError(
            f"{label} of host {entry.name} is not a libvirt URI: {uri!r}", "Write e.g. qemu+tls://NAME/system"
        )


def _is_uri(text: str) -> bool:
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:  # half a pair of brackets around an IPv6 address
        return False


def _refuse_same(entries: Sequence[HostEntry], label: str) -> None:
    seen: dict[str, str] = {}
    for entry in entries:
        uri = getattr(entry, label)
        if uri in seen:
            raise FleetError(f"hosts {seen[uri]} and {entry.name} have the same {label} {uri}", "One of them is wrong")
        if uri is not None:
            seen[uri] = entry.name
