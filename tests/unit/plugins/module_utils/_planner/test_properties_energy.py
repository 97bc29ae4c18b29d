"""Consolidations in a row come to rest and undo nothing, on random fleets under any load.

The second run, a few minutes after the first, changes nothing. Later ones, with the same load, may still find something
where hosts were woken, but never switch a host back.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.energy_fleets import (
    LATELY,
    loaded_fleet,
    saving,
    switched,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.property_cases import RUNS

ROUNDS = 4
SELDOM = 32  # balance takes seconds, the others a tenth


@dataclass(frozen=True)
class Case:
    """A fleet, the request to consolidate it, and the plan; the seed makes it again."""

    seed: int
    fleet: Snapshot
    request: Request
    plan: Plan


@lru_cache(maxsize=1)
def cases() -> tuple[Case, ...]:
    found = []
    for seed in range(4 * RUNS):
        rng = Random(seed)
        fleet = loaded_fleet(rng)
        request = saving(rng, fleet)
        found.append(Case(seed, fleet, request, make_plan(fleet, request)))
    return tuple(found)


def changes(plan: Plan) -> bool:
    return bool(plan.moves or plan.power_on or plan.power_off)


def overloaded(plan: Plan, before: bool = False) -> float:
    (found,) = [bound for bound in plan.bounds if bound.what == "overloaded hosts"]
    return found.before if before else found.value


def test_the_cases_have_all_kinds_of_plans() -> None:
    plans = [case.plan for case in cases()]
    assert any(plan.power_on for plan in plans)
    assert any(plan.power_off for plan in plans)
    assert any(plan.power_off and overloaded(plan, before=True) for plan in plans)
    assert any(overloaded(plan) for plan in plans)
    assert any(not changes(plan) for plan in plans)


def test_a_second_run_changes_nothing() -> None:
    for case in cases():
        again = make_plan(switched(case.fleet, case.plan, LATELY), case.request)
        # where a host stays overloaded, room that others made may help it now
        assert not changes(again) or overloaded(case.plan), f"seed {case.seed}"


def test_later_runs_come_to_rest_and_switch_no_host_back() -> None:
    for case in cases():
        fleet, plan, rounds = case.fleet, case.plan, 0
        on, off = set(plan.power_on), set(plan.power_off)
        while changes(plan) and rounds < ROUNDS:
            fleet, rounds = switched(fleet, plan), rounds + 1
            plan = make_plan(fleet, case.request)
            assert not on.intersection(plan.power_off), f"seed {case.seed}"
            assert not off.intersection(plan.power_on), f"seed {case.seed}"
            on.update(plan.power_on)
            off.update(plan.power_off)
        assert not changes(plan), f"seed {case.seed}"


def test_no_plan_wakes_and_switches_off() -> None:
    for case in cases():
        assert not (case.plan.power_on and case.plan.power_off), f"seed {case.seed}"


def test_a_plan_overloads_no_host_and_wakes_only_for_an_overload() -> None:
    for case in cases():
        before, after = overloaded(case.plan, before=True), overloaded(case.plan)
        assert after <= before, f"seed {case.seed}"
        assert after < before or not case.plan.power_on, f"seed {case.seed}"


def test_nobody_is_woken_while_hosts_that_are_on_suffice() -> None:
    for case in cases():
        if case.plan.power_on:
            asleep = make_plan(case.fleet, replace(case.request, wake=False))
            assert overloaded(asleep) > overloaded(case.plan), f"seed {case.seed}"


def test_balancing_between_two_consolidations_undoes_nothing() -> None:
    for case in cases()[::SELDOM]:
        fleet = switched(case.fleet, case.plan)
        if changes(make_plan(fleet, case.request)):
            continue
        balanced = make_plan(fleet, replace(case.request, goal=Goal.BALANCE))
        asleep = {host.name for host in fleet.hosts if host.name in case.plan.power_off}
        assert not asleep.intersection(move.dest for move in balanced.moves), f"seed {case.seed}"
        again = make_plan(switched(fleet, balanced), case.request)
        assert not changes(again), f"seed {case.seed}"
