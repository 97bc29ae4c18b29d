"""Percentiles, profiles and forecasts follow from samples by formulas that a reader can check by hand."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
import statistics

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.usage_window import (
    DAY,
    Series,
    UsageWindow,
    check_window,
    coming_hours,
    day_profile,
    forecast,
    mean_plus_sigmas,
    percentile,
    usage,
)

MONDAY_NOON = 1_764_590_400  # 2025-12-01T12:00:00Z, which is a multiple of half a day


def series(*pairs: tuple[int, float]) -> Series:
    """Return samples given as (minutes from Monday noon, value)."""
    ordered = sorted(pairs)
    return Series([MONDAY_NOON + 60 * minute for minute, _value in ordered], [value for _minute, value in ordered])


def test_the_percentile_lies_between_the_two_nearest_samples() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.5
    assert percentile([1.0, 2.0, 3.0, 4.0, 5.0], 95) == pytest.approx(4.8)
    assert percentile([7.0], 95) == 7.0
    assert percentile([3.0, 9.0], 100) == 9.0


def test_the_percentile_is_that_of_the_standard_library() -> None:
    drawn = random.Random(1)
    values = [drawn.random() for _sample in range(101)]
    assert percentile(values, 37) == pytest.approx(statistics.quantiles(values, n=100, method="inclusive")[36])


def test_mean_and_spread_are_those_of_the_standard_library() -> None:
    values = [0.1, 0.4, 0.2, 1.5]
    assert mean_plus_sigmas(values, 2) == pytest.approx(statistics.fmean(values) + 2 * statistics.pstdev(values))
    assert mean_plus_sigmas(values, 0) == pytest.approx(statistics.fmean(values))


def test_samples_outside_the_window_do_not_count() -> None:
    found = series((-121, 9.0), (-120, 8.0), (-119, 1.0), (0, 3.0), (1, 7.0))
    assert usage(found, MONDAY_NOON, UsageWindow(minutes=120, percentile=50)) == 2.0


def test_without_a_sample_in_the_window_nothing_is_known() -> None:
    old = series((-300, 1.0))
    assert usage(old, MONDAY_NOON, UsageWindow()) is None
    assert forecast(old, MONDAY_NOON, UsageWindow()) is None


def test_the_forecast_rises_with_what_the_same_hours_of_earlier_days_used() -> None:
    found = series((-10, 0.2), (-5, 0.2), (-1440 + 30, 1.6), (-2880 + 30, 1.4), (-1440 - 10, 5.0), (-1440 + 70, 5.0))
    assert sorted(coming_hours(found, MONDAY_NOON, UsageWindow())) == [1.4, 1.6]
    assert forecast(found, MONDAY_NOON, UsageWindow(percentile=100)) == 1.6
    assert forecast(found, MONDAY_NOON, UsageWindow(percentile=100, profile_days=0)) == 0.2
    assert forecast(found, MONDAY_NOON, UsageWindow(percentile=100, horizon_minutes=0)) == 0.2


def test_the_forecast_is_not_below_the_window_even_where_the_day_says_so() -> None:
    found = series((-5, 0.9), (-1440 + 30, 0.1))
    assert forecast(found, MONDAY_NOON, UsageWindow()) == 0.9


def test_the_forecast_by_standard_deviations_goes_beyond_the_highest_sample_but_not_beyond_the_bound() -> None:
    found = series((-10, 1.0), (-5, 3.0))
    assert forecast(found, MONDAY_NOON, UsageWindow(sigmas=2)) == pytest.approx(4.0)
    assert forecast(found, MONDAY_NOON, UsageWindow(sigmas=2), most=2.5) == 2.5


def test_the_profile_has_a_figure_for_each_slot_of_the_day_that_was_sampled() -> None:
    midnight = MONDAY_NOON - DAY // 2
    found = Series([midnight, midnight + 600, midnight + 3600, midnight + DAY], [1.0, 2.0, 9.0, 3.0])
    profile = day_profile(found, 60, 100)
    assert len(profile) == 24
    assert profile[:3] == (3.0, 9.0, None)
    assert len(day_profile(found, 7, 50)) == 206


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (UsageWindow(minutes=0), "window"),
        (UsageWindow(percentile=0), "percentile"),
        (UsageWindow(percentile=101), "percentile"),
        (UsageWindow(horizon_minutes=-1), "horizon_minutes"),
        (UsageWindow(horizon_minutes=1441), "horizon_minutes"),
        (UsageWindow(profile_days=-1), "profile_days"),
        (UsageWindow(sigmas=-0.5), "sigmas"),
        (UsageWindow(sigmas=float("nan")), "sigmas"),
    ],
)
def test_settings_that_mean_nothing_are_refused(wrong: UsageWindow, said: str) -> None:
    with pytest.raises(FleetError, match=said):
        check_window(wrong)


def test_sensible_settings_are_taken_as_they_are() -> None:
    assert check_window(UsageWindow()) == UsageWindow()
