"""The fleet snapshot: every host and guest at one moment, as one document. Must not reach any host."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Optional

from .codec import read_document
from .guest import Guest, JobKind
from .host import Host, HostState
from .host_check import HostCheck
from .link import Link
from .usage_window import UsageSource

SCHEMA = 1


@dataclass(frozen=True)
class Located:
    """A guest together with the name of the host it is on."""

    host: str
    guest: Guest


@dataclass(frozen=True)
class Snapshot:
    """Hosts sorted by name. ``taken_at`` is ISO 8601 in UTC and only informs.

    ``host_checks`` are looks on the hosts themselves, by host: what no survey tells, where somebody has looked.
    ``usage``: the recorded history that the guests' use comes from; None where it is of the moment.
    """

    taken_at: str
    hosts: tuple[Host, ...]
    links: tuple[Link, ...] = ()
    host_checks: Mapping[str, HostCheck] = field(default_factory=dict)
    usage: Optional[UsageSource] = None
    schema: int = SCHEMA

    def host(self, name: str) -> Optional[Host]:
        """Return the host of that name, or None."""
        return next((host for host in self.hosts if host.name == name), None)

    @property
    def unreachable(self) -> dict[str, str]:
        """Hosts that did not answer, with the reason."""
        return {host.name: host.error or "" for host in self.hosts if host.state is HostState.UNREACHABLE}

    @functools.cached_property
    def places(self) -> Mapping[str, tuple[Located, ...]]:
        """All places of each guest, keyed by UUID; looked up once, as every stage of a plan asks for it."""
        found: dict[str, tuple[Located, ...]] = {}
        for located in self.located():
            found[located.guest.uuid] = (*found.get(located.guest.uuid, ()), located)
        return found

    @functools.cached_property
    def residents(self) -> tuple[Located, ...]:
        """Each guest once, where it really is, sorted by name."""
        found = [residence(places) for places in self.places.values()]
        return tuple(sorted(found, key=lambda place: (place.guest.name, place.guest.uuid)))

    @functools.cached_property
    def _links(self) -> Mapping[tuple[str, ...], Link]:
        return {tuple(sorted((link.sites[0], link.sites[-1]))): link for link in self.links}

    def link(self, source: Optional[Host], dest: Optional[Host]) -> Optional[Link]:
        """Return the link that a guest goes over between the two hosts, None where the inventory names none."""
        if source is None or dest is None:
            return None
        return self._links.get(tuple(sorted((source.site or "", dest.site or ""))))

    def located(self) -> Iterator[Located]:
        """Yield every guest with its host, the same guest several times where several hosts know it."""
        for host in self.hosts:
            for guest in host.guests:
                yield Located(host.name, guest)


def read_snapshot(text: str, what: str) -> Snapshot:
    """Parse a saved snapshot; ``what`` names it in errors."""
    return read_document(Snapshot, text, what, SCHEMA)


def residence(places: tuple[Located, ...]) -> Located:
    """Return where a guest that several hosts know really is.

    A guest that is moving is still at its source; a definition beside an active guest is what a move left; of two
    definitions the one at the destination of the interrupted move is complete.
    """
    if len(places) == 1:
        return places[0]
    # any copy may hold the claim: a run can end between the last two steps of a move
    dests = {place.guest.notes.claim.dest for place in places if place.guest.notes.claim is not None}

    def standing(place: Located) -> tuple[bool, bool, bool, str]:
        guest = place.guest
        return (guest.job is JobKind.INCOMING, not guest.active, place.host not in dests, place.host)

    return min(places, key=standing)


def by_uuid(snapshot: Snapshot) -> Mapping[str, tuple[Located, ...]]:
    """Return all places of each guest, keyed by UUID."""
    return snapshot.places


def runs_twice(places: tuple[Located, ...]) -> bool:
    """True where more than one host has the guest active and no migration explains it."""
    active = [place for place in places if place.guest.active]
    moving = any(place.guest.job in (JobKind.OUTGOING, JobKind.INCOMING) for place in active)
    return len(active) > (2 if moving else 1)


def used_by(guests: Iterable[Guest]) -> float:
    """Return how many CPUs the active ones of these guests use; who was not measured counts as idle."""
    return sum(guest.usage_cpus or 0.0 for guest in guests if guest.active)


def with_usage_of(snapshot: Snapshot, earlier: Snapshot) -> Snapshot:
    """Return the snapshot in which guests and hosts that were not measured use what they did in the earlier one.

    What a host used for itself it still does; with what its guests of now use.
    """
    known = {place.guest.uuid: place.guest for place in earlier.residents}
    hosts_then = {host.name: host for host in earlier.hosts}

    def as_before(guest: Guest) -> Guest:
        then = known.get(guest.uuid)
        if then is None or guest.usage_cpus is not None:
            return guest
        return replace(
            guest,
            usage_cpus=then.usage_cpus,
            forecast_cpus=then.forecast_cpus,
            usage_disk=then.usage_disk,
            usage_network=then.usage_network,
        )

    def with_guests(host: Host) -> Host:
        guests, then = tuple(map(as_before, host.guests)), hosts_then.get(host.name)
        if host.usage_cpus is not None or then is None or then.usage_cpus is None:
            return replace(host, guests=guests)
        own = max(0.0, then.usage_cpus - used_by(then.guests))
        return replace(host, guests=guests, usage_cpus=round(own + used_by(guests), 3))

    hosts = tuple(map(with_guests, snapshot.hosts))
    return replace(snapshot, hosts=hosts, usage=snapshot.usage or earlier.usage)
