"""Scenario: the conductor dies, or its user presses Ctrl-C, in the middle of a run; the same command makes it good.

Moves are slowed down so that there is a middle, those that come after it are not. Runs that empty hv1 and runs that
fill it again take turns.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from conductor import Job, Run, evacuation, restoration
from labview import initial_world, once_again_well, stray_volumes, world
from running import Running, running

BANDWIDTH_MIBS = 8
# a guest takes three times as long as an interrupt may
LEAST_MIBS = 1
INTERRUPT_SECONDS = 30


def emptying(folder: Path) -> Job:
    """Return the run that empties hv1, which must be full when it starts."""
    if world().guests_on("hv1") != initial_world().guests_on("hv1"):
        restoration("hv1", folder / "before").run()
    assert world().guests_on("hv1") == initial_world().guests_on("hv1")
    return evacuation("hv1", folder, bandwidth_mibs=BANDWIDTH_MIBS)


def filling(folder: Path) -> Job:
    """Return the run that fills hv1 again, which must be empty when it starts."""
    if world().guests_on("hv1"):
        evacuation("hv1", folder / "before").run()
    assert world().guests_on("hv1") == []
    return restoration("hv1", folder, bandwidth_mibs=BANDWIDTH_MIBS)


def in_the_middle(run: Running) -> None:
    run.until(lambda: len(run.moving()) >= 2, "two guests on their way")


def start(job: Job, name: str = "first", terminal: bool = False) -> AbstractContextManager[Running]:
    return running(job.argv(), job.folder / f"{name}.log", job.journal_dir, terminal)


def at_full_speed(job: Job) -> Run:
    return replace(job, settings={}).run()


def assert_every_guest_once(since: float) -> None:
    judged = once_again_well(since)
    assert judged["ok"], judged["problems"]
    now = world()
    assert [name for name, places in now.places.items() if len(places) != 1] == []
    assert stray_volumes(now) == []


def assert_emptied(run: Run) -> None:
    assert run.status == 0, run.output
    assert world().guests_on("hv1") == []


def assert_all_home(run: Run) -> None:
    assert run.status == 0, run.output
    assert world() == initial_world()


def test_the_same_command_finishes_after_the_whole_conductor_was_killed(tmp_path: Path) -> None:
    job = emptying(tmp_path)
    with start(job) as first:
        in_the_middle(first)
        first.kill_everything()
    assert world().guests_on("hv1") != []
    again = at_full_speed(job)
    assert_emptied(again)
    assert_every_guest_once(first.began)


def test_a_second_run_waits_for_a_module_that_outlived_ansible(tmp_path: Path) -> None:
    job = filling(tmp_path)
    with start(job) as first:
        in_the_middle(first)
        first.kill_ansible()
        with start(job, "again") as again:
            with first.held_still():
                again.until(lambda: "waiting: another run (process " in again.output(), "waits for the first")
            assert again.wait(300) == 0, again.output()
        first.wait_for_the_last()
        assert "run_ended" in [event["event"] for event in first.events()]
    assert world() == initial_world()
    assert_every_guest_once(first.began)


@pytest.mark.parametrize("terminal", [True, False], ids=["on a terminal", "without one"])
def test_ctrl_c_ends_in_seconds_and_says_what_is_left(tmp_path: Path, terminal: bool) -> None:
    job = emptying(tmp_path) if terminal else filling(tmp_path)
    job = replace(job, settings={"bandwidth_mibs": LEAST_MIBS})
    with start(job, terminal=terminal) as first:
        in_the_middle(first)
        moving = first.moving()
        first.interrupt()
        assert first.wait(INTERRUPT_SECONDS) != 0
        first.wait_for_the_last()
    assert_every_guest_once(first.began)
    said = first.output().partition("Interrupted.")[2]
    assert "Traceback" not in first.output()
    ended = {event["name"]: event["outcome"] for event in first.events() if event["event"] == "move_ended"}
    assert set(ended) >= moving
    left = [name for name, outcome in ended.items() if outcome not in ("moved", "already_there")]
    assert set(left) >= moving
    for name in left:
        assert f"\n{name}: " in said, said
    again = at_full_speed(job)
    if terminal:
        assert_emptied(again)
    else:
        assert_all_home(again)
    assert_every_guest_once(first.began)
