"""Hours of the week as people write them: whether a moment is in them, and when they begin next. Reads no clock."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from typing import Optional
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import FleetError

UTC = "UTC"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(?:(?P<days>[a-z,\- ]+?) +)?(?P<begin>\d\d:\d\d) *- *(?P<end>\d\d:\d\d)")
_EVERY_DAY = frozenset(range(7))
_DAY = 24 * 60
_MINUTE = 60
# what is not open within this many days never is
_LOOK_AHEAD_DAYS = 15


@dataclass(frozen=True)
class Span:
    """Minutes of the day on some days, 0 being Monday. Where it ends before it begins it goes on into the next day."""

    days: frozenset[int]
    begin: int
    end: int

    def covers(self, day: int, minute: int) -> bool:
        """Return whether that minute of that day is in it."""
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        return (day in self.days and minute >= self.begin) or ((day - 1) % 7 in self.days and minute < self.end)


@functools.lru_cache(maxsize=512)
def span(text: str) -> Span:
    """Return what ``text`` says, such as 22:00-06:00 or sat,sun 00:00-24:00; raises FleetError on anything else."""
    found = _SPAN.fullmatch(text.strip().lower())
    wrong = FleetError(
        f"{text!r} are no hours", 'Write e.g. "22:00-06:00", "mon-fri 18:00-24:00" or "sat,sun 00:00-24:00"'
    )
    if found is None:
        raise wrong
    begin, end, days = _minute(found["begin"]), _minute(found["end"]), _days(found["days"])
    if begin is None or end is None or days is None or begin in (end, _DAY):
        raise wrong
    return Span(days, begin, end)


def zone(name: str) -> tzinfo:
    """Return the time zone of that name; raises FleetError where this machine knows none."""
    if name == UTC:
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise FleetError(
            f"the time zone {name!r} is not known on the conductor",
            "Give a name such as Europe/Berlin, or install tzdata there",
        ) from None


def within(hours: Sequence[str], moment: float, zone_name: str = UTC) -> bool:
    """Return whether ``moment`` (seconds since the epoch) is in one of the spans; no spans are all hours."""
    if not hours:
        return True
    local = datetime.fromtimestamp(moment, zone(zone_name))
    minute = local.hour * 60 + local.minute
    return any(span(text).covers(local.weekday(), minute) for text in hours)


def next_opening(hours: Sequence[str], moment: float, zone_name: str = UTC) -> Optional[float]:
    """Return when the hours begin next; ``moment`` itself where it is in them, None where they never do."""
    if within(hours, moment, zone_name):
        return moment
    return _opening(tuple(hours), int(moment // _MINUTE), zone_name)


@functools.lru_cache(maxsize=512)
def _opening(hours: tuple[str, ...], minute: int, zone_name: str) -> Optional[float]:
    # minute by minute, since clocks that are put forward or back leave out hours and repeat them
    ahead = range(minute + 1, minute + 1 + _LOOK_AHEAD_DAYS * _DAY)
    return next((float(each * _MINUTE) for each in ahead if within(hours, each * _MINUTE, zone_name)), None)


def local_time(moment: float, zone_name: str = UTC) -> str:
    """Return the moment as people read it in that zone: 2026-11-26 22:00 UTC."""
    return datetime.fromtimestamp(moment, zone(zone_name)).strftime("%Y-%m-%d %H:%M ") + zone_name


def _minute(text: str) -> Optional[int]:
    hour, minute = int(text[:2]), int(text[3:])
    found = hour * 60 + minute
    return found if minute < 60 and found <= _DAY else None


def _days(text: Optional[str]) -> Optional[frozenset[int]]:
    if text is None:
        return _EVERY_DAY
    found: set[int] = set()
    for part in text.split(","):
        first, _dash, last = (each.strip() for each in part.partition("-"))
        if first not in DAYS or (last or first) not in DAYS:
            return None
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {day % 7 for day in range(begin, end + 1 if begin <= end else end + 8)}
    return frozenset(found)
