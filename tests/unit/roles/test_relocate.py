"""The role relocate, as data: a drain is all or none, and its marks go where nobody does. Runs nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.virtfleet.migration.plugins.module_utils._model.policy import PRESETS

ROLE = Path(__file__).resolve().parents[3] / "roles" / "relocate"


def read(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


def handed_on() -> dict[str, str]:
    return read("tasks/main.yml")[0]["block"][0]["vars"]


def test_a_drain_is_all_or_none_unless_somebody_says_otherwise() -> None:
    assert handed_on()["pipeline_all_or_none"] == "{{ relocate_all_or_none | default(relocate_drain) }}"
    assert "relocate_all_or_none" not in read("defaults/main.yml")


def test_only_a_drain_marks_hosts() -> None:
    (mark,) = read("tasks/mark.yml")
    assert mark["vars"]["pipeline_mark"] == "{{ 'present' if relocate_drain | bool else 'unchanged' }}"
    assert handed_on()["pipeline_marks"] == "{{ relocate_drain }}"


def test_the_marks_are_put_back_where_nobody_has_moved_and_somebody_stays() -> None:
    (relocate, _fail) = read("tasks/main.yml")
    (unmark,) = [task for task in relocate["always"] if "tasks_from" in str(task.get("ansible.builtin.include_role"))]
    assert unmark["when"] == [
        "pipeline_result.report is defined",
        "pipeline_result.stays | length + pipeline_result.report.left | length > 0",
        "pipeline_result.report.moves | selectattr('outcome', 'in', relocate_begun) | length == 0",
    ]
    assert read("vars/main.yml")["relocate_begun"] == ["moved", "already_there", "unknown"]


def test_the_policy_of_a_link_between_sites_is_one_that_there_is() -> None:
    assert "{'policy': 'wan'} | combine(relocate_settings)" in read("vars/main.yml")["relocate_how"]
    assert "wan" in {policy.name for policy in PRESETS}


@pytest.mark.parametrize("option", ["hosts", "sites", "racks"])
def test_hosts_that_are_left_are_found_by_name_site_and_rack(option: str) -> None:
    assert f"relocate_{option}" in read("vars/main.yml")["relocate_leaving"]
