"""What a plan and a report say of links and groups: data, time and cost beside what was planned, and who is apart."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.crossing_text import Run, group_facts
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.plan_text import plan_lines
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import DriverError, Failure
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.report import result_lines
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.result import MoveResult, Outcome
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.session import carry_out
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.simulator import Simulator
from ansible_collections.virtfleet.migration.plugins.module_utils._model.crossing import MoveGroup
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import Link
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move, Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MIB = 1024 * 1024
SOUTH = Request(Goal.RELOCATE, sites=("north",), dest_sites=("south",))


class Refusing(Simulator):
    """A simulator in which the moves of some guests fail."""

    def __init__(self, snapshot: Snapshot, *names: str) -> None:
        super().__init__(snapshot, 0.0)
        self.names = names

    def start(self, move: Move, settings: MoveSettings) -> None:
        if move.name in self.names:
            raise DriverError(Failure("no"))
        super().start(move, settings)


def member(name: str, memory: int = 512) -> Guest:
    guest = build.guest(name, memory=memory * MIB)
    return replace(guest, notes=replace(guest.notes, labels={"group": "shop"}))


def fleet(*guests: Guest, south: tuple[Guest, ...] = (), **link: Any) -> Snapshot:
    hosts = (build.host("hv1", *guests, site="north"), build.host("hv2", *south, site="south"))
    return Snapshot("1970-01-01T00:00:00Z", hosts, (Link(("north", "south"), 8.0, **link),))


def reported(snapshot: Snapshot, *failing: str) -> dict[str, Any]:
    driver = Refusing(snapshot, *failing)
    plan = make_plan(snapshot, SOUTH)
    return carry_out(plan, snapshot, driver, RunOptions(), lambda *_event: None, lambda: driver.fleet)


def test_a_plan_tells_what_goes_over_a_link_and_how_long_a_group_is_apart() -> None:
    snapshot = fleet(member("web", 256), member("db", 512), cost_per_gib=2.0)
    lines = plan_lines(make_plan(snapshot, SOUTH))
    assert "Link north and south: 2 moves, 0.75 GiB, about 98 s at 8 MiB/s, cost 1.50" in lines
    # 256 MiB of each at 4 MiB/s, the other 256 of the larger one at 8
    assert "Group shop (db, web): on two sites for about 32.0 s" in lines


def test_a_plan_says_that_the_link_is_closed_at_that_hour() -> None:
    lines = plan_lines(make_plan(fleet(member("web"), hours=("22:00-06:00", "12:00-13:00")), SOUTH))
    assert not any("closed" in line for line in lines)
    lines = plan_lines(make_plan(fleet(member("web"), hours=("12:00-13:00",)), SOUTH))
    assert any("closed at this hour, opens 1970-01-01T12:00:00Z" in line for line in lines)


def test_a_report_tells_what_really_went_over_it_and_how_long_they_really_were_apart() -> None:
    report = reported(fleet(member("web", 256), member("db", 512), cost_per_gib=2.0))
    (link,), (group,) = report["links"], report["groups"]
    assert (link["link"], link["moves"], link["bytes"], link["cost"]) == ("north and south", 2, 768 * MIB, 1.5)
    assert link["seconds"] == pytest.approx(link["est_seconds"], abs=1)
    assert (group["name"], group["split"], group["sites"]) == ("shop", False, {"south": ["db", "web"]})
    assert group["split_seconds"] == pytest.approx(32, abs=1)
    assert report["problems"] == []
    lines = result_lines(report)
    assert any(line.startswith("Link north and south: 2 moves, 0.75 GiB in 9") for line in lines)
    assert any(line.startswith("Group shop: on two sites for 3") for line in lines)


def test_a_group_that_is_apart_in_the_end_is_a_problem() -> None:
    report = reported(fleet(member("web", 256), member("db", 512)), "db")
    assert report["groups"][0]["split"]
    (problem,) = report["problems"]
    assert problem.startswith("group shop is split: db on north; web on south. Run again")


def test_a_group_that_a_later_round_has_sent_to_another_site_is_apart() -> None:
    web, db = build.guest("web"), build.guest("db")
    ends = build.host("hv2", web, site="south"), build.host("hv3", db, site="west")
    sent = build.move(1, "web", dest="hv2"), build.move(2, "db", dest="hv2")
    again = replace(sent[1], id="r2m0001", dest="hv3")
    outcomes = Outcome.MOVED, Outcome.FAILED, Outcome.MOVED
    results = [MoveResult(move, outcome, ended=9.0) for move, outcome in zip((*sent, again), outcomes)]
    plan = Plan("id", SOUTH, sent, groups=(MoveGroup("shop", ("m0001", "m0002")),))
    (found,) = group_facts(plan, Run(results, Snapshot("", ends), Snapshot("", ends), (0.0, 10.0)))
    assert (found["split"], found["sites"]) == (True, {"south": ["web"], "west": ["db"]})


def test_a_group_of_which_nobody_went_is_not_apart() -> None:
    report = reported(fleet(member("web"), member("db")), "db", "web")
    assert (report["groups"][0]["split"], report["groups"][0]["split_seconds"]) == (False, 0.0)
    assert report["problems"] == []


def test_the_rest_of_a_group_counts_from_the_beginning() -> None:
    report = reported(fleet(member("db", 800), south=(member("web"),)))
    (group,) = report["groups"]
    assert not group["split"]
    assert group["split_seconds"] == pytest.approx(101.5, abs=1)
    report = reported(fleet(member("db", 800), south=(member("web"),)), "db")
    assert report["groups"][0]["split"]
