"""What a host has to give beside memory and vCPUs, as limits: huge pages, CPU time, pool space, names. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Optional

from .._model.guest import Guest
from .._model.host import Host
from .._model.snapshot import Located
from .marks import MILLI, milli_percent
from .search.grid import Kind, Limit
from .site_limits import site_limits
from .site_storage import across
from .stores import Sizes, in_stores, stores_of

KIB = 1024
Weigh = Callable[[Guest], int]


def resource_limits(
    places: Sequence[Located],
    ghosts: Sequence[Located],
    block: Mapping[str, int],
    hosts: Sequence[Host],
    max_cpu_percent: Optional[float],
) -> list[Limit]:
    """Return every limit of this kind that some guest counts against; ``block`` gives each guest's block by UUID.

    ``ghosts`` are further definitions of guests, which hold names and volumes on hosts where the guest does not live.
    """
    by_name = {host.name: host for host in hosts}
    active = [place for place in places if place.guest.active]
    held = [ghost for ghost in ghosts if ghost.guest.active]
    found: list[Optional[Limit]] = []
    if max_cpu_percent is not None:
        room = {host.name: milli_percent(host, max_cpu_percent) for host in hosts}
        found.append(_limit(Kind.CPU_USAGE, "", active, block, _milli_cpus, _less(room, held, _milli_cpus)))
    for size in sorted({place.guest.hugepage_kib or 0 for place in active} - {0}):
        found.append(_hugepages(size, active, block, hosts))
    found.append(_beside_pages(active, held, block, hosts))
    for cell in sorted({cell for place in active for cell in place.guest.numa_cells}):
        found.append(_cell(cell, active, held, block, hosts))
    stores = stores_of(hosts)
    sizes = {place.guest.uuid: in_stores(place, by_name[place.host], stores, hosts) for place in places}
    for store in sorted({store for size in sizes.values() for store in size.arriving}):
        found += _pools(store, places, block, hosts, sizes, stores)
    found += site_limits(places, block, hosts) if across(hosts) else []
    found += [
        _unique(kind, name, users, [ghost.host for ghost in ghosts if owns(ghost, name)], block, hosts)
        for kind, owns, owners in (
            (Kind.NAME, _has_name, _by_name(places)),
            (Kind.VOLUME, _has_volume(stores), _by_volume(places, stores)),
        )
        for name, users in sorted(owners.items())
        if len({place.guest.uuid for place in users}) > 1
    ]
    return [limit for limit in found if limit is not None]


def _limit(
    kind: Kind, rule: str, places: Iterable[Located], block: Mapping[str, int], weigh: Weigh, room: tuple[int, ...]
) -> Optional[Limit]:
    weight: Counter[int] = Counter()
    for place in places:
        weight[block[place.guest.uuid]] += weigh(place.guest)
    weights = {key: weight[key] for key in sorted(weight) if weight[key]}
    return Limit(rule, weights, tuple(range(len(room))), room, kind) if weights else None


def _milli_cpus(guest: Guest) -> int:
    return math.ceil(guest.wanted_cpus * MILLI)


def _less(room: Mapping[str, int], held: Iterable[Located], weigh: Weigh) -> tuple[int, ...]:
    """Return the room of each host without what copies of guests that live elsewhere take of it."""
    left = dict(room)
    for ghost in held:
        left[ghost.host] -= weigh(ghost.guest)
    return tuple(left.values())


def _with_residents(free: Mapping[str, int], places: Iterable[Located], weigh: Weigh) -> dict[str, int]:
    """Return what is free and what residents hold, which comes back when they leave."""
    total = dict(free)
    for place in places:
        total[place.host] = total.get(place.host, 0) + weigh(place.guest)
    return total


def _hugepages(
    size: int, active: Sequence[Located], block: Mapping[str, int], hosts: Sequence[Host]
) -> Optional[Limit]:
    def weigh(guest: Guest) -> int:
        return guest.memory if guest.hugepage_kib == size else 0

    free = {host.name: sum(cell.hugepages.get(str(size), 0) for cell in host.numa_cells) * size * KIB for host in hosts}
    total = _with_residents(free, active, weigh)
    return _limit(Kind.HUGEPAGES, str(size), active, block, weigh, tuple(total[host.name] for host in hosts))


def _beside_pages(
    active: Sequence[Located], held: Sequence[Located], block: Mapping[str, int], hosts: Sequence[Host]
) -> Optional[Limit]:
    """Return what guests without huge pages may have: a host's pages, free or in use, are of no use to them."""
    pages = {host.name: _page_memory(host) for host in hosts}
    if not any(pages.values()):
        return None
    room = {host.name: host.allocatable_memory - pages[host.name] for host in hosts}
    limit = _limit(Kind.BESIDE_PAGES, "", active, block, _plain_memory, _less(room, held, _plain_memory))
    domain = tuple(index if pages[host.name] else -1 for index, host in enumerate(hosts))
    return None if limit is None else replace(limit, domain=domain)


def _plain_memory(guest: Guest) -> int:
    return guest.memory if guest.hugepage_kib is None else 0


def _page_memory(host: Host) -> int:
    """Return the bytes that the host has set aside as huge pages, as far as it states any."""
    if not any(cell.hugepages for cell in host.numa_cells):
        return 0
    free = sum(int(size) * KIB * count for cell in host.numa_cells for size, count in cell.hugepages.items())
    return free + sum(guest.memory for guest in host.guests if guest.active and guest.hugepage_kib is not None)


def _cell(
    cell: int, active: Sequence[Located], held: Sequence[Located], block: Mapping[str, int], hosts: Sequence[Host]
) -> Optional[Limit]:
    def weigh(guest: Guest) -> int:
        return -(-guest.memory // len(guest.numa_cells)) if cell in guest.numa_cells else 0

    room = {host.name: sum(item.memory for item in host.numa_cells if item.id == cell) for host in hosts}
    return _limit(Kind.NUMA, str(cell), active, block, weigh, _less(room, held, weigh))


def _pools(
    store: str,
    places: Sequence[Located],
    block: Mapping[str, int],
    hosts: Sequence[Host],
    sizes: Mapping[str, Sizes],
    stores: Mapping[tuple[str, str], str],
) -> list[Optional[Limit]]:
    """Return the limit of a store on all hosts; where disks would be larger elsewhere than here, one for each host."""

    def held(guest: Guest) -> int:
        return sizes[guest.uuid].held.get(store, 0)

    free = {host.name: _free(host, store, stores) for host in hosts}
    total = _with_residents(free, places, held)
    if all(size.held.get(store) == size.arriving.get(store) for size in sizes.values()):
        return [_limit(Kind.POOL, store, places, block, held, tuple(total[host.name] for host in hosts))]
    return [_pool_of(host, store, places, block, hosts, sizes, total[host.name]) for host in hosts]


def _pool_of(
    host: Host,
    store: str,
    places: Sequence[Located],
    block: Mapping[str, int],
    hosts: Sequence[Host],
    sizes: Mapping[str, Sizes],
    room: int,
) -> Optional[Limit]:
    """Return the limit of a store on one host: who lives there gives back what he holds, others may take more."""
    residents = {place.guest.uuid for place in places if place.host == host.name}

    def weigh(guest: Guest) -> int:
        size = sizes[guest.uuid]
        return (size.held if guest.uuid in residents else size.arriving).get(store, 0)

    found = _limit(Kind.POOL, store, places, block, weigh, (room,))
    return None if found is None else replace(found, domain=tuple(0 if each is host else -1 for each in hosts))


def _free(host: Host, store: str, stores: Mapping[tuple[str, str], str]) -> int:
    """Return what a host has free in a store. Of two pools the smaller must do, since which one it is depends on the
    disk; one that is mapped away takes nothing."""
    pools = [pool for pool in host.pools if stores.get((host.name, pool.name)) == store]
    taking = [pool for pool in pools if host.maps.pools.get(pool.name, pool.name) == pool.name] or pools
    return min((pool.available for pool in taking), default=0)


def _unique(
    kind: Kind,
    rule: str,
    users: Sequence[Located],
    ghosts: Sequence[str],
    block: Mapping[str, int],
    hosts: Sequence[Host],
) -> Optional[Limit]:
    """Return the limit that keeps users of one name apart: it is taken once on a host."""
    taken = set(ghosts)
    return _limit(kind, rule, users, block, lambda _guest: 1, tuple(0 if host.name in taken else 1 for host in hosts))


def _by_name(places: Sequence[Located]) -> dict[str, list[Located]]:
    owners: dict[str, list[Located]] = defaultdict(list)
    for place in places:
        owners[place.guest.name].append(place)
    return owners


def _by_volume(places: Sequence[Located], stores: Mapping[tuple[str, str], str]) -> dict[str, list[Located]]:
    owners: dict[str, list[Located]] = defaultdict(list)
    for place in places:
        for volume in _local_volumes(place, stores):
            owners[volume].append(place)
    return owners


def _local_volumes(place: Located, stores: Mapping[tuple[str, str], str]) -> set[str]:
    # who only reads a volume shares its name with the twin that is there
    own = [disk for disk in place.guest.disks if not disk.readonly and disk.device == "disk"]
    volumes = [(stores.get((place.host, disk.pool or "")), disk.volume) for disk in own]
    return {f"{store}/{volume}" for store, volume in volumes if store and volume}


def _has_name(place: Located, name: str) -> bool:
    return place.guest.name == name


def _has_volume(stores: Mapping[tuple[str, str], str]) -> Callable[[Located, str], bool]:
    return lambda place, volume: volume in _local_volumes(place, stores)
