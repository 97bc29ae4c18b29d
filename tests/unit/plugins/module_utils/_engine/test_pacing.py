"""The cut-over window: nobody switches over before it, copies are spread until then, and after it nobody moves."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.bandwidth import limits_of
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.pacing import UNPACED_MIBS, pace, windowed
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.session import carry_out
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.simulator import Simulator
from ansible_collections.virtfleet.migration.plugins.module_utils._model.cut_over import CutOver
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import Link
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move, Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import engine_run
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fake_driver import Script

MIB = 1024 * 1024
GIB = 1024 * MIB
COPY = build.copy_of(build.disk())


class Watched(Simulator):
    """A simulator that keeps what it was told."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot, 0.0)
        self.told: list[tuple[float, int]] = []
        self.began: dict[str, float] = {}

    def start(self, move: Move, settings: MoveSettings) -> None:
        super().start(move, settings)
        self.began[move.name] = self.now()
        self.told.append((self.now(), settings.bandwidth_mibs or 0))

    def set_bandwidth(self, move: Move, mibs: int) -> None:
        super().set_bandwidth(move, mibs)
        self.told.append((self.now(), mibs))


def ran(cut: Optional[CutOver], gib: int = 2, disks: bool = True, **settings: Any) -> tuple[dict[str, Any], Watched]:
    disk = build.disk("web", "local", capacity=gib * GIB, allocation=gib * GIB)
    guest = build.guest("web", memory=256 * MIB, disks=(disk,) if disks else ())
    hosts = (build.host("hv1", guest, site="north"), build.host("hv2", site="south"))
    fleet = Snapshot("1970-01-01T00:00:00Z", hosts, (Link(("north", "south"), 10.0),))
    plan: Plan = make_plan(fleet, build.evacuate("hv1"))
    assert plan.moves, plan.stays
    driver = Watched(fleet)
    options = RunOptions(MoveSettings(cut_over=cut, **settings), limits=limits_of(fleet))
    report = carry_out(plan, fleet, driver, options, lambda *_event: None, lambda: driver.fleet)
    return report, driver


def test_what_remains_is_spread_over_the_time_that_is_left() -> None:
    move = build.move(copies=(COPY,))
    assert pace(move, 1000 * MIB, CutOver(100.0), 0.0) == 10
    assert pace(move, 1 * MIB, CutOver(100.0), 0.0) == 1
    assert pace(move, 1000 * MIB, CutOver(100.0), 100.0) == UNPACED_MIBS
    assert pace(move, 1000 * MIB, CutOver(None, 100.0), 0.0) is None
    assert pace(move, 1000 * MIB, None, 0.0) is None
    assert pace(build.move(), 1000 * MIB, CutOver(100.0), 0.0) is None


def test_a_copy_begins_before_the_window_and_ends_in_it_never_above_the_cap() -> None:
    report, driver = ran(CutOver(2000.0))
    (move,) = report["moves"]
    assert move["outcome"] == "moved"
    # 2304 MiB at 10 MiB/s take 232 s
    assert 2000 - 2 * 232 - 60 <= driver.began["web"] < 2000 - 232
    assert 2000 <= driver.began["web"] + move["seconds"] <= 2030
    assert all(mibs <= 10 for _moment, mibs in driver.told)
    assert max(mibs for moment, mibs in driver.told if moment < 1900) < 10


def test_a_copy_that_takes_longer_than_until_then_is_not_slowed_down() -> None:
    report, driver = ran(CutOver(20.0))
    (move,) = report["moves"]
    assert (move["outcome"], driver.began["web"]) == ("moved", 0.0)
    assert move["seconds"] == pytest.approx(232, abs=3)


def test_what_only_sends_memory_starts_with_the_window() -> None:
    _report, driver = ran(CutOver(1000.0), disks=False)
    assert driver.began["web"] == pytest.approx(1000.0, abs=0.5)


def test_what_has_not_switched_over_in_the_window_is_given_up_and_stays() -> None:
    report, driver = ran(CutOver(20.0, 60.0))
    (move,) = report["moves"]
    assert move["outcome"] == "timed_out"
    assert move["error"].startswith(
        "it had not switched over in the window, which ended at 1970-01-01 00:01 UTC, and was aborted"
    )
    assert "cut_over" in move["remedy"]
    assert driver.fleet.hosts[0].guests[0].name == "web"
    assert report["placement"]["after"] == {"hv1": ["web"], "hv2": []}


def test_after_the_window_nothing_begins() -> None:
    report, driver = ran(CutOver(None, 0.0))
    (move,) = report["moves"]
    assert move["outcome"] == "not_started"
    assert move["error"] == "the window for the cut-over ended at 1970-01-01 00:00 UTC, before it began"
    assert driver.began == {}


def test_a_policy_counts_from_the_window_on() -> None:
    # 300 s and 600 more for each GiB would be over long before
    report, _driver = ran(CutOver(20_000.0), gib=8, policy="wan")
    assert [move["outcome"] for move in report["moves"]] == ["moved"]
    report, _driver = ran(CutOver(20_000.0), gib=8, timeout=60)
    assert [move["outcome"] for move in report["moves"]] == ["moved"]


def test_without_a_window_nothing_is_slowed_down() -> None:
    report, driver = ran(None)
    assert driver.began["web"] == 0.0
    assert {mibs for _moment, mibs in driver.told} == {10}
    assert report["moves"][0]["seconds"] == pytest.approx(232, abs=3)


def test_a_migration_under_way_is_watched_and_slowed_down_too() -> None:
    options = RunOptions(MoveSettings(cut_over=CutOver(1100.0)))
    found = engine_run.carry_out(build.move(adopt=True), options=options, web=Script(seconds=150))
    assert found.outcomes == {"web": "moved"}
    told = [call for _when, call, _name in found.driver.calls if call.startswith("set_bandwidth")]
    assert (told[0], told[-1]) == ("set_bandwidth 1", f"set_bandwidth {UNPACED_MIBS}")


def test_the_journal_says_when_a_move_that_waits_may_start() -> None:
    options = RunOptions(MoveSettings(cut_over=CutOver(1300.0)))
    found = engine_run.carry_out(build.move(), options=options, web=Script(seconds=10))
    assert found.named("window_ahead") == [{"begins": "1970-01-01 00:21 UTC"}]
    assert found.driver.when("start", "web") == pytest.approx(300.0, abs=0.5)


def test_one_that_ends_while_the_window_does_is_not_aborted_any_more() -> None:
    options = RunOptions(MoveSettings(cut_over=CutOver(None, 1020.0)))
    found = engine_run.carry_out(build.move(), options=options, web=Script(seconds=20))
    assert found.outcomes == {"web": "moved"}
    found = engine_run.carry_out(build.move(), options=options, web=Script(seconds=40))
    assert found.outcomes == {"web": "timed_out"}
    assert replace(options).settings.cut_over == CutOver(None, 1020.0)


@pytest.mark.parametrize("method", [Method.RESTART, Method.PAUSED])
def test_who_stands_still_for_its_move_starts_with_the_window_at_full_speed(method: Method) -> None:
    move = build.move(copies=(COPY,), method=method)
    cut = CutOver(begin=3600.0)
    assert windowed([move], cut, 600.0, 3000.0).due == ()
    assert windowed([move], cut, 600.0, 3600.0).due == (move,)
    assert pace(move, 10 * GIB, cut, 3000.0) is None
