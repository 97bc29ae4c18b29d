"""The role balance, as data: what is handed on and documented agrees, a recommendation moves nothing. Runs nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.virtfleet.migration.tests.unit.roles.planning import BALANCE

read, OPTIONS = BALANCE.read, BALANCE.options


def test_whoever_sets_nothing_keeps_a_fleet_that_can_lose_any_host() -> None:
    assert OPTIONS["survive_loss"]["default"] == "keep"


def test_a_recommendation_comes_to_no_task_that_moves_guests() -> None:
    included = {task["ansible.builtin.include_tasks"]: task["when"] for task in read("tasks/main.yml")[2:5]}
    assert included == {
        "plan.yml": "balance_mode != 'apply'",
        "saved.yml": "balance_mode == 'apply'",
        "move.yml": "balance_mode != 'recommend'",
    }


def test_an_approved_plan_is_carried_out_as_it_is_and_only_once() -> None:
    (block,) = [task["block"] for task in read("tasks/move.yml") if "block" in task]
    given = block[0]["vars"]
    assert given["pipeline_plan"] == "{{ balance_planned }}"
    assert given["pipeline_rounds"] == 1
