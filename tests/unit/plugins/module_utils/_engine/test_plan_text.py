"""A plan in lines for the person who approves it: complete, in columns, never wider than a terminal."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine import plan_text
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import MoveClaim
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import (
    Bound,
    Breach,
    Leftover,
    Plan,
    Stay,
    Wave,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import Refusal, RefusalCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Method, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan

from .. import fleet_builder as build

EVACUATE = build.evacuate("hv1")


def plan(*moves: Any, request: Request = EVACUATE, **changes: Any) -> Plan:
    return Plan("8e6cd1b3ae0d9f04", request, moves, **changes)


def lines_of(*moves: Any, **changes: Any) -> list[str]:
    return plan_text.plan_lines(plan(*moves, **changes))


def test_a_plan_says_what_for_then_each_move_then_what_it_costs() -> None:
    fleet = build.snapshot(build.host("hv1", build.guest("web"), build.guest("db")), build.host("hv2"))
    made = make_plan(fleet, EVACUATE)
    lines = plan_text.plan_lines(made)
    assert lines[0] == f"Plan {made.plan_id}: empty hv1"
    assert lines[1] == "id     guest  from  to   how   MiB  seconds  waits for  why"
    assert lines[2] == "m0001  db     hv1   hv2  live  512      6.2  -          hv1 is evacuated"
    assert lines[4] == f"2 moves, about 1024 MiB, about {made.est_seconds} s, guests stand still for 0.6 s in sum"


def test_a_plan_without_moves_says_so() -> None:
    assert lines_of() == ["Plan 8e6cd1b3ae0d9f04: empty hv1", "nothing to move"]


def test_a_move_shows_what_it_waits_for_copies_and_that_it_is_a_stop() -> None:
    copies = (build.copy_of(build.disk("web", "local")),)
    first = build.move(1, after=("m0007",), copies=copies, parking=True)
    second = build.move(2, after=("m0001", "m0003", "m0004"), method=Method.PAUSED)
    rows = lines_of(first, second)[2:4]
    assert rows[0].endswith("m0007      on the way, hv1 is evacuated, copies vda")
    assert rows[1].split()[4:9] == ["paused", "512", "10.0", "m0001", "+2"]


def test_everything_else_that_a_plan_holds_has_a_line() -> None:
    stay = Stay("u", "cold", "hv1", (Refusal(RefusalCode.SNAPSHOTS, "cold", None, {"count": "2"}),))
    lines = lines_of(
        build.move(),
        power_on=("hv8",),
        power_off=("hv1", "hv2"),
        waves=(Wave(("hv1", "hv2"), ("m0001",)), Wave(("hv3",), ("m0002", "m0003")), Wave((), ())),
        bounds=(
            Bound("hosts on", "hosts", 9, 7, 6),
            Bound("idle power", "W", 900, 700, 700),
            Bound("imbalance", "", 0.5, 0.125),
        ),
        stays=(stay,),
        breaches=(Breach("apart", True, True, "a, b share host hv3"), Breach("near", False, False, "two places")),
        frail=("hv3",),
        critical_path=("m0001", "m0002"),
        watts_before=1000.0,
        watts_after=800.5,
        leftovers=(Leftover("u", "old", "hv1", MoveClaim("hv1", "hv2")),),
        remarks=("rules a and b contradict each other",),
    )
    for line in (
        "Switched on before the first move: hv8",
        "Can be switched off after the last move: hv1, hv2",
        "Critical path: m0001, m0002",
        "Wave 1: hv1, hv2 (1 move, m0001)",
        "Wave 2: hv3 (2 moves, m0002 to m0003)",
        "Wave 3: guests go home (0 moves)",
        "Power: 1000.0 W before, 800.5 W after (199.5 W less)",
        "Hosts on: 7, 9 before; 1 above the bound of 6",
        "Idle power: 700 W, 900 W before; at the bound, no plan does better",
        "Imbalance: 0.125, 0.5 before",
        "cold stays on hv1: it has 2 libvirt snapshots, with which libvirt does not migrate; delete them first",
        "Rule apart (hard) is broken at the end, as it is already: a, b share host hv3",
        "Rule near (soft) is broken at the end, though it holds now: two places",
        "The fleet could not take the loss of hv3",
        "Cleaned up first, left by interrupted moves of: old",
        "Remark: rules a and b contradict each other",
    ):
        assert line in lines


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (100.0, 100.0, "Power: 100.0 W before, 100.0 W after (no change)"),
        (100.0, 130.0, "Power: 100.0 W before, 130.0 W after (30.0 W more)"),
    ],
)
def test_power_may_stay_or_rise(before: float, after: float, line: str) -> None:
    assert line in lines_of(watts_before=before, watts_after=after)


def test_a_fleet_that_can_lose_any_host_is_said_to_only_where_asked() -> None:
    said = "The fleet can lose any one host at the end"
    assert said in lines_of(frail=())
    assert said not in lines_of(frail=None)


def test_a_long_plan_is_abridged_with_a_count_and_the_way_to_see_all() -> None:
    moves = [build.move(number, f"guest-{number:03d}") for number in range(1, 101)]
    lines = lines_of(*moves)
    assert [line for line in lines if line.startswith("m0")][-1].startswith("m0060")
    assert "... and 40 more moves: all are in the plan; migration_plan shows them with text_moves=0" in lines
    whole = plan_text.plan_lines(plan(*moves), shown=0)
    assert sum(line.startswith("m0") for line in whole) == 100
    assert not any(line.startswith("...") for line in whole)


def test_many_guests_that_stay_are_abridged_too() -> None:
    stays = tuple(
        Stay("u", f"cold{number:03d}", "hv1", (Refusal(RefusalCode.SNAPSHOTS, "c", None, {"count": "1"}),))
        for number in range(70)
    )
    lines = lines_of(stays=stays)
    assert lines[-1] == "... and 10 more reasons for which guests stay"
    assert sum("stays on hv1" in line for line in lines) == 60
    assert sum("stays on hv1" in line for line in plan_text.plan_lines(plan(stays=stays), shown=0)) == 70


def test_no_line_is_wider_than_a_terminal_however_long_the_names() -> None:
    long = "a-very-long-name-that-somebody-gave-to-a-thing-in-rack-17-of-the-data-centre-in-the-north"
    moves = [build.move(1, long, f"{long}-1", f"{long}-2", reason=f"{long} is evacuated", after=("m0001", "m0002"))]
    request = build.evacuate(*(f"{long}-{number}" for number in range(20)))
    wide = plan_text.plan_lines(plan(*moves, request=request, power_on=(long, long), remarks=(f"{long} " * 5,)))
    assert max(map(len, wide)) <= 120
    (row,) = [line for line in wide if line.startswith("m0001")]
    assert len(row.split("  ")) >= 9, "each column is still there"
    assert row.count("..") == 4, "what was cut is marked"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (build.evacuate("hv1", "hv2", dest_sites=("s",), dests=("hv9",)), "empty hv1, hv2, only to hv9, site s"),
        (Request(Goal.EVACUATE, sites=("north",)), "empty site north"),
        (Request(Goal.RESTORE, ("hv1",)), "bring home the guests of hv1"),
        (Request(Goal.MOVE, ("hv2",), ("web", "db")), "move web, db to hv2"),
        (
            Request(Goal.RELOCATE, ("hv1",), labels={"tier": "db"}, dest_labels={"cpu": "new"}),
            "relocate tier=db and what is on hv1, only to cpu=new",
        ),
        (Request(Goal.CONSOLIDATE), "empty as many hosts as possible"),
        (Request(Goal.BALANCE, ("hv1", "hv2")), "even out the load among hv1, hv2"),
        (Request(Goal.ROLLING), "empty every host once, in waves"),
        (Request(Goal.REPAIR), "mend broken rules and overfull hosts"),
        (build.evacuate(*"abcdefghij"), "empty a, b, c, d, e, f, g, h and 2 more"),
    ],
)
def test_each_goal_in_words(request_: Request, words: str) -> None:
    assert plan_text.purpose(request_) == words


def test_the_facts_of_a_plan_are_its_text_and_who_stays() -> None:
    stay = Stay("u", "cold", "hv1", (Refusal(RefusalCode.SNAPSHOTS, "cold", None, {"count": "2"}),))
    facts = plan_text.plan_facts(plan(stays=(stay,)))
    assert facts["plan_text"][1] == "nothing to move"
    assert [item["name"] for item in facts["stays"]] == ["cold"]
    assert facts["stays_text"] == facts["plan_text"][2:]
