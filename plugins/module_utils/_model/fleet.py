"""The fleet as the inventory describes it: how to reach each host, and what the user says of it. Nothing measured."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional
from urllib.parse import urlsplit

from .codec import DecodeError, from_json, to_json
from .energy import moment
from .errors import FleetError
from .host import Host, Maintenance, Maps, MissingMedia, PowerModel, Pressure
from .link import Link, check_link, differences
from .transfer import MOST_MIBS, NOT_BITS

MIB = 1024 * 1024
_AMOUNTS = (
    "allocatable_memory_mib",
    "allocatable_vcpus",
    "reserve_memory_mib",
    "cpu_overcommit",
    "memory_mib",
    "cpus",
    "max_guests",
    "migration_bandwidth_mibs",
)


@dataclass(frozen=True)
class HostEntry:
    """One host of the option ``hosts``; URIs are libvirt's, memory is in MiB.

    ``migration_address`` (name or IP) is where guests are sent to, ``listen_address`` where QEMU then waits for them.

    ``own_counters``: what its kernel counts is of this host alone; that of a container counts the whole machine.

    A host on ``standby`` is never connected to: ``memory_mib`` and ``cpus`` say what it has, and ``standby_like`` names
    a host of the same build that tells the rest, or else ``known`` does, what a survey knew of the host itself before
    it was switched off. Hosts that are on are measured instead. The maps say what a thing is
    called here that has another name on other hosts.
    """

    name: str
    uri: str
    peer_uri: Optional[str] = None
    migration_address: Optional[str] = None
    listen_address: Optional[str] = None
    allocatable_memory_mib: Optional[int] = None
    reserve_memory_mib: int = 1024
    allocatable_vcpus: Optional[int] = None
    cpu_overcommit: float = 4.0
    shared_pools: tuple[str, ...] = ()
    maintenance: Optional[Maintenance] = None
    labels: Mapping[str, str] = field(default_factory=dict)
    site: Optional[str] = None
    rack: Optional[str] = None
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    power: Optional[PowerModel] = None
    power_since: Optional[str] = None
    pressure: Optional[Pressure] = None
    own_counters: bool = True
    standby: bool = False
    standby_like: Optional[str] = None
    known: Optional[Host] = None
    memory_mib: Optional[int] = None
    cpus: Optional[int] = None
    max_guests: Optional[int] = None
    bridge_map: Mapping[str, str] = field(default_factory=dict)
    network_map: Mapping[str, str] = field(default_factory=dict)
    pool_map: Mapping[str, str] = field(default_factory=dict)
    path_map: Mapping[str, str] = field(default_factory=dict)
    reuse_images: bool = True
    missing_media: MissingMedia = MissingMedia.REFUSE
    links: tuple[Link, ...] = ()
    migration_bandwidth_mibs: Optional[int] = None
    migration_policy: Optional[str] = None


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
    _check_standby(entries)
    links_of(entries)
    return entries


def as_told(host: Host, entry: HostEntry) -> Host:
    """Return the host with what the inventory says of it and nobody measures."""
    return replace(
        host,
        maintenance=entry.maintenance,
        labels=entry.labels,
        latency_ms=entry.latency_ms,
        site=entry.site,
        rack=entry.rack,
        power=entry.power,
        power_since=entry.power_since,
        pressure=entry.pressure,
        max_guests=entry.max_guests,
        maps=Maps(entry.bridge_map, entry.network_map, entry.pool_map, entry.path_map),
        reuse_images=entry.reuse_images,
        missing_media=entry.missing_media,
        migration_bandwidth_mibs=entry.migration_bandwidth_mibs,
        migration_policy=entry.migration_policy,
    )


def links_of(entries: Sequence[HostEntry]) -> tuple[Link, ...]:
    """Return each link once, sorted; raises FleetError where two hosts speak of the same sites differently."""
    told: dict[tuple[str, ...], tuple[Link, str]] = {}
    for entry in entries:
        for link in entry.links:
            sites = tuple(sorted({*link.sites}))
            mine = replace(link, sites=(sites[0], sites[-1]))
            first, other = told.setdefault(sites, (mine, entry.name))
            label = next(iter(differences(mine, first)), None)
            if label is not None:
                raise FleetError(
                    f"the {label} of the link of {link.name} is {_shown(first, label)} as {other} has it, "
                    f"and {_shown(mine, label)} as {entry.name} has it",
                    "Give virtfleet_links once, for all hosts",
                )
    return tuple(told[sites][0] for sites in sorted(told))


def _shown(link: Link, label: str) -> str:
    value = to_json(getattr(link, label))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _parse_host(item: Mapping[str, Any], index: int) -> HostEntry:
    # options that were not given arrive as None
    given = {key: value for key, value in item.items() if value is not None} if isinstance(item, Mapping) else item
    try:
        entry = from_json(HostEntry, given, f"hosts[{index}]")
    except DecodeError as error:
        raise FleetError(error.message, "Check the variables of that host in the inventory") from error
    if not entry.name:
        raise FleetError(f"hosts[{index}] has an empty name", "Give each host its inventory name")
    return check_entry(entry)


def check_entry(entry: HostEntry) -> HostEntry:
    """Return the entry; raises FleetError on values that make no sense by themselves."""
    _check_numbers(entry)
    _check_maps(entry)
    for label in ("uri", "peer_uri"):
        _check_uri(entry, label)
    return entry


def _check_numbers(entry: HostEntry) -> None:
    for label in _AMOUNTS:
        value = getattr(entry, label)
        if value is not None and not 0 <= value < math.inf:
            what = "negative" if value < 0 else "no number"
            raise FleetError(f"{label} of host {entry.name} is {what} ({value})", "Give zero or more")
    if (entry.migration_bandwidth_mibs or 0) > MOST_MIBS:
        given = f"migration_bandwidth_mibs of host {entry.name} is {entry.migration_bandwidth_mibs}"
        raise FleetError(f"{given}, more than {MOST_MIBS}", NOT_BITS)
    if entry.migration_bandwidth_mibs == 0:
        raise FleetError(f"migration_bandwidth_mibs of host {entry.name} is 0", "Give MiB/s, or leave it out")
    for link in entry.links:
        if len(link.sites) not in (1, 2) or not all(link.sites) or not 0 < link.bandwidth_mibs < math.inf:
            raise FleetError(
                f"a link of host {entry.name} is not one or two sites and MiB/s above zero "
                f"({', '.join(link.sites) or 'no site'}: {link.bandwidth_mibs:g})",
                "Write e.g. {sites: [north, south], bandwidth_mibs: 100}",
            )
        check_link(link)
    if entry.power is not None:
        _check_power(entry.name, entry.power)
    if entry.pressure is not None:
        _check_pressure(entry.name, entry.pressure)
    if entry.power_since is not None and moment(entry.power_since) is None:
        raise FleetError(
            f"power_since of host {entry.name} is {entry.power_since!r}, not a moment in ISO 8601",
            "Write e.g. 2026-01-31T18:00:00Z",
        )


def _check_maps(entry: HostEntry) -> None:
    for label in ("bridge_map", "network_map", "pool_map", "path_map"):
        for name, own in getattr(entry, label).items():
            if not name or not own:
                raise FleetError(f"{label} of host {entry.name} has an empty name", "Write {name elsewhere: name here}")
            if label == "path_map" and not (name.startswith("/") and own.startswith("/")):
                raise FleetError(
                    f"path_map of host {entry.name} has {name}: {own}, which is not from one folder to another",
                    "Give whole paths, such as {/srv/images: /var/lib/libvirt/images}",
                )


def _check_power(host: str, power: PowerModel) -> None:
    if not all(0 <= watts < math.inf for watts in (power.off_watts, power.idle_watts, power.full_watts, *power.table)):
        raise FleetError(f"the power model of host {host} has watts that can't be", "Give zero or more")
    if power.full_watts < power.idle_watts:
        raise FleetError(
            f"host {host} draws {power.full_watts:g} W at full load, less than its {power.idle_watts:g} W at rest",
            "Check idle_watts and full_watts",
        )
    if not all(0 <= seconds < math.inf for seconds in (power.boot_seconds, power.shutdown_seconds)):
        raise FleetError(f"the power model of host {host} has seconds that can't be", "Give zero or more")
    if len(power.table) not in (0, 11):
        raise FleetError(
            f"the table of the power model of host {host} has {len(power.table)} values",
            "Give 11, the watts at 0, 10 ... 100 % load, or none",
        )


def _check_pressure(host: str, pressure: Pressure) -> None:
    for label in ("cpu", "memory", "io"):
        value = getattr(pressure, label)
        if value is not None and not 0 <= value <= 100:
            raise FleetError(f"pressure.{label} of host {host} is {value:g}", "Give a percentage from 0 to 100")


def _check_standby(entries: Sequence[HostEntry]) -> None:
    """Refuse a host on standby that nobody could place a guest on for want of figures."""
    awake = {entry.name for entry in entries if not entry.standby}
    for entry in entries:
        if not entry.standby:
            continue
        if entry.standby_like is not None and entry.standby_like not in awake:
            raise FleetError(
                f"standby_like of host {entry.name} is {entry.standby_like!r}, no host of the list that is on",
                "Name a host of the same build that is not on standby",
            )
        needs = {
            "memory_mib": (entry.memory_mib, entry.allocatable_memory_mib),
            "cpus": (entry.cpus, entry.allocatable_vcpus),
        }
        missing = [label for label, values in needs.items() if all(value is None for value in values)]
        if missing and entry.standby_like is None and entry.known is None:
            raise FleetError(
                f"host {entry.name} is on standby, and its {missing[0]} is not given",
                f"Set virtfleet_{missing[0]}, or virtfleet_standby_like to a host of the same build",
            )


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
