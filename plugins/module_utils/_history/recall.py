"""Samples out of the history file, and the use of guests from them. Changes nothing, and reads no clock."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable, Optional

from .._model.energy import moment
from .._model.errors import FleetError
from .._model.guest import Guest
from .._model.host import Host, HostState
from .._model.metering import Kind
from .._model.prose_usage import iso
from .._model.snapshot import Snapshot
from .._model.usage_window import DAY, MINUTE, Series, UsageSource, UsageWindow, check_window, forecast, usage
from .file import DAMAGED, open_history, schema_of
from .packed import KIB, MIB, unpack, unpack_ascending

# later than the first, up to and with the second
Span = tuple[int, int]
# the percentile of a window for a key, None where it has no sample of it
Recent = Callable[[str], Optional[float]]
_AWAKE = (HostState.SCHEDULABLE, HostState.MAINTENANCE)
_Found = dict[int, tuple[list[int], list[float]]]


class Column(enum.Enum):
    """What to read: CPUs' worth of time, bytes of memory, bytes per second. The values are the columns of the table."""

    CPUS = "milli_cpus"
    MEMORY = "memory_mib"
    DISK = "disk_kib"
    NETWORK = "network_kib"


# by how much a kept number is to be divided
_PER = {Column.CPUS: 1000.0, Column.MEMORY: 1 / MIB, Column.DISK: 1 / KIB, Column.NETWORK: 1 / KIB}
# columns that no file of schema 1 has
_SINCE_2 = (Column.DISK, Column.NETWORK)


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
    if column in _SINCE_2 and schema_of(connection) == 1:
        return History((), {})
    names = dict(connection.execute("SELECT id, key FROM subjects WHERE kind = ?", (kind.value,)))
    times: list[int] = []
    found: _Found = {number: ([], []) for number in names}
    for span in spans:
        rows = connection.execute(
            f"SELECT at, subjects, {column.value} FROM samples WHERE at > ? AND at <= ? ORDER BY at", span
        )
        for at, numbers, kept in rows:
            times.append(at)
            if kept is not None:  # samples of a file that began with schema 1 have none
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
    """Return the snapshot in which guests and hosts use what the history says, as of when the snapshot was taken.

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
    hosts = _with_the_rest(hosts, lambda kind, column: _recent(path, kind, column, now, window))
    return replace(snapshot, hosts=hosts, usage=_source(snapshot, history, now, window))


def _with_the_rest(hosts: tuple[Host, ...], recent: Callable[[Kind, Column], Recent]) -> tuple[Host, ...]:
    """Return the hosts with what else the window says: their own CPU use, throughput of guests, memory nobody told."""
    own, disk, network = (
        recent(kind, column)
        for kind, column in (
            (Kind.HOST, Column.CPUS),
            (Kind.GUEST, Column.DISK),
            (Kind.GUEST, Column.NETWORK),
        )
    )
    untold = any(guest.active and guest.usage_memory is None for host in hosts for guest in host.guests)
    memory = recent(Kind.GUEST, Column.MEMORY) if untold else _nothing

    def remembered(guest: Guest) -> Guest:
        if not guest.active:
            return guest
        held = memory(guest.uuid) if guest.usage_memory is None else None
        return replace(
            guest,
            usage_disk=_or(disk(guest.uuid), guest.usage_disk),
            usage_network=_or(network(guest.uuid), guest.usage_network),
            usage_memory=guest.usage_memory if held is None else int(held),
        )

    return tuple(
        replace(
            host,
            guests=tuple(map(remembered, host.guests)),
            usage_cpus=_or(own(host.name), host.usage_cpus) if host.state in _AWAKE else host.usage_cpus,
        )
        for host in hosts
    )


def _nothing(_key: str) -> None:
    return None


def _or(recorded: Optional[float], measured: Optional[float]) -> Optional[float]:
    return measured if recorded is None else round(recorded, 3)


def _recent(path: str, kind: Kind, column: Column, now: int, window: UsageWindow) -> Recent:
    """Return what tells the percentile of the window of this column."""
    history = read_history(path, kind, column, [(now - window.minutes * MINUTE, now)])

    def of(key: str) -> Optional[float]:
        series = history.series.get(key)
        return None if series is None else usage(series, now, window)

    return of


def _source(snapshot: Snapshot, history: History, now: int, window: UsageWindow) -> UsageSource:
    active = [place.guest.uuid for place in snapshot.residents if place.guest.active]
    known = [uuid for uuid in active if uuid in history.series and usage(history.series[uuid], now, window) is not None]
    recent = [at for at in history.times if now - window.minutes * MINUTE < at <= now]
    newest = iso(recent[-1]) if recent else None
    return UsageSource(window, len(recent), newest, len(known), len(active) - len(known))
