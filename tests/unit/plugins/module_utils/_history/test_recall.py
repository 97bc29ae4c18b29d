"""A snapshot with history has the use of a window and a forecast in place of the moment, and says so."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._history.recall import (
    merged,
    spans_of,
    with_history,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose_usage import usage_facts
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot, with_usage_of
from ansible_collections.virtfleet.migration.plugins.module_utils._model.usage_window import UsageWindow
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._history.history_builder import (
    MIB,
    NOON,
    old_history,
    record,
)

DAY = 24 * 3600
WEB, DB = build.uuid_of("web"), build.uuid_of("db")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a history in which web used 0.1, 0.2, 0.9 lately, and 1.5 in what was the coming hour a day ago."""
    found = tmp_path / "history.sqlite"
    for at, cpus in (
        (-DAY + 600, 1.5),
        (-DAY + 7200, 1.9),
        (-7200, 8.0),
        (-600, 0.1),
        (-300, 0.2),
        (0, 0.9),
        (300, 7.0),
    ):
        record(found, at, {WEB: cpus})
    return found


def fleet() -> Snapshot:
    """Return web (2 vCPUs) and db on one host at noon; nobody knows web's use, db's is measured at the moment."""
    guests = (
        build.guest("web", vcpus=2),
        build.guest("db", usage_cpus=0.4),
        build.guest("off", state=GuestState.SHUT_OFF),
    )
    made = build.snapshot(build.host("hv1", guests=guests), build.host("hv2"))
    return replace(made, taken_at="2025-12-01T12:00:00Z")


def guest(snapshot: Snapshot, name: str) -> Guest:
    return next(place.guest for place in snapshot.residents if place.guest.name == name)


def test_use_is_of_the_window_and_the_forecast_of_the_coming_hour_too(path: Path) -> None:
    web = guest(with_history(fleet(), str(path), UsageWindow(percentile=50)), "web")
    assert (web.usage_cpus, web.forecast_cpus) == (0.2, 1.5)


def test_without_a_profile_the_forecast_is_the_window(path: Path) -> None:
    web = guest(with_history(fleet(), str(path), UsageWindow(percentile=100, profile_days=0)), "web")
    assert (web.usage_cpus, web.forecast_cpus) == (0.9, 0.9)


def test_a_forecast_is_no_more_than_the_guest_can_use(path: Path) -> None:
    web = guest(with_history(fleet(), str(path), UsageWindow(sigmas=50)), "web")
    assert web.forecast_cpus == 2.0


def test_a_guest_without_history_keeps_what_was_measured(path: Path) -> None:
    found = with_history(fleet(), str(path), UsageWindow())
    assert (guest(found, "db").usage_cpus, guest(found, "db").forecast_cpus) == (0.4, None)
    assert found.usage is not None
    assert (found.usage.guests, found.usage.missing, found.usage.samples) == (1, 1, 3)
    assert found.usage.newest == "2025-12-01T12:00:00+00:00"


def test_the_plan_says_what_it_was_made_with(path: Path) -> None:
    request = Request(goal=Goal.CONSOLIDATE, max_cpu_percent=60.0)
    recorded = make_plan(with_history(fleet(), str(path), UsageWindow()), request)
    assert recorded.remarks[-1] == (
        "CPU use is the 95th percentile of the last 120 minutes (3 samples); "
        "1 of 2 active guests is without history, with what they use at the moment"
    )
    of_now = make_plan(fleet(), request)
    assert of_now.remarks[-1] == (
        "CPU use is of the moment, not from history; 1 of 2 active guests is measured by nobody and taken for idle"
    )
    assert recorded.plan_id != of_now.plan_id


def test_a_plan_that_asks_nothing_of_the_cpus_says_nothing_of_their_use() -> None:
    assert make_plan(fleet(), Request(goal=Goal.EVACUATE, hosts=("hv1",))).remarks == ()


def test_a_recorder_that_stopped_is_told(path: Path) -> None:
    late = with_history(replace(fleet(), taken_at="2025-12-03T12:00:00Z"), str(path), UsageWindow())
    assert usage_facts(late)["source"] == "moment"
    remark = make_plan(late, Request(goal=Goal.BALANCE)).remarks[-1]
    assert remark.startswith("the history has nothing of the last 120 minutes, CPU use is of the moment")


def test_facts_tell_history_from_the_moment_and_from_nothing(path: Path) -> None:
    assert usage_facts(with_history(fleet(), str(path), UsageWindow()))["source"] == "history"
    assert usage_facts(fleet()) == {
        "source": "moment",
        "guests": 2,
        "with_history": 0,
        "without_history": 2,
        "unmeasured": 1,
        "samples": 0,
        "newest": None,
    }
    assert usage_facts(build.snapshot(build.host("hv1", guests=(build.guest(),))))["source"] == "none"


def test_a_later_round_knows_what_the_first_one_recalled(path: Path) -> None:
    first = with_history(fleet(), str(path), UsageWindow(percentile=50))
    later = with_usage_of(fleet(), first)
    assert (guest(later, "web").usage_cpus, guest(later, "web").forecast_cpus) == (0.2, 1.5)
    assert later.usage == first.usage


def test_a_snapshot_without_a_time_is_refused(path: Path) -> None:
    with pytest.raises(FleetError, match="taken at 'yesterday'"):
        with_history(replace(fleet(), taken_at="yesterday"), str(path), UsageWindow())


def test_settings_that_mean_nothing_are_refused_before_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="percentile"):
        with_history(fleet(), str(tmp_path / "nowhere"), UsageWindow(percentile=0))


def test_spans_of_time_that_overlap_are_read_once() -> None:
    assert merged([(50, 60), (0, 10), (5, 20), (20, 30)]) == [(0, 30), (50, 60)]
    day = UsageWindow(minutes=1440, horizon_minutes=1440, profile_days=2)
    assert merged(spans_of(NOON, day)) == [(NOON - 2 * DAY, NOON)]
    assert spans_of(NOON, UsageWindow(minutes=5, horizon_minutes=0)) == [(NOON - 300, NOON)]


def test_throughput_is_the_percentile_of_the_window_too_and_what_was_measured_where_it_has_none(path: Path) -> None:
    now = build.snapshot(
        build.host("hv1", guests=(build.guest("web", usage_disk=1.0, usage_network=5.0), build.guest("db")))
    )
    now = replace(now, taken_at="2025-12-01T12:00:00Z")
    old = guest(with_history(now, str(path), UsageWindow()), "web")
    assert (old.usage_disk, old.usage_network) == (1.0, 5.0), "the samples have none"
    for at, rate in ((-60, 1024.0), (-30, 3 * 1024.0)):
        record(path, at, {WEB: 0.5}, disk=rate)
    found = with_history(now, str(path), UsageWindow(percentile=50))
    web, db = guest(found, "web"), guest(found, "db")
    assert (web.usage_disk, web.usage_network) == (2048.0, 5.0)
    assert (db.usage_disk, db.usage_network) == (None, None)


def test_memory_is_recalled_only_where_nobody_told_it(path: Path) -> None:
    now = replace(
        build.snapshot(build.host("hv1", guests=(build.guest("web"), build.guest("db", usage_memory=7)))),
        taken_at="2025-12-01T12:00:00Z",
    )
    record(path, -60, {DB: 0.5})
    found = with_history(now, str(path), UsageWindow())
    assert (guest(found, "web").usage_memory, guest(found, "db").usage_memory) == (100 * MIB, 7)


def test_a_host_uses_what_the_window_says_of_it_but_not_while_it_sleeps(path: Path) -> None:
    record(path, -60, {WEB: 0.5}, {"hv1": 1.5, "hv2": 1.0})
    hosts = (build.host("hv1", usage_cpus=0.1), build.host("hv2", state=HostState.STANDBY), build.host("hv3"))
    now = replace(build.snapshot(*hosts), taken_at="2025-12-01T12:00:00Z")
    found = with_history(now, str(path), UsageWindow())
    assert [host.usage_cpus for host in found.hosts] == [1.5, None, None]


def test_a_history_from_before_throughput_was_recorded_serves_for_cpus(tmp_path: Path) -> None:
    old_history(tmp_path / "old.sqlite", -60, WEB, 0.75)
    web = guest(with_history(fleet(), str(tmp_path / "old.sqlite"), UsageWindow()), "web")
    assert (web.usage_cpus, web.usage_disk) == (0.75, None)


def test_a_host_that_a_later_round_finds_other_guests_on_uses_what_they_do_and_what_it_used_for_itself() -> None:
    web, db = build.guest("web", usage_cpus=1.0, usage_disk=9.0), build.guest("db", usage_cpus=0.4)
    first = build.snapshot(build.host("hv1", guests=(web, db), usage_cpus=1.6), build.host("hv2", usage_cpus=0.3))
    moved = build.snapshot(
        build.host("hv1", guests=(build.guest("db"),)), build.host("hv2", guests=(build.guest("web"),))
    )
    later = with_usage_of(moved, first)
    assert [host.usage_cpus for host in later.hosts] == [0.6, 1.3]
    assert guest(later, "web").usage_disk == 9.0
