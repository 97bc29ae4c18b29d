"""The role consolidate, as data: what is handed on and documented agrees, a first run is safe. Runs nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.request import request_spec

ROLE = Path(__file__).resolve().parents[3] / "roles" / "consolidate"
# what the role uses itself, or hands to other roles than the pipeline
OWN = {"group", "hosts", "keep_on", "power_off", "settings", "report_dir", "measure_watts"}


def read(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


OPTIONS = {
    name[len("consolidate_") :]: option
    for name, option in read("meta/argument_specs.yml")["argument_specs"]["main"]["options"].items()
}


def test_defaults_are_those_that_are_documented() -> None:
    documented = {f"consolidate_{name}": option["default"] for name, option in OPTIONS.items() if "default" in option}
    assert read("defaults/main.yml") == documented


def test_every_option_about_the_plan_is_handed_to_the_planner() -> None:
    given = read("tasks/plan.yml")[0]["vars"]
    for name in OPTIONS.keys() - OWN:
        assert given[f"pipeline_{name}"].split("|")[0].strip("{ }") == f"consolidate_{name}"
    assert given["pipeline_goal_hosts"] == "{{ consolidate_names }}"


def test_options_are_those_of_the_request_with_their_types() -> None:
    spec = request_spec(required=True)
    for name in OPTIONS.keys() & spec.keys():
        wanted = "str" if spec[name]["type"] == "bytes" else spec[name]["type"]
        assert OPTIONS[name]["type"] in (wanted, "raw")
        assert OPTIONS[name].get("choices") == spec[name].get("choices")


def test_whoever_sets_nothing_keeps_two_hosts_on_room_and_the_loss_of_any_host() -> None:
    assert OPTIONS["min_on"]["default"] == 2
    assert OPTIONS["headroom_percent"]["default"] == 10
    assert OPTIONS["survive_loss"]["default"] == "keep"
    assert OPTIONS["max_cpu_percent"]["default"] < OPTIONS["high_cpu_percent"]["default"] < 100


def test_the_role_that_switches_never_ends_the_run_by_itself() -> None:
    for tasks in ("begun", "wake", "off"):
        switching = [task for task in read(f"tasks/{tasks}.yml") if "power_state" in task.get("vars", {})]
        assert [task["vars"]["power_on_failure"] for task in switching] == ["report"]
