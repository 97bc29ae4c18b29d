"""Roles that plan, as data: what is documented, what holds where nobody sets it, and what is handed on agree."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.request import request_spec
from ansible_collections.virtfleet.migration.tests.unit.roles.planning import BALANCE, CONSOLIDATE, Role

EACH = pytest.mark.parametrize("role", [BALANCE, CONSOLIDATE], ids=lambda role: role.name)


@EACH
def test_defaults_are_those_that_are_documented(role: Role) -> None:
    documented = {
        f"{role.name}_{name}": option["default"] for name, option in role.options.items() if "default" in option
    }
    assert role.read("defaults/main.yml") == documented


@EACH
def test_every_option_about_the_plan_is_handed_to_the_planner(role: Role) -> None:
    given = role.read("tasks/plan.yml")[0]["vars"]
    for name in role.options.keys() - role.own:
        assert given[f"pipeline_{name}"].split("|")[0].strip("{ }") == f"{role.name}_{name}"
    assert given["pipeline_goal"] == role.name
    assert given["pipeline_goal_hosts"] == f"{{{{ {role.name}_names }}}}"


@EACH
def test_options_are_those_of_the_request_with_their_types(role: Role) -> None:
    spec, options = request_spec(required=True), role.options
    for name in options.keys() & spec.keys():
        wanted = "str" if spec[name]["type"] == "bytes" else spec[name]["type"]
        assert options[name]["type"] in (wanted, "raw")
        assert options[name].get("choices") == spec[name].get("choices")
