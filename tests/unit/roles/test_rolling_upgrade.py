"""The roles maintenance and rolling_upgrade, as data: options, defaults and what is handed on agree. Runs nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
BOTH = ("maintenance", "rolling_upgrade")
# what says how guests are moved
MOVING = (
    *("rules", "headroom_percent", "max_cpu_percent", "survive_loss", "method", "slots", "settings", "rounds"),
    "check_hosts",
)


def read(role: str, path: str) -> Any:
    return yaml.safe_load((ROLES / role / path).read_text(encoding="utf-8"))


def options(role: str) -> dict[str, Any]:
    return read(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]


def variables(tasks: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the variables of every task, those within blocks too."""
    found = [task["vars"] for task in tasks if "vars" in task]
    return found + [each for task in tasks for each in variables(task.get("block", []))]


def handed_to(callee: str, role: str, tasks: str) -> list[dict[str, str]]:
    """Return what tasks of a role hand to another role, by its names without their prefix."""
    found = [
        {name[len(callee) + 1 :]: text for name, text in each.items() if name.startswith(f"{callee}_")}
        for each in variables(read(role, f"tasks/{tasks}.yml"))
    ]
    return [each for each in found if each]


@pytest.mark.parametrize("role", BOTH)
def test_defaults_are_those_that_are_documented(role: str) -> None:
    documented = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert read(role, "defaults/main.yml") == documented


@pytest.mark.parametrize(
    ("callee", "role", "tasks"),
    [
        ("evacuate", "maintenance", "around"),
        ("restore", "maintenance", "home"),
        ("maintenance", "rolling_upgrade", "wave"),
        ("maintenance", "rolling_upgrade", "plan"),
    ],
)
def test_how_guests_are_moved_is_handed_on(callee: str, role: str, tasks: str) -> None:
    (given,) = handed_to(callee, role, tasks)
    for name in MOVING:
        assert given[name].split("|")[0].strip("{ }") == f"{role}_{name}"


@pytest.mark.parametrize(
    ("role", "tasks"),
    [("maintenance", "around"), ("maintenance", "home"), ("rolling_upgrade", "look")],
)
def test_wherever_marks_are_read_or_guests_come_home_hosts_are_looked_at(role: str, tasks: str) -> None:
    for given in handed_to("pipeline", role, tasks):
        assert given["group"] == f"{{{{ {role}_group }}}}"
        assert f"{role}_check_hosts" in given["check_hosts"]
        assert given["peers"]


def test_waves_are_planned_with_what_was_found_on_the_hosts() -> None:
    (block,) = [task for task in read("rolling_upgrade", "tasks/plan.yml") if task["name"] == "Plan and show"]
    plan = block["block"][0]["virtfleet.migration.migration_plan"]
    assert plan["host_checks"] == "{{ rolling_upgrade_found if rolling_upgrade_check_hosts | bool else {} }}"
    for name in ("transport", "tls"):
        assert plan[name] == f"{{{{ rolling_upgrade_settings.{name} | default(omit) }}}}"


def test_how_guests_are_moved_is_documented_as_for_an_evacuation() -> None:
    evacuate = options("evacuate")
    for role in BOTH:
        for name in (*MOVING, "displace"):
            theirs, ours = evacuate[f"evacuate_{name}"], options(role)[f"{role}_{name}"]
            assert {key: theirs[key] for key in theirs if key != "description"} == {
                key: ours[key] for key in ours if key != "description"
            }


def test_every_package_manager_has_its_tasks() -> None:
    managers = set(read("rolling_upgrade", "vars/main.yml")["rolling_upgrade_managers"].values())
    for manager in managers:
        for step in ("refresh", "upgrade"):
            assert (ROLES / "rolling_upgrade" / "tasks" / f"{step}_{manager}.yml").is_file()


def test_package_managers_are_told_apart_by_the_names_that_ansible_has_for_them() -> None:
    assert set(read("rolling_upgrade", "vars/main.yml")["rolling_upgrade_managers"]) == {"apt", "dnf", "dnf5", "yum"}


def test_the_machine_that_ansible_runs_on_is_not_rebooted_by_it() -> None:
    (reboot,) = [task for task in read("rolling_upgrade", "tasks/upgrade.yml") if "block" in task]
    leave, mark, do = reboot["block"]
    assert leave["when"] == "rolling_upgrade_fitness.control_node"
    assert "Reboot it by hand" in leave["ansible.builtin.fail"]["msg"]
    assert "not heard of since" in mark["virtfleet.migration.host_maintenance"]["reason"]
    assert "ansible.builtin.reboot" in do
