"""Verify catches each balance that moves without a purpose, in a cooldown, or that tells what is not so."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.balance import NotMoved, NotMovedWhy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Balanced, Notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Breach, Plan, Purpose
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import Rule, RuleKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import verify
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

Case = tuple[Snapshot, Plan]
NOW, LATELY, LONG_AGO = "2026-01-01T12:00:00Z", "2026-01-01T11:55:00Z", "2026-01-01T10:00:00Z"


def evened(notes: Notes | None = None, **request: Any) -> Case:
    """Return a plan that evens out, and its fleet with these notes in each guest; the request is changed afterwards."""
    guests = [build.guest(name, usage_cpus=0.9) for name in "abcd"]
    fleet = replace(build.snapshot(build.host("hv1", *guests), build.host("hv2")), taken_at=NOW)
    plan = make_plan(fleet, Request(Goal.BALANCE))
    noted = tuple(replace(guest, notes=notes or Notes()) for guest in fleet.hosts[0].guests)
    hosts = replace(fleet.hosts[0], guests=noted), fleet.hosts[1]
    return replace(fleet, hosts=hosts), replace(plan, request=replace(plan.request, **request))


def changed(**move: Any) -> Case:
    fleet, plan = evened()
    return fleet, replace(plan, moves=(replace(plan.moves[0], **move), *plan.moves[1:]))


def told(value: float) -> Case:
    fleet, plan = evened()
    return fleet, replace(plan, bounds=(replace(plan.bounds[0], value=value), *plan.bounds[1:]))


def mended(balanced: Balanced, **request: Any) -> Case:
    """Return a plan that brings a guest to where its rule wants it, that guest having been moved before."""
    pin = Rule("a belongs to hv2", RuleKind.PIN, guests=("a",), hosts=("hv2",))
    guest = build.guest("a", notes=Notes(balanced=balanced))
    fleet = replace(build.snapshot(build.host("hv1", guest), build.host("hv2")), taken_at=NOW)
    plan = make_plan(fleet, Request(Goal.BALANCE, rules=(pin,)))
    return fleet, replace(plan, request=replace(plan.request, **request))


def evened_then_mended() -> Case:
    fleet, plan = evened()
    return fleet, replace(plan, moves=(*plan.moves[:-1], replace(plan.moves[-1], purpose=Purpose.RELIEVE)))


def said_to_stay() -> Case:
    fleet, plan = evened()
    moved = plan.moves[0]
    return fleet, replace(plan, not_moved=(NotMoved(moved.guest, moved.name, "hv1", NotMovedWhy.EVEN_ENOUGH),))


def one_that_runs_moved_to_start() -> Case:
    fleet, plan = evened()
    moves = (replace(move, purpose=Purpose.START_ROOM) for move in plan.moves)
    return fleet, replace(plan, moves=tuple(moves))


def of_another_goal() -> Case:
    fleet, _plan = evened()
    plan = make_plan(fleet, Request(Goal.EVACUATE, ("hv1",)))
    return fleet, replace(plan, moves=(replace(plan.moves[0], purpose=Purpose.MEND), *plan.moves[1:]))


def brought_together_and_parted() -> Case:
    """Return a plan that brings a guest to another, and then that other one away."""
    rule = Rule("together", RuleKind.AFFINITY, guests=("a", "b"))
    small = [build.guest(name, memory=build.GIB) for name in "ab"]
    large = build.guest("c", memory=2 * build.GIB)
    hosts = build.host("hv1", small[0]), build.host("hv2", small[1], large), build.host("hv3")
    fleet = replace(build.snapshot(*hosts), taken_at=NOW)
    plan = make_plan(fleet, Request(Goal.BALANCE, rules=(rule,), weights={"memory": 1.0, "vcpus": 0.0, "cpu": 0.0}))
    mend = next(move for move in plan.moves if move.purpose is Purpose.MEND)
    other = next(guest for guest in small if guest.uuid != mend.guest)
    parts = replace(mend, id="m9999", guest=other.uuid, name=other.name, source=mend.dest, dest="hv3", after=(mend.id,))
    moves = (mend, replace(parts, purpose=Purpose.EVEN_OUT, reason="evens out"))
    plan = replace(plan, moves=moves, not_moved=(), breaches=(Breach("together", True, True, "in 2 places"),))
    figures = {"est_bytes": 2 * plan.est_bytes, "est_seconds": 2 * plan.est_seconds}
    return fleet, replace(plan, critical_path=(mend.id, "m9999"), **figures)


def companion_moved(rules: tuple[Rule, ...]) -> Case:
    """Return a plan that mends the rule of a guest, and takes along one that was moved lately."""
    ban = Rule("not there", RuleKind.BAN, guests=("a",), hosts=("hv1",))
    together = Rule("together", RuleKind.AFFINITY, guests=("a", "b"))
    lately = Notes(balanced=Balanced(LATELY))
    hosts = build.host("hv1", build.guest("a"), build.guest("b", notes=lately)), build.host("hv2")
    fleet = replace(build.snapshot(*hosts), taken_at=NOW)
    plan = make_plan(fleet, Request(Goal.BALANCE, rules=(ban, together)))
    return fleet, replace(plan, request=replace(plan.request, rules=(ban, *rules)))


BROKEN: list[tuple[str, str, Callable[[], Case]]] = [
    ("no purpose", "purpose", lambda: changed(purpose=None)),
    ("a purpose where none belongs", "purpose", of_another_goal),
    ("relieved after it was evened out", "purpose", evened_then_mended),
    ("one that runs moved as if it were to be started", "purpose", one_that_runs_moved_to_start),
    ("mended unasked", "purpose", lambda: mended(Balanced(LONG_AGO), mend_rules=False)),
    ("moved in its cooldown", "cooldown", lambda: evened(Notes(balanced=Balanced(LATELY)))),
    ("moved in its cooldown that has doubled", "cooldown", lambda: evened(Notes(balanced=Balanced(LONG_AGO, 3)))),
    ("nothing noted in the guest", "cooldown", lambda: changed(balanced=None)),
    ("another time noted in the guest", "cooldown", lambda: changed(balanced=Balanced(LONG_AGO))),
    ("a better imbalance than there is", "imbalance", lambda: told(0.0001)),
    ("the imbalance not told", "imbalance falls", lambda: (evened()[0], replace(evened()[1], bounds=()))),
    ("good enough before", "imbalance falls", lambda: evened(threshold=9.0)),
    ("nothing was to be evened out", "imbalance falls", lambda: evened(aggressiveness=1)),
    ("mended and broken again", "mended for good", brought_together_and_parted),
    ("one in its cooldown goes along for nothing", "cooldown", lambda: companion_moved(())),
    ("said to stay and moves", "not moved", said_to_stay),
]
LEGAL: list[tuple[str, Callable[[], Case]]] = [
    ("evened out", evened),
    ("moved long ago", lambda: evened(Notes(balanced=Balanced(LONG_AGO)))),
    ("moved lately, and no cooldown", lambda: evened(Notes(balanced=Balanced(LATELY)), cooldown_minutes=0.0)),
    (
        "goes along with one whose rule is broken",
        lambda: companion_moved((Rule("together", RuleKind.AFFINITY, guests=("a", "b")),)),
    ),
    ("its own rule broken in its cooldown", lambda: mended(Balanced(LATELY))),
]


@pytest.mark.parametrize(("rule", "make"), [pytest.param(rule, make, id=what) for what, rule, make in BROKEN])
def test_a_balance_that_breaks_its_promise_is_caught_by_its_rule(rule: str, make: Callable[[], Case]) -> None:
    found = verify.first_violation(*make())
    assert found is not None
    assert found.rule == rule, str(found)


@pytest.mark.parametrize("make", [pytest.param(make, id=what) for what, make in LEGAL])
def test_a_balance_that_keeps_it_is_accepted(make: Callable[[], Case]) -> None:
    assert verify.first_violation(*make()) is None


def test_the_guest_is_told_how_often_it_was_moved_in_close_order() -> None:
    _fleet, plan = mended(Balanced(LATELY, 2))
    assert [move.balanced for move in plan.moves] == [Balanced(NOW, 3)]
