"""What holds for every fleet and request, tried on a few hundred seeded random ones."""

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
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Goal, Move, Plan, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import (
    Snapshot,
    by_uuid,
    residence,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import first_violation
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.random_fleet import (
    random_fleet,
    random_request,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.scenario import carry_out

FLEETS = 200


@dataclass(frozen=True)
class Case:
    """One fleet, one request, and the plan for them; the seed makes it again."""

    seed: int
    fleet: Snapshot
    request: Request
    plan: Plan


def a_case(seed: int) -> Case:
    rng = Random(seed)
    fleet = random_fleet(rng)
    request = random_request(rng, fleet)
    return Case(seed, fleet, request, make_plan(fleet, request))


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    return tuple(a_case(seed) for seed in range(FLEETS))


def moves(cases: tuple[Case, ...]) -> Iterator[tuple[Case, Move]]:
    return ((case, move) for case in cases for move in case.plan.moves)


def test_the_fleets_are_worth_trying(cases: tuple[Case, ...]) -> None:
    """Guards the others: what they range over must occur, and often."""
    assert sum(1 for _move in moves(cases)) > FLEETS / 2
    assert sum(len(case.plan.stays) for case in cases) > FLEETS
    assert sum(len(case.plan.leftovers) for case in cases) > 3
    assert sum(1 for _case, move in moves(cases) if move.copies) > 20
    assert sum(1 for _case, move in moves(cases) if move.adopt) > 0
    assert {move.method for _case, move in moves(cases)} == {*type(next(moves(cases))[1].method)}
    assert {case.request.goal for case in cases} == {Goal.EVACUATE, Goal.RESTORE, Goal.MOVE}
    codes = {refusal.code.value for case in cases for stay in case.plan.stays for refusal in stay.refusals}
    assert len(codes) > 15, codes


def test_verify_accepts_every_plan(cases: tuple[Case, ...]) -> None:
    for case in cases:
        assert first_violation(case.fleet, case.plan) is None, case.seed


def test_the_same_input_gives_the_same_plan_byte_for_byte(cases: tuple[Case, ...]) -> None:
    for case in cases:
        reread = from_json(Snapshot, json.loads(json.dumps(to_json(case.fleet))))
        again = make_plan(reread, case.request)
        assert json.dumps(to_json(again)) == json.dumps(to_json(case.plan)), case.seed


def test_the_order_in_which_a_host_lists_its_guests_does_not_matter(cases: tuple[Case, ...]) -> None:
    for case in cases:
        shuffled = replace(
            case.fleet, hosts=tuple(replace(host, guests=host.guests[::-1]) for host in case.fleet.hosts)
        )
        again = make_plan(shuffled, case.request)
        assert again.moves == case.plan.moves, case.seed
        assert again.stays == case.plan.stays, case.seed


def test_a_plan_carried_out_leaves_nothing_more_to_move(cases: tuple[Case, ...]) -> None:
    for case in cases:
        if case.request.goal is Goal.RESTORE and len(case.request.hosts) > 1:
            continue  # they make room for one another, see below
        if any(move.dest in case.request.hosts and move.adopt for move in case.plan.moves):
            continue  # somebody else moves a guest from one emptied host to the next
        after = carry_out(case.fleet, case.plan)
        assert make_plan(after, case.request).moves == (), case.seed


def test_planning_again_ends_after_at_most_one_round_per_guest_that_stayed(cases: tuple[Case, ...]) -> None:
    for case in cases:
        fleet, plan, rounds = case.fleet, case.plan, 0
        while plan.moves and rounds <= len(case.plan.stays) + 1:
            fleet, rounds = carry_out(fleet, plan), rounds + 1
            plan = make_plan(fleet, case.request)
        assert plan.moves == (), case.seed


def test_a_plan_carried_out_breaks_no_guest(cases: tuple[Case, ...]) -> None:
    for case in cases:
        after = carry_out(case.fleet, case.plan)
        assert problems(case.fleet, after) == problems(case.fleet, case.fleet), case.seed


def test_no_guest_moves_without_cause(cases: tuple[Case, ...]) -> None:
    for case, move in moves(cases):
        goal, hosts = case.request.goal, case.request.hosts
        if goal is Goal.EVACUATE:
            assert move.source in hosts or (move.reason.startswith("makes room") and move.dest not in hosts), case.seed
        else:
            assert move.dest in hosts or move.adopt, case.seed
        if goal is Goal.MOVE:
            assert move.guest in case.request.guests, case.seed
        if goal is Goal.RESTORE:
            assert residence(by_uuid(case.fleet)[move.guest]).guest.notes.home in hosts, case.seed
        assert residence(by_uuid(case.fleet)[move.guest]).host == move.source, case.seed


def test_every_guest_of_an_evacuated_host_moves_or_says_why_not(cases: tuple[Case, ...]) -> None:
    for case in cases:
        if case.request.goal is not Goal.EVACUATE:
            continue
        homes = {uuid: residence(places) for uuid, places in by_uuid(case.fleet).items()}
        there = {uuid for uuid, place in homes.items() if place.host in case.request.hosts}
        moved = [move.guest for move in case.plan.moves if move.source in case.request.hosts]
        stayed = [stay.guest for stay in case.plan.stays]
        assert sorted(moved) == sorted(there - set(stayed)), case.seed
        assert there <= {*moved, *stayed}, case.seed
        assert all(stay.refusals for stay in case.plan.stays), case.seed


def test_an_evacuated_host_is_empty_but_for_guests_that_the_plan_names(cases: tuple[Case, ...]) -> None:
    for case in cases:
        if case.request.goal is not Goal.EVACUATE:
            continue
        named = {stay.guest for stay in case.plan.stays} | {move.guest for move in case.plan.moves if move.adopt}
        after = carry_out(case.fleet, case.plan)
        left = {guest.uuid for host in after.hosts if host.name in case.request.hosts for guest in host.guests}
        assert left <= named, case.seed


def test_what_is_left_over_is_never_where_its_guest_lives(cases: tuple[Case, ...]) -> None:
    for case in cases:
        for leftover in case.plan.leftovers:
            assert leftover.definition_on != leftover.host, case.seed


def test_more_memory_at_a_destination_leaves_fewer_guests_behind_but_for_rare_bad_luck(
    cases: tuple[Case, ...],
) -> None:
    """Guests are placed one after the other, never twice, so room that lures the wrong one can cost another its place.

    That is measured at two cases in a thousand; one in a hundred would be a worse planner.
    """
    gains = [
        len(case.plan.stays) - len(make_plan(richer(case.fleet, host), case.request).stays)
        for case in cases
        for host in case.fleet.hosts
        if host.state is HostState.SCHEDULABLE
    ]
    assert len(gains) > 400
    assert sum(gains) > 10
    assert sum(1 for gain in gains if gain < 0) <= len(gains) / 100


def richer(fleet: Snapshot, host: Host) -> Snapshot:
    """The fleet with another 256 MiB to give at one host."""
    more = replace(host, allocatable_memory=host.allocatable_memory + 256 * build.MIB)
    return build.snapshot(*(more if other is host else other for other in fleet.hosts))
