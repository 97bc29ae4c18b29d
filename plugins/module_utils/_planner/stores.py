"""Local pools that take copies of each other's volumes, and what guests' disks take of them. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .._model.guest import Guest
from .._model.host import Host
from .._model.plan import DiskCopy
from .._model.snapshot import Located
from .chains import base_at
from .sizes import by_pool, copied_bytes, own_bytes, whole_bytes
from .storage import DiskClass, disk_class

Stores = Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class Sizes:
    """Bytes of a guest's local disks by store: what they hold where they are, and what they may take elsewhere."""

    held: Mapping[str, int]
    arriving: Mapping[str, int]


def copy_sizes(guest: Guest, copies: Sequence[DiskCopy], source: Host) -> dict[str, int]:
    """Return the bytes that copying the guest's disks takes in each destination pool: what is allocated now."""
    return by_pool((copy.dest.pool, copied_bytes(guest, copy, source)) for copy in copies)


def local_sizes(guest: Guest, host: Host, whole: bool = False) -> dict[str, int]:
    """Return the bytes of the guest's disks, which a move copies, in each pool that ``host`` alone can reach.

    ``whole``: with all that the images below them hold.
    """
    local = [disk for disk in guest.disks if disk_class(disk, host) in (DiskClass.LOCAL, DiskClass.TRANSIENT)]
    return by_pool((disk.pool or "", whole_bytes(disk, host) if whole else own_bytes(disk)) for disk in local)


def stores_of(hosts: Sequence[Host]) -> Stores:
    """Return, by host and name, the store that each local pool is of: pools of one name, or one path, take copies of
    each other's volumes, whatever else they are called, and so do those that a host maps onto one another."""
    leader: dict[str, str] = {}

    def root(key: str) -> str:
        while leader.setdefault(key, key) != key:
            key = leader[key]
        return key

    for one, other in _joined(hosts):
        low, high = sorted((root(one), root(other)))
        leader[high] = low
    pools = [(host.name, pool.name) for host in hosts for pool in host.pools if pool.identity is None]
    names: dict[str, str] = {}
    for _host, pool in sorted(pools, key=lambda item: item[1]):
        names.setdefault(root(pool), pool)
    return {(host, pool): names[root(pool)] for host, pool in pools}


def _joined(hosts: Sequence[Host]) -> Iterator[tuple[str, str]]:
    """Yield pairs of names and places of pools that stand for one another."""
    local = [pool for host in hosts for pool in host.pools if pool.identity is None]
    paths = sorted({pool.path.rstrip("/") for pool in local if pool.path is not None})
    for pool in local:
        if pool.path is not None:
            yield pool.name, f"at {pool.path.rstrip('/')}"
    for host in hosts:
        yield from sorted(host.maps.pools.items())
        for folder, own in sorted(host.maps.paths.items()):
            bare = folder.rstrip("/")
            inside = [path for path in paths if f"{path}/".startswith(f"{bare}/")]
            yield from ((f"at {path}", f"at {own.rstrip('/')}{path[len(bare) :]}") for path in inside)


def in_stores(place: Located, host: Host, stores: Mapping[tuple[str, str], str], hosts: Sequence[Host]) -> Sizes:
    def summed(by_pool_name: Mapping[str, int]) -> dict[str, int]:
        return by_pool((stores[place.host, pool], size) for pool, size in by_pool_name.items())

    held = summed(local_sizes(place.guest, host))
    if not any(disk.backing or disk.chain for disk in place.guest.disks) or _stand_everywhere(place.guest, host, hosts):
        return Sizes(held, held)
    return Sizes(held, summed(local_sizes(place.guest, host, whole=True)))


def _stand_everywhere(guest: Guest, home: Host, hosts: Sequence[Host]) -> bool:
    """Return whether every host has the images below the guest's disks, so that no copy of them is ever whole."""
    local = [disk for disk in guest.disks if disk_class(disk, home) is DiskClass.LOCAL]
    chained = [disk for disk in local if disk.backing or disk.chain]
    return all(base_at(disk, home, other) is not None for other in hosts if other.name != home.name for disk in chained)
