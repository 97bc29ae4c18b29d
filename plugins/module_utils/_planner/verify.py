"""An independent replay of a plan, written from the rules and not from the planner. Must import only _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Optional

from .._model.guest import Disk, DiskKind, Guest, GuestState, JobKind
from .._model.host import Host, HostState
from .._model.plan import Goal, Method, Move, Plan
from .._model.snapshot import Located, Snapshot


@dataclass(frozen=True)
class Violation:
    """The first step that breaks a rule; ``move`` is empty where the plan as a whole does."""

    rule: str
    move: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule} at {self.move or 'the plan'}: {self.detail}"


def first_violation(snapshot: Snapshot, plan: Plan) -> Optional[Violation]:
    """Replay ``plan`` on ``snapshot`` and return the first broken rule, or None if every order it allows is legal."""
    shape = _shape(plan)
    if shape is not None:
        return shape
    before = _ancestors(plan.moves)
    guests = {(place.host, place.guest.uuid): place for place in snapshot.located()}
    for move in plan.moves:
        for found in _move_violations(move, plan, snapshot, guests, before):
            return found
    return None


def _shape(plan: Plan) -> Optional[Violation]:
    """Ids are unique, the order has no cycle and knows its ids, a guest's own moves follow one another."""
    listed: set[str] = set()
    for move in plan.moves:
        if move.id in listed:
            return Violation("unique id", move.id, "used twice")
        for other in move.after:
            # a plan lists a move after all that it waits for, which also rules out cycles
            if other not in listed:
                return Violation("order", move.id, f"waits for {other}, which is not before it")
        listed.add(move.id)
        if move.source == move.dest:
            return Violation("movement", move.id, f"{move.name} would go from {move.source} to itself")
    return None


def _ancestors(moves: Iterable[Move]) -> dict[str, frozenset[str]]:
    """Return for each move the moves that are surely over when it starts."""
    found: dict[str, frozenset[str]] = {}
    for move in moves:
        found[move.id] = frozenset(move.after).union(*(found[other] for other in move.after))
    return found


def _move_violations(
    move: Move,
    plan: Plan,
    snapshot: Snapshot,
    guests: Mapping[tuple[str, str], Located],
    before: Mapping[str, frozenset[str]],
) -> Iterable[Violation]:
    def broken(rule: str, detail: str) -> Violation:
        return Violation(rule, move.id, detail)

    source, dest = snapshot.host(move.source), snapshot.host(move.dest)
    if source is None or dest is None:
        yield broken("known hosts", f"{move.source} or {move.dest} is not in the fleet")
        return
    earlier = [other for other in plan.moves if other.guest == move.guest and other.id in before[move.id]]
    rival = [other for other in plan.moves if other.guest == move.guest and not _ordered(other, move, before)]
    if rival:
        yield broken("one move at a time", f"{move.name} also moves in {rival[0].id}")
    origin = guests.get((earlier[0].source if earlier else move.source, move.guest))
    if origin is None or (earlier and earlier[-1].dest != move.source):
        yield broken("guest at source", f"{move.name} is not on {move.source}")
        return
    yield from _host_rules(move, plan, source, dest, broken_at=move.id)
    if not move.adopt:
        twins = [
            host.name for host in snapshot.hosts if host.name != dest.name and dest.uuid and host.uuid == dest.uuid
        ]
        if twins:
            yield broken("host UUID", f"{dest.name} and {twins[0]} have the same one")
        yield from _runs_once(move, origin, guests)
        yield from _guest_rules(move, origin.guest, source, dest)
        yield from _collisions(move, plan, origin.guest, dest, guests)
    yield from _room(move, plan, dest, guests, before)
    yield from _space(move, plan, dest, guests)


def _ordered(left: Move, right: Move, before: Mapping[str, frozenset[str]]) -> bool:
    return left.id == right.id or left.id in before[right.id] or right.id in before[left.id]


def _host_rules(move: Move, plan: Plan, source: Host, dest: Host, broken_at: str) -> Iterable[Violation]:
    if source.state is HostState.UNREACHABLE:
        yield Violation("source answers", broken_at, f"{source.name} does not answer")
    if dest.state is not HostState.SCHEDULABLE and not move.adopt:
        yield Violation("schedulable destination", broken_at, f"{dest.name} is {dest.state.value}")
    if plan.request.goal is Goal.EVACUATE and dest.name in plan.request.hosts and not move.adopt:
        yield Violation("no guest onto an evacuated host", broken_at, f"{move.name} would go to {dest.name}")
    if plan.request.goal is not Goal.EVACUATE and dest.name not in plan.request.hosts and not move.adopt:
        yield Violation("destination as asked", broken_at, f"{dest.name} was not asked for")
    if plan.request.dests and dest.name not in plan.request.dests and not move.adopt:
        yield Violation("allowed destination", broken_at, f"{dest.name} is not among the allowed ones")


def _runs_once(move: Move, origin: Located, guests: Mapping[tuple[str, str], Located]) -> Iterable[Violation]:
    for (host, uuid), place in guests.items():
        if uuid == move.guest and host != origin.host and place.guest.active:
            yield Violation("runs once", move.id, f"{move.name} is active on {host} too")


def _guest_rules(move: Move, guest: Guest, source: Host, dest: Host) -> Iterable[Violation]:
    methods = {
        GuestState.RUNNING: (Method.LIVE, Method.PAUSED),
        GuestState.PAUSED: (Method.PAUSED,),
        GuestState.SHUT_OFF: (Method.OFFLINE,),
    }
    if move.method not in methods.get(guest.state, ()):
        yield Violation("method by state", move.id, f"{guest.name} is {guest.state.value}, not for {move.method.value}")
    if guest.job is not None or guest.snapshots:
        job = guest.job.value if guest.job is not None else "snapshots"
        yield Violation("free guest", move.id, f"{guest.name} has {job}")
    if guest.unmovable_devices and move.method is not Method.OFFLINE:
        yield Violation("movable devices", move.id, f"{guest.name} uses {guest.unmovable_devices[0]}")
    plugs = {("network", network.name) for network in dest.networks if network.active}
    plugs.update(("bridge", bridge) for bridge in dest.bridges)
    for interface in guest.interfaces:
        if interface.kind in ("network", "bridge") and (interface.kind, interface.source) not in plugs:
            yield Violation("networks", move.id, f"{dest.name} has no {interface.kind} {interface.source}")
    yield from _hardware_rules(move, guest, source, dest)
    yield from _disk_rules(move, guest, source, dest)


def _hardware_rules(move: Move, guest: Guest, source: Host, dest: Host) -> Iterable[Violation]:
    writes = [disk for disk in guest.disks if disk.kind is not DiskKind.NONE and not disk.readonly]
    if guest.state is GuestState.PAUSED and writes and not guest.has_run and source.qemu_version < 10_000_000:
        yield Violation("paused since arrival", move.id, f"QEMU of {source.name} would crash {guest.name}")
    if guest.machine is not None and guest.machine not in dest.machine_types:
        yield Violation("machine type", move.id, f"{dest.name} does not know {guest.machine}")
    if guest.virt_type not in dest.virt_types or guest.arch != dest.cpu.arch:
        yield Violation("kind of guest", move.id, f"{dest.name} does not run {guest.arch} {guest.virt_type}")
    if guest.cpu.mode == "custom" and guest.cpu.model and guest.cpu.model not in dest.cpu.usable_models:
        yield Violation("CPU model", move.id, f"{dest.name} can't give {guest.cpu.model}")
    bound = guest.cpu.mode in ("host-passthrough", "maximum") and guest.active and guest.virt_type == "kvm"
    if bound and (source.cpu.vendor, source.cpu.model) != (dest.cpu.vendor, dest.cpu.model):
        yield Violation("same CPU", move.id, f"{guest.name} has the CPU of {source.name}, {dest.name} another")


def _collisions(
    move: Move, plan: Plan, guest: Guest, dest: Host, guests: Mapping[tuple[str, str], Located]
) -> Iterable[Violation]:
    """Names of guests and volumes are taken once on a host, by who is there and by who comes."""
    coming = [other for other in plan.moves if other.dest == dest.name and other.guest != guest.uuid]
    arriving = [guests[other.source, other.guest].guest for other in coming if (other.source, other.guest) in guests]
    there = [other for other in dest.guests if other.uuid != guest.uuid]
    if any(other.name == guest.name for other in (*there, *arriving)):
        yield Violation("free name", move.id, f"{dest.name} has or gets another {guest.name}")
    taken = {(disk.pool, disk.volume) for other in there for disk in other.disks}
    taken.update((copy.dest.pool, copy.dest.volume) for other in coming for copy in other.copies)
    for copy in move.copies:
        if (copy.dest.pool, copy.dest.volume) in taken:
            yield Violation("free volume", move.id, f"{copy.dest.volume} is taken in pool {copy.dest.pool}")


def _disk_rules(move: Move, guest: Guest, source: Host, dest: Host) -> Iterable[Violation]:
    copied = {copy.target for copy in move.copies}
    if copied and not guest.active:
        yield Violation("copies of active guests only", move.id, f"{guest.name} is shut off")
    for disk in guest.disks:
        if disk.kind is DiskKind.NONE:
            continue
        if disk.target in copied:
            if disk.readonly or disk.shareable or disk.backing:
                yield Violation("copyable disk", move.id, f"{disk.target} of {guest.name} can't be copied")
        elif not _reached(disk, source, dest):
            yield Violation("storage reach", move.id, f"{dest.name} does not reach {disk.target} of {guest.name}")


def _reached(disk: Disk, source: Host, dest: Host) -> bool:
    here = [pool for pool in source.pools if pool.name == disk.pool]
    if not here:
        return disk.kind is DiskKind.NETWORK
    identity = here[0].identity
    same = [pool for pool in dest.pools if pool.active and identity is not None and pool.identity == identity]
    if disk.kind is DiskKind.VOLUME:
        return any(pool.name == here[0].name for pool in same)
    return any(pool.path == here[0].path for pool in same)


def _room(
    move: Move,
    plan: Plan,
    dest: Host,
    guests: Mapping[tuple[str, str], Located],
    before: Mapping[str, frozenset[str]],
) -> Iterable[Violation]:
    """Count the worst moment: everyone who may have come by then is there, only who has surely left is gone."""
    sizes = {uuid: place.guest for (_host, uuid), place in guests.items() if place.guest.active}
    if move.guest not in sizes:
        return
    present = [guest for guest in dest.guests if guest.active]
    arriving = [
        sizes[other.guest]
        for other in plan.moves
        if other.dest == dest.name
        and other.guest in sizes
        and move.id not in before[other.id]
        and not any(guest.uuid == other.guest for guest in present)
    ]
    gone = [
        sizes[other.guest]
        for other in plan.moves
        if other.source == dest.name and other.guest in sizes and other.id in before[move.id]
    ]
    memory = sum(g.memory for g in present + arriving) - sum(g.memory for g in gone)
    vcpus = sum(g.vcpus for g in present + arriving) - sum(g.vcpus for g in gone)
    incoming = any(guest.uuid == move.guest and guest.job is JobKind.INCOMING for guest in present)
    if not incoming and memory > dest.allocatable_memory:
        yield Violation("memory", move.id, f"{dest.name} would need {memory} of {dest.allocatable_memory} bytes")
    if not incoming and vcpus > dest.allocatable_vcpus:
        yield Violation("vCPUs", move.id, f"{dest.name} would need {vcpus} of {dest.allocatable_vcpus}")


def _space(move: Move, plan: Plan, dest: Host, guests: Mapping[tuple[str, str], Located]) -> Iterable[Violation]:
    """No volume of the plan goes away again, so all copies into a pool must fit together."""
    pools = {pool.name: pool.available for pool in dest.pools if pool.active and pool.identity is None}
    for copy in move.copies:
        if copy.dest.pool not in pools:
            yield Violation("pool of the copy", move.id, f"{dest.name} has no active local pool {copy.dest.pool}")
            continue
        need = 0
        for other in plan.moves:
            place = guests.get((other.source, other.guest))
            if other.dest != dest.name or place is None:
                continue
            sizes = {disk.target: disk.allocation or disk.capacity or 0 for disk in place.guest.disks}
            need += sum(sizes.get(c.target, c.capacity) for c in other.copies if c.dest.pool == copy.dest.pool)
        if need > pools[copy.dest.pool]:
            yield Violation("disk space", move.id, f"pool {copy.dest.pool} of {dest.name} is too small")
