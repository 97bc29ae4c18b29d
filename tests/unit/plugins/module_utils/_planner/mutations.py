"""Ways to break a valid plan, each at a random step: guests, moves, rules.

A mutation returns the broken case, or None where the plan has nothing of the kind to break. It must break the plan for
sure; most can, because the fleets of valid_plans.py have nothing to spare.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Optional

from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import NumaCell
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move, Wave
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import (
    GuestRule,
    Rule,
    RuleKind,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.mutate import (
    Mutate,
    _resident,
    active,
    only,
    with_host,
    with_move,
    with_own_rule,
    with_plan,
    with_request,
    with_rule,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.valid_plans import (
    PAGE_KIB,
    Case,
    breach,
)


def forget_order(rng: Random, case: Case) -> Optional[Case]:
    """Nobody waits any longer for a departure that makes room."""
    moves = {move.id: move for move in case.plan.moves}
    makers = [
        moves[other]
        for move in case.plan.moves
        for other in move.after
        if moves[other].source == move.dest and case.guest(move.guest).active and case.guest(moves[other].guest).active
    ]
    if not makers:
        return None
    maker = rng.choice(makers)
    hasty = [
        replace(move, after=tuple(i for i in move.after if i != maker.id)) if move.dest == maker.source else move
        for move in case.plan.moves
    ]
    return with_plan(case, moves=tuple(hasty))


def listed_too_early(rng: Random, case: Case) -> Optional[Case]:
    moves = list(case.plan.moves)
    late = [index for index, move in enumerate(moves) if move.after]
    if not late:
        return None
    moves.insert(0, moves.pop(rng.choice(late)))
    return with_plan(case, moves=tuple(moves))


def id_twice(rng: Random, case: Case) -> Optional[Case]:
    first, second = sorted(rng.sample(range(len(case.plan.moves)), 2))
    return with_move(case, case.plan.moves[second], id=case.plan.moves[first].id)


def from_elsewhere(rng: Random, case: Case) -> Optional[Case]:
    move = only(rng, case)
    return None if move is None else with_move(case, move, source="hv9")


def moved_twice(rng: Random, case: Case) -> Optional[Case]:
    """A guest makes its move again, in two steps and without need."""
    move = only(rng, case)
    if move is None or case.plan.waves:
        return None
    again = replace(move, id="again", source=move.dest, dest=move.source, after=(move.id,))
    last = replace(move, id="last", after=("again",))
    return with_plan(case, moves=(*case.plan.moves, again, last))


def move_dropped(rng: Random, case: Case) -> Optional[Case]:
    """A guest that the goal speaks of stays, and nobody says so."""
    aimed = case.plan.request.goal in (Goal.EVACUATE, Goal.RELOCATE, Goal.RESTORE, Goal.MOVE, Goal.ROLLING)
    spoken = [move for move in case.plan.moves if move.source == "hv1" or case.plan.request.goal is not Goal.EVACUATE]
    waited = {other for move in case.plan.moves for other in move.after}
    wanted = [move for move in spoken if move.id not in waited and not _aside(case, move)]
    if not aimed or not wanted:
        return None
    gone = rng.choice(wanted)
    waves = tuple(Wave(wave.hosts, tuple(i for i in wave.moves if i != gone.id)) for wave in case.plan.waves)
    return with_plan(case, moves=tuple(move for move in case.plan.moves if move is not gone), waves=waves)


def _aside(case: Case, move: Move) -> bool:
    """Whether the goal has no reason of its own for the move."""
    request, guest = case.plan.request, case.guest(move.guest)
    return {
        Goal.RELOCATE: guest.notes.labels.get("of") != "hv1",
        Goal.MOVE: guest.name not in request.guests,
        Goal.EVACUATE: move.source != "hv1",
    }.get(request.goal, False)


def onto_emptied(rng: Random, case: Case) -> Optional[Case]:
    goal = case.plan.request.goal
    if goal is Goal.ROLLING:
        wave = rng.choice(case.plan.waves)
        moves = [move for move in case.plan.moves if move.id in wave.moves]
        return with_host_given(case, rng.choice(moves), wave)
    emptied = {Goal.EVACUATE: "hv1", Goal.CONSOLIDATE: "hv2"}.get(goal)
    move = only(rng, case, lambda move, _guest: emptied not in (move.source, move.dest))
    if emptied is None or move is None:
        return None
    return with_move(roomy(case, emptied), move, dest=emptied)


def with_host_given(case: Case, move: Move, wave: Wave) -> Case:
    """The destination of the move is of the same wave as its source."""
    waves = [replace(item, hosts=tuple(name for name in item.hosts if name != move.dest)) for item in case.plan.waves]
    place = case.plan.waves.index(wave)
    waves[place] = replace(wave, hosts=(*wave.hosts, move.dest))
    request = replace(case.plan.request, max_at_once=2, one_per=None)
    return with_plan(case, waves=tuple(waves), request=replace(request, hosts=(*request.hosts, move.dest)))


def roomy(case: Case, name: str) -> Case:
    """The host has room for anything, so that only the mutation itself is wrong."""
    cells = tuple(NumaCell(number, 1024 * build.GIB, {str(PAGE_KIB): 1 << 20}) for number in (0, 1))
    return with_host(
        case,
        name,
        allocatable_memory=8192 * build.GIB,
        allocatable_vcpus=1024,
        cpus=1024,
        numa_cells=cells,
        pools=(build.LOCAL, build.SHARED),
    )


def elsewhere(goals: tuple[Goal, ...], prepare: Callable[[Case], Case] = lambda case: case) -> Mutate:
    """A guest that the goal speaks of goes to a host that was not asked for, where it has room."""

    def mutate(rng: Random, case: Case) -> Optional[Case]:
        case = prepare(case)
        request = case.plan.request
        move = only(rng, case, lambda move, _guest: not _aside(case, move))
        if request.goal not in goals or move is None:
            return None
        wrong = [host.name for host in case.fleet.hosts[1:8] if host.name not in (move.source, move.dest)]
        wrong = [name for name in wrong if case.host(name).site == "a" or not request.dest_sites]
        if request.dests:
            request = replace(request, dests=(move.dest,))
        dest = rng.choice(wrong)
        return with_request(with_move(roomy(case, dest), move, dest=dest), dests=request.dests)

    return mutate


def no_room(case: Case) -> Case:
    return with_request(case, dests=("hv3",) if case.plan.request.goal is Goal.EVACUATE else ())


def displaced_unasked(_rng: Random, case: Case) -> Optional[Case]:
    aside = [move for move in case.plan.moves if _aside(case, move)]
    return with_request(case, displace=False) if aside else None


def moved_without_cause(rng: Random, case: Case) -> Optional[Case]:
    """Somebody in nobody's way goes to a host that has room."""
    busy = {name for move in case.plan.moves for name in (move.source, move.dest)}
    idle = [host for host in case.fleet.hosts[:8] if host.name not in busy]
    if len(idle) < 2 or case.plan.request.goal not in (Goal.EVACUATE, Goal.MOVE, Goal.RELOCATE, Goal.RESTORE):
        return None
    source, dest = rng.sample(idle, 2)
    if case.plan.request.dest_sites and dest.site != "b":
        return None
    move = build.move(99, f"{source.name}-1", source.name, dest.name)
    dests = (*case.plan.request.dests, dest.name) if case.plan.request.dests else ()
    return with_request(with_plan(roomy(case, dest.name), moves=(*case.plan.moves, move)), dests=dests)


def not_brought_back(_rng: Random, case: Case) -> Optional[Case]:
    if not case.plan.request.bring_back:
        return None
    return with_plan(case, moves=case.plan.moves[:-1])


def brought_back_unasked(_rng: Random, case: Case) -> Optional[Case]:
    return with_request(case, bring_back=False) if case.plan.request.bring_back else None


def left_parked(_rng: Random, case: Case) -> Optional[Case]:
    parked = [move for move in case.plan.moves if move.parking]
    if not parked:
        return None
    ends = [move for move in case.plan.moves if move.guest == parked[0].guest and not move.parking]
    kept = [move for move in case.plan.moves if move is not ends[0]]
    kept = [replace(move, after=tuple(other for other in move.after if other != ends[0].id)) for move in kept]
    return with_plan(case, moves=tuple(kept))


def parted(rng: Random, case: Case) -> Optional[Case]:
    move = only(rng, case)
    left = [guest.name for guest in case.host(move.source).guests if guest.uuid != move.guest] if move else []
    after = {other.name: other.dest for other in case.plan.moves}
    apart = [name for name in left if move is not None and after.get(name, move.source) != move.dest]
    if move is None or not apart:
        return None
    return with_rule(case, Rule("together", RuleKind.AFFINITY, guests=(move.name, rng.choice(apart))))


def own_rule(kind: RuleKind, make: Callable[[Move], dict[str, Any]]) -> Mutate:
    def mutate(rng: Random, case: Case) -> Optional[Case]:
        move = only(rng, case, active)
        resident = _resident(case, move) if move is not None else ""
        if move is None or not resident:
            return None
        rule = GuestRule(kind, **make(move))
        case = with_own_rule(case, move.guest, rule)
        return with_own_rule(case, build.uuid_of(resident), rule) if rule.group else case

    return mutate


def soft_concealed(rng: Random, case: Case) -> Optional[Case]:
    move = only(rng, case) if case.plan.request.goal is not Goal.REPAIR else None
    rule = Rule("wish", RuleKind.BAN, guests=(move.name,), hosts=(move.dest,), hard=False) if move is not None else None
    return None if rule is None else with_rule(case, rule)


def old_breach_concealed(rng: Random, case: Case) -> Optional[Case]:
    """A hard rule that was broken before, and still is, of a guest that does not move."""
    moving = {move.guest for move in case.plan.moves}
    idle = [place for place in case.fleet.located() if place.guest.uuid not in moving]
    place = rng.choice(idle)
    return with_rule(case, Rule("old", RuleKind.BAN, guests=(place.guest.name,), hosts=(place.host,)))


def breach_called_old(rng: Random, case: Case) -> Optional[Case]:
    broken = soft_concealed(rng, case)
    return None if broken is None else with_plan(broken, breaches=(breach("wish", hard=False, before=True),))
