"""For a guest: each host, whether it could go there alone as the fleet stands, why not, and what it would cost. Pure.

It moves nobody and plans nothing: two guests that could each go to a host may not fit there together.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional

from .._model.errors import FleetError
from .._model.guest import Guest
from .._model.host import Host, HostState
from .._model.plan import Method, Request
from .._model.refusal import Refusal
from .._model.snapshot import Located, Snapshot
from .board import Board, Group, make_board
from .breaches import problem
from .check import check_request
from .compat import host_refusals
from .estimate import Lines, lines_of, move_bytes, move_downtime_ms, move_seconds
from .find import residents
from .grid import Layout
from .refuse import room_refusals
from .ruleset import BoundRule
from .select import allowed_dests, chosen_guest, goal_hosts


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
class Candidate:
    """One host for one guest: ``cost`` where it may go there, else ``refusals`` (none where the guest itself can't).

    ``soft`` are the names of soft rules that hold now and would not any more.
    """

    host: str
    refusals: tuple[Refusal, ...] = ()
    cost: Optional[Cost] = None
    soft: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """One guest: what blocks it wherever it would go, whom affinity takes along, and every host but its own."""

    guest: str
    name: str
    host: str
    blockers: tuple[Refusal, ...]
    together: tuple[str, ...]
    candidates: tuple[Candidate, ...]


def explain(snapshot: Snapshot, request: Request) -> tuple[Explanation, ...]:
    """Return an explanation for each guest that a RELOCATE request chooses, for each destination that it allows.

    Raises FleetError on a request that chooses nobody, or makes no sense for this snapshot.
    """
    if not (request.guests or request.labels or request.hosts or request.sites):
        raise FleetError("nothing is given to explain", "Say which guests: by name, label, host or site")
    if not (request.dests or request.dest_sites or request.dest_labels):
        request = replace(request, dests=tuple(host.name for host in snapshot.hosts))
    check_request(snapshot, request)
    board = make_board(snapshot, request, (), {}, soft=False, wake=request.wake)
    layout, lines, about = Layout(board.search), lines_of(snapshot), goal_hosts(request, snapshot.hosts)
    dests = [host for host in snapshot.hosts if host.name in allowed_dests(request, snapshot.hosts)]
    return tuple(
        _explained(board, layout, lines, place, [host for host in dests if host.name != place.host])
        for place in residents(snapshot)
        if chosen_guest(request, place.guest) or place.host in about
    )


def _explained(board: Board, layout: Layout, lines: Lines, place: Located, hosts: list[Host]) -> Explanation:
    guest = place.guest
    group = board.members[board.block[guest.uuid]]
    blockers = tuple(refusal for member in group for refusal in board.stuck.get(member.guest.uuid, ()))
    return Explanation(
        guest.uuid,
        guest.name,
        place.host,
        blockers,
        tuple(member.guest.name for member in group if member.guest.uuid != guest.uuid),
        tuple(_candidate(board, layout, lines, place, host, not blockers) for host in hosts),
    )


def _candidate(board: Board, layout: Layout, lines: Lines, place: Located, host: Host, movable: bool) -> Candidate:
    group = board.members[board.block[place.guest.uuid]]
    closed = host_refusals(host, board.snapshot.hosts, board.wake)
    if closed:
        return Candidate(host.name, closed)
    refusals = (
        *(refusal for member in group for refusal in board.reaches.refusals(member, host.name)),
        *room_refusals(board, layout, place, host.name),
    )
    if refusals or not movable:
        return Candidate(host.name, refusals)
    return Candidate(host.name, (), _cost(board, layout, lines, place, host), _soft(board, layout, group, host.name))


def _cost(board: Board, layout: Layout, lines: Lines, place: Located, host: Host) -> Cost:
    """Return the cost of the guest's move together with those that affinity takes along, one after the other."""
    block = board.block[place.guest.uuid]
    size, seconds, downtime, targets = 0, 0.0, 0, []
    for member in board.members[block]:
        method, copies = board.methods[member.guest.uuid], board.reaches.pair(member, host.name).copies
        mine = move_bytes(member.guest, method, copies)
        took = move_seconds(mine, member.host, host.name, lines)
        size, seconds, downtime = size + mine, seconds + took, downtime + move_downtime_ms(method, took)
        targets += [copy.target for copy in copies]
    index = board.host[host.name]
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


def _soft(board: Board, layout: Layout, group: Group, dest: str) -> tuple[str, ...]:
    moving = {member.guest.uuid for member in group}
    concerned = [item for item in board.bound if not item.rule.hard and moving.intersection(item.guests)]
    if not concerned:
        return ()
    hosts = {host.name: host for host in board.snapshot.hosts}
    guests, before = _members(board, layout, concerned)
    after = {**before, **{uuid: dest for uuid in moving if uuid in before}}
    return tuple(
        item.rule.name
        for item in concerned
        if problem(item, hosts, guests, after) and not problem(item, hosts, guests, before)
    )


def _members(board: Board, layout: Layout, rules: Sequence[BoundRule]) -> tuple[dict[str, Guest], dict[str, str]]:
    """Return the guests that the rules speak of, and where each is."""
    blocks = {board.block[uuid] for rule in rules for uuid in rule.guests}
    members = [(place.guest, block) for block in blocks for place in board.members[block]]
    where = {guest.uuid: board.search.hosts[layout.at[block]] for guest, block in members}
    return {guest.uuid: guest for guest, _block in members}, where
