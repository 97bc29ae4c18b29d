"""The journal on disk and its lock: whole lines, one run at a time, nothing left by a rehearsal."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import stat
import threading
import time

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.journal_file import journal_path, open_run
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError

PATIENCE = 60.0


def params(folder, run_id="r1"):
    return {"journal_dir": str(folder), "run_id": run_id}


def events(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def until_it_waits(path):
    end = time.monotonic() + PATIENCE
    while not path.exists() or '"waiting"' not in path.read_text(encoding="utf-8"):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_run_is_framed_by_its_process_and_its_end(tmp_path):
    with open_run(params(tmp_path), False, threading.Event()) as (emit, path):
        emit("progress", {"name": "zürich"})
    found = events(path)
    assert [event["event"] for event in found] == ["run_started", "progress", "run_ended"]
    assert found[0]["pid"] == os.getpid()
    assert found[1]["name"] == "zürich"
    assert all(event["t"] > 0 for event in found)


def test_a_run_that_breaks_off_ends_its_journal_all_the_same(tmp_path):
    with pytest.raises(ZeroDivisionError), open_run(params(tmp_path), False, threading.Event()) as (_emit, path):
        raise ZeroDivisionError
    assert events(path)[-1]["event"] == "run_ended"


def test_only_the_owner_may_read_a_journal(tmp_path):
    with open_run(params(tmp_path / "new"), False, threading.Event()) as (_emit, path):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "new").st_mode) == 0o700


def test_a_rehearsal_leaves_nothing(tmp_path):
    with open_run(params(tmp_path / "none"), True, threading.Event()) as (emit, path):
        emit("progress", {})
    assert path == ""
    assert not (tmp_path / "none").exists()


def test_a_second_run_waits_for_the_first_and_says_for_whom(tmp_path):
    order = []

    def second():
        with open_run(params(tmp_path, "r2"), False, threading.Event()):
            order.append("second")

    with open_run(params(tmp_path, "r1"), False, threading.Event()):
        thread = threading.Thread(target=second)
        thread.start()
        until_it_waits(tmp_path / "r2.jsonl")
        order.append("first")
    thread.join(PATIENCE)
    assert order == ["first", "second"]
    waiting = [event for event in events(tmp_path / "r2.jsonl") if event["event"] == "waiting"]
    assert [event["pid"] for event in waiting] == [str(os.getpid())]


def test_a_run_that_waits_can_be_interrupted(tmp_path):
    stop = threading.Event()
    stop.set()
    with open_run(params(tmp_path, "r1"), False, threading.Event()):
        second = open_run(params(tmp_path, "r2"), False, stop)
        with pytest.raises(FleetError, match="interrupted while waiting"), second:
            pytest.fail("both runs hold the lock")


@pytest.mark.parametrize("run_id", ["../x", "a/b", ".hidden", "a b", "x" * 101, "-"])
def test_a_run_id_that_is_no_file_name_is_refused(run_id):
    with pytest.raises(FleetError, match="no file name"):
        journal_path("/tmp", run_id)


def test_a_folder_that_can_not_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    run = open_run(params(tmp_path / "file" / "x"), False, threading.Event())
    with pytest.raises(FleetError, match="can't be written"), run:
        pytest.fail("a journal in a folder that is a file")
