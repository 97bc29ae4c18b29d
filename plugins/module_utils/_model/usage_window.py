"""Use of CPU or memory over time: percentiles, the same hours of earlier days, forecasts. Only arithmetic, no clock.

Times are whole seconds since 1970 in UTC, values CPUs' worth of time or bytes. Sources: percentiles interpolate between
the two nearest samples (definition 7 of Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996; what numpy
does); the spread is the population's standard deviation.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from .errors import FleetError

MINUTE = 60
DAY = 24 * 60 * MINUTE


@dataclass(frozen=True)
class UsageWindow:
    """What of the past counts, and how far ahead to look. ``horizon_minutes`` 0: no forecast, the window alone.

    ``profile_days``: how many earlier days to ask what was used at the hours that come next; 0 asks none.
    ``sigmas``: forecast by the mean plus so many standard deviations; None: by the percentile. On a public trace of
    1,052 guests both lie on one curve of what they reserve against how often they fall short (docs/design/usage.md).
    """

    minutes: int = 120
    percentile: float = 95.0
    horizon_minutes: int = 60
    profile_days: int = 7
    sigmas: Optional[float] = None


@dataclass(frozen=True)
class UsageSource:
    """Of which recorded samples the guests' use and forecast come.

    ``samples`` lie in the window, the ``newest`` of them in ISO 8601 (UTC). ``guests`` are active guests with history,
    ``missing`` those without: what they use was measured at the moment, if at all.
    """

    window: UsageWindow
    samples: int
    newest: Optional[str]
    guests: int
    missing: int


@dataclass(frozen=True)
class Series:
    """What one guest or host has used: ``times`` ascend, each with its value."""

    times: Sequence[int]
    values: Sequence[float]

    def between(self, after: float, until: float) -> Sequence[float]:
        """Return the values of samples later than ``after``, up to and with ``until``."""
        return self.values[bisect_right(self.times, after) : bisect_right(self.times, until)]


def check_window(window: UsageWindow) -> UsageWindow:
    """Return the settings; raises FleetError on nonsense."""
    if window.minutes < 1:
        raise FleetError(f"the window is {window.minutes} minutes", "Give 1 minute or more")
    if not 0 < window.percentile <= 100:
        raise FleetError(
            f"percentile is {window.percentile:g}", "Give more than 0, and at most 100, the highest sample"
        )
    if not 0 <= window.horizon_minutes <= DAY // MINUTE:
        raise FleetError(f"horizon_minutes is {window.horizon_minutes}", "Give 0 to 1440: a profile is of one day")
    if window.profile_days < 0:
        raise FleetError(f"profile_days is {window.profile_days}", "Give 0 (no profile) or more")
    if window.sigmas is not None and not 0 <= window.sigmas < math.inf:
        raise FleetError(f"sigmas is {window.sigmas:g}", "Give 0 or more, or leave it out to forecast by percentile")
    return window


def percentile(values: Sequence[float], percent: float) -> float:
    """Return what ``percent`` per cent of the values do not exceed; there must be one at least."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def mean_plus_sigmas(values: Sequence[float], sigmas: float) -> float:
    """Return the mean plus so many standard deviations; there must be one value at least."""
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / len(values)
    return mean + sigmas * math.sqrt(variance)


def usage(series: Series, now: float, window: UsageWindow) -> Optional[float]:
    """Return the percentile of what was used in the window that ends now; None without a sample in it."""
    recent = series.between(now - window.minutes * MINUTE, now)
    return percentile(recent, window.percentile) if recent else None


def coming_hours(series: Series, now: float, window: UsageWindow) -> list[float]:
    """Return what was used on earlier days, at the time of day that the horizon covers from now."""
    found: list[float] = []
    for day in range(1, window.profile_days + 1):
        then = now - day * DAY
        found += series.between(then, then + window.horizon_minutes * MINUTE)
    return found


def forecast(series: Series, now: float, window: UsageWindow, most: float = math.inf) -> Optional[float]:
    """Return what is going to be used at most within the horizon; None without a sample in the window.

    It is the larger of two figures of one kind, percentile or mean plus standard deviations: of the window, and of the
    same hours of earlier days. ``most`` bounds it: a guest can't use more than all of its CPUs.
    """
    recent = series.between(now - window.minutes * MINUTE, now)
    if not recent:
        return None
    earlier = coming_hours(series, now, window)
    return min(most, max(_at_most(values, window) for values in (recent, earlier) if values))


def _at_most(values: Sequence[float], window: UsageWindow) -> float:
    """Return what these values are expected to reach, in the way that was chosen."""
    return percentile(values, window.percentile) if window.sigmas is None else mean_plus_sigmas(values, window.sigmas)


def day_profile(series: Series, slot_minutes: int, percent: float) -> tuple[Optional[float], ...]:
    """Return the percentile of what was used in each slot of the day (UTC), over all days; None where no sample is."""
    slots: list[list[float]] = [[] for _slot in range(-(-DAY // (slot_minutes * MINUTE)))]
    for time, value in zip(series.times, series.values):
        slots[int(time % DAY) // (slot_minutes * MINUTE)].append(value)
    return tuple(percentile(slot, percent) if slot else None for slot in slots)
