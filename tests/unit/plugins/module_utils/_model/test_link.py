"""A link between sites: its speed at an hour, when it opens, and what of its description makes no sense."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import (
    HourlyBandwidth,
    Link,
    check_link,
    differences,
)

HOUR = 3600.0
LINK = Link(("north", "south"), 10.0)


def test_its_speed_is_that_of_the_first_entry_that_has_the_hour() -> None:
    by_hour = (HourlyBandwidth("00:00-06:00", 100.0), HourlyBandwidth("05:00-08:00", 50.0))
    link = replace(LINK, bandwidth_by_hour=by_hour)
    speeds = [link.bandwidth_at(hour * HOUR) for hour in (0, 5.5, 6, 8)]
    assert speeds == [100.0, 100.0, 50.0, 10.0]
    assert link.bandwidth_at(None) == 10.0


def test_it_opens_at_once_where_it_is_open_and_else_when_its_hours_begin() -> None:
    link = replace(LINK, hours=("02:00-04:00",))
    assert LINK.opening(7.0) == 7.0
    assert link.opening(HOUR) == 2 * HOUR
    assert link.opening(3 * HOUR) == 3 * HOUR


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hours": ("late",)}, "the link of north and south: 'late' are no hours"),
        ({"bandwidth_by_hour": (HourlyBandwidth("1-2", 5.0),)}, "'1-2' are no hours"),
        (
            {"bandwidth_by_hour": (HourlyBandwidth("01:00-02:00", 0.0),)},
            "0 MiB/s at 01:00-02:00. Give what .* write hours",
        ),
        ({"timezone": "Nowhere"}, "the time zone 'Nowhere' is not known"),
        ({"latency_ms": -1.0}, "latency_ms of the link of north and south is -1"),
        ({"cost_per_gib": float("nan")}, "cost_per_gib of the link of north and south is nan"),
        ({"parallel_connections": -2}, "parallel_connections of the link"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(FleetError, match=message):
        check_link(replace(LINK, **changes))


def test_what_two_descriptions_say_differently_is_named() -> None:
    assert differences(LINK, replace(LINK, sites=("south", "north"), policy="wan", bandwidth_mibs=3.0)) == (
        "bandwidth_mibs",
        "policy",
    )
