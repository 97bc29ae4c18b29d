"""Every scenario file comes out as it expects, and every plan, once carried out, leaves nothing more to plan.

`pytest tests/unit/plugins/module_utils/_planner --bless` rewrites what differs; read the diff before committing it.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import functools
from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.invariant import problems
from ansible_collections.virtfleet.migration.plugins.module_utils._model import prose
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import scenario as scenarios

ALL = [pytest.param(path, id=path.stem) for path in scenarios.paths()]
PLANNED = [param for param in ALL if "\n  error:" not in param.values[0].read_text(encoding="utf-8")]


@functools.cache
def planned(path: Path) -> tuple[scenarios.Scenario, Plan]:
    scenario = scenarios.read(path)
    return scenario, make_plan(scenario.fleet, scenario.request)


@pytest.mark.parametrize("path", ALL)
def test_the_plan_is_what_the_scenario_expects(path: Path, pytestconfig: pytest.Config) -> None:
    scenario = scenarios.read(path)
    outcome = scenarios.outcome_of(scenario)
    if outcome != scenario.expect and pytestconfig.getoption("--bless", default=False):
        scenarios.bless(scenario, outcome)
        scenario = scenarios.read(path)
    assert outcome == scenario.expect, scenario.says


@pytest.mark.parametrize("path", PLANNED)
def test_once_carried_out_there_is_nothing_more_to_move(path: Path) -> None:
    scenario, plan = planned(path)
    after = scenarios.carry_out(scenario.fleet, plan)
    again = make_plan(after, scenario.request)
    # a host that is upgraded once more is emptied once more
    assert again.moves == () or scenario.request.goal is Goal.ROLLING
    moved = {move.guest for move in plan.moves}
    assert [stay.guest for stay in again.stays] == [stay.guest for stay in plan.stays if stay.guest not in moved]


@pytest.mark.parametrize("path", PLANNED)
def test_carrying_it_out_breaks_nothing_that_was_whole(path: Path) -> None:
    scenario, plan = planned(path)
    after = scenarios.carry_out(scenario.fleet, plan)
    assert problems(scenario.fleet, after) == problems(scenario.fleet, scenario.fleet)


@pytest.mark.parametrize("path", PLANNED)
def test_every_refusal_can_be_put_into_words(path: Path) -> None:
    for refusal in (refusal for stay in planned(path)[1].stays for refusal in stay.refusals):
        assert prose.cause(refusal)
        assert prose.remedy(refusal)
        assert "{" not in prose.sentence(refusal)


@pytest.mark.parametrize("path", ALL)
def test_a_scenario_begins_with_a_sentence(path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    assert first.startswith("says: ")
    assert first.rstrip("\"'").endswith(".")
    assert len(first.split()) > 5


def test_a_saved_snapshot_dropped_in_as_a_file_is_a_scenario(tmp_path: Path) -> None:
    fleet = build.snapshot(build.host("hv1", build.guest()), build.host("hv2"))
    path = tmp_path / "bug.yml"
    path.write_text(
        f"says: A bug report.\nsnapshot: {to_json(fleet)}\nrequest: {{hosts: [hv1]}}\n".replace("None", "null")
        .replace("True", "true")
        .replace("False", "false"),
        encoding="utf-8",
    )
    assert scenarios.read(path).fleet == fleet


def test_blessing_rewrites_only_what_is_expected(tmp_path: Path) -> None:
    path = tmp_path / "one.yml"
    head = "says: The guest goes to the other host.\n# kept\n"
    head += "fleet:\n  hv1: {guests: {web: }}\n  hv2:\nrequest: {hosts: [hv1]}\n"
    path.write_text(head + "expect:\n  moves: [wrong]\n", encoding="utf-8")
    scenario = scenarios.read(path)
    scenarios.bless(scenario, scenarios.outcome_of(scenario))
    assert path.read_text(encoding="utf-8") == head + "expect:\n  moves:\n  - 'web: hv1 -> hv2, live, home hv1'\n"
