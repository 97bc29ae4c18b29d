"""A closed link: who waits for it, who is given up, and that the others go on; and what goes over none unencrypted."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.bandwidth import Limits, limits_of
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.courses import courses
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.gates import refusals_of
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.link_gates import turn
from ansible_collections.virtfleet.migration.plugins.module_utils._model.crossing import MoveGroup
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import Link
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings, Slots
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.engine_run import (
    BROKEN,
    Ran,
    carry_out,
    many,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fake_driver import Script

# the runs begin at 00:16:40 of a Thursday
LATER = ("00:30-01:00",)
NOW = ("00:00-01:00",)


def fleet(**link: object) -> Snapshot:
    hosts = (build.host("hv1", site="north"), build.host("hv2", site="south"), build.host("hv3", site="north"))
    return Snapshot("", hosts, (Link(("north", "south"), 20.0, **link),))  # type: ignore[arg-type]


def ran(*moves: Move, wait: float = 0.0, slots: Slots = Slots(), hours: tuple[str, ...] = LATER) -> Ran:  # noqa: B008
    options = RunOptions(MoveSettings(link_wait_minutes=wait), slots, limits=limits_of(fleet(hours=hours)))
    return carry_out(*moves, options=options, **{move.name: Script(seconds=10) for move in moves})


def test_over_a_closed_link_nothing_starts_and_the_report_says_when_it_opens() -> None:
    found = ran(*many(2))
    assert found.outcomes == {"g1": "link_closed", "g2": "link_closed"}
    assert found.error("g1") == "the link of north and south is closed at this hour and opens at 1970-01-01 00:30 UTC"
    assert found.driver.told("start") == []


def test_a_move_waits_for_its_link_as_long_as_it_may() -> None:
    found = ran(*many(2), wait=14)
    assert found.outcomes == {"g1": "moved", "g2": "moved"}
    assert found.driver.when("start", "g1") == pytest.approx(800.0, abs=0.3)
    assert found.named("link_closed") == [{"link": "north and south", "opens": "1970-01-01 00:30 UTC"}]


def test_a_move_whose_link_opens_too_late_is_given_up_at_once() -> None:
    found = ran(*many(1), wait=13)
    assert found.outcomes == {"g1": "link_closed"}
    assert found.driver.now() == 1000.0


def test_who_waits_for_a_link_takes_no_slot_from_the_others() -> None:
    over, inside = build.move(1, "over"), build.move(2, "inside", dest="hv3")
    found = ran(over, inside, wait=30, slots=Slots(1, 1, 1))
    assert found.outcomes == {"over": "moved", "inside": "moved"}
    assert found.driver.when("start", "inside") == 0.0


def test_what_is_under_way_goes_on_when_the_hours_end_and_what_would_start_then_does_not() -> None:
    moves = many(2)
    options = RunOptions(slots=Slots(1, 1, 1), limits=limits_of(fleet(hours=("00:00-00:17",))))
    found = carry_out(*moves, options=options, g1=Script(seconds=60), g2=Script(seconds=10))
    assert found.outcomes == {"g1": "moved", "g2": "link_closed"}


def test_the_rest_of_a_group_goes_on_when_the_hours_end_and_another_group_does_not_begin() -> None:
    moves = many(4)
    options = RunOptions(slots=Slots(1, 1, 1), limits=limits_of(fleet(hours=("00:00-00:17",))))
    shop, bills = MoveGroup("shop", ("m0001", "m0002")), MoveGroup("bills", ("m0003", "m0004"))
    found = carry_out(*moves, options=options, groups=(shop, bills), g1=Script(seconds=60), g2=Script(seconds=60))
    assert found.outcomes == {"g1": "moved", "g2": "moved", "g3": "link_closed", "g4": "link_closed"}


def test_the_rest_of_a_group_goes_on_after_one_that_an_earlier_run_has_begun_and_not_after_one_that_failed() -> None:
    group = MoveGroup("shop", ("m0001", "m0002"))
    options = RunOptions(slots=Slots(1, 1, 1), limits=limits_of(fleet(hours=LATER)))
    watched = carry_out(build.move(1, "g1", adopt=True), build.move(2, "g2"), options=options, groups=(group,))
    assert watched.outcomes == {"g1": "moved", "g2": "moved"}
    hours = limits_of(fleet(hours=("00:00-00:17",)))
    failing = Script(seconds=60, failure=BROKEN)
    failed = carry_out(*many(2), options=replace(options, limits=hours), groups=(group,), g1=failing)
    assert failed.outcomes == {"g1": "failed", "g2": "link_closed"}


def test_the_rest_of_a_group_waits_for_a_link_over_which_nobody_of_it_goes() -> None:
    group = MoveGroup("shop", ("m0001", "m0002"))
    inside, over = build.move(1, "inside", dest="hv3"), build.move(2, "over")
    options = RunOptions(MoveSettings(link_wait_minutes=30), Slots(1, 1, 1), limits=limits_of(fleet(hours=LATER)))
    found = carry_out(inside, over, options=options, groups=(group,))
    assert found.outcomes == {"inside": "moved", "over": "moved"}
    assert found.driver.when("start", "over") == pytest.approx(800.0, abs=0.3)


def test_a_group_follows_its_guest_that_an_earlier_run_has_sent() -> None:
    watched = build.move(1, "g1", adopt=True)
    group = MoveGroup("shop", ("m0002",), (watched.guest,))
    options = RunOptions(slots=Slots(1, 1, 1), limits=limits_of(fleet(hours=LATER)))
    found = carry_out(watched, build.move(2, "g2"), options=options, groups=(group,))
    assert found.outcomes == {"g1": "moved", "g2": "moved"}


@pytest.mark.parametrize("whole", ["all or none", "group"])
def test_nobody_goes_where_one_that_belongs_with_the_others_has_its_link_closed(whole: str) -> None:
    inside, over = build.move(1, "inside", dest="hv3"), build.move(2, "over")
    groups = (MoveGroup("shop", ("m0001", "m0002")),) if whole == "group" else ()
    options = RunOptions(limits=limits_of(fleet(hours=LATER)))
    found = carry_out(inside, over, options=options, groups=groups, all_or_none=whole == "all or none")
    assert found.outcomes == {"inside": "not_started", "over": "link_closed"}
    assert found.error("inside").endswith(", and over can't go")
    assert found.driver.told("start") == []


def test_a_migration_that_is_under_way_is_watched_whatever_the_hour() -> None:
    assert ran(build.move(adopt=True)).outcomes == {"web": "moved"}


def test_what_waits_for_a_move_that_never_began_does_not_start_either() -> None:
    first, second = build.move(1, "first"), build.move(2, "second", dest="hv3", after=("m0001",))
    assert ran(first, second).outcomes == {"first": "link_closed", "second": "not_started"}


def test_a_link_without_hours_and_a_pair_without_a_link_are_always_open() -> None:
    moves = many(2)
    assert turn(moves, list, limits_of(fleet()), 0.0, 0.0).start == tuple(moves)
    assert turn(moves, list, Limits(), 0.0, 0.0).start == tuple(moves)


@pytest.mark.parametrize("method", [Method.LIVE, Method.PAUSED])
def test_over_a_link_that_takes_nothing_unencrypted_a_move_without_tls_is_refused(method: Method) -> None:
    snapshot, move = fleet(tls_required=True), build.move(method=method)
    for tls, codes in ((False, ["link_needs_tls"]), (True, [])):
        steered = courses((move,), snapshot, MoveSettings(tls=tls))
        assert [each.code.value for each in refusals_of((move,), steered, snapshot)[move.id]] == codes


def test_a_definition_that_goes_over_it_alone_needs_no_tls_and_one_with_disks_does() -> None:
    snapshot = fleet(tls_required=True)
    alone = build.move(method=Method.OFFLINE)
    copied = build.move(method=Method.OFFLINE, copies=(build.copy_of(build.disk()),))
    for move, count in ((alone, 0), (copied, 1)):
        steered = courses((move,), snapshot, MoveSettings(tls=False))
        assert len(refusals_of((move,), steered, snapshot)[move.id]) == count
