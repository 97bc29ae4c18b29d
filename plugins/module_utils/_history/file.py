"""The history file as a database: opened, made, checked for its kind and schema. Must not know what is in its rows."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._model.errors import FleetError

try:
    import sqlite3
except ImportError:  # a Python that was built without it
    sqlite3 = None  # type: ignore[assignment]

# of schema 1 is what had been recorded before throughput was: it is read as it is, and the next recording adds to it
SCHEMA, OLDEST = 2, 1
# "vfuh" in ASCII, by which the file is known among other SQLite databases
APPLICATION_ID = 0x76667568
# how long to wait for another one that writes
BUSY_SECONDS = 30.0

# subjects: hosts and guests, with the last reading of each. samples: one row for each time that the fleet was looked
# at, with a column of numbers each for who was seen (ids that ascend), CPUs in thousandths + 1, MiB + 1, KiB per second
# of disks + 1, of networks + 1; 0 is unknown.
_MAKE = (
    """CREATE TABLE subjects (
        id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL,
        process INTEGER NOT NULL, moment REAL NOT NULL, cpu_ns INTEGER, disk_bytes INTEGER, network_bytes INTEGER,
        UNIQUE (kind, key))""",
    """CREATE TABLE samples (
        at INTEGER PRIMARY KEY, subjects BLOB NOT NULL, milli_cpus BLOB NOT NULL, memory_mib BLOB NOT NULL,
        disk_kib BLOB, network_kib BLOB)""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA}",
)
_FROM_1 = (
    "ALTER TABLE subjects ADD COLUMN disk_bytes INTEGER",
    "ALTER TABLE subjects ADD COLUMN network_bytes INTEGER",
    "ALTER TABLE samples ADD COLUMN disk_kib BLOB",
    "ALTER TABLE samples ADD COLUMN network_kib BLOB",
    f"PRAGMA user_version = {SCHEMA}",
)
DAMAGED = "Put back a copy of it, or move it away, and the next recording begins a new one"


def begun(path: str) -> bool:
    """Return whether there is anything at the path but an empty file, which the next recording takes for its own."""
    try:
        return os.path.isdir(path) or os.path.getsize(path) > 0
    except FileNotFoundError:
        return False
    except OSError as error:
        raise FleetError(f"the history file {path} can't be reached: {error}", "Check the path") from error


@contextlib.contextmanager
def open_history(path: str) -> Iterator[Any]:
    """Yield a connection that reads the history; raises FleetError where there is none, or none that can be read."""
    if not begun(path):
        raise FleetError(
            f"there is no history file {path}, or an empty one", "Record first (fleet_record), or leave history out"
        )
    _check_path(path)
    mode = "rw" if os.access(path, os.W_OK) else "ro"
    with _connected(path, mode) as connection, explained(path):
        _check_kind(connection, path)
        yield connection


@contextlib.contextmanager
def open_to_write(path: str) -> Iterator[Any]:
    """Yield a connection to the history, which is made where it is not there yet, readable by its owner only."""
    _check_path(path)
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise FleetError(f"the history file {path} can't be written: {error}", "Give another path") from error
    with _connected(path, "rw") as connection, explained(path):
        if not _made(connection):
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            with writing(connection):
                # somebody else may have been faster
                for statement in () if _made(connection) else _MAKE:
                    connection.execute(statement)
        if _check_kind(connection, path) != SCHEMA:
            with writing(connection):
                for statement in () if schema_of(connection) == SCHEMA else _FROM_1:
                    connection.execute(statement)
        yield connection


@contextlib.contextmanager
def writing(connection: Any) -> Iterator[None]:
    """Do all of it or nothing, and nobody else meanwhile: what a killed process has begun, SQLite takes back."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextlib.contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn what SQLite says of the file into a cause and a way out."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise FleetError(
                f"another process has been writing to the history file {path} for {BUSY_SECONDS:g} s",
                "Look which one, and try again",
            ) from error
        raise FleetError(
            f"the history file {path} can't be used: {error}", "Check its owner, its permissions and the disk"
        ) from error
    except sqlite3.DatabaseError as error:
        raise FleetError(f"{path} is no history file, or damaged: {error}", DAMAGED) from error


@contextlib.contextmanager
def _connected(path: str, mode: str) -> Iterator[Any]:
    if sqlite3 is None:
        raise FleetError("this Python has no module sqlite3", "Let the module run with the system's Python")
    with explained(path):
        uri = f"{Path(path).absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, timeout=BUSY_SECONDS, isolation_level=None, uri=True)
    with contextlib.closing(connection):
        yield connection


def _check_path(path: str) -> None:
    if os.path.isdir(path):
        raise FleetError(f"the history file {path} is a folder", "Give the path of a file")


def _made(connection: Any) -> bool:
    """Return whether anybody has put anything into the file."""
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def schema_of(connection: Any) -> int:
    """Return the schema of the file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_kind(connection: Any, path: str) -> int:
    """Return its schema; raises FleetError unless it is a history file of one that is known here."""
    kind, schema = connection.execute("PRAGMA application_id").fetchone()[0], schema_of(connection)
    if kind != APPLICATION_ID:
        raise FleetError(f"{path} is a database, but no history file", "Give the path of another file")
    if not OLDEST <= schema <= SCHEMA:
        raise FleetError(
            f"the history file {path} has schema {schema}, this version knows {OLDEST} to {SCHEMA}",
            "Use the version of virtfleet.migration that wrote it, or give the path of a new file",
        )
    return schema
