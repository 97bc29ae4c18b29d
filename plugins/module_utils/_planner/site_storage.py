"""Storage of two sites: where a disk that its own site shares is copied to on another one. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Optional, Union

from .._model.guest import Disk, Guest, Layer
from .._model.host import Host, HostState, Pool
from .._model.snapshot import Snapshot
from .maps import pools_at

# what makes a disk on shared storage one: the storage and the volume
Stored = tuple[str, str]


def stands_for(pool: Pool, by_name: bool, source: Host, dest: Host) -> Optional[Pool]:
    """Return the shared pool that another site has in place of a shared one: only where a map of names says so."""
    if source.site is None or dest.site is None or source.site == dest.site:
        return None
    named = (other for other in pools_at(pool, by_name, source, dest) if _mapped(pool.name, other.name, source, dest))
    return next((other for other in named if other.identity not in (None, pool.identity)), None)


def _mapped(name: str, there: str, source: Host, dest: Host) -> bool:
    maps = dest.maps.pools
    back = (fleet for fleet, own in source.maps.pools.items() if own == name)
    return maps.get(name) == there or any(maps.get(fleet, fleet) == there for fleet in back)


def used_twice(snapshot: Snapshot) -> frozenset[Stored]:
    """Return the volumes of shared storage that several guests use, as a disk or below one."""
    by_name = {host.name: host for host in snapshot.hosts}
    users: Counter[Stored] = Counter()
    paths: dict[tuple[Optional[str], Optional[str]], set[Stored]] = defaultdict(set)
    strays: list[tuple[Optional[str], Optional[str]]] = []
    for place in snapshot.residents:
        host = by_name[place.host]
        parts = [(part.pool, part.volume, part.source) for part in _parts(place.guest)]
        users.update(stored(host, {(pool, volume) for pool, volume, _path in parts}))
        for pool, volume, path in parts:
            paths[host.site, path] |= stored(host, {(pool, volume)})
        # a host without the pool has the file all the same
        strays += {(host.site, path) for pool, _volume, path in parts if pool is None and path is not None}
    for stray in strays:
        users.update(paths[stray])
    return frozenset(key for key, count in users.items() if count > 1)


def _parts(guest: Guest) -> tuple[Union[Disk, Layer], ...]:
    return (*guest.disks, *(layer for disk in guest.disks for layer in disk.chain))


def unasked(snapshot: Snapshot) -> Mapping[Optional[str], tuple[str, ...]]:
    """Return by site the hosts that did not answer: nobody knows which of its storage their guests use.

    One of no site may be at any; its name stands under None.
    """
    found: dict[Optional[str], tuple[str, ...]] = {}
    for host in snapshot.hosts:
        if host.state is HostState.UNREACHABLE:
            found[host.site] = (*found.get(host.site, ()), host.name)
    return found


def stored(host: Host, volumes: set[tuple[Optional[str], Optional[str]]]) -> set[Stored]:
    """Return those of the volumes, named as the host has them, that are on shared storage."""
    pools = {pool.name: pool.identity for pool in host.pools if pool.identity is not None}
    return {(pools[pool], volume) for pool, volume in volumes if pool in pools and volume}


def across(hosts: Sequence[Host]) -> bool:
    """Return whether there are hosts of several sites, and names of pools that one of them maps."""
    return len({host.site for host in hosts} - {None}) > 1 and any(host.maps.pools for host in hosts)
