"""Samples into the history file, and old ones out of it. Reads no clock: the sample says when it was taken."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional

from .._model.errors import FleetError
from .._model.metering import Kind, Measured, Reading, Sample, Stock, Subject, Use
from .._model.usage_window import DAY
from .file import begun, open_history, open_to_write, schema_of, writing
from .packed import KIB, MIB, MOST, pack, pack_ascending

# a file of which more than one page in so many holds nothing gives them back
_SPARE_SHARE = 5


def check_keep(days: int) -> int:
    """Return for how many days samples are kept; raises FleetError on nonsense."""
    if days < 1:
        raise FleetError(f"keep_days is {days}", "Give 1 day or more")
    return days


def known_readings(path: str) -> dict[Subject, Reading]:
    """Return the last reading of all that the file knows, none where it is yet to be made."""
    if not begun(path):
        return {}
    with open_history(path) as connection:
        return last_readings(connection)


def peek(path: str, now: int) -> Stock:
    """Return what the file holds, without writing to it."""
    if not begun(path):
        return Stock(0, None, 0, 0)
    with open_history(path) as connection:
        return stock(connection, now)


def store(path: str, measured: Measured, keep_days: int) -> tuple[bool, Stock]:
    """Add what was measured and drop what is too old; return whether it was added, and what the file holds then."""
    with open_to_write(path) as connection:
        added = append(connection, measured.sample, measured.readings, keep_days)
        return added, stock(connection, measured.sample.at)


def last_readings(connection: Any) -> dict[Subject, Reading]:
    """Return the last reading of every host and guest that the file knows."""
    throughput = "disk_bytes, network_bytes" if schema_of(connection) > 1 else "NULL, NULL"
    rows = connection.execute(f"SELECT kind, key, name, host, process, moment, cpu_ns, {throughput} FROM subjects")
    found = {}
    for kind, key, name, host, process, moment, cpu_ns, disk, network in rows:
        subject = Subject(Kind(kind), key)
        found[subject] = Reading(subject, name, host, process, moment, cpu_ns, disk=disk, network=network)
    return found


def append(connection: Any, sample: Sample, readings: Mapping[Subject, Reading], keep_days: int) -> bool:
    """Add the sample, and drop those older than ``keep_days``, in one go; False where somebody has just added one.

    ``readings`` are those that the next sample goes by.
    """
    with writing(connection):
        if connection.execute("SELECT 1 FROM samples WHERE at = ?", (sample.at,)).fetchone():
            return False
        connection.executemany(
            "INSERT INTO subjects (kind, key, name, host, process, moment, cpu_ns, disk_bytes, network_bytes) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (kind, key) DO UPDATE SET name = excluded.name, host = excluded.host, "
            "process = excluded.process, moment = excluded.moment, cpu_ns = excluded.cpu_ns, "
            "disk_bytes = excluded.disk_bytes, network_bytes = excluded.network_bytes",
            (_row(reading) for reading in readings.values()),
        )
        connection.execute(
            "INSERT INTO samples (at, subjects, milli_cpus, memory_mib, disk_kib, network_kib) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            _packed(connection, sample),
        )
        limit = sample.at - keep_days * DAY
        connection.execute("DELETE FROM samples WHERE at < ?", (limit,))
        connection.execute("DELETE FROM subjects WHERE moment < ?", (limit,))
    _give_back(connection)
    return True


def stock(connection: Any, now: int) -> Stock:
    """Return what the file holds; ``now`` is the time of the last sample."""
    count, oldest, ahead = connection.execute(
        "SELECT count(*), min(at), coalesce(sum(at > ?), 0) FROM samples", (now,)
    ).fetchone()
    pages, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    return Stock(count, oldest, ahead, pages * size)


def _row(reading: Reading) -> tuple[Any, ...]:
    subject = reading.subject
    return (
        *(subject.kind.value, subject.key, reading.name, reading.host),
        *(reading.process, reading.moment, reading.cpu_ns, reading.disk, reading.network),
    )


def _packed(connection: Any, sample: Sample) -> tuple[Any, ...]:
    ids = {(kind, key): number for number, kind, key in connection.execute("SELECT id, kind, key FROM subjects")}
    rows = sorted((ids[use.subject.kind.value, use.subject.key], *_kept(use)) for use in sample.uses)
    columns: Iterable[tuple[int, ...]] = zip(*rows) if rows else ((),) * 5
    numbers, *values = columns
    return (sample.at, pack_ascending(numbers), *(pack(column) for column in values))


def _kept(use: Use) -> tuple[int, ...]:
    """Return what is kept of it, in the order of the table's columns."""
    throughput = (_or_zero(rate, 1 / KIB) for rate in (use.disk, use.network))
    return (_or_zero(use.cpus, 1000), _or_zero(use.memory, 1 / MIB), *throughput)


def _or_zero(value: Optional[float], scale: float) -> int:
    """Return what is kept for a value: 0 for an unknown one, else 1 more than it in its unit."""
    return 0 if value is None else min(MOST, 1 + round(max(0.0, value * scale)))


def _give_back(connection: Any) -> None:
    """Make the file smaller where much of it has become empty: when fewer days are kept than before."""
    pages, spare = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
    if spare * _SPARE_SHARE > pages:
        # execute() would end after the first page
        connection.executescript("PRAGMA incremental_vacuum")
