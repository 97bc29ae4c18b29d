"""Which hosts a consolidation wakes, leaves asleep, empties and keeps on, and what it says about it."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState, PowerModel
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

NOW, LATELY = "2026-01-01T12:00:00Z", "2026-01-01T11:50:00Z"
BUSY = build.guest("a", usage_cpus=2.0), build.guest("b", usage_cpus=1.9)
FORECAST = build.guest("a", forecast_cpus=2.0), build.guest("b", forecast_cpus=1.9)


def planned(*hosts: Host, **request: Any) -> Plan:
    asked = {"max_cpu_percent": 80.0, "high_cpu_percent": 90.0, "wake": True, **request}
    return make_plan(replace(build.snapshot(*hosts), taken_at=NOW), Request(Goal.CONSOLIDATE, **asked))


def asleep(name: str, **changes: Any) -> Host:
    return build.host(name, state=HostState.STANDBY, **changes)


def remarks(plan: Plan) -> list[str]:
    return [each for each in plan.remarks if not each.startswith("CPU use is of the moment")]


def test_the_fewest_hosts_wake_that_do_be_it_the_large_one() -> None:
    power = {name: PowerModel(watts, 500.0) for name, watts in (("hv2", 50.0), ("hv3", 50.0), ("hv4", 90.0))}
    large = tuple(build.guest(f"g{one}", usage_cpus=1.8) for one in range(4))
    hosts = asleep("hv2", cpus=3, power=power["hv2"]), asleep("hv3", cpus=3, power=power["hv3"])
    plan = planned(build.host("hv1", *large), *hosts, asleep("hv4", cpus=8, power=power["hv4"]))
    assert plan.power_on == ("hv4",)
    assert len(plan.moves) == 2


def test_a_host_that_was_switched_off_lately_is_not_woken_for_a_forecast() -> None:
    plan = planned(build.host("hv1", *FORECAST), asleep("hv2", power_since=LATELY))
    assert not plan.power_on
    assert remarks(plan) == [
        "hv1 stays overloaded: no host that may be on takes a guest of it",
        "hv2 was switched off less than 15 minutes ago and is not woken for a forecast",
    ]


def test_it_is_woken_for_an_overload_of_this_moment_and_the_plan_says_so() -> None:
    plan = planned(build.host("hv1", *BUSY), asleep("hv2", power_since=LATELY))
    assert plan.power_on == ("hv2",)
    assert remarks(plan) == ["hv2 wakes less than 15 minutes after it was switched off, as hv1 is overloaded now"]


def test_one_that_is_off_for_longer_is_woken_instead() -> None:
    plan = planned(build.host("hv1", *BUSY), asleep("hv2", power_since=LATELY), asleep("hv3"))
    assert plan.power_on == ("hv3",)
    assert not remarks(plan)


def test_nothing_is_emptied_while_a_host_waits_to_be_woken() -> None:
    idle = build.host("hv3", build.guest("c", memory=6 * build.GIB)), build.host("hv4", build.guest("d"))
    stuck = [replace(guest, memory=3 * build.GIB) for guest in FORECAST]
    hosts = build.host("hv1", *stuck), asleep("hv2", power_since=LATELY), *(replace(host, cpus=1) for host in idle)
    assert not planned(*hosts).power_off
    assert planned(*hosts, wake=False).power_off


def test_only_hosts_of_the_request_are_woken() -> None:
    fleet = build.host("hv1", *BUSY), asleep("hv2"), asleep("hv3")
    assert planned(*fleet, hosts=("hv1", "hv3")).power_on == ("hv3",)
    assert planned(*fleet, hosts=("hv1",)).power_on == ()


def test_a_host_in_maintenance_is_not_woken() -> None:
    plan = planned(build.host("hv1", *BUSY), build.host("hv2", state=HostState.MAINTENANCE))
    assert not plan.power_on
    assert not plan.moves


def test_a_host_that_was_switched_on_lately_is_neither_emptied_nor_filled() -> None:
    young = build.host("hv2", build.guest("b"), power_since="2026-01-01T11:45:00Z")
    plan = planned(build.host("hv1", build.guest("a", memory=build.GIB)), young)
    assert not plan.moves
    assert remarks(plan) == ["hv2 stays on, switched on less than 30 minutes ago"]
    assert planned(build.host("hv1", build.guest("a")), young, min_on_minutes=10.0).power_off


def test_a_snapshot_without_a_moment_takes_every_switch_for_one_of_long_ago() -> None:
    hosts = build.host("hv1", build.guest("a")), build.host("hv2", build.guest("b"), power_since=NOW)
    fleet = replace(build.snapshot(*hosts), taken_at="")
    assert make_plan(fleet, Request(Goal.CONSOLIDATE, keep_on=("hv1",))).power_off == ("hv2",)


def test_an_empty_host_is_switched_off_only_where_that_pays() -> None:
    hosts = build.host("hv1", build.guest("a")), build.host("hv2", power=PowerModel(100.0, 300.0))
    assert planned(*hosts).power_off == ("hv2",)
    assert planned(*hosts, horizon_hours=0.1).power_off == ()


def test_the_moves_of_a_relief_stay_within_the_budget() -> None:
    hosts = build.host("hv1", *(build.guest(f"g{one}", usage_cpus=1.2) for one in range(5))), build.host("hv2")
    assert len(planned(*hosts).moves) == 2
    assert len(planned(*hosts, max_moves=1).moves) == 1
    assert len(planned(*hosts, max_bytes=0).moves) == 0


def test_marks_without_a_gap_are_refused() -> None:
    with pytest.raises(FleetError, match="high_cpu_percent is 80, max_cpu_percent is 80"):
        planned(build.host("hv1"), high_cpu_percent=80.0)


def test_balance_spreads_nobody_onto_a_host_that_a_consolidation_would_switch_off() -> None:
    hosts = build.host("hv1", *(build.guest(f"g{one}") for one in range(4))), build.host("hv2")
    fleet = build.snapshot(*hosts)
    marked = make_plan(fleet, Request(Goal.BALANCE, high_cpu_percent=90.0))
    assert not marked.moves
    assert "hv2 takes no part, as a consolidation would switch it off" in marked.remarks
    assert make_plan(fleet, Request(Goal.BALANCE)).moves
