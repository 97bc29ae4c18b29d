"""The role balance, as data: what is handed on and documented agrees, a recommendation moves nothing. Runs nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.request import request_spec

ROLE = Path(__file__).resolve().parents[3] / "roles" / "balance"
# what the role uses itself, or hands to other roles than the pipeline
OWN = {"group", "hosts", "mode", "plan_file", "plan", "report_dir"}


def read(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


OPTIONS = {
    name[len("balance_") :]: option
    for name, option in read("meta/argument_specs.yml")["argument_specs"]["main"]["options"].items()
}


def test_defaults_are_those_that_are_documented() -> None:
    documented = {f"balance_{name}": option["default"] for name, option in OPTIONS.items() if "default" in option}
    assert read("defaults/main.yml") == documented


def test_every_option_about_the_plan_is_handed_to_the_planner() -> None:
    given = read("tasks/plan.yml")[0]["vars"]
    for name in OPTIONS.keys() - OWN:
        assert given[f"pipeline_{name}"].split("|")[0].strip("{ }") == f"balance_{name}"
    assert given["pipeline_goal"] == "balance"
    assert given["pipeline_goal_hosts"] == "{{ balance_names }}"


def test_options_are_those_of_the_request_with_their_types() -> None:
    spec = request_spec(required=True)
    for name in OPTIONS.keys() & spec.keys():
        wanted = "str" if spec[name]["type"] == "bytes" else spec[name]["type"]
        assert OPTIONS[name]["type"] in (wanted, "raw")
        assert OPTIONS[name].get("choices") == spec[name].get("choices")


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
