"""Scenario: guests that can't be moved as they are. They are tried on another host, and at the end moved as they allow.

Two guests write faster than their moves may send. One says that it may be paused, the other that it may be shut down; a
third is as any other, but its QEMU dies at the first destination.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor import on_fleet, play
from faults import kill_guest, moving_to, put_back, started
from labview import lab, on_host, once_again_well, world

WRITER = ("--host", "hv1", "--touched", "24", "--writes", "30")
WRITERS = {"pausable": "may_pause", "restartable": "may_shut_down"}


@pytest.fixture
def writers(tmp_path: Path) -> Iterator[None]:
    lab("guest", "add", *WRITERS, *WRITER)
    tasks = [on_fleet("guest_rules", guest=name, fallback=fallback) for name, fallback in WRITERS.items()]
    run, _results = play(tmp_path, tasks)
    assert run.status == 0, run.output
    yield
    lab("guest", "remove", *WRITERS)
    put_back(tmp_path)


@pytest.mark.usefixtures("writers")
def test_what_fails_is_tried_elsewhere_and_then_moved_as_it_allows(tmp_path: Path) -> None:
    guests = ("cache1", *WRITERS)
    goal = {"goal": "relocate", "goal_hosts": [], "dests": ["hv2", "hv3"]}
    task = moving_to("", *guests, **goal, bandwidth_mibs=10, timeout=20, rounds=2)
    with started(tmp_path, task) as faulty:
        faulty.until_sending("cache1")
        (first,) = [event["dest"] for event in faulty.run.events() if is_start_of(event, "cache1")]
        kill_guest(first, "cache1")
        ended = faulty.end()
    moves = ended.result["report"]["moves"]
    tries = {name: [(m["dest"], m["method"], m["outcome"]) for m in moves if m["name"] == name] for name in guests}
    other = {"hv2": "hv3", "hv3": "hv2"}
    assert tries["cache1"] == [(first, "live", "failed"), (other[first], "live", "moved")], ended.output
    for name, method in (("pausable", "paused"), ("restartable", "restart")):
        outcomes = [(method, outcome) for _dest, method, outcome in tries[name]]
        assert outcomes == [("live", "timed_out"), ("live", "timed_out"), (method, "moved")], ended.output
        assert tries[name][1][0] == other[tries[name][0][0]]
    assert not ended.result.get("failed"), ended.result["msg"]
    assert ended.result["report"]["left"] == ended.result["report"]["problems"] == []
    for name in guests:
        assert world().places[name] == ((tries[name][-1][0], "running"),)
    assert "restart=" not in on_host(tries["restartable"][-1][0], "virsh", "dumpxml", "--inactive", "restartable")
    judged = once_again_well(ended.began)
    assert judged["ok"], judged["problems"]


def is_start_of(event: dict[str, object], guest: str) -> bool:
    return event["event"] == "move_started" and event["name"] == guest
