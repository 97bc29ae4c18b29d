"""Room and names on shared storage that takes copies of other sites' disks; its hosts have it in common. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .._model.host import Host
from .._model.snapshot import Located
from .search.grid import Kind, Limit
from .sizes import own_bytes
from .storage import reach
from .stores import copy_sizes


@dataclass(frozen=True)
class _Share:
    """What a guest takes of a shared storage, or would if it came there: bytes, and names of volumes."""

    size: int
    volumes: frozenset[str]


def site_limits(places: Sequence[Located], block: Mapping[str, int], hosts: Sequence[Host]) -> list[Limit]:
    """Return the limits of each shared storage that some map names; ``block`` gives each guest's block by UUID."""
    stands = {own for host in hosts for own in (*host.maps.pools, *host.maps.pools.values())}
    shared = sorted({p.identity for h in hosts for p in h.pools if p.identity and p.active and p.name in stands})
    return [limit for identity in shared for limit in _limits(identity, places, block, hosts)]


def _limits(
    identity: str, places: Sequence[Located], block: Mapping[str, int], hosts: Sequence[Host]
) -> Iterator[Limit]:
    by_name = {host.name: host for host in hosts}
    having = [host for host in hosts if any(pool.identity == identity and pool.active for pool in host.pools)]
    inside, first = {host.name for host in having}, having[0]
    (pool, *_others) = (pool for pool in first.pools if pool.identity == identity and pool.active)
    domain = tuple(0 if host.name in inside else -1 for host in hosts)
    shares = [_share(place, by_name[place.host], identity, inside, first) for place in places]
    weight: Counter[int] = Counter()
    users: dict[str, list[Located]] = defaultdict(list)
    for place, share in zip(places, shares):
        weight[block[place.guest.uuid]] += share.size
        for volume in share.volumes:
            users[volume].append(place)
    held = sum(share.size for place, share in zip(places, shares) if place.host in inside)
    if any(weight.values()):
        weights = {key: weight[key] for key in sorted(weight) if weight[key]}
        yield Limit(pool.name, weights, domain, (pool.available + held,), Kind.POOL)
    for volume, owners in sorted(users.items()):
        if len(owners) > 1:
            taken: Counter[int] = Counter(block[place.guest.uuid] for place in owners)
            yield Limit(f"{pool.name}/{volume}", dict(sorted(taken.items())), domain, (1,), Kind.VOLUME)


def _share(place: Located, host: Host, identity: str, inside: Collection[str], first: Host) -> _Share:
    """Return what the guest has of the storage, or takes of it: the first of its hosts speaks for all."""
    if host.name in inside:
        own = {pool.name for pool in host.pools if pool.identity == identity}
        disks = [disk for disk in place.guest.disks if disk.pool in own]
        return _Share(sum(own_bytes(disk) for disk in disks), frozenset(disk.volume for disk in disks if disk.volume))
    there = {pool.name for pool in first.pools if pool.identity == identity}
    copies = [copy for copy in reach(place.guest, host, first).copies if copy.dest.pool in there]
    size = sum(copy_sizes(place.guest, copies, host).values())
    return _Share(size, frozenset(copy.dest.volume for copy in copies))
