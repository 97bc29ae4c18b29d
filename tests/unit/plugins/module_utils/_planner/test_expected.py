"""A plan's estimates come from what was measured of a guest, and say what to do where it will not converge."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.plan_text import plan_lines
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import from_json, to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestState, Notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest_policy import GuestPolicy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.explain import explain
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MIB = 1024 * 1024


def planned(**guest: Any) -> Plan:
    """Plan to empty a host of one guest, which leaves 100 MiB/s to migrations."""
    busy = build.guest(memory=build.GIB, usage_memory=440 * MIB, **guest)
    fleet = build.snapshot(build.host("hv1", busy, migration_bandwidth_mibs=100), build.host("hv2"))
    return make_plan(fleet, build.evacuate("hv1"))


def test_without_a_measurement_all_memory_is_sent_once() -> None:
    (move,) = planned().moves
    assert (move.est_bytes, move.est_seconds, move.expected) == (build.GIB, 11.7, None)


def test_with_one_it_is_what_the_guest_holds_and_writes() -> None:
    plan = planned(dirty_rate=10 * MIB)
    (move,) = plan.moves
    # 400 MiB, then 40 in 4 s, then the last 4 while it stands still
    assert move.est_bytes == plan.est_bytes == (400 + 40 + 4) * MIB
    assert move.est_seconds == 5.9
    assert move.est_downtime_ms == 40 + 40
    assert not any("converge" in line for line in plan_lines(plan))


def test_a_guest_that_will_not_converge_is_named_with_the_policy_to_take() -> None:
    plan = planned(dirty_rate=500 * MIB)
    (line,) = [line for line in plan_lines(plan) if "converge" in line]
    assert line.startswith("web writes 500 MiB/s and does not converge by itself: it would stand still for 4.0 s")
    assert "policy very_large" in " ".join(plan_lines(plan))
    assert from_json(Plan, to_json(plan)) == plan


def test_the_downtime_that_the_guest_itself_allows_counts() -> None:
    impatient = Notes(policy=GuestPolicy(max_downtime_ms=10))
    (anybody,), (strict,) = (planned(dirty_rate=50 * MIB, **own).moves for own in ({}, {"notes": impatient}))
    assert anybody.expected is not None
    assert strict.expected is not None
    assert strict.expected.passes > anybody.expected.passes
    assert strict.est_downtime_ms <= 40 + 10 < anybody.est_downtime_ms


@pytest.mark.parametrize("state", [GuestState.PAUSED, GuestState.SHUT_OFF])
def test_what_does_not_run_is_not_predicted(state: GuestState) -> None:
    (move,) = planned(dirty_rate=10 * MIB, state=state).moves
    assert move.expected is None


def test_an_explanation_has_the_same_cost_as_the_plan() -> None:
    busy = build.guest(memory=build.GIB, usage_memory=440 * MIB, dirty_rate=10 * MIB)
    fleet = build.snapshot(build.host("hv1", busy, migration_bandwidth_mibs=100), build.host("hv2"))
    found = explain(fleet, Request(Goal.RELOCATE, guests=("web",)))
    (cost,) = [candidate.cost for guest in found for candidate in guest.candidates if candidate.host == "hv2"]
    (move,) = planned(dirty_rate=10 * MIB).moves
    assert cost is not None
    assert (cost.est_bytes, cost.est_seconds, cost.est_downtime_ms) == (
        move.est_bytes,
        move.est_seconds,
        move.est_downtime_ms,
    )


def test_a_budget_of_bytes_counts_memory_once_however_often_it_is_sent() -> None:
    guests = [build.guest(f"g{n}", memory=4 * build.GIB, dirty_rate=80 * MIB) for n in range(1, 5)]
    fleet = build.snapshot(build.host("hv1", *guests), build.host("hv2"))
    plan = make_plan(fleet, Request(Goal.BALANCE, max_bytes=8 * build.GIB))
    assert len(plan.moves) == 2
    assert plan.est_bytes > 8 * build.GIB


def test_each_wave_of_an_upgrade_says_how_long_its_moves_take() -> None:
    fleet = build.snapshot(build.host("hv1", build.guest("a")), build.host("hv2", build.guest("b")), build.host("hv3"))
    plan = make_plan(fleet, Request(Goal.ROLLING))
    seconds = {move.id: move.est_seconds for move in plan.moves}
    assert [wave.est_seconds for wave in plan.waves] == [sum(map(seconds.get, wave.moves)) for wave in plan.waves]
    assert plan.est_seconds == pytest.approx(sum(wave.est_seconds for wave in plan.waves))
    assert plan.est_seconds > 0


def test_what_shall_come_first_must_be_there() -> None:
    fleet = build.snapshot(build.host("hv1"), build.host("hv2"))
    with pytest.raises(FleetError, match="first names hv9"):
        make_plan(fleet, Request(Goal.ROLLING, first=("hv9",)))
