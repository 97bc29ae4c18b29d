"""The roles that move guests, as data: every documented option reaches the module that plans. Runs nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.arguments import settings_spec
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.request import request_spec

ROLES = Path(__file__).resolve().parents[3] / "roles"
CALLERS = ("evacuate", "restore", "relocate")
# what the roles use themselves, or hand to the tasks mark.yml and to the role report
OWN = {"group", "reason", "hosts", "rounds", "allow_stay", "report_dir", "slots", "settings", "check_hosts"}
# of the role relocate: which hosts are left, and that a drain is all or none unless told otherwise
OWN |= {"sites", "racks", "drain", "all_or_none"}
# what no role asks the planner for by this way: selections of guests and hosts, and what is of other goals
NOT_OF_ROLES = {
    *("goal_sites", "guests", "guest_labels", "max_at_once", "one_per", "return_home"),
    *("first", "last", "links", "dest_of", "near", "max_latency_ms", "all_or_none", "group_label", "max_split_minutes"),
}


def read(role: str, path: str) -> Any:
    return yaml.safe_load((ROLES / role / path).read_text(encoding="utf-8"))


def options(role: str) -> dict[str, Any]:
    found = read(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    return {name[len(role) + 1 :]: option for name, option in found.items()}


def handed_on(role: str) -> dict[str, str]:
    """Return what a role gives to the pipeline."""
    block = read(role, "tasks/main.yml")[0]["block"][0]
    return {name[len("pipeline_") :]: text for name, text in block["vars"].items()}


def planning(tasks: str = "apply", module: str = "migration_apply") -> dict[str, str]:
    """Return the options of the task that plans and applies, or of the one that only plans."""
    block = read("pipeline", f"tasks/{tasks}.yml")[0]["block"]
    (task,) = [task for task in block if f"virtfleet.migration.{module}" in task]
    return task[f"virtfleet.migration.{module}"]


@pytest.mark.parametrize("role", CALLERS)
def test_every_option_about_the_plan_is_handed_on(role: str) -> None:
    given = handed_on(role)
    for name in set(options(role)) - OWN:
        assert given[name].split("|")[0].strip("{ }") == f"{role}_{name}"


@pytest.mark.parametrize("role", CALLERS)
def test_options_are_those_of_the_request_with_their_types(role: str) -> None:
    spec = request_spec(required=True)
    for name in set(options(role)) - OWN:
        option = options(role)[name]
        assert option["type"] in (spec[name]["type"], "raw")
        assert option.get("choices") == spec[name].get("choices")


def test_settings_that_are_let_in_are_those_that_are_handed_on() -> None:
    handed = [name for name, text in planning().items() if "pipeline_settings." in str(text)]
    assert read("pipeline", "vars/main.yml")["pipeline_known_settings"] == sorted(handed)


@pytest.mark.parametrize("role", [*CALLERS, "pipeline"])
def test_defaults_are_those_that_are_documented(role: str) -> None:
    defaults = read(role, "defaults/main.yml")
    documented = {name: option["default"] for name, option in options(role).items() if "default" in option}
    missing = {} if role != "pipeline" else {"mark_reason": ""}  # of mark.yml, which has no options of its own
    assert {name[len(role) + 1 :]: value for name, value in defaults.items()} == {**documented, **missing}


def test_the_pipeline_passes_all_of_it_to_the_modules_unchanged() -> None:
    applied, planned = planning(), planning("plan", "migration_plan")
    own = {
        "marks",
        "group",
        "goal",
        "goal_hosts",
        "slots",
        "settings",
        "rounds",
        "check_hosts",
        "unmarked",
        "not_awake",
    }
    for name in set(options("pipeline")) - own:
        given = [task[name] for task in (applied, planned) if name in task]
        assert given
        for text in given:
            assert text.split("|")[0].strip("{ }") == f"pipeline_{name}"


def test_what_is_planned_alone_is_asked_for_as_what_is_planned_and_applied() -> None:
    applied, planned = planning(), planning("plan", "migration_plan")
    shared = (applied.keys() & planned.keys()) - {"goal", "hosts"}
    assert {name: applied[name] for name in shared} == {name: planned[name] for name in shared}
    assert request_spec(required=True).keys() - planned.keys() == NOT_OF_ROLES


def test_what_was_found_on_the_hosts_goes_to_the_planner_unless_nobody_wants_it() -> None:
    assert planning()["host_checks"] == "{{ pipeline_found if pipeline_check_hosts | bool else {} }}"
    for role in CALLERS:
        assert handed_on(role)["check_hosts"] == f"{{{{ {role}_check_hosts }}}}"
        assert options(role)["check_hosts"]["default"] is True


def test_an_evacuation_moves_nobody_but_the_guests_of_its_hosts_unless_asked() -> None:
    assert options("evacuate")["displace"]["default"] is False


@pytest.mark.parametrize("option", sorted(settings_spec()))
def test_a_setting_of_how_guests_are_moved_is_handed_on_and_documented(option: str) -> None:
    assert planning()[option] == f"{{{{ pipeline_settings.{option} | default(omit) }}}}"
    for role in CALLERS:
        assert any(f"C({option})" in line for line in options(role)["settings"]["description"])
