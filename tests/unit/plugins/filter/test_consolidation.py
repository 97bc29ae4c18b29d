"""The filters of consolidate hand over what inventory, hosts and tasks know; the deciding has tests of its own."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.virtfleet.migration.plugins.filter.consolidation import (
    FilterModule,
    consolidation_empty,
    consolidation_fleet,
    consolidation_look,
    consolidation_summary,
)

ON = {
    "virtfleet_bmc": {"type": "ipmi"},
    "virtfleet_power_state": "on",
    "virtfleet_mark": {"maintenance": None},
    "consolidate_fitness": {"control_node": False},
}
HOSTVARS: dict[str, Any] = {
    "hv1": {**ON, "virtfleet_standby_notes": {"notes": {"hv2": {"power": "off", "since": "2026-01-31T05:00:00"}}}},
    "hv2": {"virtfleet_bmc": {"type": "redfish"}, "virtfleet_power_state": "off", "virtfleet_mark": {"skipped": True}},
}
PLAN = {"power_off": ["hv1"], "energy": None}
REPORT = {"problems": [], "moves": [], "placement": {"before": {"hv1": []}, "after": {"hv1": []}}}


def test_what_hosts_have_noted_about_one_another_is_read() -> None:
    look = consolidation_look(["hv1", "hv2"], HOSTVARS, ["hv2"], "hv1")
    assert look == {
        "keep_on": {"hv1": "the conductor runs on it", "hv2": "it is to stay on"},
        "begun": [],
        "asleep": ["hv2"],
        "aside": {},
        "stuck": {},
        "watts": {},
    }


def test_the_other_filters_go_on_with_it() -> None:
    look = consolidation_look(["hv1", "hv2"], HOSTVARS)
    assert consolidation_fleet([{"name": "hv2"}], {"hv2": "silent"})[0]["maintenance"]["reason"].endswith("silent")
    assert consolidation_empty(PLAN, REPORT, look) == {"off": ["hv1"], "before": ["hv1"], "held": {}}
    assert consolidation_empty(PLAN, {}, look)["held"] == {"hv1": "nothing was moved"}
    switched: dict[str, Any] = {"on": [], "off": ["hv1"], "failed": {}, "held": {}, "left": []}
    assert consolidation_summary(look, PLAN, REPORT, switched)["standby"] == ["hv1", "hv2"]


def test_ansible_finds_them_by_name() -> None:
    names = {"consolidation_look", "consolidation_fleet", "consolidation_empty", "consolidation_summary"}
    assert set(FilterModule().filters()) == names
