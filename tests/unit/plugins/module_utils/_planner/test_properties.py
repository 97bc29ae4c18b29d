"""What holds for every fleet, goal, rule and option, tried on seeded random ones."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.invariant import problems
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import from_json, to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move, Purpose
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import RuleKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import (
    Snapshot,
    by_uuid,
    residence,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify.verify import first_violation
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.property_cases import (
    RUNS,
    Case,
    cases,
    without_id,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.scenario import carry_out

ROUNDS = 8


def of(*goals: Goal) -> list[Case]:
    return [case for case in cases() if case.request.goal in goals]


def test_the_fleets_are_worth_trying() -> None:
    """Guards the others: what they range over must occur, and often."""
    moves = [move for case in cases() for move in case.plan.moves]
    assert len(moves) > 2 * RUNS
    assert sum(len(case.plan.stays) for case in cases()) > RUNS
    assert sum(1 for case in cases() if case.plan.leftovers) > RUNS / 12
    assert sum(1 for move in moves if move.copies) > RUNS / 12
    # guests restart only where a rule leaves nothing else, which is rare
    assert {move.method for move in moves} >= set(Method) - {Method.RESTART}
    assert {case.request.goal for case in cases() if case.plan.moves} == set(Goal)
    assert {rule.kind for case in cases() for rule in case.request.rules} == set(RuleKind)
    codes = {refusal.code.value for case in cases() for stay in case.plan.stays for refusal in stay.refusals}
    assert len(codes) > 12, codes


def test_verify_accepts_every_plan() -> None:
    for case in cases():
        assert first_violation(case.fleet, case.plan) is None, case.what


@pytest.mark.parametrize("goal", Goal)
def test_the_same_input_gives_the_same_plan_byte_for_byte(goal: Goal) -> None:
    for case in of(goal)[::4]:  # planned anew in another order below, too
        reread = from_json(Snapshot, json.loads(json.dumps(to_json(case.fleet))))
        again = make_plan(reread, case.request)
        assert json.dumps(to_json(again)) == json.dumps(to_json(case.plan)), case.what


@pytest.mark.parametrize("goal", Goal)
def test_the_order_in_which_hosts_and_guests_are_listed_does_not_matter(goal: Goal) -> None:
    for case in of(goal):
        rng = Random(case.seed)
        hosts = [replace(host, guests=tuple(rng.sample(host.guests, len(host.guests)))) for host in case.fleet.hosts]
        shuffled = replace(case.fleet, hosts=tuple(rng.sample(hosts, len(hosts))))
        assert without_id(make_plan(shuffled, case.request)) == without_id(case.plan), case.what


@pytest.mark.parametrize("goal", [goal for goal in Goal if goal is not Goal.ROLLING])
def test_planning_again_ends_and_mostly_at_once(goal: Goal) -> None:
    """Moves of others, and budgets, leave something for later rounds; without them one round is all."""
    for case in of(goal):
        fleet, plan, rounds = case.fleet, case.plan, 0
        while plan.moves and rounds < ROUNDS:
            fleet, rounds = carry_out(fleet, plan), rounds + 1
            plan = make_plan(fleet, case.request)
        assert plan.moves == (), case.what
        assert rounds <= 1 or may_take_rounds(case), case.what


def may_take_rounds(case: Case) -> bool:
    request = case.request
    adopted = any(move.adopt for move in case.plan.moves)
    budget = request.max_moves is not None or request.max_bytes is not None
    return adopted or budget or bool(case.plan.stays) or bool(case.plan.leftovers)


def test_a_plan_carried_out_breaks_no_guest() -> None:
    for case in cases():
        after = carry_out(case.fleet, case.plan)
        assert problems(case.fleet, after) == problems(case.fleet, case.fleet), case.what


def test_no_guest_moves_without_cause() -> None:
    for case in cases():
        for move in case.plan.moves:
            assert has_cause(case, move), f"{case.what}: {move.name}"


def has_cause(case: Case, move: Move) -> bool:
    """Whether the goal speaks of the guest or of its hosts, or the plan says that somebody needs its place."""
    request, guest, source, dest = case.request, move.guest, move.source, move.dest
    asked = {host.name for host in case.fleet.hosts if host.name in request.hosts or host.site in request.sites}
    upgraded = {name for wave in case.plan.waves for name in wave.hosts}
    if move.adopt or move.parking or move.reason.startswith(("makes room", "goes along with")):
        return True
    home = residence(by_uuid(case.fleet)[guest]).guest.notes.home
    return {
        Goal.EVACUATE: source in asked,
        Goal.RESTORE: dest in asked and dest == home,
        Goal.MOVE: dest in asked and guest in request.guests,
        Goal.RELOCATE: guest in request.guests or source in asked or bool(request.labels),
        Goal.CONSOLIDATE: bool(case.plan.power_off) or move.reason.startswith("relieves"),
        Goal.BALANCE: move.purpose is not Purpose.EVEN_OUT or evens_out(case),
        Goal.ROLLING: source in upgraded or (request.return_home and dest in upgraded),
        Goal.REPAIR: move.reason.startswith(("relieves", "rule ")),
    }[request.goal]


def evens_out(case: Case) -> bool:
    """Whether the imbalance falls; what mends and relieves may raise it first by more than is evened out then."""
    bound = next(iter(case.plan.bounds), None)
    mixed = {move.purpose for move in case.plan.moves} != {Purpose.EVEN_OUT}
    return bound is not None and (mixed or bound.value < bound.before)


def test_every_guest_of_an_evacuated_host_moves_or_says_why_not() -> None:
    for case in of(Goal.EVACUATE):
        request = case.request
        emptied = {host.name for host in case.fleet.hosts if host.name in request.hosts or host.site in request.sites}
        homes = {uuid: residence(places) for uuid, places in by_uuid(case.fleet).items()}
        there = {uuid for uuid, place in homes.items() if place.host in emptied}
        moved = {move.guest for move in case.plan.moves if move.source in emptied}
        stayed = {stay.guest for stay in case.plan.stays}
        assert there <= moved | stayed, case.what
        assert all(stay.refusals for stay in case.plan.stays), case.what
        adopted = {move.guest for move in case.plan.moves if move.adopt}
        after = carry_out(case.fleet, case.plan)
        left = {guest.uuid for host in after.hosts if host.name in emptied for guest in host.guests}
        assert left <= stayed | adopted, case.what


def test_what_is_left_over_is_never_where_its_guest_lives() -> None:
    for case in cases():
        for leftover in case.plan.leftovers:
            assert leftover.definition_on != leftover.host, case.what
