"""What a host has to give beside memory and vCPUs, as limits: huge pages, CPU time, pool space, names. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Optional

from .._model.guest import Guest
from .._model.host import Host
from .._model.plan import DiskCopy
from .._model.snapshot import Located
from .grid import Kind, Limit

MILLI = 1000
KIB = 1024
Weigh = Callable[[Guest], int]


def copy_sizes(guest: Guest, copies: Sequence[DiskCopy]) -> dict[str, int]:
    """Return the bytes that copying the guest's disks takes in each destination pool: what is allocated now."""
    allocation = {disk.target: disk.allocation or disk.capacity or 0 for disk in guest.disks}
    sizes: dict[str, int] = {}
    for copy in copies:
        sizes[copy.dest.pool] = sizes.get(copy.dest.pool, 0) + allocation.get(copy.target, copy.capacity)
    return sizes


def local_sizes(guest: Guest, host: Host) -> dict[str, int]:
    """Return the bytes of the guest's disks, which a move copies, in each pool that ``host`` alone can reach."""
    sizes: dict[str, int] = {}
    for disk in guest.disks:
        pool = host.pool(disk.pool)
        if pool is not None and pool.identity is None:
            sizes[pool.name] = sizes.get(pool.name, 0) + (disk.allocation or disk.capacity or 0)
    return sizes


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
    found: list[Optional[Limit]] = []
    if max_cpu_percent is not None:
        room = tuple(int(host.cpus * MILLI * max_cpu_percent / 100) for host in hosts)
        found.append(
            _limit(Kind.CPU_USAGE, "", active, block, lambda guest: int((guest.usage_cpus or 0) * MILLI), room)
        )
    for size in sorted({place.guest.hugepage_kib or 0 for place in active} - {0}):
        found.append(_hugepages(size, active, block, hosts))
    for cell in sorted({cell for place in active for cell in place.guest.numa_cells}):
        found.append(_cell(cell, active, block, hosts))
    sizes = {place.guest.uuid: local_sizes(place.guest, by_name[place.host]) for place in places}
    for pool in sorted({pool for size in sizes.values() for pool in size}):
        found.append(_pool(pool, places, block, hosts, sizes))
    found += [
        _unique(kind, name, users, [ghost.host for ghost in ghosts if owns(ghost, name)], block, hosts)
        for kind, owns, owners in (
            (Kind.NAME, _has_name, _by_name(places)),
            (Kind.VOLUME, _has_volume(by_name), _by_volume(places, by_name)),
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


def _cell(cell: int, active: Sequence[Located], block: Mapping[str, int], hosts: Sequence[Host]) -> Optional[Limit]:
    def weigh(guest: Guest) -> int:
        return -(-guest.memory // len(guest.numa_cells)) if cell in guest.numa_cells else 0

    room = tuple(sum(item.memory for item in host.numa_cells if item.id == cell) for host in hosts)
    return _limit(Kind.NUMA, str(cell), active, block, weigh, room)


def _pool(
    pool: str,
    places: Sequence[Located],
    block: Mapping[str, int],
    hosts: Sequence[Host],
    sizes: Mapping[str, Mapping[str, int]],
) -> Optional[Limit]:
    def weigh(guest: Guest) -> int:
        return sizes[guest.uuid].get(pool, 0)

    free = {host.name: sum(item.available for item in host.pools if item.name == pool) for host in hosts}
    total = _with_residents(free, places, weigh)
    return _limit(Kind.POOL, pool, places, block, weigh, tuple(total[host.name] for host in hosts))


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


def _by_volume(places: Sequence[Located], hosts: Mapping[str, Host]) -> dict[str, list[Located]]:
    owners: dict[str, list[Located]] = defaultdict(list)
    for place in places:
        for volume in _local_volumes(place, hosts):
            owners[volume].append(place)
    return owners


def _local_volumes(place: Located, hosts: Mapping[str, Host]) -> set[str]:
    pools = {pool.name for pool in hosts[place.host].pools if pool.identity is None}
    return {f"{disk.pool}/{disk.volume}" for disk in place.guest.disks if disk.pool in pools and disk.volume}


def _has_name(place: Located, name: str) -> bool:
    return place.guest.name == name


def _has_volume(hosts: Mapping[str, Host]) -> Callable[[Located, str], bool]:
    return lambda place, volume: volume in _local_volumes(place, hosts)
