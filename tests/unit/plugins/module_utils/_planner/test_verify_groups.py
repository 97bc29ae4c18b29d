"""Groups in the independent check: in parts, on two sites, mixed with others, or told otherwise than they are."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, JobKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import Rule, RuleKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import verify
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

Case = tuple[Snapshot, Plan]
SOUTH = Request(Goal.RELOCATE, sites=("north",), dest_sites=("south", "west"))


def member(name: str, **changes: Any) -> Guest:
    guest = build.guest(name, **changes)
    return replace(guest, notes=replace(guest.notes, labels={"group": name[0]}))


def sound(*names: str, request: Request = SOUTH, west: tuple[Guest, ...] = ()) -> Case:
    guests = [member(name) for name in names or ("a1", "a2", "b1", "b2")]
    hosts = (
        build.host("hv1", *guests, site="north"),
        build.host("hv2", site="south"),
        build.host("hv3", *west, site="west"),
    )
    snapshot = build.snapshot(*hosts)
    return snapshot, make_plan(snapshot, request)


def changed(plan: Plan, name: str, **changes: Any) -> Plan:
    return replace(plan, moves=tuple(replace(move, **changes) if move.name == name else move for move in plan.moves))


def without(plan: Plan, name: str) -> Plan:
    moves = tuple(move for move in plan.moves if move.name != name)
    gone = {move.id for move in plan.moves} - {move.id for move in moves}

    def left(some: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one for one in some if one not in gone)

    return replace(
        plan,
        moves=tuple(replace(move, once_over=left(move.once_over)) for move in moves),
        groups=tuple(replace(group, moves=left(group.moves)) for group in plan.groups),
        est_bytes=sum(move.est_bytes for move in moves),
        est_seconds=sum(move.est_seconds for move in moves),
        bounds=(),
        critical_path=(),
    )


def mixed() -> Case:
    snapshot, plan = sound()
    return snapshot, replace(plan, moves=tuple(replace(move, once_over=move.once_over[:1]) for move in plan.moves))


def in_parts(name: str) -> Callable[[], Case]:
    def make() -> Case:
        snapshot, plan = sound()
        stays = sound_stay(name)
        return snapshot, replace(without(plan, name), stays=stays)

    return make


def sound_stay(name: str) -> tuple[Any, ...]:
    hosts = (build.host("hv1", member(name, snapshots=1), site="north"), build.host("hv2", site="south"))
    return make_plan(build.snapshot(*hosts), replace(SOUTH, dest_sites=("south",))).stays


def on_two_sites() -> Case:
    snapshot, plan = sound()
    first = plan.moves[0]
    return snapshot, changed(plan, first.name, dest="hv3" if first.dest == "hv2" else "hv2")


def told(**changes: Any) -> Callable[[], Case]:
    def make() -> Case:
        snapshot, plan = sound()
        return snapshot, replace(plan, groups=(replace(plan.groups[0], **changes), *plan.groups[1:]))

    return make


def for_too_long() -> Case:
    snapshot, plan = sound()
    groups = tuple(replace(group, est_split_seconds=61.0) for group in plan.groups)
    request = replace(plan.request, max_split_minutes=1.0)
    return snapshot, replace(
        plan, groups=groups, request=request, est_seconds=sum(m.est_seconds for m in plan.moves) + 1
    )


def begun() -> Case:
    return sound("a1", west=(member("a2"),), request=replace(SOUTH, max_split_minutes=0.001))


def tied() -> Case:
    return sound(request=replace(SOUTH, rules=(Rule("tie", RuleKind.AFFINITY, guests=("a1", "b1")),)))


def on_its_way() -> Case:
    hosts = (
        build.host("hv1", member("a1", job=JobKind.OUTGOING), member("a2"), site="north"),
        build.host("hv2", member("a1", job=JobKind.INCOMING), site="south"),
    )
    snapshot = build.snapshot(*hosts)
    return snapshot, make_plan(snapshot, replace(SOUTH, dest_sites=("south",)))


BROKEN: list[tuple[str, str, Callable[[], Case]]] = [
    ("two groups at once", "group after group", mixed),
    ("the first of a group left behind", "group as a whole", in_parts("a1")),
    ("the last of a group left behind", "group as a whole", in_parts("b2")),
    ("a group on two sites", "group on one site", on_two_sites),
    ("moves of a group concealed", "groups", told(moves=())),
    ("a group of nobody", "groups", told(name="c")),
    ("apart for longer than the plan takes", "split of a group", told(est_split_seconds=1e6)),
    ("apart for less than no time", "split of a group", told(est_split_seconds=-1.0)),
    ("apart for longer than it may be", "split of a group", for_too_long),
]
LEGAL: list[tuple[str, Callable[[], Case]]] = [
    ("group after group", sound),
    ("the rest of one that is there already", begun),
    ("the rest of one that is on its way", on_its_way),
    ("tied by affinity", tied),
    ("no label", lambda: sound(request=replace(SOUTH, group_label=""))),
]


@pytest.mark.parametrize(("rule", "make"), [pytest.param(rule, make, id=what) for what, rule, make in BROKEN])
def test_what_is_wrong_with_a_group_is_caught_by_its_rule(rule: str, make: Callable[[], Case]) -> None:
    found = verify.first_violation(*make())
    assert found is not None
    assert found.rule == rule, str(found)


@pytest.mark.parametrize("make", [pytest.param(make, id=what) for what, make in LEGAL])
def test_groups_that_are_whole_and_apart_are_accepted(make: Callable[[], Case]) -> None:
    assert verify.first_violation(*make()) is None
