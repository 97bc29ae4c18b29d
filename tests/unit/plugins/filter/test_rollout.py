"""The filters of rollouts hand over what the inventory and the tasks know; the deciding has tests of its own."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.virtfleet.migration.plugins.filter.rollout import (
    FilterModule,
    rollout_failure,
    rollout_forecast,
    rollout_halt,
    rollout_hosts,
    rollout_outcomes,
    rollout_summary,
)

HOSTVARS = {
    "hv1": {"virtfleet_mark": {"maintenance": None}, "look": {"due": ["updates are pending"]}},
    "hv2": {"virtfleet_mark": {"maintenance": None}, "look": {"due": []}, "maintenance_outcome": {"state": "done"}},
}
WAVES = [{"hosts": ["hv1"], "moves": ["m0001"], "est_seconds": 4.2}, {"hosts": [], "moves": [], "est_seconds": 0.0}]


def test_ansible_finds_all_of_them() -> None:
    assert sorted(FilterModule().filters()) == [
        "rollout_failure",
        "rollout_forecast",
        "rollout_halt",
        "rollout_hosts",
        "rollout_outcomes",
        "rollout_summary",
    ]


def test_hosts_and_outcomes_are_plain_data() -> None:
    todo = rollout_hosts(["hv1", "hv2"], HOSTVARS, "rolling upgrade", "look")
    assert todo["todo"] == ["hv1"]
    assert todo["ready"] == ["hv2"]
    assert rollout_outcomes(["hv1", "hv2"], HOSTVARS) == {"done": ["hv2"], "failed": {}}


def test_a_summary_has_the_waves_that_upgrade_and_its_own_words() -> None:
    todo = {"todo": ["hv1"], "failed": {}, "skipped": {}}
    found = rollout_summary(todo, {"done": ["hv1"], "failed": {}}, WAVES, "")
    assert found["waves"] == [["hv1"]]
    assert found["text"] == ["done: hv1"]


def test_the_stop_time_is_handed_over_in_utc_so_that_it_can_be_compared() -> None:
    now = datetime(2026, 1, 31, 12, 0)  # of this machine's own zone, as Ansible's now() is
    offset = now.astimezone().utcoffset() or timedelta(0)
    expected = (datetime(2026, 1, 31, 13, 0, tzinfo=timezone.utc) - offset).replace(tzinfo=None)
    found = rollout_forecast(WAVES, 10, now, "13:00")
    assert found["stop_at"] == expected.isoformat()
    assert len(found["text"]) == 1
    assert rollout_forecast(WAVES, 10, now)["stop_at"] == ""


def test_a_wave_starts_until_the_stop_time() -> None:
    todo, noted = {"failed": {}, "interrupted": ["hv1"]}, {"done": [], "failed": {}}
    foretold = {"stop_at": "2026-01-31T13:00:00", "asked": "14:00"}
    before, at = datetime(2026, 1, 31, 12, 59, 59, 999999), datetime(2026, 1, 31, 13, 0, tzinfo=timezone.utc)
    assert rollout_halt(todo, noted, WAVES, "stop", foretold, before) == {"why": "", "closed": False}
    assert rollout_halt(todo, noted, WAVES, "stop", foretold, at) == {
        "why": "no wave starts after 14:00",
        "closed": True,
    }


def test_a_failure_or_a_host_that_no_wave_finishes_ends_the_rollout_unless_asked_otherwise() -> None:
    ever = {"stop_at": "", "asked": ""}
    none, failed = {"done": [], "failed": {}}, {"done": [], "failed": {"hv1": "dpkg"}}
    todo, jammed = {"failed": {}, "interrupted": []}, {"failed": {}, "interrupted": ["hv9"]}
    now = datetime(2026, 1, 31)
    assert rollout_halt(todo, failed, WAVES, "stop", ever, now)["why"] == "not begun, as hv1 failed"
    assert "hv9" in rollout_halt(jammed, none, WAVES, "stop", ever, now)["why"]
    for case in ((todo, failed), (jammed, none)):
        assert rollout_halt(*case, WAVES, "continue", ever, now)["why"] == ""


def test_a_task_that_ansible_does_not_name_failed_to_include_a_file() -> None:
    assert rollout_failure({"msg": "boom"}, {"name": "Work"}) == "Work: boom"
    assert rollout_failure({}, {}) == "include a file: see what Ansible says above"


def test_a_stop_time_that_is_none_is_an_error_of_the_filter() -> None:
    with pytest.raises(AnsibleFilterError, match="soon"):
        rollout_forecast(WAVES, 10, datetime(2026, 1, 31), "soon")


def test_a_stop_time_that_is_none_is_refused_with_one_remedy() -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        rollout_forecast(WAVES, 10, datetime(2026, 1, 31, 12, 0), "soon")
    assert str(caught.value) == "the stop time is 'soon'. Give a time of day, 05:00, or 2026-01-31T05:00"
