"""What became of hosts that were to be switched is told for each, lost ones too; a doubtful BMC says nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.power_state import (
    note_keepers,
    power_notes,
    power_result,
    redfish_power,
    redfish_watts,
    standby_notes,
    watts_told,
)

OLD, NEW = "2026-11-23T20:00:00+00:00", "2026-11-24T06:00:00+00:00"
OFF = {"power": "off", "since": OLD}


def told(**notes: Any) -> dict[str, Any]:
    return {"virtfleet_standby_notes": {"notes": notes}}


def test_hosts_are_on_off_or_failed_and_one_that_was_lost_has_failed() -> None:
    fleet = {
        "hv1": {"virtfleet_power_state": "none"},
        "hv2": {"virtfleet_power_state": "off", "power_outcome": {"power": "off"}},
        "hv3": {"virtfleet_power_state": "on", "power_outcome": {"failed": "web is there"}},
        "hv4": {"virtfleet_power_state": "on", "power_outcome": {}},
        "hv5": {},
    }
    assert power_result(["hv4", "hv3", "hv2"], list(fleet), fleet) == {
        "status": {"hv1": "none", "hv2": "off", "hv3": "on", "hv4": "on", "hv5": "unknown"},
        "on": [],
        "off": ["hv2"],
        "failed": {"hv3": "web is there", "hv4": "Ansible lost it"},
        "watts": {},
    }


def test_all_hosts_get_the_same_notes_with_the_same_times() -> None:
    fleet = {
        "hv1": told(hv3=OFF),
        "hv2": told(hv3={"power": "on", "since": NEW}),
        "hv4": {"power_note": {"power": "off"}},
    }
    due = power_notes(["hv4"], list(fleet), fleet, "later")
    assert due == {"hv3": {"power": "on", "since": NEW}, "hv4": {"power": "off", "since": "later"}}
    again = {name: {**variables, **told(**due)} for name, variables in fleet.items()}
    assert power_notes(["hv4"], list(fleet), again, "later still") == due


def test_notes_come_from_the_play_or_from_gathered_facts() -> None:
    fleet = {
        "hv1": {"ansible_local": {"virtfleet_standby": {"hv4": OFF}}},
        "hv2": {"virtfleet_standby_notes": {"unreachable": True}},
        "hv3": {},
    }
    assert standby_notes(fleet, fleet) == {"hv4": OFF}


def test_only_hosts_that_stay_on_and_answer_remember() -> None:
    fleet = {"hv1": told(), "hv2": {"virtfleet_standby_notes": {"unreachable": True}}, "hv3": told(), "hv4": {}}
    assert note_keepers(["hv3"], list(fleet), fleet) == ["hv1"]


def answer(*systems: dict[str, str]) -> dict[str, Any]:
    return {"redfish_facts": {"system": {"entries": [[{"system_uri": "/x"}, system] for system in systems]}}}


@pytest.mark.parametrize(
    ("given", "system", "power"),
    [
        (answer({"Id": "1", "PowerState": "On"}), "", "on"),
        (answer({"Id": "1", "PowerState": "Off"}), "", "off"),
        (answer({"Id": "1", "PowerState": "PoweringOff"}), "", "on"),
        (answer({"Id": "1"}), "", "unknown"),
        (answer({"Id": "1", "PowerState": "On"}, {"Id": "2", "PowerState": "Off"}), "2", "off"),
        (answer({"Id": "1", "PowerState": "Off"}, {"Id": "2", "PowerState": "Off"}), "", "unknown"),
        (answer({"Id": "1", "PowerState": "Off"}), "2", "unknown"),
        ({"msg": "no answer"}, "", "unknown"),
    ],
)
def test_a_redfish_bmc_tells_of_one_system(given: dict[str, Any], system: str, power: str) -> None:
    assert redfish_power(given, system) == power


# of a published mockup of DMTF (public-rackmount1), as redfish_info hands it on
CHASSIS = {
    "Name": "Server Power Control",
    "PowerRequestedWatts": 800,
    "PowerAvailableWatts": 0,
    "PowerCapacityWatts": 800,
    "PowerAllocatedWatts": 800,
    "PowerConsumedWatts": 344,
    "PowerMetrics": {
        "IntervalInMin": 30,
        "MinConsumedWatts": 271,
        "MaxConsumedWatts": 489,
        "AverageConsumedWatts": 319,
    },
}


@pytest.mark.parametrize(
    ("entries", "watts"),
    [
        ([CHASSIS], 344.0),
        ([CHASSIS, {**CHASSIS, "PowerConsumedWatts": 12.5}], 356.5),
        ([CHASSIS, {"PowerConsumedWatts": None}, {}], 344.0),
        ([{"PowerCapacityWatts": 800}], None),
        ([], None),
    ],
)
def test_a_redfish_bmc_tells_what_its_chassis_draw_where_they_measure_it(entries: list[Any], watts: Any) -> None:
    assert redfish_watts({"redfish_facts": {"chassis_power": {"ret": True, "entries": entries}}}) == watts


def test_a_redfish_bmc_without_power_figures_tells_none() -> None:
    told = {"chassis_power": {"ret": False, "msg": "Power information not found."}}
    assert redfish_watts({"redfish_facts": told}) is None
    assert redfish_watts({"skipped": True}) is None


@pytest.mark.parametrize("value", [None, "", "None", 0, -3, "inf", "nan", {}])
def test_what_is_no_figure_is_no_watts(value: Any) -> None:
    assert watts_told(value) is None
