"""What balance does in which order, for how much, and why it leaves the others. On small fleets, through the door."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.plan_text import plan_lines
from ansible_collections.virtfleet.migration.plugins.module_utils._model.balance import AsIfStarted, NotMovedWhy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Balanced,
    Guest,
    GuestState,
    Notes,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, Pressure
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan, Purpose
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose_balance import not_moved_text
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Method, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import Rule, RuleKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search import balance as search_balance
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.random_fleet import small_fleet
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.scenario import carry_out

APART = Rule("apart", RuleKind.ANTI_AFFINITY, guests=("b0", "b1"))


@pytest.fixture(autouse=True)
def short_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny fleets need few steps."""
    monkeypatch.setattr(search_balance, "LEAST", 2_000)
    monkeypatch.setattr(search_balance, "STEPS", 300)


def burning(number: int, prefix: str = "b", **changes: Any) -> list[Guest]:
    return [build.guest(f"{prefix}{one}", **{"usage_cpus": 0.9, **changes}) for one in range(number)]


def planned(*hosts: Host, **request: Any) -> Plan:
    return make_plan(build.snapshot(*hosts), Request(Goal.BALANCE, **request))


def moved(plan: Plan, *purposes: Purpose) -> list[str]:
    return [move.name for move in plan.moves if not purposes or move.purpose in purposes]


def piled(number: int = 6) -> tuple[Host, ...]:
    return build.host("hv1", *burning(number)), build.host("hv2"), build.host("hv3")


def test_a_pile_is_spread_by_the_fewest_moves_that_come_to_the_threshold() -> None:
    plan = planned(*piled(), aggressiveness=3)
    assert len(plan.moves) == 4
    assert plan.bounds[0].value <= 0.10 < plan.bounds[0].before
    assert len(planned(*piled(), threshold=1.0).moves) == 2


def test_each_level_moves_as_much_as_the_table_says() -> None:
    hosts = build.host("hv1", *burning(4)), build.host("hv2", *burning(3, "c")), build.host("hv3", *burning(2, "d"))
    assert [len(planned(*hosts, aggressiveness=level).moves) for level in range(1, 6)] == [0, 1, 1, 1, 1]
    uneven = build.host("hv1", build.guest("a", memory=700 * build.MIB)), build.host("hv2", build.guest("b"))
    assert not planned(*uneven, aggressiveness=5).moves


def test_level_one_mends_and_relieves_and_evens_out_nothing() -> None:
    plan = planned(*piled(), rules=(APART,), aggressiveness=1)
    assert [move.purpose for move in plan.moves] == [Purpose.MEND]
    assert "aggressiveness 1 evens out nothing" in plan.remarks
    assert {each.why for each in plan.not_moved} == {NotMovedWhy.NOT_ASKED}


def test_a_broken_rule_is_mended_before_anything_is_evened_out() -> None:
    plan = planned(*piled(), rules=(APART,))
    assert plan.moves[0].purpose is Purpose.MEND
    assert plan.moves[0].reason == f"rule {APART.name} is broken on hv1"
    assert set(moved(plan, Purpose.MEND)) & {"b0", "b1"}
    assert len(plan.moves) == 4, "what mends evens out as well"


def test_who_leaves_an_overfull_host_hears_of_what_it_is_overfull() -> None:
    small = build.host("hv1", *burning(2), allocatable_memory=burning(1)[0].memory)
    (move,) = planned(small, build.host("hv2"), threshold=9.0).moves
    assert (move.purpose, move.reason) == (Purpose.MEND, "relieves hv1, overfull in memory")


def test_rules_are_mended_where_the_load_is_even_enough() -> None:
    pin = Rule("b0 belongs to hv3", RuleKind.PIN, guests=("b0",), hosts=("hv3",))
    plan = planned(*piled(3), rules=(pin,), threshold=9.0)
    assert [(move.name, move.dest, move.purpose) for move in plan.moves] == [("b0", "hv3", Purpose.MEND)]
    assert not planned(*piled(3), rules=(pin,), threshold=9.0, mend_rules=False).moves


def test_a_guest_in_its_cooldown_stays_and_the_plan_says_until_when() -> None:
    noted = Notes(balanced=Balanced("2025-12-31T23:30:00Z", 2))
    guests = [replace(guest, notes=noted) if guest.name in ("b0", "b1") else guest for guest in burning(6)]
    plan = planned(build.host("hv1", *guests), build.host("hv2"), build.host("hv3"))
    assert not {"b0", "b1"} & set(moved(plan))
    told = {each.name: each for each in planned(build.host("hv1", *guests[:2]), build.host("hv2")).not_moved}
    assert told["b0"].why is NotMovedWhy.COOLDOWN
    assert not_moved_text(told["b0"]) == "it was moved lately and stays until 2026-01-01T01:30:00Z"


def test_a_guest_whose_own_rule_is_broken_is_mended_in_its_cooldown() -> None:
    noted = Notes(balanced=Balanced("2025-12-31T23:59:00Z"))
    pin = Rule("b0 belongs to hv3", RuleKind.PIN, guests=("b0",), hosts=("hv3",))
    plan = planned(build.host("hv1", *burning(1, notes=noted)), build.host("hv3"), rules=(pin,))
    assert moved(plan, Purpose.MEND) == ["b0"]
    assert plan.moves[0].balanced == Balanced("2026-01-01T00:00:00Z", 2)


def test_an_overloaded_host_is_relieved_though_nothing_is_to_be_evened_out() -> None:
    full = (build.host("hv2", *burning(2, "c")), build.host("hv3", *burning(2, "d")))
    plan = planned(build.host("hv1", *burning(5)), *full, aggressiveness=1, high_cpu_percent=95.0)
    assert {move.purpose for move in plan.moves} == {Purpose.RELIEVE}
    assert {(move.source, move.method, move.reason) for move in plan.moves} == {("hv1", Method.LIVE, "relieves hv1")}


def test_what_a_consolidation_keeps_from_being_evened_out_is_said_and_is_no_budget() -> None:
    def host(name: str, *sizes: tuple[int, int]) -> Host:
        guests = (build.guest(f"{name}-{one}", vcpus=v, memory=gib * build.GIB) for one, (v, gib) in enumerate(sizes))
        return build.host(name, *guests)

    hosts = [host("hv1", (1, 1), (4, 2)), host("hv2", (2, 4), (4, 2)), host("hv3"), host("hv4", (1, 4))]
    plan = planned(*hosts, aggressiveness=5, high_cpu_percent=50.0)
    assert {each.name: each.why for each in plan.not_moved} == dict.fromkeys(
        ("hv2-0", "hv2-1"), NotMovedWhy.CONSOLIDATION
    )
    assert any("but a consolidation would then switch other hosts off than now" in remark for remark in plan.remarks)


def off(name: str, **changes: Any) -> Guest:
    return build.guest(name, **{"state": GuestState.SHUT_OFF, "memory": 3 * build.GIB, "autostart": True, **changes})


def test_a_shut_off_guest_that_would_overload_its_host_is_moved_beforehand_as_a_definition() -> None:
    plan = planned(build.host("hv1", off("a"), off("b"), off("c")), build.host("hv2"))
    assert [(move.purpose, move.method, move.dest) for move in plan.moves] == [
        (Purpose.START_ROOM, Method.OFFLINE, "hv2")
    ]
    assert plan.moves[0].reason == "hv1 would be overfull if it were started there"


@pytest.mark.parametrize(
    ("which", "autostart", "number"),
    [(AsIfStarted.NONE, True, 0), (AsIfStarted.AUTOSTART, False, 0), (AsIfStarted.ALL, False, 1)],
)
def test_only_those_shut_off_guests_count_that_are_asked_for(which: AsIfStarted, autostart: bool, number: int) -> None:
    guests = [off(name, autostart=autostart) for name in "abc"]
    assert len(planned(build.host("hv1", *guests), build.host("hv2"), as_if_started=which).moves) == number


def test_who_could_not_be_started_anywhere_stays_and_the_plan_says_so() -> None:
    plan = planned(build.host("hv1", off("a"), off("b"), off("c")), aggressiveness=1)
    assert not plan.moves
    assert any("hv1 could not start all its guests" in remark for remark in plan.remarks)


def test_all_parts_share_one_budget() -> None:
    plan = planned(*piled(), rules=(APART,), max_moves=2)
    assert [move.purpose for move in plan.moves] == [Purpose.MEND, Purpose.EVEN_OUT]
    assert {each.why for each in plan.not_moved} == {NotMovedWhy.BUDGET}


def test_a_move_that_costs_more_than_it_evens_out_is_not_made() -> None:
    large = [build.guest(name, disks=(build.disk(name, "local", allocation=20 * build.GIB),)) for name in "ab"]
    hosts = build.host("hv1", *large, build.guest("c")), build.host("hv2")
    assert moved(planned(*hosts, threshold=0.2)) == ["c"], "the one that is quick to send goes"
    slow = [replace(host, migration_bandwidth_mibs=1) for host in (build.host("hv1", *large), build.host("hv2"))]
    plan = planned(*slow, threshold=0.0, aggressiveness=2)
    assert not plan.moves
    assert {each.why for each in plan.not_moved} == {NotMovedWhy.SMALL_GAIN}
    assert planned(*slow, threshold=0.0, min_gain=0.0).moves, "who says what a move must bring has weighed its cost"


def test_the_signals_that_have_a_weight_decide() -> None:
    busy = {"usage_cpus": 0.0, "usage_network": 60e6}
    hosts = build.host("hv1", *burning(2, **busy)), build.host("hv2", *burning(2, "c", usage_cpus=0.0))
    assert not planned(*hosts).moves
    plan = planned(*hosts, weights={"network": 1.0})
    assert len(plan.moves) in (1, 2)
    assert plan.bounds[-1].what == "spread of network throughput"
    assert "network throughput: hv1 from" in plan.moves[0].reason + plan.moves[-1].reason


def test_weights_of_none_leave_nothing_to_even_out() -> None:
    plan = planned(*piled(), weights=dict.fromkeys(("memory", "vcpus", "cpu"), 0.0))
    assert not plan.moves
    assert plan.bounds[0].before == 0.0


def test_guests_of_a_host_under_pressure_count_for_what_they_wanted() -> None:
    hosts = build.host("hv1", *burning(2, vcpus=2)), build.host("hv2", *burning(2, "c", vcpus=2))
    calm = planned(*hosts).bounds[0].before
    waited = [replace(hosts[0], pressure=Pressure(cpu=40.0)), hosts[1]]
    crushed = [replace(hosts[0], pressure=Pressure(cpu=99.0)), hosts[1]]
    spread = [planned(*each, aggressiveness=1).bounds[0].before for each in (waited, crushed)]
    assert calm == 0.0
    # 1.8 CPUs of 4 used: 3.0 wanted with 40 % of the time waited, twice as many at most
    assert spread == [pytest.approx((3.0 - 1.8) / 4 / 2, abs=1e-4), pytest.approx(1.8 / 4 / 2, abs=1e-4)]


def test_every_guest_that_stays_on_a_fuller_host_has_its_reason() -> None:
    stuck = build.guest("stuck", snapshots=1, usage_cpus=0.9)
    plan = planned(build.host("hv1", *burning(5), stuck), build.host("hv2"), max_moves=0)
    told = {each.name: each.why for each in plan.not_moved}
    assert told == {"stuck": NotMovedWhy.REFUSED, **dict.fromkeys((f"b{one}" for one in range(5)), NotMovedWhy.BUDGET)}
    text = "\n".join(plan_lines(plan))
    assert "Stay on hosts that are fuller than the mean: 6" in text
    assert "5 (the budget is used up) b0 on hv1: it would even out" in text
    assert "2 more" in text


def test_a_guest_that_its_rule_keeps_is_told_with_the_rule() -> None:
    ban = Rule("not there", RuleKind.BAN, guests=("b*",), hosts=("hv2",))
    plan = planned(build.host("hv1", *burning(4)), build.host("hv2"), rules=(ban,))
    assert {each.why for each in plan.not_moved} == {NotMovedWhy.REFUSED}
    assert "not there" in not_moved_text(plan.not_moved[0])


def test_a_move_says_which_signal_it_evens_out_and_from_how_many_to_how_many_percent() -> None:
    plan = planned(build.host("hv1", *burning(2)), build.host("hv2"))
    assert plan.moves[0].reason == "evens out CPU use: hv1 from 45 to 22 %, hv2 from 0 to 22 %"


@pytest.mark.parametrize("level", range(1, 6))
def test_a_run_on_its_own_result_changes_nothing(level: int) -> None:
    tried = 0
    for seed in range(12):
        rng = Random(seed)
        fleet = small_fleet(rng)
        request = Request(Goal.BALANCE, aggressiveness=level, cooldown_minutes=rng.choice((0.0, 60.0)))
        plan = make_plan(fleet, request)
        again = make_plan(after(fleet, plan), request)
        assert not [move for move in again.moves if move.purpose is Purpose.EVEN_OUT], f"seed {seed}"
        tried += bool(plan.moves)
    assert tried > 0 or level == 1


def after(fleet: Snapshot, plan: Plan) -> Snapshot:
    """Return the fleet once the simulator has carried out the plan."""
    return carry_out(fleet, plan)
