"""The mutation check: plans that are valid are accepted, and each way of breaking one is caught, a hundred per cent."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ast
from itertools import combinations
from pathlib import Path
from random import Random

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import verify
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify.cut import greatest_surplus
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify.verify import first_violation
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.mutation_table import MUTATIONS
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.test_verify import BROKEN
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.test_verify_balance import (
    BROKEN as BROKEN_BALANCE,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.test_verify_disks import (
    BROKEN as BROKEN_DISKS,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.test_verify_groups import (
    BROKEN as BROKEN_GROUPS,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.test_verify_saving import (
    BROKEN as BROKEN_SAVING,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.test_verify_taken import (
    BROKEN as BROKEN_TAKEN,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.test_verify_ways import (
    BROKEN as BROKEN_WAYS,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.valid_plans import (
    Case,
    valid_case,
)

PLANS = 6  # of each goal
MUTANTS = 5  # of each mutation
EACH = [(rules, what) for rules, kinds in MUTATIONS.items() for what in kinds]


@pytest.fixture(scope="module")
def valid() -> tuple[Case, ...]:
    return tuple(valid_case(goal, seed) for goal in Goal for seed in range(PLANS))


def test_plans_of_every_goal_with_nothing_to_spare_are_accepted(valid: tuple[Case, ...]) -> None:
    refused = [f"{case.what}: {first_violation(case.fleet, case.plan)}" for case in valid]
    assert [text for text in refused if not text.endswith(": None")] == []
    assert {case.plan.request.goal for case in valid} == set(Goal)
    assert sum(len(case.plan.moves) for case in valid) > 200


@pytest.mark.parametrize(("rules", "what"), [pytest.param(rules, what, id=what) for rules, what in EACH])
def test_every_mutant_is_caught_by_its_rule(rules: str, what: str, valid: tuple[Case, ...]) -> None:
    rng, made = Random(what), 0
    for case in rng.sample(valid, len(valid)):
        mutant = MUTATIONS[rules][what](rng, case)
        if mutant is None:
            continue
        found = first_violation(mutant.fleet, mutant.plan)
        assert found is not None, f"{case.what}: not caught"
        assert found.rule in rules.split("|"), f"{case.what}: {found}"
        made += 1
        if made == MUTANTS:
            break
    assert made >= 2, f"only {made} mutants"


def test_no_rule_of_the_verifier_goes_untried() -> None:
    folder = Path(verify.__file__).parent
    named: set[str] = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Violation", "_at"):
                rule = node.args[0 if node.func.id == "Violation" else 1]
                named |= {rule.value} if isinstance(rule, ast.Constant) else set()
    tried = {rule for rules in MUTATIONS for rule in rules.split("|")} | {
        rule
        for _what, rule, _make in (
            *(*BROKEN, *BROKEN_BALANCE, *BROKEN_DISKS),
            *(*BROKEN_GROUPS, *BROKEN_SAVING, *BROKEN_TAKEN, *BROKEN_WAYS),
        )
    }
    assert len(named) > 60
    assert tried - named == set()
    assert named - tried == set()


@pytest.mark.parametrize("seed", range(60))
def test_the_greatest_surplus_is_that_of_the_best_of_all_sets(seed: int) -> None:
    rng = Random(seed)
    arrivals = {number: float(rng.randint(1, 9)) for number in range(rng.randint(1, 6))}
    departures = {number: float(rng.randint(1, 9)) for number in range(10, 10 + rng.randint(0, 6))}
    waits = {arrival: [gone for gone in departures if rng.random() < 0.4] for arrival in arrivals}
    best = max(
        sum(arrivals[one] for one in some)
        - sum(departures[gone] for gone in set().union(*(waits[one] for one in some)))
        for count in range(len(arrivals) + 1)
        for some in combinations(arrivals, count)
    )
    assert greatest_surplus(arrivals, departures, waits, float("-inf")) == pytest.approx(best)
