"""The tools that mutations of a valid plan are made with. Must not know what a mutation is to show."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Optional

from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Guest,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import (
    GuestRule,
    Rule,
    RuleKind,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.valid_plans import (
    Case,
)

Mutate = Callable[[Random, Case], Optional[Case]]


def with_host(case: Case, name: str, **changes: Any) -> Case:
    hosts = [replace(host, **changes) if host.name == name else host for host in case.fleet.hosts]
    return replace(case, fleet=build.snapshot(*hosts))


def with_guest(case: Case, uuid: str, **changes: Any) -> Case:
    hosts = [
        replace(host, guests=tuple(replace(guest, **changes) if guest.uuid == uuid else guest for guest in host.guests))
        for host in case.fleet.hosts
    ]
    return replace(case, fleet=build.snapshot(*hosts))


def with_plan(case: Case, **changes: Any) -> Case:
    plan = replace(case.plan, **changes)
    seconds, size = sum(move.est_seconds for move in plan.moves), sum(move.est_bytes for move in plan.moves)
    sums = {"est_seconds": seconds, "est_bytes": size} if "moves" in changes else {}
    return replace(case, plan=replace(plan, **sums))


def with_move(case: Case, move: Move, **changes: Any) -> Case:
    return with_plan(case, moves=tuple(replace(m, **changes) if m is move else m for m in case.plan.moves))


def with_request(case: Case, **changes: Any) -> Case:
    return with_plan(case, request=replace(case.plan.request, **changes))


def with_rule(case: Case, rule: Rule) -> Case:
    return with_request(case, rules=(*case.plan.request.rules, rule))


def with_own_rule(case: Case, uuid: str, rule: GuestRule) -> Case:
    notes = case.guest(uuid).notes
    return with_guest(case, uuid, notes=replace(notes, rules=(*notes.rules, rule)))


def some_move(
    rng: Random, case: Case, fits: Callable[[Move, Guest], bool] = lambda _move, _guest: True
) -> Optional[Move]:
    """Return a random move, or None where there is none of the kind."""
    moves = [move for move in case.plan.moves if fits(move, case.guest(move.guest))]
    return rng.choice(moves) if moves else None


def active(_move: Move, guest: Guest) -> bool:
    return guest.active


def shut_off(_move: Move, guest: Guest) -> bool:
    return not guest.active


def only(rng: Random, case: Case, fits: Callable[[Move, Guest], bool] = lambda _move, _guest: True) -> Optional[Move]:
    """Return a random move of a guest that moves once."""
    names = [move.guest for move in case.plan.moves]
    return some_move(rng, case, lambda move, guest: names.count(move.guest) == 1 and fits(move, guest))


def dest_changed(
    fits: Callable[[Move, Guest], bool],
    changes: Callable[[Host], dict[str, Any]],
    which: Callable[[Host], bool] = lambda _host: True,
) -> Mutate:
    """A mutation of the destination of a random move."""

    def mutate(rng: Random, case: Case) -> Optional[Case]:
        move = some_move(rng, case, lambda move, guest: fits(move, guest) and which(case.host(move.dest)))
        return None if move is None else with_host(case, move.dest, **changes(case.host(move.dest)))

    return mutate


def has_pages(host: Host) -> bool:
    """Whether those who leave do not make room enough."""
    return any(count > 0 for cell in host.numa_cells for count in cell.hugepages.values())


def has_space(host: Host) -> bool:
    return host.pools[0].available > 0


def guest_changed(fits: Callable[[Move, Guest], bool], **changes: Any) -> Mutate:
    """A mutation of the guest of a random move."""

    def mutate(rng: Random, case: Case) -> Optional[Case]:
        move = some_move(rng, case, fits)
        return None if move is None else with_guest(case, move.guest, **changes)

    return mutate


def move_changed(fits: Callable[[Move, Guest], bool], changes: Callable[[Move], dict[str, Any]]) -> Mutate:
    """A mutation of a random move."""

    def mutate(rng: Random, case: Case) -> Optional[Case]:
        move = some_move(rng, case, fits)
        return None if move is None else with_move(case, move, **changes(move))

    return mutate


def ruled(kind: RuleKind, make: Callable[[Move, str], Optional[dict[str, Any]]], **common: Any) -> Mutate:
    """A mutation that adds a hard rule which a random move breaks."""

    def mutate(rng: Random, case: Case) -> Optional[Case]:
        move = only(rng, case, active)
        if move is None:
            return None
        resident = _resident(case, move)
        made = make(move, resident) if resident else None
        return None if made is None else with_rule(case, Rule("broken", kind, **{**common, **made}))

    return mutate


def _resident(case: Case, move: Move) -> str:
    """Return a guest that lives at the destination and does not move, or nothing."""
    moving = {other.guest for other in case.plan.moves}
    there = [guest.name for guest in case.host(move.dest).guests if guest.uuid not in moving and guest.active]
    return there[0] if there else ""
