"""What holds for every fleet, every goal and every rule, tried on seeded random ones."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.invariant import problems
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import from_json, to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Goal, Move, Plan, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import (
    Snapshot,
    by_uuid,
    residence,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import first_violation
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.random_fleet import random_fleet
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.random_request import random_request
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.scenario import carry_out

SEEDS = 25


@dataclass(frozen=True)
class Case:
    """One fleet, one request, and the plan for them; the seed makes it again."""

    seed: int
    fleet: Snapshot
    request: Request
    plan: Plan


def a_case(goal: Goal, seed: int) -> Case:
    rng = Random(f"{goal.value} {seed}")
    fleet = random_fleet(rng)
    request = random_request(rng, fleet, (goal,))
    return Case(seed, fleet, request, make_plan(fleet, request))


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    return tuple(a_case(goal, seed) for goal in Goal for seed in range(SEEDS))


def moves(cases: tuple[Case, ...]) -> Iterator[tuple[Case, Move]]:
    return ((case, move) for case in cases for move in case.plan.moves)


def test_the_fleets_are_worth_trying(cases: tuple[Case, ...]) -> None:
    """Guards the others: what they range over must occur, and often."""
    assert sum(1 for _move in moves(cases)) > len(cases) / 4
    assert sum(len(case.plan.stays) for case in cases) > len(cases) / 4
    assert sum(len(case.plan.breaches) for case in cases) > 10
    assert sum(1 for _case, move in moves(cases) if move.copies) > 10
    assert {move.method for _case, move in moves(cases)} == {*type(next(moves(cases))[1].method)}
    assert {case.request.goal for case in cases} == set(Goal)
    codes = {refusal.code.value for case in cases for stay in case.plan.stays for refusal in stay.refusals}
    assert len(codes) > 15, codes


def test_verify_accepts_every_plan(cases: tuple[Case, ...]) -> None:
    for case in cases:
        assert first_violation(case.fleet, case.plan) is None, (case.request.goal, case.seed)


def test_the_same_input_gives_the_same_plan_byte_for_byte(cases: tuple[Case, ...]) -> None:
    for case in cases[::3]:
        reread = from_json(Snapshot, json.loads(json.dumps(to_json(case.fleet))))
        again = make_plan(reread, case.request)
        assert json.dumps(to_json(again)) == json.dumps(to_json(case.plan)), (case.request.goal, case.seed)


def test_the_order_in_which_a_host_lists_its_guests_does_not_matter(cases: tuple[Case, ...]) -> None:
    for case in cases[::3]:
        shuffled = replace(
            case.fleet, hosts=tuple(replace(host, guests=host.guests[::-1]) for host in case.fleet.hosts)
        )
        again = make_plan(shuffled, case.request)
        assert again.moves == case.plan.moves, (case.request.goal, case.seed)
        assert again.stays == case.plan.stays, (case.request.goal, case.seed)


def test_planning_again_comes_to_an_end(cases: tuple[Case, ...]) -> None:
    """Most goals are done in one round; a budget, a guest on its way or one that has run since can ask for more."""
    for case in cases:
        if case.request.goal is Goal.ROLLING:
            continue  # a host that is upgraded once more is emptied once more
        fleet, plan, rounds = case.fleet, case.plan, 0
        while plan.moves and rounds < 12:
            fleet, rounds = carry_out(fleet, plan), rounds + 1
            plan = make_plan(fleet, case.request)
        assert plan.moves == (), (case.request.goal, case.seed)


def test_nearly_every_goal_is_reached_in_one_round(cases: tuple[Case, ...]) -> None:
    again = [
        (case.request.goal.value, case.seed)
        for case in cases
        if case.request.goal is not Goal.ROLLING
        and case.request.max_moves is None
        and case.request.max_bytes is None
        and make_plan(carry_out(case.fleet, case.plan), case.request).moves
    ]
    assert len(again) <= len(cases) / 50, again


def test_a_plan_carried_out_breaks_no_guest(cases: tuple[Case, ...]) -> None:
    for case in cases:
        after = carry_out(case.fleet, case.plan)
        assert problems(case.fleet, after) == problems(case.fleet, case.fleet), (case.request.goal, case.seed)


def test_every_move_has_a_reason_and_begins_where_its_guest_is(cases: tuple[Case, ...]) -> None:
    for case in cases:
        where = {uuid: residence(places).host for uuid, places in by_uuid(case.fleet).items()}
        for move in case.plan.moves:
            assert move.reason, (case.request.goal, case.seed)
            assert move.source == where[move.guest], (case.request.goal, case.seed)
            where[move.guest] = move.dest


def test_every_guest_of_an_evacuated_host_moves_or_says_why_not(cases: tuple[Case, ...]) -> None:
    for case in cases:
        if case.request.goal is not Goal.EVACUATE:
            continue
        homes = {uuid: residence(places) for uuid, places in by_uuid(case.fleet).items()}
        sites = [host.name for host in case.fleet.hosts if host.site in case.request.sites]
        emptied = {*case.request.hosts, *sites}
        there = {uuid for uuid, place in homes.items() if place.host in emptied}
        moved = {move.guest for move in case.plan.moves if move.source in emptied}
        stayed = {stay.guest for stay in case.plan.stays}
        assert there <= moved | stayed, case.seed
        assert all(stay.refusals for stay in case.plan.stays), case.seed
