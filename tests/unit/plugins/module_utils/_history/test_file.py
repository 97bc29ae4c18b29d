"""A file that is not what it should be is one clear error, and is left as it is; one that is killed over is whole."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._history import file as history_file
from ansible_collections.virtfleet.migration.plugins.module_utils._history.file import open_history, open_to_write
from ansible_collections.virtfleet.migration.plugins.module_utils._history.recall import Column, read_history
from ansible_collections.virtfleet.migration.plugins.module_utils._history.record import known_readings, peek
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.metering import Kind
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._history.history_builder import (
    NOON,
    record,
)

PLUGINS = Path(history_file.__file__ or "").parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a history with two samples."""
    found = tmp_path / "history.sqlite"
    for at in (0, 300):
        record(found, at, {f"uuid-{number}": 0.5 for number in range(400)})
    return found


def refused(path: Path) -> str:
    """Return what both ways into the file say of it: they have to agree, and to leave it alone."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(FleetError) as reading:
        read_history(str(path), Kind.GUEST, Column.CPUS, [(0, 2 * NOON)])
    with pytest.raises(FleetError):
        record(path, 600, {"web": 1.0})
    if before is not None:
        assert path.read_bytes() == before
    assert reading.value.remedy
    assert str(path) in str(reading.value)
    return str(reading.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("bread, milk, eggs\n" * 100, encoding="utf-8")
    assert "is no history file, or damaged" in refused(path)


def test_a_database_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE recipes (name)")
    other.close()
    assert "no history file" in refused(path)


@pytest.mark.parametrize("schema", [0, 3, 99])
def test_a_file_of_another_schema_is_refused(path: Path, schema: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {schema}")
    connection.close()
    assert f"has schema {schema}, this version knows 1 to 2" in refused(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_that_was_cut_off_is_refused(path: Path, share: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "damaged" in refused(path)


def test_a_column_that_was_overwritten_is_refused_when_it_is_read(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE samples SET milli_cpus = ? WHERE at = ?", (b"nonsense", NOON))
    connection.close()
    with pytest.raises(FleetError, match="is damaged: a column is damaged"):
        read_history(str(path), Kind.GUEST, Column.CPUS, [(0, 2 * NOON)])


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is a folder" in refused(tmp_path)


def test_a_history_that_is_not_there_is_an_error_to_a_reader_only(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "history.sqlite"
    with pytest.raises(FleetError, match="no history file") as caught, open_history(str(path)):
        pass
    assert "fleet_record" in (caught.value.remedy or "")
    assert known_readings(str(path)) == {}
    assert peek(str(path), NOON).samples == 0
    assert not path.parent.exists()
    assert record(path, 0, {"web": 1.0}).samples == 1


def test_an_empty_file_is_taken_for_a_new_history(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.touch()
    assert record(path, 0, {"web": 1.0}).samples == 1


def test_the_file_is_its_owners_alone(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_path_below_a_file_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(FleetError, match="can't be"):
        record(tmp_path / "file" / "history.sqlite", 0, {"web": 1.0})
    with pytest.raises(FleetError, match="can't be"):
        known_readings(str(tmp_path / "file" / "history.sqlite"))


def test_a_file_that_may_not_be_read_or_written_is_one_clear_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # whoever runs the tests may be root, who may do anything: the system's answer is put in its place
    def denied(*_arguments: object, **_more: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(FleetError, match=r"can't be written: .*Permission denied"):
        record(path, 600, {"web": 1.0})
    monkeypatch.undo()

    def unable(*_arguments: object, **_more: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(sqlite3, "connect", unable)
    with pytest.raises(FleetError, match="can't be used: unable to open database file") as caught:
        known_readings(str(path))
    assert "permissions" in (caught.value.remedy or "")


def test_a_python_without_sqlite_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_file, "sqlite3", None)
    with pytest.raises(FleetError, match="no module sqlite3"):
        known_readings(str(path))


def test_a_second_writer_waits_for_the_first(path: Path) -> None:
    done: list[int] = []
    with open_to_write(str(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        other = threading.Thread(target=lambda: done.append(record(path, 600, {"web": 1.0}).samples))
        other.start()
        other.join(0.3)
        assert done == []
        connection.execute("COMMIT")
    other.join(30)
    assert done == [3]


def test_a_writer_that_never_ends_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_file, "BUSY_SECONDS", 0.05)
    with open_to_write(str(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(FleetError, match="another process has been writing"):
            record(path, 600, {"web": 1.0})
        connection.execute("ROLLBACK")


def test_two_that_begin_a_history_at_once_both_get_their_sample_in(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    threads = [threading.Thread(target=record, args=(path, at, {f"g{at}": 1.0})) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_history(str(path), Kind.GUEST, Column.CPUS, [(0, 2 * NOON)]).times) == 8


def test_a_writer_that_is_killed_leaves_the_file_as_it_was(path: Path) -> None:
    code = f"""
import os, signal
from module_utils._history.file import open_to_write
with open_to_write({str(path)!r}) as connection:
    connection.execute("PRAGMA cache_size = 1")  # so that it writes before it ends
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE filler (x)")
    connection.executemany("INSERT INTO filler VALUES (?)", (("x" * 4000,) for _ in range(500)))
    connection.execute("DELETE FROM samples")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    own = {**os.environ, "PYTHONPATH": str(PLUGINS), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run([sys.executable, "-c", code], env=own, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert path.with_name(path.name + "-journal").exists(), "it was not in the middle of writing"
    assert len(read_history(str(path), Kind.GUEST, Column.CPUS, [(0, 2 * NOON)]).times) == 2
    assert record(path, 600, {"web": 1.0}).samples == 3
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
