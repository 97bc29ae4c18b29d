"""A plan's watts become kWh, money and CO2 in words, and what a run came to becomes data."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.energy_text import (
    energy_facts,
    energy_lines,
    report_energy_lines,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.result import Cost, MoveResult, Outcome
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState, PowerModel
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

# off and on again: 240 s at 300 W are 20 Wh; hv2 saves 100 W less the 10 W that its BMC draws
POWER = PowerModel(100.0, 300.0, off_watts=10.0)


def plan(**request: Any) -> Plan:
    """Return the plan that empties hv2, a guest of 512 MiB, and switches it off."""
    hosts = build.host("hv1", build.guest("a"), power=POWER), build.host("hv2", build.guest("b"), power=POWER)
    return make_plan(build.snapshot(*hosts), Request(Goal.CONSOLIDATE, keep_on=("hv1",), **request))


def waking() -> Plan:
    busy = build.guest("a", usage_cpus=2.0), build.guest("b", usage_cpus=2.0)
    hosts = build.host("hv1", *busy, power=POWER), build.host("hv2", power=POWER, state=HostState.STANDBY)
    return make_plan(build.snapshot(*hosts), Request(Goal.CONSOLIDATE, high_cpu_percent=90.0, wake=True))


def test_a_plan_that_switches_a_host_off_says_what_that_saves_and_costs():
    assert list(energy_lines(plan())) == [
        "Power: 200.0 W before, 110.0 W after (90.0 W less)",
        "Energy: 2.16 kWh less per day",
        "Cost of it: 0.1 Wh for the moves, 20.0 Wh for switching hosts, saved again after 13 minutes",
    ]


def test_money_and_co2_are_told_where_their_factors_are_given():
    told = list(energy_lines(plan(price_per_kwh=0.5, currency="EUR", co2_g_per_kwh=400.0)))
    assert told[1] == "Energy: 2.16 kWh less per day, 1.08 EUR, 0.86 kg of CO2"


def test_waking_a_host_costs_power_and_is_never_saved_again():
    told = list(energy_lines(waking()))
    assert told[0].endswith("W more)")
    assert told[1].endswith("kWh more per day")
    assert told[2] == "Cost of it: 0.1 Wh for the moves, 15.0 Wh for switching hosts"


def test_without_power_models_nothing_is_told():
    bare = make_plan(build.snapshot(build.host("hv1", build.guest("a")), build.host("hv2")), Request(Goal.CONSOLIDATE))
    assert bare.energy is None
    assert list(energy_lines(bare)) == []
    assert energy_facts(bare, ()) is None
    assert report_energy_lines(None) == []


def test_a_host_that_is_off_draws_what_its_model_says():
    found = waking()
    assert found.watts_before == pytest.approx(300.0 + 10.0)
    assert found.watts_after == pytest.approx(2 * 200.0)


def test_the_report_counts_the_bytes_that_were_really_sent():
    made = plan()
    (move,) = made.moves
    result = MoveResult(move, Outcome.MOVED, cost=Cost(sent_bytes=1_000_000_000))
    found = energy_facts(made, [result])
    assert found is not None
    assert found["moves_kwh"] == pytest.approx((512.0 + 20.165) / 3_600_000, abs=1e-6)
    assert found["moves_kwh_estimated"] == made.energy.moves_kwh
    watts = "from 200.0 W to 110.0 W once the plan's hosts are switched"
    told = f"Power: {watts}, 2.16 kWh less per day; the moves cost 0.1 Wh"
    assert report_energy_lines(found) == [told]


def test_a_plan_that_changes_no_watts_is_not_spoken_of_in_the_report():
    same = replace(plan().energy, kwh_saved_per_day=0.0)
    assert report_energy_lines(energy_facts(replace(plan(), energy=same), ())) == []
