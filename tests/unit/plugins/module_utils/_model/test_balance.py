"""What a level of aggressiveness asks for, and how long a guest that was moved stays. Pure."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math
from datetime import datetime, timezone

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.balance import (
    LEVELS,
    MOST_TIMES,
    check_level,
    check_weights,
    level_of,
    noted_move,
    stays_until,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Balanced

NOW = datetime(2026, 1, 31, 18, tzinfo=timezone.utc)


def minutes(noted: Balanced, cooldown: float) -> float:
    until, begun = stays_until(noted, cooldown, NOW), stays_until(noted, 0.0, NOW)
    assert until is not None
    assert begun is not None
    return (until - begun).total_seconds() / 60


def test_each_level_evens_out_more_for_less_than_the_one_below() -> None:
    for low, high in zip(range(1, 5), range(2, 6)):
        assert LEVELS[high].threshold < LEVELS[low].threshold
        assert LEVELS[high].min_gain < LEVELS[low].min_gain
        assert LEVELS[high].payback_hours > LEVELS[low].payback_hours
    assert [number for number, level in LEVELS.items() if not level.evens_out] == [1]


def test_what_the_user_gives_takes_the_place_of_the_table() -> None:
    assert level_of(3, None, None) == LEVELS[3]
    assert level_of(3, 0.3, None).threshold == 0.3
    assert level_of(3, None, 0.0).min_gain == 0.0


def test_a_min_gain_that_is_given_decides_whatever_the_move_costs() -> None:
    assert level_of(3, None, 0.0).payback_hours == math.inf


def test_each_move_within_twice_the_cooldown_doubles_it_up_to_a_ceiling() -> None:
    first = noted_move(None, "2026-01-31T12:00:00Z", 60.0)
    assert (first.times, minutes(first, 60.0)) == (1, 60.0)
    second = noted_move(first, "2026-01-31T13:30:00Z", 60.0)
    assert (second.times, minutes(second, 60.0)) == (2, 120.0)
    assert minutes(Balanced("2026-01-31T12:00:00Z", 50), 60.0) == MOST_TIMES * 60.0


def test_a_move_long_after_the_cooldown_begins_anew() -> None:
    second = noted_move(Balanced("2026-01-31T12:00:00Z", 2), "2026-01-31T16:01:00Z", 60.0)
    assert second == Balanced("2026-01-31T16:01:00Z", 1)


def test_without_a_cooldown_every_move_counts_as_the_first() -> None:
    assert noted_move(Balanced("2026-01-31T12:00:00Z", 2), "2026-01-31T12:00:01Z", 0.0).times == 1


def test_a_note_without_a_moment_keeps_nobody() -> None:
    assert stays_until(Balanced("yesterday"), 60.0, NOW) is None


def test_a_note_that_lies_ahead_keeps_nobody_but_for_what_clocks_differ() -> None:
    assert stays_until(Balanced("2026-01-31T18:06:00Z"), 60.0, NOW) is None
    assert stays_until(Balanced("2999-01-01T00:00:00Z"), 0.0, NOW) is None
    assert stays_until(Balanced("2026-01-31T18:04:00Z"), 60.0, NOW) is not None


def test_a_level_and_a_weight_that_are_none_are_refused() -> None:
    with pytest.raises(FleetError, match="aggressiveness is 6"):
        check_level(6)
    with pytest.raises(FleetError, match="weights has 'ram', which is no signal"):
        check_weights({"ram": 1.0})
    with pytest.raises(FleetError, match="the weight of cpu is -1"):
        check_weights({"cpu": -1.0})
    with pytest.raises(FleetError, match="the weight of cpu is 1e-170"):
        check_weights({"cpu": 1e-170})
    check_weights({"cpu": 0.0, "memory": 1e-6})
