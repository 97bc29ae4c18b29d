"""How hosts stand before a consolidation, which of them may go off after the moves, and what is said of it."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.consolidation import (
    Empty,
    Sorted,
    empty_hosts,
    energy_lines,
    measured_lines,
    not_awake,
    sort_hosts,
    summary,
)

BMC = {"type": "ipmi", "address": "192.0.2.111"}
NOTED_OFF = {"power": "off", "since": "2026-01-31T05:00:00+00:00"}
NOBODY: dict[str, Any] = {"on": [], "off": [], "failed": {}, "held": {}, "left": []}
ENERGY = {
    "watts_before": 400.0,
    "watts_after": 250.0,
    "kwh_saved_per_day": 3.6,
    "moves_kwh": 0.001,
    "switching_kwh": 0.02,
    "payback_hours": 0.1,
    "money_per_day": None,
    "currency": None,
    "co2_kg_per_day": None,
}


def seen(power: str = "on", mark: Any = "no mark", **more: Any) -> dict[str, Any]:
    """Return a host's variables as the look leaves them; ``mark``: the reason, or None where it has told nothing."""
    told: dict[str, Any] = {"msg": "No route\nto host"}
    if mark is not None:
        told = {"maintenance": None if mark == "no mark" else {"reason": mark}}
    looked = {"control_node": False}
    host = {"virtfleet_bmc": BMC, "virtfleet_power_state": power, "virtfleet_mark": told}
    return {**host, "consolidate_fitness": looked, **more}


def stand(host: dict[str, Any], note: Any = None) -> Sorted:
    return sort_hosts(["hv1"], {"hv1": host}, (), "localhost", {} if note is None else {"hv1": note})


def test_a_host_that_is_on_and_tells_no_mark_is_like_any_other() -> None:
    assert stand(seen()) == Sorted()


def test_a_host_that_is_off_by_its_bmc_and_by_its_note_is_asleep() -> None:
    assert stand(seen("off", None), NOTED_OFF) == Sorted(asleep=("hv1",))


def test_a_host_that_is_off_without_a_note_is_somebody_elses() -> None:
    assert stand(seen("off", None)).aside == {"hv1": "is off, and no note says that it was switched off on purpose"}


def test_a_host_that_could_not_be_woken_is_asleep_and_named() -> None:
    found = stand(seen("off", None), {**NOTED_OFF, "failure": "it did not boot"})
    assert found.asleep == ("hv1",)
    assert found.aside["hv1"].endswith("with the role power: it did not boot")


@pytest.mark.parametrize(
    ("host", "note"),
    [
        (seen(mark="standby, switched off by consolidate"), None),
        (seen(mark="standby, switched off by consolidate"), NOTED_OFF),
        (seen("unknown", "standby"), NOTED_OFF),
        (seen(mark=None), NOTED_OFF),
    ],
    ids=["marked", "marked and noted", "marked, its BMC silent", "noted, on, not up yet"],
)
def test_a_host_that_a_killed_run_left_on_its_way_is_taken_up(host: dict[str, Any], note: Any) -> None:
    assert stand(host, note).begun == ("hv1",)


def test_a_host_that_is_woken_by_hand_and_fit_is_like_any_other() -> None:
    assert stand(seen(), NOTED_OFF) == Sorted()


def test_a_host_in_maintenance_or_out_of_reach_is_left_aside() -> None:
    assert stand(seen(mark="new memory")).aside == {"hv1": "in maintenance (new memory)"}
    assert stand(seen("unknown", None)).aside == {"hv1": "can't be reached: No route to host"}


def test_the_conductors_host_those_named_and_those_without_a_bmc_stay_on() -> None:
    own = seen(consolidate_fitness={"control_node": True})
    unseen = seen(consolidate_fitness={"msg": "virsh is not there"})
    hosts = {"hv1": seen(), "hv2": seen(), "hv3": seen(virtfleet_bmc=None), "hv4": seen(), "hv5": own, "hv6": unseen}
    assert sort_hosts(hosts, hosts, {"hv2"}, "hv1", {}).keep_on == {
        "hv1": "the conductor runs on it",
        "hv2": "it is to stay on",
        "hv3": "it has no BMC (virtfleet_bmc)",
        "hv5": "the conductor runs on it",
        "hv6": "nobody could look whether the conductor runs on it",
    }


def test_a_host_that_is_off_and_has_no_bmc_can_t_be_woken() -> None:
    off = stand(seen("none", None, virtfleet_bmc=None))
    assert off.stuck == {"hv1": "it has no BMC (virtfleet_bmc), so nothing can wake it"}
    assert stand(seen("none", virtfleet_bmc=None)).stuck == {}


def test_no_plan_counts_on_a_host_that_could_not_be_woken() -> None:
    one, other = not_awake([{"name": "hv1"}, {"name": "hv2"}], {"hv2": "its BMC is silent"})
    assert one == {"name": "hv1"}
    assert other["maintenance"]["reason"] == "could not be woken: its BMC is silent"


def report(after: dict[str, list[str]], *problems: str, before: Any = None) -> dict[str, Any]:
    return {"problems": list(problems), "placement": {"before": before or {}, "after": after}, "moves": []}


PLAN = {"power_off": ["hv1", "hv2"], "energy": None}


def test_hosts_go_off_that_are_empty_after_the_moves() -> None:
    found = empty_hosts(PLAN, report({"hv1": [], "hv2": ["web"]}), {})
    assert found == Empty(("hv1",), held={"hv2": "web still there"})


def test_hosts_that_were_empty_before_anything_moved_are_told_apart() -> None:
    found = empty_hosts(PLAN, report({"hv1": [], "hv2": []}, before={"hv1": ["web"], "hv2": []}), {})
    assert found == Empty(("hv1", "hv2"), ("hv2",))


def test_a_host_that_nobody_saw_after_the_moves_or_that_is_to_stay_on_does_not_go_off() -> None:
    found = empty_hosts(PLAN, report({"hv1": []}), {"hv1": "the conductor runs on it"})
    assert found == Empty(held={"hv1": "the conductor runs on it", "hv2": "nobody could look at it"})


def test_no_host_goes_off_where_nobody_knows_what_is_where() -> None:
    assert empty_hosts(PLAN, None, {}).held == {"hv1": "nothing was moved", "hv2": "nothing was moved"}
    doubtful = report({"hv1": [], "hv2": []}, "web runs twice")
    assert empty_hosts(PLAN, doubtful, {}) == Empty(held={"hv1": "web runs twice", "hv2": "web runs twice"})


def test_the_summary_says_what_became_of_each_host() -> None:
    switched = {**NOBODY, "on": ["hv3"], "off": ["hv1"], "failed": {"hv2": "its BMC does not answer"}}
    found = summary(Sorted(asleep=("hv3", "hv4")), PLAN, report({}), switched, False)
    assert found["standby"] == ["hv1", "hv4"]
    assert found["text"] == [
        "switched on: hv3",
        "switched off: hv1",
        "FAILED: hv2, its BMC does not answer",
        "on standby: hv1, hv4",
        "energy: unknown, as not every host has a power model (virtfleet_power_model)",
    ]


def test_check_mode_says_the_same_of_what_would_be() -> None:
    switched = {**NOBODY, "on": ["hv3"], "off": ["hv1"]}
    real, foretold = (summary(Sorted(), PLAN, report({}), switched, rehearsed) for rehearsed in (False, True))
    assert real.keys() == foretold.keys()
    assert foretold["text"][:2] == ["would be switched on: hv3", "would be switched off: hv1"]


def test_energy_is_told_in_watts_kwh_and_what_the_factors_make_of_them() -> None:
    assert energy_lines(ENERGY) == [
        "energy as planned: 400.0 W before, 250.0 W after, 3.60 kWh a day saved; the moves take 0.0010 kWh, "
        "switching 0.0200 kWh, earned back after 0.1 h"
    ]
    more = {**ENERGY, "kwh_saved_per_day": -1.2, "payback_hours": None, "money_per_day": -0.36, "currency": "EUR"}
    lines = energy_lines({**more, "co2_kg_per_day": -0.4})
    assert "1.20 kWh a day more" in lines[0]
    assert lines[1:] == ["money: 0.36 EUR a day more", "CO2: 0.40 kg a day more"]


def test_what_the_bmcs_measure_of_hosts_that_are_on_stands_beside_the_models_watts() -> None:
    hosts = {"hv1": seen(virtfleet_watts=184), "hv2": seen(virtfleet_watts="120.5"), "hv3": seen(virtfleet_watts="")}
    hosts["hv4"] = seen("off", None, virtfleet_watts=7)
    looked = sort_hosts(sorted(hosts), hosts, (), "localhost", {})
    assert looked.watts == {"hv1": 184.0, "hv2": 120.5}
    found = summary(looked, {**PLAN, "energy": ENERGY}, report({}), NOBODY, False)
    assert found["watts_measured"] == {"hv1": 184.0, "hv2": 120.5}
    assert found["text"][-1] == "measured by the BMCs before: 304 W (hv1 184 W, hv2 120 W)"


def test_where_no_bmc_measures_nothing_is_said_of_it() -> None:
    assert measured_lines({}) == []
