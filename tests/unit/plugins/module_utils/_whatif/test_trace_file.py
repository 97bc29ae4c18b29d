"""Traces from a CSV and from recorded series."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._model.usage_window import Series
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.trace_file import (
    trace_of_csv,
    trace_of_series,
)

GUESTS = tuple(Guest(f"u-{name}", name, GuestState.RUNNING, 1, 1) for name in ("web", "db"))
FLEET = Snapshot("2026-01-05T00:00:00Z", (Host("hv1", HostState.SCHEDULABLE, guests=GUESTS),))


def read(text: str):
    return trace_of_csv(text, "trace file x.csv", FLEET)


def test_guests_are_columns_by_name_or_uuid_and_times_are_seconds_or_moments() -> None:
    found = read("time,web,u-db\n0,0.5,1\n300,0.25,2\n")
    assert (found.step_seconds, found.steps) == (300, 2)
    assert found.wanted == {"u-web": (0.5, 0.25), "u-db": (1.0, 2.0)}
    assert read("time,web\n2026-01-05T00:00:00Z,1\n2026-01-05T00:15:00Z,1\n").step_seconds == 900


def test_a_guest_whose_cells_are_empty_to_the_end_is_gone() -> None:
    assert read("time,web,db\n0,1,1\n60,,1\n120,1,\n180,1,\n").ends == {"u-db": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,web\n0,1\n", "no trace"),
        ("when,web\n0,1\n1,1\n", "no trace"),
        ("time,mail\n0,1\n1,1\n", "column 'mail', and no guest of the fleet is"),
        ("time,web,u-web\n0,1,1\n1,1,1\n", "a guest twice"),
        ("time,web\n0,1\nsoon,1\n", "line 3 .* has the time 'soon'"),
        ("time,web\n0,1\n60,1\n90,1\n", "not evenly spaced"),
        ("time,web\n0,1\n60,-1\n", "line 3 .* has '-1' where CPUs are expected"),
        ("time,web\n0,1\n60,much\n", "line 3 .* has 'much'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(FleetError, match=message):
        read(text)


def test_recorded_series_become_means_of_steps_and_gaps_keep_what_was_last() -> None:
    found = trace_of_series({"u-web": Series((0, 100, 300, 1000), (1.0, 3.0, 4.0, 6.0))}, 300, "history")
    assert found.wanted["u-web"] == (2.0, 4.0, 4.0, 6.0)


def test_a_history_shorter_than_a_step_is_refused() -> None:
    with pytest.raises(FleetError, match="less than 300 s"):
        trace_of_series({"u-web": Series((0, 100), (1.0, 3.0))}, 300, "history")
