"""The report: the same keys whether a run was real or rehearsed, whole even where much failed, and readable."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine import report
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import Driver, Failure
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.session import (
    carry_out,
    module_result,
    rehearsal,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fake_driver import FakeDriver, Script

WEB, DB, COLD = build.guest("web"), build.guest("db"), build.guest("cold", state=GuestState.SHUT_OFF)
STAYS = build.guest("stays", snapshots=1)
FLEET = build.snapshot(build.host("hv1", WEB, DB, COLD, STAYS), build.host("hv2"))
EMPTIED = build.snapshot(build.host("hv1", STAYS), build.host("hv2", WEB, DB, COLD))
PLAN = make_plan(FLEET, build.evacuate("hv1"))
NO = Failure("internal error: no", "Look at the log")


def quiet(_event: str, _facts: Mapping[str, Any]) -> None:
    """Nobody reads the journal here."""


def rehearsed(plan: Plan = PLAN, fleet: Snapshot = FLEET) -> dict[str, Any]:
    driver, look = rehearsal(fleet, 5000.0)
    return carry_out(plan, fleet, driver, RunOptions(), quiet, look)


def real(after: Snapshot = EMPTIED, **scripts: Script) -> dict[str, Any]:
    driver: Driver = FakeDriver(scripts)
    return carry_out(PLAN, FLEET, driver, RunOptions(), quiet, lambda: after)


def keys(value: Any, path: str = "") -> Iterator[str]:
    """Every place of a document, list items alike."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{path}.{key}"
            yield from keys(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from keys(item, f"{path}[]")


def test_a_rehearsal_reports_under_the_same_keys_as_a_real_run() -> None:
    assert set(keys(rehearsed())) == set(keys(real()))


def test_a_failed_run_reports_under_the_same_keys_as_a_rehearsal() -> None:
    assert set(keys(real(FLEET, web=Script(failure=NO)))) == set(keys(rehearsed()))


def test_a_rehearsal_predicts_the_moves_and_the_placement_of_the_real_run() -> None:
    facts = ("name", "source", "dest", "method", "outcome")
    predicted, made = rehearsed(), real()
    assert [[move[f] for f in facts] for move in predicted["moves"]] == [
        [move[f] for f in facts] for move in made["moves"]
    ]
    assert predicted["placement"] == made["placement"]


def test_a_rehearsal_changes_nothing_in_the_fleet_it_was_given() -> None:
    before = json.dumps(report.placement(FLEET))
    rehearsed()
    assert json.dumps(report.placement(FLEET)) == before


def test_a_report_is_plain_json() -> None:
    assert json.loads(json.dumps(real())) == real()


def test_totals_add_up() -> None:
    totals = real(FLEET, web=Script(failure=NO))["totals"]
    assert totals == {
        "moved": 2,
        "already_there": 0,
        "failed": 1,
        "stayed": 1,
        "bytes": 600,
        "longest_downtime_ms": 120,
    }


def test_a_partly_failed_run_reports_all_of_its_moves_and_has_failed() -> None:
    facts = real(web=Script(failure=NO))
    result = module_result(facts, "journal.jsonl")
    assert result["failed"] is True
    assert result["changed"] is True
    assert len(result["report"]["moves"]) == 3
    assert facts["left"] == ["stays", "web"]
    assert result["msg"].startswith("2 moved, 0 already there, 1 not moved; web: internal error: no. Look at the log")


def test_a_run_that_did_all_it_was_to_do_has_not_failed() -> None:
    result = module_result(real(), "journal.jsonl")
    assert "failed" not in result
    assert result["diff"] == {
        "before": {"hv1": ["cold", "db", "stays", "web"], "hv2": []},
        "after": {"hv1": ["stays"], "hv2": ["cold", "db", "web"]},
    }


def test_a_guest_that_vanished_makes_the_run_fail() -> None:
    gone = build.snapshot(build.host("hv1", STAYS), build.host("hv2", WEB, DB))
    result = module_result(real(gone), "journal.jsonl")
    assert result["failed"] is True
    assert "cold, last seen shut_off on hv1, is on no host that answers" in result["msg"]


def test_a_plan_applied_twice_changes_nothing_the_second_time() -> None:
    result = module_result(rehearsed(PLAN, EMPTIED), "journal.jsonl")
    assert result["changed"] is False
    assert result["report"]["totals"]["already_there"] == 3


def test_a_plan_that_mended_something_changes_nothing_the_second_time() -> None:
    claim = build.claimed("hv1", "hv2")
    then = build.snapshot(
        build.host("hv1", replace(WEB, state=GuestState.SHUT_OFF, notes=claim)),
        build.host("hv2", replace(WEB, notes=claim)),
    )
    now = build.snapshot(build.host("hv1"), build.host("hv2", WEB))
    plan = make_plan(then, build.evacuate("hv1"))
    assert module_result(rehearsed(plan, then), "j")["changed"] is True
    assert module_result(rehearsed(plan, now), "j")["changed"] is False


def test_nothing_is_moved_while_a_guest_runs_twice() -> None:
    twice = build.snapshot(build.host("hv1", WEB, DB), build.host("hv2", DB))
    driver = FakeDriver()
    with pytest.raises(FleetError, match="db is active on hv1 and hv2 at the same time; nothing was moved"):
        carry_out(PLAN, twice, driver, RunOptions(), quiet, lambda: twice)
    assert driver.calls == []


def test_the_report_in_lines() -> None:
    lines = report.result_lines(real(FLEET, web=Script(failure=NO)))
    assert lines[0].split() == ["name", "source", "dest", "method", "outcome", "seconds", "data_mib", "downtime_ms"]
    assert "web: internal error: no. Look at the log" in lines
    assert (
        "stays stays on hv1: it has 1 libvirt snapshots, with which libvirt does not migrate; delete them first"
        in lines
    )
    assert not any(line.startswith("PROBLEM") for line in lines)


def test_a_broken_invariant_is_the_last_line_of_the_report() -> None:
    gone = build.snapshot(build.host("hv1", STAYS), build.host("hv2", WEB, DB))
    last = report.result_lines(real(gone))[-1]
    assert last == "PROBLEM: cold, last seen shut_off on hv1, is on no host that answers"


def test_an_empty_report_says_so() -> None:
    empty = make_plan(EMPTIED, build.evacuate("hv1", dests=("hv2",)))
    assert report.result_lines(rehearsed(replace(empty, stays=()), EMPTIED)) == ["nothing to move"]


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([], ["a  b"]),
        ([{"a": 1, "b": None}, {"a": "long", "b": 2.5}], ["a     b", "1     -", "long  2.5"]),
    ],
)
def test_a_table_is_aligned(rows: list[dict[str, Optional[object]]], lines: list[str]) -> None:
    assert report.table(rows, ("a", "b")) == lines
