"""A rollout sorts hosts by what was found on them, sums up what became of them, and says when waves come."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rollout import (
    Halt,
    Outcomes,
    Seen,
    forecast,
    halt,
    left_out,
    outcomes,
    seen_of,
    sort_out,
    stop_time,
    summary,
    summary_lines,
)

REASON = "rolling upgrade"
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)


def test_a_host_with_pending_updates_is_done_and_one_without_is_skipped() -> None:
    found = sort_out({"hv1": Seen(due=("updates are pending",)), "hv2": Seen()}, REASON)
    assert found.todo == ("hv1",)
    assert found.due == {"hv1": "updates are pending"}
    assert found.ready == ("hv2",)
    assert found.skipped == {"hv2": "nothing to do"}


def test_a_host_that_a_killed_run_has_left_marked_is_done_though_nothing_is_pending() -> None:
    found = sort_out({"hv1": Seen(mark="rolling upgrade, failed at reboot"), "hv2": Seen(due=("updates",))}, REASON)
    assert found.todo == ("hv1", "hv2")
    assert found.interrupted == ("hv1",)


def test_a_host_that_somebody_else_has_marked_is_left_alone() -> None:
    found = sort_out({"hv1": Seen(mark="new memory", due=("updates are pending",))}, REASON)
    assert found.todo == ()
    assert found.ready == ()
    assert found.skipped == {"hv1": "in maintenance (new memory)"}


def test_a_mark_without_a_reason_is_somebody_elses() -> None:
    assert sort_out({"hv1": Seen(mark="")}, REASON).skipped == {"hv1": "in maintenance (no reason)"}


def test_a_host_that_is_not_reached_has_failed_whatever_its_mark() -> None:
    found = sort_out({"hv1": Seen(error="no route", mark=REASON)}, REASON)
    assert found.failed == {"hv1": "no route"}
    assert found.todo == found.interrupted == ()


def test_a_host_that_can_not_tell_what_is_pending_has_failed_unless_it_was_interrupted_in_it() -> None:
    found = sort_out({"hv1": Seen(broken="half installed"), "hv2": Seen(broken="half installed", mark=REASON)}, REASON)
    assert found.failed == {"hv1": "half installed"}
    assert found.todo == found.interrupted == ("hv2",)
    assert found.due == {"hv2": "half installed"}


def test_a_host_that_somebody_else_has_marked_may_be_broken() -> None:
    found = sort_out({"hv1": Seen(broken="half installed", mark="new memory")}, REASON)
    assert found.skipped == {"hv1": "in maintenance (new memory)"}


def test_the_host_that_ansible_runs_on_comes_last_unless_it_was_interrupted() -> None:
    due = ("updates are pending",)
    here, other = Seen(due=due, control_node=True), Seen(due=due)
    assert sort_out({"hv1": here, "hv2": other}, REASON).last == ("hv1",)
    assert sort_out({"hv1": Seen(mark=REASON, control_node=True), "hv2": other}, REASON).last == ()
    assert sort_out({"hv1": Seen(control_node=True), "hv2": other}, REASON).last == ()


def test_a_host_on_standby_is_skipped_though_it_does_not_answer() -> None:
    seen = seen_of({"virtfleet_standby": "yes", "virtfleet_mark": {"unreachable": True}}, "look")
    assert sort_out({"hv1": seen}, REASON).skipped == {"hv1": "switched off on purpose"}


@pytest.mark.parametrize(
    ("variables", "seen"),
    [
        ({"virtfleet_mark": {"maintenance": None}, "look": {"due": []}}, Seen()),
        ({"virtfleet_mark": {"maintenance": {"reason": "x"}}, "look": {"due": ["a"]}}, Seen(None, "x", ("a",))),
        ({"virtfleet_mark": {"maintenance": None}, "look": {"error": "no apt"}}, Seen(broken="no apt")),
        (
            {"virtfleet_mark": {"maintenance": None}, "look": {"due": ["a"], "control_node": True}},
            Seen(due=("a",), control_node=True),
        ),
        ({"virtfleet_mark": {"maintenance": None}}, Seen("was lost while it was looked at")),
        ({"virtfleet_mark": {"unreachable": True, "msg": "no route"}}, Seen("can't be reached: no route")),
        ({}, Seen("can't be reached: nobody has tried")),
    ],
)
def test_variables_of_a_host_say_what_was_found_on_it(variables: dict[str, object], seen: Seen) -> None:
    assert seen_of(variables, "look") == seen


def test_outcomes_are_what_the_tasks_have_noted() -> None:
    hostvars = {
        "hv1": {"maintenance_outcome": {"state": "done"}},
        "hv2": {"maintenance_outcome": {"state": "failed", "why": "dpkg"}},
        "hv3": {"maintenance_outcome": {}},
        "hv4": {},
    }
    assert outcomes(["hv4", "hv3", "hv2", "hv1"], hostvars) == Outcomes(("hv1",), {"hv2": "dpkg"})


def test_the_summary_says_why_hosts_were_not_touched() -> None:
    todo = {"todo": ["hv1", "hv2", "hv3", "hv4"], "failed": {"hv6": "no route"}, "skipped": {"hv5": "nothing to do"}}
    found = summary(todo, Outcomes(("hv1",), {"hv2": "dpkg"}), [["hv1"], ["hv2"], ["hv3"]], "hv2 failed")
    assert found["done"] == ["hv1"]
    assert found["failed"] == {"hv6": "no route", "hv2": "dpkg"}
    assert found["untouched"] == {"hv3": "hv2 failed", "hv4": "its guests find no place, see the plan"}
    assert found["waves"] == [["hv1"], ["hv2"], ["hv3"]]
    assert summary_lines(found) == [
        "done: hv1",
        "failed: hv6, no route",
        "failed: hv2, dpkg",
        "untouched: hv3, hv2 failed",
        "untouched: hv4, its guests find no place, see the plan",
        "skipped: hv5, nothing to do",
    ]


def test_waves_start_while_nothing_failed_and_it_is_not_late() -> None:
    assert halt({}, [], True, "") == Halt()


def test_after_a_failure_no_wave_starts_unless_that_is_asked_for() -> None:
    assert halt({"hv2": "dpkg", "hv1": "no route"}, [], True, "") == Halt("not begun, as hv2, hv1 failed")
    assert halt({"hv2": "dpkg"}, [], False, "") == Halt()


def test_a_host_that_was_left_half_done_and_can_not_be_emptied_holds_up_the_others() -> None:
    assert halt({}, ["hv1"], True, "") == Halt("not begun, as hv1 was left half done and can't be emptied")
    assert halt({}, ["hv1"], False, "") == Halt()


def test_a_window_that_closes_is_told_from_a_failure() -> None:
    assert halt({}, [], True, "05:00") == Halt("no wave starts after 05:00", closed=True)
    assert halt({"hv2": "dpkg"}, [], True, "05:00") == Halt("not begun, as hv2 failed")


def test_hosts_that_no_wave_has_are_left_out() -> None:
    assert left_out(["hv1", "hv2", "hv3"], [["hv3"], ["hv1"]]) == ("hv2",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("13:30", NOON + timedelta(hours=1.5)),
        ("05:00", NOON + timedelta(hours=17)),
        ("12:00:30", NOON + timedelta(seconds=30)),
        ("2026-02-01T05:00", NOON + timedelta(hours=17)),
        ("2026-02-01T05:00+02:00", NOON + timedelta(hours=15)),
    ],
)
def test_a_time_of_day_is_the_next_one(text: str, expected: datetime | None) -> None:
    assert stop_time(text, NOON) == expected


@pytest.mark.parametrize("text", ["soon", "25:00", "2026-13-01T00:00"])
def test_a_stop_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(FleetError, match="Give a time of day"):
        stop_time(text, NOON)


def test_waves_come_one_after_the_other_and_those_past_the_stop_time_do_not() -> None:
    waves = [
        {"hosts": ["hv1", "hv2"], "moves": ["m1", "m2"], "est_seconds": 60.0},
        {"hosts": [], "moves": ["m3"], "est_seconds": 9.0},
        {"hosts": ["hv3"], "moves": ["m4"], "est_seconds": 30.0},
    ]
    assert forecast(waves, 10, NOON, NOON + timedelta(minutes=5)) == [
        "Wave 1: hv1, hv2: 2 moves in about 60 s, then about 10 min of work, from about 12:00:00 to 12:11:00",
        "Wave 2: hv3: 1 move in about 30 s, then about 10 min of work, from about 12:11:00 to 12:21:30"
        "; not begun, it is past the stop time",
    ]
