"""Disks that a move takes away from storage which several hosts share: nobody else may need them.

Written from the rules' text, must import only _model.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..._model.guest import Disk
from ..._model.host import Host, HostState
from .case import Case, Hop, Violation, hops

# a volume of shared storage: what the storage is, and the volume's name
Stored = tuple[str, str]


def taken_violations(case: Case) -> Iterator[Violation]:
    """Yield the copies after which another guest, known or on a host that did not answer, would miss its disk."""
    taken = [(hop, volume) for hop in hops(case) for volume in _taken(hop)]
    users = _users(case) if taken else {}
    for hop, (identity, volume) in taken:
        others = users.get((identity, volume), frozenset()) | _by_path(case, hop, volume)
        others -= {hop.move.guest}
        if others:
            name = min(case.homes[uuid].guest.name for uuid in others)
            yield Violation("disk of nobody else", hop.move.id, f"{volume} would be taken away from {name}")
        for host in case.snapshot.hosts:
            if host.state is HostState.UNREACHABLE and host.site in (None, hop.source.site):
                text = f"{volume} would be taken away, and {host.name} did not say whether it is used there"
                yield Violation("disk of nobody else", hop.move.id, text)


def _taken(hop: Hop) -> Iterator[Stored]:
    for copy in () if hop.move.adopt else hop.move.copies:
        pool = hop.source.pool(copy.source.pool)
        if pool is not None and pool.identity is not None:
            yield pool.identity, copy.source.volume


def _by_path(case: Case, hop: Hop, volume: str) -> frozenset[str]:
    """Return the guests of the site that name the file of the volume, though their host has no pool for it."""
    files = {disk.source for disk in hop.guest.disks if disk.volume == volume}
    return frozenset(
        uuid
        for uuid, place in case.homes.items()
        if case.hosts[place.host].site == hop.source.site
        and any(part in files for disk in place.guest.disks for part in _files(disk))
    )


def _files(disk: Disk) -> Iterator[str]:
    yield from (path for path in (disk.source, disk.backing, *(layer.source for layer in disk.chain)) if path)


def _users(case: Case) -> Mapping[Stored, frozenset[str]]:
    found: dict[Stored, frozenset[str]] = {}
    for uuid, place in case.homes.items():
        for key in _used(case.hosts[place.host], place.guest.disks):
            found[key] = found.get(key, frozenset()) | {uuid}
    return found


def _used(host: Host, disks: Sequence[Disk]) -> Iterator[Stored]:
    names = [(disk.pool, disk.volume) for disk in disks]
    names += [(layer.pool, layer.volume) for disk in disks for layer in disk.chain]
    for name, volume in names:
        pool = host.pool(name)
        if pool is not None and pool.identity is not None and volume is not None:
            yield pool.identity, volume
