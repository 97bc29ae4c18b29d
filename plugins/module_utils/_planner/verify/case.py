"""What the verifier knows of a snapshot and a plan before it judges them. Must import only _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Optional

from ..._model.guest import Disk, DiskKind, Guest, GuestState, JobKind, Layer, VolumeRef
from ..._model.host import Host, HostState
from ..._model.plan import DiskCopy, Move, Plan
from ..._model.request import Goal, Request
from ..._model.snapshot import Located, Snapshot, by_uuid, residence


@dataclass(frozen=True)
class Violation:
    """A step that breaks a rule; ``move`` is empty where the plan as a whole does."""

    rule: str
    move: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule} at {self.move or 'the plan'}: {self.detail}"


@dataclass(frozen=True)
class Hop:
    """One move with its ends, and its guest as it is by then: where earlier moves of the plan have taken it."""

    index: int
    move: Move
    guest: Guest
    source: Host
    dest: Host


@dataclass(frozen=True)
class Case:
    """``places`` has all copies of a guest, ``homes`` the one that counts. ``chains``: each guest's moves in order.

    ``before`` and ``after`` say on which host each guest lives, moves that are under way already counted as over.
    ``ahead`` has one number per move, whose bits are the indices of the moves that are surely over when it starts.
    ``waves`` gives each move its wave, in a rolling plan.
    """

    snapshot: Snapshot
    plan: Plan
    hosts: Mapping[str, Host]
    places: Mapping[str, tuple[Located, ...]]
    homes: Mapping[str, Located]
    chains: Mapping[str, tuple[Move, ...]]
    before: Mapping[str, str]
    after: Mapping[str, str]
    ahead: tuple[int, ...]
    waves: tuple[int, ...]

    @property
    def request(self) -> Request:
        """What was asked for."""
        return self.plan.request


def malformed(plan: Plan) -> Optional[Violation]:
    """Return what makes the plan unreadable as a list of steps: ids, order, waves, or None."""
    listed: set[str] = set()
    for move in plan.moves:
        if move.id in listed:
            return Violation("unique id", move.id, "used twice")
        for other in (*move.after, *move.once_over):
            # a plan lists a move after all that it waits for, which also rules out cycles
            if other not in listed:
                return Violation("order", move.id, f"waits for {other}, which is not before it")
        listed.add(move.id)
        if move.source == move.dest:
            return Violation("movement", move.id, f"{move.name} would go from {move.source} to itself")
    return _malformed_waves(plan)


def _malformed_waves(plan: Plan) -> Optional[Violation]:
    if plan.waves and plan.request.goal is not Goal.ROLLING:
        return Violation("waves", "", f"a plan to {plan.request.goal.value} has none")
    waves: dict[str, int] = {}
    for number, wave in enumerate(plan.waves):
        for identifier in wave.moves:
            if identifier in waves:
                return Violation("one wave", identifier, "is in two waves, or twice in one")
            waves[identifier] = number
    latest = 0
    for move in plan.moves if plan.request.goal is Goal.ROLLING else ():
        number = waves.get(move.id, -1)
        if number < 0:
            return Violation("one wave", move.id, "is in no wave")
        if number < latest:
            return Violation("waves in order", move.id, f"is of wave {number + 1}, after moves of wave {latest + 1}")
        latest = number
    return None


def open_case(snapshot: Snapshot, plan: Plan) -> Case:
    """Return what a well-formed plan means on the snapshot."""
    places = by_uuid(snapshot)
    homes = {uuid: residence(found) for uuid, found in places.items()}
    chains: dict[str, list[Move]] = {}
    for move in plan.moves:
        chains.setdefault(move.guest, []).append(move)
    before = {uuid: place.host for uuid, place in homes.items()}
    before.update((move.guest, move.dest) for move in plan.moves if move.adopt)
    after = {**before, **{uuid: chain[-1].dest for uuid, chain in chains.items()}}
    wave_of = {identifier: number for number, wave in enumerate(plan.waves) for identifier in wave.moves}
    waves = tuple(wave_of.get(move.id, 0) for move in plan.moves)
    return Case(
        snapshot=snapshot,
        plan=plan,
        hosts={host.name: host for host in snapshot.hosts},
        places=places,
        homes=homes,
        chains={uuid: tuple(chain) for uuid, chain in chains.items()},
        before=before,
        after=after,
        ahead=_ahead(plan, waves),
        waves=waves,
    )


def _ahead(plan: Plan, waves: tuple[int, ...]) -> tuple[int, ...]:
    """Return for each move the set of moves before it, as bits; a wave begins when the one before is over."""
    index = {move.id: number for number, move in enumerate(plan.moves)}
    found: list[int] = []
    barrier = 0
    for number, move in enumerate(plan.moves):
        if number and waves[number] != waves[number - 1]:
            barrier = (1 << number) - 1
        bits = barrier
        for other in move.after:
            bits |= found[index[other]] | (1 << index[other])
        found.append(bits)
    return tuple(found)


def misplaced(case: Case) -> Optional[Violation]:
    """Return the first move that does not begin where its guest is by then, with the guest's own move before it."""
    last: dict[str, int] = {}
    for index, move in enumerate(case.plan.moves):
        if move.source not in case.hosts or move.dest not in case.hosts:
            return Violation("known hosts", move.id, f"{move.source} or {move.dest} is not in the fleet")
        earlier = last.get(move.guest)
        if earlier is not None and not case.ahead[index] >> earlier & 1:
            return Violation("one move at a time", move.id, f"also moves in {case.plan.moves[earlier].id}")
        home = case.homes.get(move.guest)
        where = case.plan.moves[earlier].dest if earlier is not None else home.host if home is not None else None
        if home is None or where != move.source:
            return Violation("guest at source", move.id, f"{move.name} is not on {move.source}")
        if home.guest.name != move.name:
            return Violation("name of the guest", move.id, f"{move.name} is called {home.guest.name}")
        last[move.guest] = index
    return None


def hops(case: Case) -> Iterator[Hop]:
    """Yield every move in the plan's order with its guest as it is by then."""
    changed: dict[str, Guest] = {}
    for index, move in enumerate(case.plan.moves):
        hop = Hop(
            index,
            move,
            changed.get(move.guest) or case.homes[move.guest].guest,
            case.hosts[move.source],
            case.hosts[move.dest],
        )
        if len(case.chains[move.guest]) > 1:
            changed[move.guest] = _arrived(hop)
        yield hop


def _arrived(hop: Hop) -> Guest:
    """Return the guest as it is at the destination: what it calls its disks and plugs, a paused one not run since."""
    names = {(change.kind.value, change.what): change.to for change in hop.move.changes}
    copies = {copy.target: copy for copy in hop.move.copies}
    ran = hop.guest.has_run and hop.guest.state is not GuestState.PAUSED
    return replace(
        hop.guest,
        disks=tuple(_disk_there(hop, disk, copies.get(disk.target), names) for disk in hop.guest.disks),
        interfaces=tuple(
            replace(each, source=names.get((each.kind, each.source or ""), each.source))
            for each in hop.guest.interfaces
        ),
        has_run=ran,
        job=None if hop.move.adopt else hop.guest.job,
    )


def _disk_there(hop: Hop, disk: Disk, copy: Optional[DiskCopy], names: Mapping[tuple[str, str], str]) -> Disk:
    path = names.get(("file", disk.target), disk.source)
    pool = names.get(("pool", disk.target), disk.pool)
    here = hop.source.pool(disk.pool)
    if copy is not None:
        pool = copy.dest.pool
    elif disk.kind is not DiskKind.VOLUME and here is not None:
        folder = path[: -len(disk.volume or "") - 1] if path is not None and path != disk.source else here.path
        pool = next((other.name for other in hop.dest.pools if other.active and other.path == folder), pool)
    if copy is not None and copy.backing is None:
        return replace(disk, source=path, pool=pool, volume=copy.dest.volume, chain=(), backing=None)
    twins = {(twin.source.pool, twin.source.volume): twin.dest for twin in hop.move.twins}
    chain = tuple(_layer_there(layer, twins.get((layer.pool or "", layer.volume or "")), hop) for layer in disk.chain)
    return replace(disk, source=path, pool=pool, chain=chain, backing=copy.backing if copy else disk.backing)


def _layer_there(layer: Layer, twin: Optional[VolumeRef], hop: Hop) -> Layer:
    pool = hop.dest.pool(twin.pool) if twin is not None else None
    if twin is None or pool is None:
        return layer
    return replace(layer, source=f"{pool.path}/{twin.volume}", pool=twin.pool, volume=twin.volume)


def under_way(case: Case, move: Move) -> bool:
    """Return whether libvirt is already bringing the guest to the destination of the move."""
    return any(place.host == move.dest and place.guest.job is JobKind.INCOMING for place in case.places[move.guest])


def takes_guests(case: Case, host: Host) -> bool:
    """Return whether the host is on, or is switched on by the plan, and neither in maintenance nor silent."""
    woken = host.state is HostState.STANDBY and host.name in case.plan.power_on
    return woken or host.state is HostState.SCHEDULABLE


def asked_hosts(case: Case) -> frozenset[str]:
    """Return the hosts that the request names, by name or site; all of the fleet where it names none."""
    names, sites = case.request.hosts, case.request.sites
    if not names and not sites:
        return frozenset(case.hosts)
    return frozenset(name for name, host in case.hosts.items() if name in names or host.site in sites)
