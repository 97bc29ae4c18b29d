"""The lines of a journal: read back after a crash, and told in words to people."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions, run
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.journal import (
    event_line,
    parse_line,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.simulator import Simulator
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MOVE = {"name": "web", "source": "hv1", "dest": "hv2"}
MIB = 1048576


def ended(**facts: Any) -> dict[str, Any]:
    nothing = {"seconds": None, "bytes": None, "downtime_ms": None, "error": None, "remedy": None}
    return {"event": "move_ended", **MOVE, **nothing, **facts}


def test_a_whole_line_is_read_back() -> None:
    assert parse_line('{"t": 1.0, "event": "mended", "name": "web"}\n') == {"t": 1.0, "event": "mended", "name": "web"}


@pytest.mark.parametrize(
    "line", ["", "\n", '{"t": 1.0, "event": "men', "{", "17", '"event"', "[]", "null", '{"t": 1.0}', "\x00\x00"]
)
def test_a_line_that_was_cut_off_is_passed_over(line: str) -> None:
    assert parse_line(line) is None


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            {"event": "move_started", **MOVE, "method": "live", "adopted": False},
            "web: hv1 -> hv2 (live)",
        ),
        (
            {"event": "move_started", **MOVE, "method": "live", "adopted": True},
            "web: hv1 -> hv2 (watching, already under way)",
        ),
        (
            {
                "event": "progress",
                **MOVE,
                "total": 200 * MIB,
                "processed": 150 * MIB,
                "remaining": 50 * MIB,
                "rate": 25 * MIB,
                "phase": "memory",
            },
            "web:  75 %    25.0 MiB/s      50.0 MiB left  memory",
        ),
        (
            {
                "event": "progress",
                **MOVE,
                "total": 0,
                "processed": 0,
                "remaining": 0,
                "rate": 0,
                "phase": "preparing",
            },
            "web:   0 %     0.0 MiB/s       0.0 MiB left  preparing",
        ),
        (
            ended(outcome="moved", seconds=4.25, bytes=300 * MIB, downtime_ms=120),
            "web: on hv2 (4.2 s, 300 MiB, downtime 120 ms)",
        ),
        (ended(outcome="moved"), "web: on hv2"),
        (ended(outcome="already_there"), "web: already there"),
        (
            ended(outcome="failed", error="internal error: no", remedy="Look at the log"),
            "web: failed: internal error: no. Look at the log",
        ),
        (ended(outcome="timed_out", error="too slow", remedy=None), "web: timed out: too slow"),
        (
            {"event": "waiting", "pid": 42},
            "waiting: another run (process 42) is moving guests of this fleet",
        ),
        ({"event": "planned", "plan_id": "1", "text": ["m0001  web", "1 moves"]}, "m0001  web\n1 moves"),
        ({"event": "mended", **MOVE}, "web: what an interrupted move left is removed"),
        (
            {"event": "mend_failed", **MOVE, "error": "volume is in use"},
            "web: what an interrupted move left could not be removed: volume is in use",
        ),
        ({"event": "media_copied", **MOVE, "volumes": ["a.iso", "b.iso"]}, "web: a.iso and b.iso copied to hv2"),
        ({"event": "action", **MOVE, "action": "post_copy"}, "web: post copy"),
        ({"event": "action", **MOVE, "action": "max_downtime", "max_downtime_ms": 150}, "web: max downtime 150 ms"),
        (
            {"event": "action_failed", **MOVE, "action": "set_max_downtime", "error": "too early"},
            "web: set max downtime was refused: too early",
        ),
        (
            {"event": "post_copy_broken", **MOVE, "error": "socket is closed"},
            "web: the link broke in post-copy: socket is closed",
        ),
        ({"event": "post_copy_resumed", **MOVE, "number": 2}, "web: resuming its post-copy, try 2"),
        ({"event": "something_new", **MOVE}, None),
        ({}, None),
    ],
)
def test_an_event_in_words(event: dict[str, Any], line: Optional[str]) -> None:
    assert event_line(event) == line


def test_every_event_of_a_run_can_be_written_read_and_told() -> None:
    fleet = build.snapshot(build.host("hv1", build.guest(), build.guest("cold")), build.host("hv2"))
    plan, events = make_plan(fleet, build.evacuate("hv1")), []
    run(plan, Simulator(fleet, 0.0), RunOptions(), lambda event, facts: events.append({"event": event, **facts}))
    assert len(events) > 10
    for event in events:
        assert parse_line(json.dumps(event)) == event
        assert event_line(event)
