"""Hours of the week: what is in them, across midnight and on which days, and when they begin next."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.hours import (
    Span,
    local_time,
    next_opening,
    span,
    within,
    zone,
)


def at(text: str) -> float:
    """Return seconds since the epoch; 2026-11-26 is a Thursday."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


@pytest.mark.parametrize(
    ("hours", "moment", "open_then"),
    [
        ("08:00-18:00", "2026-11-26 08:00", True),
        ("08:00-18:00", "2026-11-26 17:59:59", True),
        ("08:00-18:00", "2026-11-26 18:00", False),
        ("22:00-06:00", "2026-11-26 23:00", True),
        ("22:00-06:00", "2026-11-26 05:59", True),
        ("22:00-06:00", "2026-11-26 06:00", False),
        ("sat,sun 00:00-24:00", "2026-11-28 12:00", True),
        ("sat,sun 00:00-24:00", "2026-11-30 00:00", False),
        ("fri 22:00-06:00", "2026-11-28 05:00", True),
        ("fri 22:00-06:00", "2026-11-27 05:00", False),
        ("mon-fri 18:00-24:00", "2026-11-26 19:00", True),
        ("sat-mon 00:00-24:00", "2026-11-30 10:00", True),
        ("sat-mon 00:00-24:00", "2026-12-01 10:00", False),
    ],
)
def test_a_moment_is_in_the_hours_or_not(hours: str, moment: str, open_then: bool) -> None:
    assert within((hours,), at(moment)) is open_then


def test_no_hours_are_all_hours_and_several_add_up() -> None:
    assert within((), at("2026-11-26 03:00"))
    assert within(("08:00-09:00", "02:00-04:00"), at("2026-11-26 03:00"))


def test_hours_are_those_of_the_time_zone() -> None:
    noon_in_utc = at("2026-07-01 12:00")
    assert within(("14:00-15:00",), noon_in_utc, "Europe/Berlin")
    assert not within(("12:00-13:00",), noon_in_utc, "Europe/Berlin")


@pytest.mark.parametrize(
    ("hours", "moment", "opening"),
    [
        ("22:00-06:00", "2026-11-26 12:00:30", "2026-11-26 22:00"),
        ("22:00-06:00", "2026-11-26 23:00:30", "2026-11-26 23:00:30"),
        ("thu 08:00-09:00", "2026-11-26 09:00", "2026-12-03 08:00"),
    ],
)
def test_the_next_opening_is_the_first_moment_that_is_in_them(hours: str, moment: str, opening: str) -> None:
    assert next_opening((hours,), at(moment)) == at(opening)


def test_an_hour_that_the_clock_leaves_out_begins_with_the_next_one_that_there_is() -> None:
    # in Berlin 02:00 to 03:00 of 2026-03-29 do not exist
    assert next_opening(("02:30-05:00",), at("2026-03-29 00:30"), "Europe/Berlin") == at("2026-03-29 01:00")


@pytest.mark.parametrize(
    "text",
    ["", "always", "8-9", "08:00", "08:00-08:00", "25:00-26:00", "10:60-11:00", "foo 08:00-09:00", "24:00-06:00"],
)
def test_what_are_no_hours_is_refused(text: str) -> None:
    with pytest.raises(FleetError, match="are no hours"):
        span(text)


def test_blanks_and_capitals_do_not_matter() -> None:
    assert span("Sat, Sun  00:00 - 24:00") == Span(frozenset({5, 6}), 0, 1440)


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd"])
def test_a_time_zone_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(FleetError, match="is not known on the conductor"):
        zone(name)


def test_a_moment_is_told_in_the_zone_of_its_hours() -> None:
    assert local_time(at("2026-11-26 21:00"), "Europe/Berlin") == "2026-11-26 22:00 Europe/Berlin"
