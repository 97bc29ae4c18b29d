"""The filters of rollouts hand over what the inventory and the tasks know; the deciding has tests of its own."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.virtfleet.migration.plugins.filter.rollout import (
    FilterModule,
    rollout_forecast,
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
        "rollout_forecast",
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


def test_a_stop_time_that_is_none_is_an_error_of_the_filter() -> None:
    with pytest.raises(AnsibleFilterError, match="soon"):
        rollout_forecast(WAVES, 10, datetime(2026, 1, 31), "soon")
