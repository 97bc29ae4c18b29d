"""The policy of production: what the planner is shown, when it is asked, and what comes of quiet and busy days."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._model.energy import moment
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState, PowerModel
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._model.usage_window import UsageWindow
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.planned import Practice, planned, seen
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.run import leave, simulate
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.values import Moving, Trace, View

GIB = 1024**3
MINUTE = 60
MOVING = Moving(GIB / 10)
POWER = PowerModel(100.0, 200.0, (), 5.0, 180.0, 60.0)


def host(name: str, *guests: str, state: HostState = HostState.SCHEDULABLE) -> Host:
    found = tuple(Guest(f"u-{each}", each, GuestState.RUNNING, GIB, 4) for each in guests)
    sizes = {"memory": 64 * GIB, "allocatable_memory": 64 * GIB, "cpus": 8, "allocatable_vcpus": 64}
    return Host(name, state, virt_types=("kvm",), power=POWER, guests=found, **sizes)


FLEET = Snapshot("2026-01-05T00:00:00Z", (host("hv1", "a"), host("hv2", "b"), host("hv3", "c", "d")))


def practice(every_minutes: int = 60, relief_minutes: int = 0, **request: object) -> Practice:
    wanted = Request(goal=Goal.CONSOLIDATE, max_cpu_percent=70.0, high_cpu_percent=85.0, wake=True, **request)
    return Practice(wanted, UsageWindow(profile_days=0), every_minutes, relief_minutes)


def trace(steps: int, *wanted: float, minutes: int = 15) -> Trace:
    return Trace(minutes * MINUTE, steps, {f"u-{name}": (cpus,) * steps for name, cpus in zip("abcd", wanted)})


def test_the_planner_is_shown_the_past_and_not_the_step_to_come() -> None:
    rows = Trace(15 * MINUTE, 4, {"u-a": (1.0, 1.0, 1.0, 7.0), "u-b": (2.0,) * 4, "u-c": (0.0,) * 4, "u-d": (0.0,) * 4})
    where = {"u-a": "hv2", "u-b": "hv2", "u-c": "hv3", "u-d": "hv3"}
    view = View(3, 45.0 * MINUTE, rows, where, frozenset({"hv2", "hv3"}), {"hv1": 600.0})
    begin = moment(FLEET.taken_at)
    assert begin is not None
    shown = seen(FLEET, begin, view, UsageWindow(profile_days=0))
    assert shown.taken_at == "2026-01-05T00:45:00Z"
    hv1, hv2, _hv3 = shown.hosts
    assert (hv1.state, hv1.guests, hv1.power_since) == (HostState.STANDBY, (), "2026-01-05T00:10:00Z")
    assert [(each.name, each.usage_cpus) for each in hv2.guests] == [("a", 1.0), ("b", 2.0)]


def test_a_quiet_day_ends_on_one_host_and_stays_there() -> None:
    rows = trace(24, 1.0, 1.0, 1.0, 1.0)
    run = simulate(FLEET, rows, planned(FLEET, practice()), MOVING)
    assert [step.hosts_on for step in run.steps][-20:] == [1] * 20
    assert run.figures.migrations == 2
    assert run.figures.kwh < simulate(FLEET, rows, leave, MOVING).figures.kwh


def test_plans_are_made_as_often_as_said() -> None:
    rows = trace(17, 1.0, 1.0, 1.0, 1.0)
    assert simulate(FLEET, rows, planned(FLEET, practice(60)), MOVING).figures.plans == 5  # at 30 min, 1, 2, 3 and 4 h
    assert simulate(FLEET, rows, planned(FLEET, practice(120)), MOVING).figures.plans == 3


def test_a_host_in_maintenance_is_left_alone() -> None:
    fleet = Snapshot(FLEET.taken_at, (*FLEET.hosts[:2], host("hv3", "c", "d", state=HostState.MAINTENANCE)))
    run = simulate(fleet, trace(12, 1.0, 1.0, 1.0, 1.0), planned(fleet, practice()), MOVING)
    assert {item.host for item in run.switched}.isdisjoint({"hv3"})
    assert run.steps[-1].hosts_on == 2


def test_as_load_rises_hosts_are_woken_and_none_is_switched_before_its_time() -> None:
    quiet, busy = (0.5,) * 16, (3.0,) * 16
    rows = Trace(15 * MINUTE, 48, {f"u-{name}": (*quiet, *busy, *quiet) for name in "abcd"})
    run = simulate(FLEET, rows, planned(FLEET, practice(30, 15, min_on_minutes=60.0, min_off_minutes=45.0)), MOVING)
    hosts_on = [step.hosts_on for step in run.steps]
    assert min(hosts_on[:16]) == 1
    assert max(hosts_on[16:32]) >= 2
    assert hosts_on[-1] == 1
    found = run.figures
    assert found.switched_on >= 1
    assert found.least_on_minutes is not None
    assert found.least_on_minutes >= 60
    assert found.least_off_minutes is None or found.least_off_minutes >= 45
    assert found.memory_breaches == 0
