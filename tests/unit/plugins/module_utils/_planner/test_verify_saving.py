"""Verify catches each consolidation that switches hosts without a reason, too soon, or without a profit."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState, PowerModel
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import verify
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

Case = tuple[Snapshot, Plan]
NOW, LATELY = "2026-01-01T12:00:00Z", "2026-01-01T11:55:00Z"
POWER = PowerModel(100.0, 300.0)


def emptied(request: dict[str, Any], **host: Any) -> Case:
    """Return a plan that empties hv2 into hv1, under a request with changes, for a fleet whose hv2 has changes."""
    hosts = build.host("hv1", build.guest("a"), power=POWER), build.host("hv2", build.guest("b"), power=POWER)
    fleet = replace(build.snapshot(*hosts), taken_at=NOW)
    plan = make_plan(fleet, Request(Goal.CONSOLIDATE, keep_on=("hv1",)))
    changed = replace(fleet, hosts=(fleet.hosts[0], replace(fleet.hosts[1], **host)))
    return changed, replace(plan, request=replace(plan.request, **request))


def woken(cpus: tuple[float, float], forecast: float, since: str | None = None, **changes: Any) -> Case:
    """Return a plan that wakes hv2 for the two guests of hv1, told for guests that use and will use other CPUs."""
    busy = (build.guest("a", usage_cpus=2.0), build.guest("b", usage_cpus=2.0))
    asleep = build.host("hv2", state=HostState.STANDBY)
    fleet = replace(build.snapshot(build.host("hv1", *busy), asleep), taken_at=NOW)
    plan = make_plan(fleet, Request(Goal.CONSOLIDATE, high_cpu_percent=90.0, wake=True))
    guests = [replace(guest, usage_cpus=used, forecast_cpus=forecast) for guest, used in zip(busy, cpus)]
    hosts = replace(fleet.hosts[0], guests=tuple(guests)), replace(asleep, power_since=since)
    return replace(fleet, hosts=hosts), replace(plan, **changes)


def told(value: float) -> Case:
    fleet, plan = woken((2.0, 2.0), 0.0)
    return fleet, replace(plan, bounds=tuple(replace(bound, value=value) for bound in plan.bounds[-1:]))


def more_overloaded() -> Case:
    """Return a plan after which hv1 holds what is too much for it, as the smaller host that it is."""
    fleet, plan = emptied({"high_cpu_percent": 50.0, "max_cpu_percent": 100.0})
    guest = replace(fleet.hosts[0].guests[0], usage_cpus=2.0)
    other = replace(fleet.hosts[1].guests[0], usage_cpus=2.0)
    hosts = replace(fleet.hosts[0], guests=(guest,)), replace(fleet.hosts[1], guests=(other,))
    return replace(fleet, hosts=hosts), plan


def both() -> Case:
    fleet, plan = woken((2.0, 2.0), 0.0)
    idle = build.host("hv3")
    return replace(fleet, hosts=(*fleet.hosts, idle)), replace(plan, power_off=("hv3",))


def does_not_pay_together() -> Case:
    """Return a plan that empties hv2, which pays, and moves a guest of 100 GB from a host that stays on as well."""
    fleet, plan = emptied({"horizon_hours": 1.0})
    large = build.guest("c", memory=1_000 * build.GIB)
    hosts = (
        *fleet.hosts,
        build.host("hv3", large, build.guest("d"), power=POWER, allocatable_memory=2_000 * build.GIB),
        build.host("hv4", build.guest("e"), power=POWER, allocatable_memory=2_000 * build.GIB),
    )
    move = build.move(9, "c", "hv3", "hv4", est_bytes=1_000 * build.GIB, est_seconds=1.0)
    moves = (*plan.moves, move)
    size, seconds = sum(each.est_bytes for each in moves), sum(each.est_seconds for each in moves)
    return replace(fleet, hosts=hosts), replace(plan, moves=moves, est_bytes=size, est_seconds=seconds)


BROKEN: list[tuple[str, str, Callable[[], Case]]] = [
    ("woken without overload", "power on", lambda: woken((0.5, 0.5), 0.0)),
    ("woken too soon for a forecast", "power on", lambda: woken((0.5, 0.5), 2.0, since=LATELY)),
    ("switched off too soon", "power off", lambda: emptied({}, power_since=LATELY)),
    ("on and off at once", "either on or off", both),
    ("one overloaded host too few told", "overload", lambda: told(7.0)),
    ("more overloaded than before", "overload", more_overloaded),
    ("a horizon that is too short", "it pays", lambda: emptied({"horizon_hours": 0.01})),
    ("a host that draws nothing at rest", "it pays", lambda: emptied({}, power=PowerModel(0.0, 300.0))),
    ("moves that cost more than all save", "it pays", does_not_pay_together),
]
LEGAL: list[tuple[str, Callable[[], Case]]] = [
    ("emptied as it pays", lambda: emptied({})),
    ("emptied where nobody asks whether it pays", lambda: emptied({"horizon_hours": 0.0})),
    ("switched long ago", lambda: emptied({}, power_since="2026-01-01T11:00:00Z")),
    ("woken for what is used now", lambda: woken((2.0, 2.0), 0.0)),
    ("woken for a forecast", lambda: woken((0.5, 0.5), 2.0)),
    ("woken at once for what is used now", lambda: woken((2.0, 2.0), 2.0, since=LATELY)),
]


@pytest.mark.parametrize(("rule", "make"), [pytest.param(rule, make, id=what) for what, rule, make in BROKEN])
def test_a_switch_without_cause_is_caught_by_its_rule(rule: str, make: Callable[[], Case]) -> None:
    found = verify.first_violation(*make())
    assert found is not None
    assert found.rule == rule, str(found)


@pytest.mark.parametrize("make", [pytest.param(make, id=what) for what, make in LEGAL])
def test_a_switch_with_a_cause_is_accepted(make: Callable[[], Case]) -> None:
    assert verify.first_violation(*make()) is None
