"""Where each guest may go, whatever else is there: asked once for each kind of guest and host. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Optional

from .._model.guest import Guest, GuestState
from .._model.host import Host, Maps, MissingMedia
from .._model.plan import DiskCopy
from .._model.refusal import Refusal, RefusalCode
from .._model.request import Method
from .._model.rules import Rule
from .._model.settings import Wanted
from .._model.snapshot import Located, Snapshot
from .arrival import guest_at
from .compat import host_refusals, pair_reach
from .looks import Looks
from .site_storage import Stored, across, stored, unasked, used_twice
from .storage import DiskClass, Reach, disk_class

_REACHED = frozenset({DiskClass.EMPTY, DiskClass.NETWORK, DiskClass.SHARED})
_METHODS = {Method.LIVE: "live", Method.PAUSED: "paused", Method.OFFLINE: "offline", Method.RESTART: "restart"}


class Reaches:
    """Answers about pairs of one snapshot, remembered by kind: what two guests share, their refusals share too.

    Hosts of ``wake`` count as awake. ``barred`` are hosts closed to a guest by rules, with the rule's name. ``wanted``
    says for which way of moving the looks on the hosts are judged; None judges none of them.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        barred: Mapping[str, Mapping[str, str]],
        wake: Container[str],
        wanted: Optional[Wanted] = None,
    ) -> None:
        self._hosts = snapshot.hosts
        self._by_name = {host.name: host for host in snapshot.hosts}
        self._index = {host.name: number for number, host in enumerate(snapshot.hosts)}
        self._barred = barred
        self._looks = Looks(snapshot, wanted) if wanted is not None else None
        self._changing = any(
            host.maps != Maps() or host.missing_media is not MissingMedia.REFUSE for host in snapshot.hosts
        )
        # disks that a site shares are copied to another one, unless somebody else needs them as well
        self._shared = used_twice(snapshot) if across(snapshot.hosts) else frozenset()
        self._unasked = unasked(snapshot)
        twins: dict[Optional[str], list[Host]] = defaultdict(list)
        for host in snapshot.hosts:
            twins[host.uuid].append(host)
        self._closed = {host.name: host_refusals(host, twins[host.uuid], wake) for host in snapshot.hosts}
        self._kinds = _numbered([_host_kind(host) for host in snapshot.hosts])
        self._masks: dict[Hashable, bytes] = {}

    def mask(self, place: Located) -> bytes:
        """Return a byte for each host: 1 where the guest may go from where it lives; its own host is 1."""
        source = self._index[place.host]
        kind = (_guest_kind(place.guest, self._hosts[source]), self._kinds[source], self._needed_twice(place))
        closed_by_rules = self._barred.get(place.guest.uuid)
        looked = self._looks.kind(place) if self._looks is not None else ()
        key = (kind, source, tuple(sorted(closed_by_rules)) if closed_by_rules else (), looked)
        if key not in self._masks:
            self._masks[key] = self._mask(place, kind, closed_by_rules or {})
        return self._masks[key]

    def nowhere(self, place: Located) -> bytes:
        """Return the mask of a guest that stays where it is."""
        found = bytearray(len(self._hosts))
        found[self._index[place.host]] = 1
        return bytes(found)

    def _mask(self, place: Located, kind: Hashable, closed_by_rules: Mapping[str, str]) -> bytes:
        if ("open", kind) not in self._masks:
            self._masks["open", kind] = self._open(place)
        found = bytearray(self._masks["open", kind])
        for name in closed_by_rules:
            found[self._index[name]] = 0
        if self._looks is not None:
            self._close(found, place, self._looks)
        found[self._index[place.host]] = 1
        return bytes(found)

    def _close(self, found: bytearray, place: Located, looks: Looks) -> None:
        """Take those hosts out to which looks know of no way."""
        source = self._by_name[place.host]
        copied = self._changing or not all(disk_class(disk, source) in _REACHED for disk in place.guest.disks)
        for name in looks.seen_from(place.host):
            index = self._index[name]
            if found[index] and looks.refusals(place, name, self._plain_pair(place, name).copies if copied else ()):
                found[index] = 0

    def _open(self, place: Located) -> bytes:
        """Return what pairs and host states allow, asking once for each kind of destination."""
        answers: dict[int, int] = {}
        found = bytearray(len(self._hosts))
        for index, host in enumerate(self._hosts):
            if self._closed[host.name]:
                continue
            kind = self._kinds[index]
            if kind not in answers:
                answers[kind] = 0 if self._plain_pair(place, host.name).refusals else 1
            found[index] = answers[kind]
        return bytes(found)

    def pair(self, place: Located, dest: str) -> Reach:
        """Return the copies that a move needs and the refusals of the pair; capacity, rules and host state apart."""
        found = self._plain_pair(place, dest)
        seen = self._looks.refusals(place, dest, found.copies) if self._looks is not None else ()
        return replace(found, refusals=(*found.refusals, *seen)) if seen else found

    def _plain_pair(self, place: Located, dest: str) -> Reach:
        """Return the pair as a survey alone has it."""
        source = self._by_name[place.host]
        found = pair_reach(place.guest, source, self._by_name[dest])
        refused = tuple(
            Refusal(RefusalCode.DISK_NOT_COPYABLE, place.guest.name, dest, {"disk": copy.target, **why})
            for copy in found.copies
            for why in self._kept(place, source, copy)
        )
        return replace(found, refusals=(*found.refusals, *refused)) if refused else found

    def _kept(self, place: Located, source: Host, copy: DiskCopy) -> tuple[dict[str, str], ...]:
        """Return why a copied disk may not be taken from the storage that its host shares with others."""
        volume = stored(source, {(copy.source.pool, copy.source.volume)})
        if volume & self._needed_twice(place):
            return ({"why": "another guest uses it too", "remedy": "give each guest an image of its own"},)
        silent = (*self._unasked.get(source.site, ()), *self._unasked.get(None, ())) if volume else ()
        if not silent:
            return ()
        why = f"its storage is shared, and {' and '.join(silent)} did not answer: a guest there may use it"
        return ({"why": why, "remedy": "let that host answer, or take it out of the inventory if it is no more"},)

    def _needed_twice(self, place: Located) -> frozenset[Stored]:
        """Return the guest's own volumes on shared storage that others use too."""
        if not self._shared:
            return frozenset()
        mine = {(disk.pool, disk.volume) for disk in place.guest.disks}
        return self._shared & stored(self._by_name[place.host], mine)

    def refusals(self, place: Located, dest: str) -> tuple[Refusal, ...]:
        """Return why the guest may not go to ``dest``, whatever else is there."""
        if self._closed[dest]:
            return self._closed[dest]
        rule = self._barred.get(place.guest.uuid, {}).get(dest)
        if rule is None:
            return self.pair(place, dest).refusals
        facts = {"rule": rule, "why": "it is closed to the guest"}
        return (*self.pair(place, dest).refusals, Refusal(RefusalCode.RULE, place.guest.name, dest, facts))

    def hop(self, place: Located, stop: str, dest: str) -> bool:
        """Return whether the guest may go on to ``dest`` from a stop at ``stop``."""
        if self._closed[dest] or dest in self._barred.get(place.guest.uuid, {}):
            return False
        return not self.pair(self.arrived(place, stop), dest).refusals

    def arrived(self, place: Located, host: str) -> Located:
        """Return the guest as it is once it has moved to ``host``."""
        source, dest = self._by_name[place.host], self._by_name[host]
        # asked very often, and where names are the same everywhere only disks that are copied change theirs
        plain = not self._changing and all(disk_class(disk, source) in _REACHED for disk in place.guest.disks)
        pair = Reach() if plain else self._plain_pair(place, host)
        return Located(host, guest_at(place.guest, pair, source, source if plain else dest))


def parkable(place: Located, source: Host) -> bool:
    """Return whether a guest may make a stop on its way: it moves twice, so nothing may be copied along.

    Whether a paused one may go on from there depends on the QEMU of the stop, which ``Reaches.hop`` looks at.
    """
    return all(disk_class(disk, source) in _REACHED for disk in place.guest.disks)


def method_for(guest: Guest, wanted: Optional[Method], rules: Sequence[Rule] = ()) -> Method:
    """Return how the guest moves: its state decides, a running guest may be asked or bound to go otherwise."""
    if guest.state is not GuestState.RUNNING:
        return Method.PAUSED if guest.active else Method.OFFLINE
    first = wanted or Method.LIVE
    ways = (first, Method.PAUSED, Method.RESTART)
    return next((way for way in ways if all(_METHODS[way] in rule.methods for rule in rules)), first)


def method_refusals(guest: Guest, method: Method, rules: Sequence[Rule]) -> tuple[Refusal, ...]:
    """Return the hard rules that do not allow the method, and what would be lost by it."""
    left = {"TPM state": guest.tpm == "emulator", "NVRAM": guest.nvram is not None}
    lost = [what for what, there in left.items() if there and method is Method.RESTART]
    return tuple(Refusal(RefusalCode.FIRMWARE_STATE, guest.name, None, {"what": what}) for what in lost) + tuple(
        Refusal(
            RefusalCode.METHOD,
            guest.name,
            None,
            {
                "rule": rule.name,
                "allowed": " or ".join(rule.methods),
                "state": guest.state.value,
                "method": _METHODS[method],
            },
        )
        for rule in rules
        if rule.hard and _METHODS[method] not in rule.methods
    )


def _guest_kind(guest: Guest, source: Host) -> Hashable:
    """Return what decides the pair's refusals; a guest with disks to copy is a kind of its own."""
    disks = []
    for disk in guest.disks:
        pool = source.pool(disk.pool)
        if disk.chain or (pool is not None and pool.identity is None):
            return guest.uuid, guest.has_run
        known = (disk.volume is not None, disk.capacity is not None, disk.backing is not None, disk.format)
        disks.append((disk.kind, disk.pool, disk.transient, disk.device, disk.shareable, disk.readonly, known))
    return (
        (guest.arch, guest.machine, guest.virt_type, guest.cpu, guest.state, guest.has_run, guest.interfaces),
        (guest.hugepage_kib, guest.numa_cells, guest.tpm, tuple(disks), any(not disk.readonly for disk in guest.disks)),
        guest.nvram,
    )


def _host_kind(host: Host) -> Hashable:
    pools = tuple((pool.name, pool.kind, pool.active, pool.path, pool.identity) for pool in host.pools)
    networks = frozenset(network.name for network in host.networks if network.active)
    cells = tuple((cell.id, tuple(sorted(cell.hugepages))) for cell in host.numa_cells)
    maps = (host.maps.bridges, host.maps.networks, host.maps.pools, host.maps.paths)
    return (
        (host.qemu_version, host.libvirt_version, host.cpu, host.virt_types, host.machine_types),
        (pools, networks, frozenset(host.bridges), cells, host.emulates_tpm),
        (
            host.site,
            host.images,
            host.reuse_images,
            host.missing_media,
            tuple(tuple(sorted(names.items())) for names in maps),
        ),
    )


def _numbered(kinds: Sequence[Hashable]) -> tuple[int, ...]:
    numbers: dict[Hashable, int] = {}
    return tuple(numbers.setdefault(kind, len(numbers)) for kind in kinds)
