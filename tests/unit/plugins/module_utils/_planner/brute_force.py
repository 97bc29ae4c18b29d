"""What any plan without stops could come to on a small fleet, found by trying all. Must not use the planner.

Every guest makes at most one move, in any order; a move may start where the guest and its dest go together and there is
room for it by then. What a move and a rule are allowed is asked of the verifier, guest by guest.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import RuleKind, When
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify.case import Case, open_case
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify.moves import move_violations
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify.rules import (
    BoundRule,
    bound_rules,
    domain_of,
    end_violations,
    rule_violations,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MOST = 6_000  # placements; a fleet with more is not tried
Placement = tuple[int, ...]


@dataclass(frozen=True)
class Counted:
    """A hard rule that counts guests at every step: who, each host's domain (None: not counted), and how many."""

    guests: frozenset[int]
    domain: tuple[Optional[str], ...]
    most: int


@dataclass(frozen=True)
class World:
    """The fleet as numbers; ``open`` has, by guest, the hosts that it may go to whatever else is there."""

    case: Case
    rules: tuple[BoundRule, ...]
    hosts: tuple[str, ...]
    uuids: tuple[str, ...]
    start: Placement
    open: tuple[tuple[int, ...], ...]
    memory: tuple[int, ...]
    vcpus: tuple[int, ...]
    room: tuple[tuple[float, float], ...]
    counted: tuple[Counted, ...]

    def where(self, at: Placement) -> dict[str, str]:
        return {uuid: self.hosts[host] for uuid, host in zip(self.uuids, at)}


def world(fleet: Snapshot, request: Request) -> World:
    """Return the fleet ready to be tried; guests have shared disks only, and no usage, pages or nodes."""
    case = open_case(fleet, Plan("", request, ()))
    hosts = tuple(host.name for host in fleet.hosts)
    places = [(index, guest) for index, host in enumerate(fleet.hosts) for guest in host.guests]
    share = 1 - request.headroom_percent / 100
    rules = bound_rules(case)
    uuids = tuple(guest.uuid for _host, guest in places)
    return World(
        case=case,
        rules=rules,
        hosts=hosts,
        uuids=uuids,
        start=tuple(host for host, _guest in places),
        open=tuple(tuple(_open(fleet, request, guest.uuid)) for _host, guest in places),
        memory=tuple(guest.memory if guest.active else 0 for _host, guest in places),
        vcpus=tuple(guest.vcpus if guest.active else 0 for _host, guest in places),
        room=tuple((host.allocatable_memory * share, host.allocatable_vcpus * share) for host in fleet.hosts),
        counted=tuple(_counted(case, rules, uuids)),
    )


def _open(fleet: Snapshot, request: Request, uuid: str) -> Iterator[int]:
    (place,) = [place for place in fleet.located() if place.guest.uuid == uuid][:1]
    for index, host in enumerate(fleet.hosts):
        if host.name == place.host:
            continue
        state = place.guest.state
        method = Method.OFFLINE if state is GuestState.SHUT_OFF else request.method or Method.LIVE
        move = build.move(1, place.guest.name, place.host, host.name, guest=uuid, method=method)
        case = open_case(fleet, Plan("", request, (move,)))
        found = [*move_violations(case), *rule_violations(case, bound_rules(case))]
        if not found:
            yield index


def _counted(case: Case, rules: Sequence[BoundRule], uuids: Sequence[str]) -> Iterator[Counted]:
    number = {uuid: index for index, uuid in enumerate(uuids)}
    for rule in rules:
        counts = rule.kind in (RuleKind.ANTI_AFFINITY, RuleKind.MAX_GUESTS)
        if not (counts and rule.hard and rule.when is When.THROUGHOUT):
            continue
        everywhere = rule.kind is RuleKind.ANTI_AFFINITY
        domain = tuple(
            domain_of(rule, host) if everywhere or host.name in rule.hosts else None for host in case.snapshot.hosts
        )
        yield Counted(frozenset(number[uuid] for uuid in rule.guests), domain, rule.most)


def placements(tried: World, may: Callable[[int, int], bool]) -> Optional[list[Placement]]:
    """Return every legal end, the start included, in which guests have moved as ``may`` lets them; None: too many."""
    todo, seen = [tried.start], {tried.start}
    while todo:
        at = todo.pop()
        for guest, host in _moves(tried, at, may):
            then = (*at[:guest], host, *at[guest + 1 :])
            if then not in seen:
                seen.add(then)
                todo.append(then)
        if len(seen) > MOST:
            return None
    return [at for at in sorted(seen) if holds_at_end(tried, at)]


def _moves(tried: World, at: Placement, may: Callable[[int, int], bool]) -> Iterator[tuple[int, int]]:
    free = [list(room) for room in tried.room]
    for guest, host in enumerate(at):
        free[host][0] -= tried.memory[guest]
        free[host][1] -= tried.vcpus[guest]
    for guest, hosts in enumerate(tried.open):
        if at[guest] != tried.start[guest]:
            continue
        memory, vcpus = tried.memory[guest], tried.vcpus[guest]
        for host in hosts:
            fits = (not memory or memory <= free[host][0]) and (not vcpus or vcpus <= free[host][1])
            if fits and may(guest, host) and not any(_too_many(rule, at, guest, host) for rule in tried.counted):
                yield guest, host


def _too_many(rule: Counted, at: Placement, guest: int, host: int) -> bool:
    domain = rule.domain[host]
    if guest not in rule.guests or domain is None or domain == rule.domain[at[guest]]:
        return False
    return sum(rule.domain[at[other]] == domain for other in rule.guests) + 1 > rule.most


def holds_at_end(tried: World, at: Placement) -> bool:
    """Return whether no hard rule is broken, or broken worse, once the guests are there."""
    return next(end_violations(replace(tried.case, after=tried.where(at)), tried.rules), None) is None


def sent(tried: World, at: Placement) -> int:
    """Return the bytes of memory that getting there sends."""
    return sum(tried.memory[guest] for guest, host in enumerate(tried.start) if at[guest] != host)
