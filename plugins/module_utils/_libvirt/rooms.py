"""Free space of pools that decide a plan, read anew: libvirt's figures are as old as its last look there.

A survey leaves it out, since reading a large pool takes a while. Changes nothing, and decides nothing about a plan.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from typing import Any

from .._model.guest import VolumeRef
from .._model.host import Host, HostState, Pool
from .._model.plan import Plan
from .._model.refusal import RefusalCode
from .._model.snapshot import Snapshot
from . import host_xml, volumes
from .binding import libvirt
from .connection import Fleet, error_text
from .together import looked_at_again

_AWAKE = (HostState.SCHEDULABLE, HostState.MAINTENANCE)
# (host, pool)
Rooms = Collection[tuple[str, str]]


def planned(fleet: Fleet, snapshot: Snapshot, plan: Callable[[Snapshot], Plan]) -> tuple[Snapshot, Plan]:
    """Return a plan, and the snapshot in which each pool that decides it is as its host has it at this moment.

    Those are the pools that it copies into, and those that have too little room for guests that stay. It is made again
    where one of the first has less room than it seemed, or one of the others more. Raises FleetError where a host is
    gone.
    """
    known: set[tuple[str, str]] = set()
    while True:
        made = plan(snapshot)
        taken, lacking = _taken(made) - known, _lacking(made) - known
        if not taken | lacking:
            return snapshot, made
        known |= taken | lacking
        fresh = _read(fleet, snapshot, taken | lacking)
        less = {room for room in taken if _available(fresh, room) < _available(snapshot, room)}
        more = {room for room in lacking if _available(fresh, room) > _available(snapshot, room)}
        snapshot = fresh
        if not less | more:
            return snapshot, made


def _taken(plan: Plan) -> set[tuple[str, str]]:
    """Return where the plan makes volumes; those of a migration that is under way are there already."""
    return {(move.dest, copy.dest.pool) for move in plan.moves if not move.adopt for copy in move.copies}


def _lacking(plan: Plan) -> set[tuple[str, str]]:
    """Return the pools for whose want of room guests stay."""
    refusals = [refusal for stay in plan.stays for refusal in stay.refusals]
    return {
        (refusal.host, refusal.facts["pool"])
        for refusal in refusals
        if refusal.code is RefusalCode.DISK_SPACE and refusal.host is not None
    }


def _available(snapshot: Snapshot, room: tuple[str, str]) -> int:
    host = snapshot.host(room[0])
    pool = host.pool(room[1]) if host is not None else None
    return pool.available if pool is not None else 0


def _read(fleet: Fleet, snapshot: Snapshot, rooms: Rooms) -> Snapshot:
    """Return the snapshot with these pools as they are now, all hosts asked at the same time."""
    wanted: dict[str, set[str]] = {}
    for host, pool in rooms:
        wanted.setdefault(host, set()).add(pool)
    asked = [host for host in snapshot.hosts if host.name in wanted and host.state in _AWAKE]

    def what(host: Host) -> str:
        return f"free space of pool {' and '.join(sorted(wanted[host.name]))} of {host.name}"

    return looked_at_again(fleet, snapshot, asked, what, lambda host: _host(fleet, snapshot, host, wanted[host.name]))


def _host(fleet: Fleet, snapshot: Snapshot, host: Host, names: Collection[str]) -> Host:
    connection, shared = fleet.control(host.name), fleet.entries[host.name].shared_pools
    left = _left_there(snapshot, host)

    def pool_now(pool: Pool) -> Pool:
        if pool.name not in names or not _refreshed(connection, pool.name):
            return pool
        handle = connection.storagePoolLookupByName(pool.name)
        now = host_xml.pool_of(handle.XMLDesc(0), bool(handle.isActive()), shared)
        freed = sum(volumes.taken(connection, ref) for ref in left if ref.pool == pool.name)
        return dataclasses.replace(now, available=now.available + freed)

    return dataclasses.replace(host, pools=tuple(pool_now(pool) for pool in host.pools))


def _left_there(snapshot: Snapshot, host: Host) -> tuple[VolumeRef, ...]:
    """Return volumes of moves to the host that were interrupted: they go before anything is copied."""
    there = {guest.uuid for guest in host.guests}
    claims = [
        guest.notes.claim
        for other in snapshot.hosts
        for guest in other.guests
        if other.name != host.name and guest.uuid not in there
    ]
    return tuple(ref for claim in claims if claim is not None and claim.dest == host.name for ref in claim.volumes)


def _refreshed(connection: Any, name: str) -> bool:
    """Have libvirt look into the pool; it does not while it makes a volume there, and keeps its figures then."""
    try:
        connection.storagePoolLookupByName(name).refresh(0)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_INTERNAL_ERROR and "asynchronous jobs" in error_text(error):
            return False
        raise
    return True
