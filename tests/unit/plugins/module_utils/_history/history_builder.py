"""History files with samples that a test names in a line. Must not write but through the recorder's own way."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Optional

from ansible_collections.virtfleet.migration.plugins.module_utils._history.packed import pack, pack_ascending
from ansible_collections.virtfleet.migration.plugins.module_utils._history.record import store
from ansible_collections.virtfleet.migration.plugins.module_utils._model.metering import (
    Kind,
    Measured,
    Reading,
    Sample,
    Stock,
    Subject,
    Use,
)

NOON = 1_764_590_400  # 2025-12-01T12:00:00Z
MIB = 1024 * 1024
Uses = Mapping[str, Optional[float]]


# what the version that knew schema 1 made
SCHEMA_1 = """
CREATE TABLE subjects (
    id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL,
    process INTEGER NOT NULL, moment REAL NOT NULL, cpu_ns INTEGER, UNIQUE (kind, key));
CREATE TABLE samples (
    at INTEGER PRIMARY KEY, subjects BLOB NOT NULL, milli_cpus BLOB NOT NULL, memory_mib BLOB NOT NULL);
PRAGMA application_id = 1986426216;
PRAGMA user_version = 1;
"""


def old_history(path: Path, at: int, guest: str, cpus: float) -> None:
    """Write a history of schema 1 with one sample of one guest, at that many seconds from noon."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(SCHEMA_1)
        reading = (1, Kind.GUEST.value, guest, guest, "hv1", 1, float(NOON + at), 5)
        connection.execute("INSERT INTO subjects VALUES (?, ?, ?, ?, ?, ?, ?, ?)", reading)
        columns = (pack_ascending([1]), pack([1 + round(cpus * 1000)]), pack([101]))
        connection.execute("INSERT INTO samples VALUES (?, ?, ?, ?)", (NOON + at, *columns))


def measured(
    at: int, guests: Uses, hosts: Optional[Uses] = None, disk: Optional[float] = None, network: Optional[float] = None
) -> Measured:
    """Return what is measured at that many seconds from noon: CPUs by guest and by host, each with 100 MiB.

    ``disk`` and ``network`` are the bytes per second of each guest.
    """
    named = {
        **{Subject(Kind.GUEST, key): cpus for key, cpus in guests.items()},
        **{Subject(Kind.HOST, key): cpus for key, cpus in (hosts or {}).items()},
    }
    uses = tuple(
        Use(subject, cpus, 100 * MIB, *((disk, network) if subject.kind is Kind.GUEST else (None, None)))
        for subject, cpus in named.items()
    )
    readings = {
        subject: Reading(subject, subject.key, "hv1", 1, float(NOON + at), 5, disk=7, network=None) for subject in named
    }
    return Measured(Sample(NOON + at, uses), readings, (), {})


def record(
    path: Path, at: int, guests: Uses, hosts: Optional[Uses] = None, keep_days: int = 14, **more: float
) -> Stock:
    """Add such a sample to the file, and return what it holds then."""
    return store(str(path), measured(at, guests, hosts, **more), keep_days)[1]
