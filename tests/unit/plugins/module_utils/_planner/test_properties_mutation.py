"""Plans that the planner makes, broken on purpose: the verifier catches every mutant that is broken for sure."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from random import Random

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify.verify import first_violation
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.mutation_table import MUTATIONS
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.property_cases import RUNS, cases
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.valid_plans import Case

# The others need a fleet with nothing to spare, or what few random plans have: test_mutation.py has those.
SURE = (
    "an id twice",
    "another's name",
    "anti-affinity",
    "a ban",
    "a pin",
    "better than possible",
    "broken at the end",
    "bytes concealed",
    "crashed",
    "a device",
    "from where it is not",
    "a guest nobody knows",
    "in maintenance",
    "its own ban",
    "its own pin",
    "listed before what it waits for",
    "live while shut off",
    "a move of nobody",
    "no guest at all",
    "no network",
    "no KVM",
    "no such node",
    "off what is off",
    "offline while it runs",
    "the source is silent",
    "to itself",
    "to nowhere",
    "too many guests",
    "under backup",
    "an unknown CPU",
    "an unknown machine",
    "waits for nobody known",
    "with snapshots",
)
BY_NAME = {what: mutate for kinds in MUTATIONS.values() for what, mutate in kinds.items()}


def plans() -> list[Case]:
    """Return plans of two moves or more, all of them the plan's own; not rolling ones, for waves hide many a change."""
    return [
        Case(case.what, case.fleet, case.plan)
        for case in cases()
        if len(case.plan.moves) > 1
        and case.request.goal is not Goal.ROLLING
        and not any(move.adopt for move in case.plan.moves)
    ]


@pytest.mark.parametrize("what", SURE)
def test_every_mutant_of_a_plan_that_was_made_is_caught(what: str) -> None:
    made = 0
    for case in plans():
        mutant = BY_NAME[what](Random(f"{what} {case.what}"), case)
        if mutant is not None:
            made += 1
            assert first_violation(mutant.fleet, mutant.plan) is not None, case.what
    assert made >= RUNS / 24, "hardly a plan has what this breaks"
