"""Work in a process of its own: its result comes back, its errors too, and it outlives whoever started it."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.detached import DefectError, detached
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError

PATIENCE = 60.0


def refuse():
    raise FleetError("hv1 is full", "Free memory there")


def test_the_result_comes_back_from_another_session():
    found = detached(lambda: {"pid": os.getpid(), "session": os.getsid(0), "text": "zürich" * 20000})
    assert found["pid"] != os.getpid()
    assert found["session"] != os.getsid(0)
    assert len(found["text"]) == 120000


def test_a_refusal_comes_back_with_its_remedy():
    with pytest.raises(FleetError) as caught:
        detached(refuse)
    assert (caught.value.message, caught.value.remedy) == ("hv1 is full", "Free memory there")


def test_a_defect_comes_back_with_its_traceback():
    with pytest.raises(DefectError, match="ZeroDivisionError"):
        detached(lambda: {"never": 1 // 0})


def test_work_that_was_killed_is_said_to_be():
    with pytest.raises(FleetError, match=r"was killed\. Run again"):
        detached(lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_what_the_work_prints_goes_nowhere(capfd):
    detached(lambda: {"bytes": os.write(1, b"noise")})
    assert capfd.readouterr().out == ""


def started(tmp_path):
    """A process whose detached work goes on until it gets SIGTERM or finds a file, and writes down which it was.

    The process exits with 0 if the work was told to end by the signal.
    """

    def work():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # it may come before it is waited for
        (tmp_path / "ready").touch()
        told = False
        while not told and not (tmp_path / "enough").exists():
            told = signal.sigtimedwait({signal.SIGTERM}, 0.02) is not None
        (tmp_path / "end").write_text("told" if told else "done")
        return {"told": told}

    def start():
        found = detached(work)
        os._exit(0 if found["told"] else 1)

    process = multiprocessing.get_context("fork").Process(target=start)
    process.start()
    until((tmp_path / "ready").exists)
    return process


def until(reached):
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def all_ended(tmp_path):
    """No work of a test that failed goes on."""
    yield
    (tmp_path / "enough").touch()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_end_is_passed_on_and_the_result_still_comes(tmp_path, number):
    process = started(tmp_path)
    os.kill(process.pid, number)
    process.join(PATIENCE)
    assert process.exitcode == 0


def test_a_terminal_that_closes_ends_nothing(tmp_path):
    process = started(tmp_path)
    os.kill(process.pid, signal.SIGHUP)
    (tmp_path / "enough").touch()
    process.join(PATIENCE)
    assert process.exitcode == 1
    assert (tmp_path / "end").read_text() == "done"


def test_the_work_goes_on_when_its_starter_is_killed(tmp_path):
    process = started(tmp_path)
    process.kill()
    os.waitpid(process.pid, 0)  # join would wait for all who hold what it inherited
    assert not (tmp_path / "end").exists()
    (tmp_path / "enough").touch()
    until(lambda: (tmp_path / "end").exists() and (tmp_path / "end").read_text())
    assert (tmp_path / "end").read_text() == "done"
