"""The role consolidate, as data: what is handed on and documented agrees, a first run is safe. Runs nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.virtfleet.migration.tests.unit.roles.planning import CONSOLIDATE

read, OPTIONS = CONSOLIDATE.read, CONSOLIDATE.options


def test_whoever_sets_nothing_keeps_two_hosts_on_room_and_the_loss_of_any_host() -> None:
    assert OPTIONS["min_on"]["default"] == 2
    assert OPTIONS["headroom_percent"]["default"] == 10
    assert OPTIONS["survive_loss"]["default"] == "keep"
    assert OPTIONS["max_cpu_percent"]["default"] < OPTIONS["high_cpu_percent"]["default"] < 100


def test_the_role_that_switches_never_ends_the_run_by_itself() -> None:
    for tasks in ("begun", "wake", "off"):
        switching = [task for task in read(f"tasks/{tasks}.yml") if "power_state" in task.get("vars", {})]
        assert [task["vars"]["power_on_failure"] for task in switching] == ["report"]
