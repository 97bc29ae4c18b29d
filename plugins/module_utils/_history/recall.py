"""Samples out of the history file, and the use of guests from them. Changes nothing, and reads no clock."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._model.energy import moment
from .._model.errors import FleetError
from .._model.guest import Guest
from .._model.metering import Kind
from .._model.prose_usage import iso
from .._model.snapshot import Snapshot
from .._model.usage_window import DAY, MINUTE, Series, UsageSource, UsageWindow, check_window, forecast, usage
from .file import DAMAGED, open_history
from .packed import MIB, unpack, unpack_ascending

# later than the first, up to and with the second
Span = tuple[int, int]
_Found = dict[int, tuple[list[int], list[float]]]


class Column(enum.Enum):
    """What to read: CPUs' worth of time, or bytes of memory. The values are the columns of the table."""

    CPUS = "milli_cpus"
    MEMORY = "memory_mib"


# by how much a kept number is to be divided
_PER = {Column.CPUS: 1000.0, Column.MEMORY: 1 / MIB}


@dataclass(frozen=True)
class History:
    """What each one used, by key (a guest's UUID, a host's name); ``times`` are those of all samples."""

    times: tuple[int, ...]
    series: Mapping[str, Series]


def read_history(path: str, kind: Kind, column: Column, spans: Sequence[Span]) -> History:
    """Return what hosts or guests have used in these spans of time; raises FleetError on a file that is none."""
    with open_history(path) as connection:
        try:
            return _history(connection, kind, column, merged(spans))
        except FleetError as error:
            raise FleetError(f"the history file {path} is damaged: {error.message}", DAMAGED) from error


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those that overlap as one."""
    found: list[Span] = []
    for after, until in sorted(spans):
        if found and after <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((after, until))
    return found


def spans_of(now: int, window: UsageWindow) -> list[Span]:
    """Return the times of which a forecast wants to know: the window, and the coming hours on earlier days."""
    days = (now - day * DAY for day in range(1, window.profile_days + 1))
    coming = [(then, then + window.horizon_minutes * MINUTE) for then in days if window.horizon_minutes]
    return [(now - window.minutes * MINUTE, now), *coming]


def _history(connection: Any, kind: Kind, column: Column, spans: Sequence[Span]) -> History:
    names = dict(connection.execute("SELECT id, key FROM subjects WHERE kind = ?", (kind.value,)))
    times: list[int] = []
    found: _Found = {number: ([], []) for number in names}
    for span in spans:
        rows = connection.execute(
            f"SELECT at, subjects, {column.value} FROM samples WHERE at > ? AND at <= ? ORDER BY at", span
        )
        for at, numbers, kept in rows:
            times.append(at)
            _put(found, at, unpack_ascending(numbers), unpack(kept), _PER[column])
    series = {names[number]: Series(*columns) for number, columns in found.items() if columns[0]}
    return History(tuple(times), series)


def _put(found: _Found, at: int, numbers: Sequence[int], kept: Sequence[int], per: float) -> None:
    if len(numbers) != len(kept):
        raise FleetError(f"the columns of the sample {at} differ in length")
    for number, value in zip(numbers, kept):
        mine = found.get(number) if value else None
        if mine is not None:
            mine[0].append(at)
            mine[1].append((value - 1) / per)


def with_history(snapshot: Snapshot, path: str, window: UsageWindow) -> Snapshot:
    """Return the snapshot in which guests use what the history says, as of the time when the snapshot was taken.

    A guest of which the window has nothing keeps what was measured at the moment, if anything was.
    """
    check_window(window)
    taken = moment(snapshot.taken_at)
    if taken is None:
        raise FleetError(f"the snapshot was taken at {snapshot.taken_at!r}", "A time in ISO 8601 is needed for history")
    now = math.floor(taken.timestamp())
    history = read_history(path, Kind.GUEST, Column.CPUS, spans_of(now, window))

    def remembered(guest: Guest) -> Guest:
        series = history.series.get(guest.uuid) if guest.active else None
        cpus = usage(series, now, window) if series is not None else None
        if series is None or cpus is None:
            return guest
        coming = forecast(series, now, window, max(cpus, guest.vcpus))
        return replace(guest, usage_cpus=round(cpus, 3), forecast_cpus=None if coming is None else round(coming, 3))

    hosts = tuple(replace(host, guests=tuple(map(remembered, host.guests))) for host in snapshot.hosts)
    return replace(snapshot, hosts=hosts, usage=_source(snapshot, history, now, window))


def _source(snapshot: Snapshot, history: History, now: int, window: UsageWindow) -> UsageSource:
    active = [place.guest.uuid for place in snapshot.residents if place.guest.active]
    known = [uuid for uuid in active if uuid in history.series and usage(history.series[uuid], now, window) is not None]
    recent = [at for at in history.times if now - window.minutes * MINUTE < at <= now]
    newest = iso(recent[-1]) if recent else None
    return UsageSource(window, len(recent), newest, len(known), len(active) - len(known))
