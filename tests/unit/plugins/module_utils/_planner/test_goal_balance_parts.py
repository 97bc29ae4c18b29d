"""The parts of a balance do not work against one another, and what they plan passes the verifier."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.balance import NotMovedWhy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Balanced,
    Guest,
    GuestState,
    Notes,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan, Purpose
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose_balance import not_moved_text
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request, SurviveLoss
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import Rule, RuleKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search import balance as search_balance
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.scenario import carry_out

GIB = build.GIB
LATELY = Notes(balanced=Balanced("2025-12-31T23:50:00Z"))
TOGETHER = Rule("together", RuleKind.AFFINITY, guests=("a", "b"))
OFF, PAUSED = GuestState.SHUT_OFF, GuestState.PAUSED


def sized(name: str, gib: float, **changes: Any) -> Guest:
    return build.guest(name, memory=int(gib * GIB), **changes)


def host(name: str, gib: int, *guests: Guest) -> Host:
    return build.host(name, *guests, allocatable_memory=gib * GIB)


def planned(fleet: Snapshot, **request: Any) -> Plan:
    return make_plan(fleet, Request(Goal.BALANCE, **request))


def test_a_guest_in_its_cooldown_is_one_that_could_be_started_elsewhere_after_a_loss() -> None:
    fleet = build.snapshot(
        host("hv0", 4, sized("g0", 3), sized("g1", 3, notes=LATELY)),
        host("hv1", 6, sized("g2", 2)),
        host("hv2", 4, sized("g3", 3, notes=LATELY)),
    )
    plan = planned(fleet, survive_loss=SurviveLoss.KEEP, aggressiveness=1)
    assert any("survive_loss" in remark for remark in plan.remarks)


def test_hosts_that_take_no_part_could_be_started_on_after_a_loss() -> None:
    fleet = build.snapshot(
        host("hv0", 8, sized("g0", 3)), host("hv1", 4, sized("g1", 3), sized("g2", 3)), host("hv2", 4)
    )
    planned(fleet, survive_loss=SurviveLoss.KEEP, hosts=("hv0", "hv1"))


@pytest.mark.parametrize(
    "broken",
    [
        Rule("off", RuleKind.BAN, guests=("a",), hosts=("hv1",)),
        Rule("apart", RuleKind.ANTI_AFFINITY, guests=("a", "c")),
    ],
)
def test_a_guest_in_its_cooldown_goes_along_with_one_whose_rule_is_broken(broken: Rule) -> None:
    guests = (sized("a", 1), sized("b", 1, notes=LATELY), sized("c", 1))
    fleet = build.snapshot(host("hv1", 8, *guests), host("hv2", 8))
    plan = planned(fleet, rules=(TOGETHER, broken), aggressiveness=1)
    assert {move.purpose for move in plan.moves} == {Purpose.MEND}


def test_a_guest_that_runs_is_not_moved_to_make_room_for_one_that_starts() -> None:
    guests = (sized("a", 3), sized("o", 3, state=OFF, autostart=True), sized("c", 3))
    fleet = build.snapshot(host("hv1", 8, *guests), host("hv2", 8))
    plan = planned(fleet, rules=(Rule("tied", RuleKind.AFFINITY, guests=("a", "o")),), aggressiveness=1)
    assert plan.moves == ()


@pytest.mark.parametrize("state", [GuestState.RUNNING, PAUSED])
def test_nobody_is_moved_twice(state: GuestState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_balance, "WALKS", 1)
    fleet = build.snapshot(
        host("hv0", 4, sized("g0", 2, vcpus=1, usage_cpus=1.59), sized("g1", 1, vcpus=1, usage_cpus=1.47, state=state)),
        host("hv1", 4, sized("g2", 3, vcpus=1, usage_cpus=1.22, state=state)),
        host(
            "hv2",
            4,
            sized("g3", 2, vcpus=4, usage_cpus=0.52, state=state),
            sized("g4", 2, vcpus=4, usage_cpus=0.17, state=state),
        ),
    )
    plan = planned(fleet, aggressiveness=5)
    names = [move.name for move in plan.moves]
    assert len(names) == len(set(names))


def test_what_a_mend_brings_together_is_not_parted_for_evenness() -> None:
    fleet = build.snapshot(host("hv1", 8, sized("a", 1)), host("hv2", 8, sized("b", 2), sized("c", 3)))
    request = {"rules": (TOGETHER, Rule("pin", RuleKind.PIN, guests=("c",), hosts=("hv2",)))}
    plan = planned(fleet, **request)
    assert [(move.name, move.dest, move.purpose) for move in plan.moves] == [("a", "hv2", Purpose.MEND)]
    later = replace(carry_out(fleet, plan), taken_at="2026-01-01T00:05:00Z")
    assert planned(later, **request).moves == ()


def test_hosts_that_guests_are_to_be_started_on_are_not_filled() -> None:
    off = [sized(f"off{number}", 4, state=OFF, autostart=True) for number in range(2)]
    fleet = build.snapshot(
        host("hv1", 8, sized("x", 3), sized("y", 3)), host("hv2", 8, *off), host("hv3", 8, sized("z", 3))
    )
    plan = planned(fleet)
    assert "hv2" not in {move.dest for move in plan.moves}
    later = replace(carry_out(fleet, plan), taken_at="2026-01-01T00:05:00Z")
    assert planned(later).moves == ()


def test_memory_used_is_what_the_balloon_tells() -> None:
    low, high = ({"usage_memory": GIB, "balloon_used": used} for used in (GIB // 10, GIB))
    fleet = build.snapshot(
        build.host("hv1", *(sized(f"a{number}", 1, **high) for number in range(4))),
        build.host("hv2", *(sized(f"b{number}", 1, **low) for number in range(4))),
    )
    plan = planned(fleet, weights={"memory": 0.0, "vcpus": 0.0, "memory_used": 1.0}, threshold=0.01, min_gain=0.0)
    assert plan.bounds[0].before > 0.1


@pytest.mark.parametrize(
    "request_",
    [{"cooldown_minutes": 1e10}, {"weights": {"cpu": 1e308}}],
)
def test_numbers_beyond_all_measure_are_refused(request_: dict[str, Any]) -> None:
    with pytest.raises(FleetError, match=r"cooldown_minutes is|weight of cpu is"):
        planned(build.snapshot(build.host("hv1", sized("a", 1))), **request_)


def test_a_note_of_the_far_future_is_nobody_s_cooldown() -> None:
    noted = Notes(balanced=Balanced("9999-12-31T23:59:59Z", 3))
    guests = [sized(f"g{number}", 1, notes=noted, usage_cpus=0.9) for number in range(4)]
    assert planned(build.snapshot(build.host("hv1", *guests), build.host("hv2"))).moves


def test_who_is_held_beside_others_and_who_finds_only_room_that_is_kept_hear_of_that() -> None:
    hosts = host("hv1", 16, sized("a", 1)), host("hv2", 16, sized("b", 2), sized("c", 3))
    told = {each.name: each for each in planned(build.snapshot(*hosts), rules=(TOGETHER,), threshold=0.0).not_moved}
    assert not_moved_text(told["b"]).startswith("rule together forbids any other host (its guests were apart")
    kept = host("hv2", 6, sized("off", 5, state=OFF, autostart=True))
    plan = planned(build.snapshot(host("hv1", 16, sized("a", 2), sized("c", 2)), kept))
    assert not plan.moves
    assert {each.why for each in plan.not_moved} == {NotMovedWhy.REFUSED}
    assert "memory" in not_moved_text(plan.not_moved[0])


def test_max_moves_counts_guests_also_where_some_move_together() -> None:
    together = Rule("together", RuleKind.AFFINITY, guests=("a", "b", "c"))
    guests = sized("a", 0.5), sized("b", 0.5), sized("c", 0.5), sized("d", 2), sized("e", 1)
    fleet = build.snapshot(host("hv1", 5, *guests), host("hv2", 4), host("hv3", 4))
    numbers = [len(planned(fleet, rules=(together,), max_moves=most, aggressiveness=5).moves) for most in range(5)]
    assert all(number <= most for most, number in enumerate(numbers)), numbers
    assert numbers[4] >= numbers[1] > 0


def crowd(name: str, *guests: tuple[float, int, float], vcpus: int = 16) -> Host:
    """Return a host of 10 GiB and 4 CPUs with guests of so many GiB, vCPUs, and CPUs used."""
    made = (sized(f"{name}g{n}", gib, vcpus=v, usage_cpus=u) for n, (gib, v, u) in enumerate(guests))
    return build.host(name, *made, memory=10 * GIB, allocatable_memory=10 * GIB, cpus=4, allocatable_vcpus=vcpus)


def test_what_would_leave_no_room_for_a_loss_is_left_out_and_the_rest_is_evened_out() -> None:
    fleet = build.snapshot(
        crowd("hv1", (2, 3, 1), (4, 4, 0), (1, 4, 1), (1, 2, 0.2), (2, 3, 0)),
        crowd("hv2", (1, 1, 0), (2, 1, 0.5), (1, 3, 0)),
        crowd("hv3", (1, 4, 0), (1, 1, 0.2), (2, 1, 0.2), (1, 4, 0.2)),
    )
    plan = planned(fleet, survive_loss=SurviveLoss.KEEP, aggressiveness=4)
    assert plan.moves
    assert plan.bounds[0].value < plan.bounds[0].before
    assert any(remark.startswith("more would pay, but the others could not take") for remark in plan.remarks)


def test_a_guest_that_is_mended_onto_a_host_to_be_switched_off_keeps_nobody_else_from_moving() -> None:
    fleet = build.snapshot(
        crowd("hv1", (4, 4, 0.2), (1, 3, 1), vcpus=3),
        crowd("hv2", (2, 4, 0.5), (1, 2, 0.2), (4, 4, 0.2), (1, 1, 1)),
        crowd("hv3"),
    )
    plan = planned(fleet, aggressiveness=3, high_cpu_percent=90.0)
    assert [move.purpose for move in plan.moves][:1] == [Purpose.MEND]
    assert NotMovedWhy.CONSOLIDATION not in {each.why for each in plan.not_moved}
    assert "hv3 takes no part, as a consolidation would switch it off" not in plan.remarks


def test_what_is_evened_out_leaves_a_consolidation_what_it_would_switch_off() -> None:
    fleet = build.snapshot(
        crowd("hv1", (2, 3, 0.5), (4, 4, 0.2), (4, 1, 0), (1, 2, 1)),
        crowd("hv2", (1, 3, 0)),
        crowd("hv3", (2, 4, 1), (4, 4, 1)),
        crowd("hv4", (1, 3, 1), (1, 1, 0.2)),
    )
    request = Request(Goal.BALANCE, aggressiveness=4, high_cpu_percent=50.0, cooldown_minutes=0)
    later = carry_out(fleet, make_plan(fleet, request))
    assert make_plan(later, replace(request, goal=Goal.CONSOLIDATE)).power_off
    assert not make_plan(later, request).moves


@pytest.mark.parametrize("numbers", [(7, 3), (6, 4)])
def test_a_threshold_that_is_met_to_the_hair_is_met(numbers: tuple[int, int]) -> None:
    hosts = (crowd(f"hv{n}", *((1, 1, 0),) * number) for n, number in enumerate(numbers, start=1))
    fleet = build.snapshot(*hosts)
    plan = planned(fleet, weights={"vcpus": 0.0}, cooldown_minutes=0)
    assert len(plan.moves) == max(0, numbers[0] - 6)
    assert not planned(carry_out(fleet, plan), weights={"vcpus": 0.0}, cooldown_minutes=0).moves


def test_a_guest_that_goes_where_a_stuck_one_goes_says_so() -> None:
    stuck = build.guest("b", unmovable_devices=("hostdev",), usage_cpus=0.9)
    mates = (build.guest("a", usage_cpus=0.9), stuck, *(build.guest(f"c{n}", usage_cpus=0.9) for n in range(3)))
    fleet = build.snapshot(build.host("hv1", *mates), build.host("hv2"), build.host("hv3"))
    plan = planned(fleet, rules=(TOGETHER,), max_moves=0)
    told = {each.name: each for each in plan.not_moved}
    assert told["a"].why is NotMovedWhy.REFUSED
    assert told["a"].refusals
    assert not_moved_text(told["a"]).strip(" .")
