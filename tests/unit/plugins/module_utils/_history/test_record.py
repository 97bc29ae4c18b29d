"""Samples go in whole, old ones go out, and the file tells what it holds."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
import sqlite3
import threading
from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._history.recall import Column, read_history
from ansible_collections.virtfleet.migration.plugins.module_utils._history.record import (
    check_keep,
    known_readings,
    peek,
    store,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.metering import Kind, Subject
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._history.history_builder import (
    MIB,
    NOON,
    measured,
    old_history,
    record,
)

DAY = 24 * 3600
EVER = [(0, 2 * NOON)]


def test_what_was_recorded_is_read_again_by_guest_and_by_host(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    record(path, 0, {"web": 0.25, "db": None}, {"hv1": 1.5})
    record(path, 300, {"web": 0.75, "new": 3.999}, {"hv1": 2.0})
    guests = read_history(str(path), Kind.GUEST, Column.CPUS, EVER)
    assert guests.times == (NOON, NOON + 300)
    assert {key: (list(one.times), list(one.values)) for key, one in guests.series.items()} == {
        "web": ([NOON, NOON + 300], [0.25, 0.75]),
        "new": ([NOON + 300], [3.999]),
    }
    assert list(read_history(str(path), Kind.HOST, Column.CPUS, EVER).series["hv1"].values) == [1.5, 2.0]
    assert list(read_history(str(path), Kind.GUEST, Column.MEMORY, EVER).series["db"].values) == [100 * MIB]


def test_an_idle_guest_is_not_an_unknown_one(tmp_path: Path) -> None:
    record(tmp_path / "history.sqlite", 0, {"idle": 0.0, "unknown": None})
    found = read_history(str(tmp_path / "history.sqlite"), Kind.GUEST, Column.CPUS, EVER)
    assert {key: list(one.values) for key, one in found.series.items()} == {"idle": [0.0]}


def test_a_fleet_without_guests_is_a_sample_too(tmp_path: Path) -> None:
    assert record(tmp_path / "history.sqlite", 0, {}).samples == 1
    assert read_history(str(tmp_path / "history.sqlite"), Kind.GUEST, Column.CPUS, EVER).times == (NOON,)


def test_samples_and_guests_older_than_is_kept_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    record(path, -2 * DAY - 1, {"gone": 1.0, "web": 1.0})
    record(path, -2 * DAY, {"web": 1.0})
    left = record(path, 0, {"web": 1.0}, keep_days=2)
    assert (left.samples, left.oldest) == (2, NOON - 2 * DAY)
    assert set(known_readings(str(path))) == {Subject(Kind.GUEST, "web")}


def test_the_file_becomes_smaller_when_fewer_days_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    drawn = random.Random(1)
    for day in range(20):
        full = record(path, day * DAY, {f"guest-{number}": drawn.random() for number in range(500)}, keep_days=200)
    less = record(path, 23 * DAY, {"guest-1": 1.0}, keep_days=1)
    assert less.samples == 1
    assert less.bytes < full.bytes / 2
    assert path.stat().st_size == less.bytes


def test_a_second_sample_of_the_same_second_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    record(path, 0, {"web": 1.0})
    added, left = store(str(path), measured(0, {"web": 2.0}), 14)
    assert (added, left.samples) == (False, 1)
    assert list(read_history(str(path), Kind.GUEST, Column.CPUS, EVER).series["web"].values) == [1.0]


def test_samples_of_a_clock_that_went_backwards_are_kept_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    record(path, 3600, {"web": 4.0})
    left = record(path, 0, {"web": 1.0})
    assert (left.samples, left.ahead, left.oldest) == (2, 1, NOON)
    assert list(read_history(str(path), Kind.GUEST, Column.CPUS, [(0, NOON)]).series["web"].values) == [1.0]


def test_looking_at_a_history_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    record(path, 0, {"web": 1.0})
    before = path.read_bytes()
    assert peek(str(path), NOON).samples == 1
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["history.sqlite"]


def test_to_keep_nothing_is_refused() -> None:
    with pytest.raises(FleetError, match="keep_days is 0"):
        check_keep(0)


def test_throughput_is_recorded_in_kib_per_second(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    record(path, 0, {"web": 1.0}, {"hv1": 1.0}, disk=3_000_000.0)
    disk = read_history(str(path), Kind.GUEST, Column.DISK, EVER)
    assert list(disk.series["web"].values) == [3_000_320.0]
    assert read_history(str(path), Kind.GUEST, Column.NETWORK, EVER).series == {}
    assert read_history(str(path), Kind.HOST, Column.DISK, EVER).series == {}
    (web,) = (found for subject, found in known_readings(str(path)).items() if subject.key == "web")
    assert (web.disk, web.network) == (7, None)


def test_a_history_from_before_throughput_was_recorded_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    old_history(path, 0, "web", 0.5)
    before = path.read_bytes()
    assert list(read_history(str(path), Kind.GUEST, Column.CPUS, EVER).series["web"].values) == [0.5]
    assert read_history(str(path), Kind.GUEST, Column.DISK, EVER).series == {}
    (web,) = list(known_readings(str(path)).values())
    assert (web.cpu_ns, web.disk) == (5, None)
    assert peek(str(path), NOON).samples == 1
    assert path.read_bytes() == before


def test_the_next_recording_keeps_what_such_a_history_has_and_adds_throughput(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    old_history(path, 0, "web", 0.5)
    assert record(path, 300, {"web": 1.0}, disk=2048.0).samples == 2
    assert list(read_history(str(path), Kind.GUEST, Column.CPUS, EVER).series["web"].values) == [0.5, 1.0]
    disk = read_history(str(path), Kind.GUEST, Column.DISK, EVER)
    assert (disk.times, list(disk.series["web"].times)) == ((NOON, NOON + 300), [NOON + 300])
    assert list(disk.series["web"].values) == [2048.0]
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()


def test_two_that_come_upon_such_a_history_at_once_both_get_their_sample_in(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    old_history(path, 0, "web", 0.5)
    threads = [threading.Thread(target=record, args=(path, at, {"web": 1.0})) for at in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_history(str(path), Kind.GUEST, Column.CPUS, EVER).times) == 7
