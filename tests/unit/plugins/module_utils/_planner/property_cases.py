"""The random cases that the property tests share: how many, which, and their plans. Judges nothing.

VIRTFLEET_RUNS says how many fleets are tried; `make test-properties` gives it, the unit tests take a few.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.random_fleet import (
    random_fleet,
    small_fleet,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.random_request import random_request

RUNS = int(os.environ.get("VIRTFLEET_RUNS", "16"))
SELDOM = 4  # one case in so many is of a goal that takes ten times as long
PLACING = (Goal.EVACUATE, Goal.RELOCATE, Goal.MOVE, Goal.RESTORE)


@dataclass(frozen=True)
class Case:
    """One fleet, one request, and the plan for them; seed and goal make it again."""

    seed: int
    fleet: Snapshot
    request: Request
    plan: Plan

    @property
    def what(self) -> str:
        return f"seed {self.seed}, {self.request.goal.value}"


def asked(seed: int, goal: Goal) -> tuple[Snapshot, Request]:
    """Return the fleet and the request of a seed; every third fleet is a small one."""
    rng = Random(seed)
    fleet = (small_fleet if seed % 3 == 0 else random_fleet)(rng)
    return fleet, random_request(rng, fleet, (goal,))


@lru_cache(maxsize=1)
def cases() -> tuple[Case, ...]:
    """Return the cases of all goals, planned once."""
    found = []
    for seed in range(RUNS):
        for goal in Goal:
            if goal is not Goal.BALANCE or seed % SELDOM == 0:
                fleet, request = asked(seed, goal)
                found.append(Case(seed, fleet, request, make_plan(fleet, request)))
    return tuple(found)


def without_id(plan: Plan) -> Plan:
    """Return the plan without the digest of its input."""
    return replace(plan, plan_id="")
