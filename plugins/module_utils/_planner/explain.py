"""For a guest: each host, whether it could go there alone as the fleet stands, why not, and what it would cost. Pure.

It moves nobody and plans nothing: two guests that could each go to a host may not fit there together.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from .._model.errors import FleetError
from .._model.guest import Guest
from .._model.host import Host, HostState
from .._model.plan import ChangeKind
from .._model.refusal import Refusal
from .._model.request import Method, Request
from .._model.snapshot import Located, Snapshot
from .board import Board, Group, make_board
from .breaches import problem
from .check import check_request
from .compat import host_refusals
from .estimate import Lines, expected, line_speed, lines_of, move_bytes, move_downtime_ms, move_seconds
from .refuse import room_refusals
from .ruleset import BoundRule
from .search.grid import Layout
from .select import allowed_dests, chosen_guest, goal_hosts, may_wake
from .storage import Fate, fates


@dataclass(frozen=True)
class Cost:
    """What the move would cost, and what the host would have left: memory in bytes, beyond the headroom asked for.

    ``copies`` are the disks to copy along; ``wake``: the host has to be switched on for it.
    """

    method: Method
    est_bytes: int
    est_seconds: float
    est_downtime_ms: int
    free_memory: int
    free_vcpus: int
    copies: tuple[str, ...] = ()
    wake: bool = False


@dataclass(frozen=True)
class DiskWay:
    """What a disk is to two hosts, and how it comes there: reached, copied, copied_top (above its base), or refused."""

    target: str
    disk_class: str
    way: str


@dataclass(frozen=True)
class Candidate:
    """One host for one guest: ``cost`` where it may go there, else ``refusals`` (none where the guest itself can't).

    ``soft`` are the names of soft rules that hold now and would not any more.
    """

    host: str
    refusals: tuple[Refusal, ...] = ()
    cost: Optional[Cost] = None
    soft: tuple[str, ...] = ()
    disks: tuple[DiskWay, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """One guest: what blocks it wherever it would go, whom affinity takes along, and every host but its own."""

    guest: str
    name: str
    host: str
    blockers: tuple[Refusal, ...]
    together: tuple[str, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class _Ground:
    """What all explanations stand on; ``closed`` says by host why it takes nobody."""

    board: Board
    layout: Layout
    lines: Lines
    closed: Mapping[str, tuple[Refusal, ...]]


@dataclass(frozen=True)
class _Soft:
    """Soft rules that hold now and speak of a guest that is to move; where their guests are now."""

    rules: tuple[BoundRule, ...]
    guests: Mapping[str, Guest]
    where: Mapping[str, str]


def explain(snapshot: Snapshot, request: Request) -> tuple[Explanation, ...]:
    """Return an explanation for each guest that a RELOCATE request chooses, for each destination that it allows.

    Raises FleetError on a request that chooses nobody, or makes no sense for this snapshot.
    """
    if not (request.guests or request.labels or request.hosts or request.sites):
        raise FleetError("nothing is given to explain", "Say which guests: by name, label, host or site")
    if not (request.dests or request.dest_sites or request.dest_labels):
        request = replace(request, dests=tuple(host.name for host in snapshot.hosts))
    check_request(snapshot, request)
    about, allowed = goal_hosts(request, snapshot.hosts), allowed_dests(request, snapshot.hosts)
    dests = [host for host in snapshot.hosts if host.name in allowed]
    ground = _ground(snapshot, request, dests)
    return tuple(
        _explained(ground, place, [host for host in dests if host.name != place.host])
        for place in snapshot.residents
        if chosen_guest(request, place.guest) or place.host in about
    )


def _ground(snapshot: Snapshot, request: Request, dests: Sequence[Host]) -> _Ground:
    board = make_board(snapshot, request, (), {}, soft=False, wake=may_wake(snapshot, request))
    closed = {host.name: host_refusals(host, snapshot.hosts, board.wake) for host in dests}
    return _Ground(board, Layout(board.search), lines_of(snapshot), closed)


def _explained(ground: _Ground, place: Located, hosts: Sequence[Host]) -> Explanation:
    board, guest = ground.board, place.guest
    group = board.members[board.block[guest.uuid]]
    blockers = tuple(refusal for member in group for refusal in board.stuck.get(member.guest.uuid, ()))
    soft = _soft(board, group)
    return Explanation(
        guest.uuid,
        guest.name,
        place.host,
        blockers,
        tuple(member.guest.name for member in group if member.guest.uuid != guest.uuid),
        tuple(_candidate(ground, place, host, soft, not blockers) for host in hosts),
    )


def _candidate(ground: _Ground, place: Located, host: Host, soft: _Soft, movable: bool) -> Candidate:
    board, closed = ground.board, ground.closed[host.name]
    if closed:
        return Candidate(host.name, closed)
    group = board.members[board.block[place.guest.uuid]]
    refusals = (
        *(refusal for member in group for refusal in board.reaches.refusals(member, host.name)),
        *room_refusals(board, ground.layout, place, host.name),
    )
    disks = _disks(place.guest, _hosts(board)[place.host], host)
    if refusals or not movable:
        return Candidate(host.name, refusals, disks=disks)
    return Candidate(host.name, (), _cost(ground, place, host), _broken(soft, group, host.name, board), disks)


def _disks(guest: Guest, source: Host, dest: Host) -> tuple[DiskWay, ...]:
    return tuple(DiskWay(fate.target, fate.disk_class.value, _way(fate)) for fate in fates(guest, source, dest))


def _way(fate: Fate) -> str:
    if fate.refusal is not None:
        return "refused"
    if any(change.kind is ChangeKind.EJECT for change in fate.changes):
        return "ejected"
    if fate.media is not None:
        return "copied"
    if fate.copy is None:
        return "reached"
    return "copied" if fate.copy.backing is None else "copied_top"


def _cost(ground: _Ground, place: Located, host: Host) -> Cost:
    """Return the cost of the guest's move together with those that affinity takes along, one after the other."""
    board, layout = ground.board, ground.layout
    block, index = board.block[place.guest.uuid], board.host[host.name]
    size, seconds, downtime, targets = 0, 0.0, 0, []
    for member in board.members[block]:
        method, pair = board.methods[member.guest.uuid], board.reaches.pair(member, host.name)
        mine = move_bytes(member.guest, method, pair.copies, _hosts(board)[member.host])
        speed = line_speed(member.host, host.name, ground.lines)
        found = expected(member.guest, method, mine - member.guest.memory, speed)
        mine = found.sent_bytes if found else mine
        took = move_seconds(mine, member.host, host.name, ground.lines)
        still = found.downtime_ms if found else move_downtime_ms(method, took)
        size, seconds, downtime = size + mine, seconds + took, downtime + still
        targets += [copy.target for copy in pair.copies]
    return Cost(
        method=board.methods[place.guest.uuid],
        est_bytes=size,
        est_seconds=round(seconds, 1),
        est_downtime_ms=downtime,
        free_memory=layout.memory[index] - board.search.memory[block],
        free_vcpus=layout.vcpus[index] - board.search.vcpus[block],
        copies=tuple(targets),
        wake=host.state is HostState.STANDBY,
    )


def _soft(board: Board, group: Group) -> _Soft:
    """Return the soft rules that speak of the group and hold now."""
    moving = {member.guest.uuid for member in group}
    rules = [item for item in board.bound if not item.rule.hard and moving.intersection(item.guests)]
    places = [
        place
        for block in {board.block[uuid] for item in rules for uuid in item.guests}
        for place in board.members[block]
    ]
    guests = {place.guest.uuid: place.guest for place in places}
    where = {place.guest.uuid: place.host for place in places}
    holding = tuple(item for item in rules if not problem(item, _hosts(board), guests, where))
    return _Soft(holding, guests, where)


def _broken(soft: _Soft, group: Group, dest: str, board: Board) -> tuple[str, ...]:
    """Return the names of the rules that would not hold with the group on ``dest``."""
    if not soft.rules:
        return ()
    after = {**soft.where, **{member.guest.uuid: dest for member in group if member.guest.uuid in soft.where}}
    hosts = _hosts(board)
    return tuple(item.rule.name for item in soft.rules if problem(item, hosts, soft.guests, after))


def _hosts(board: Board) -> dict[str, Host]:
    return {host.name: host for host in board.snapshot.hosts}
