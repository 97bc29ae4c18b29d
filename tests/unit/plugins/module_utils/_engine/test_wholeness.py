"""Where hosts refuse one before the first move, nobody begins who belongs with it."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import Failure
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.result import MoveResult, Outcome
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.wholeness import kept_together
from ansible_collections.virtfleet.migration.plugins.module_utils._model.crossing import MoveGroup
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move, Plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

A, B, C = (build.move(number, name) for number, name in enumerate(("a", "b", "c"), start=1))
NO = Failure("it is refused", "Mend it")


def kept(moves: tuple[Move, ...], refused: Move, groups: tuple[MoveGroup, ...] = (), **request: Any) -> list[str]:
    plan = Plan("id", build.evacuate("hv1", **request), moves, groups=groups)
    found = kept_together(plan, {refused.id: MoveResult(refused, Outcome.REFUSED, failure=NO)})
    assert {result.outcome for result in found} <= {Outcome.NOT_STARTED}
    assert all(refused.name in (result.failure or NO).message for result in found)
    return [result.move.name for result in found]


def test_all_or_none_is_none_where_one_is_refused() -> None:
    assert kept((A, B, C), B, all_or_none=True) == ["a", "c"]
    assert kept((A, B, C), B) == []


def test_the_rest_of_its_group_does_not_begin() -> None:
    group = MoveGroup("shop", (A.id, B.id))
    assert kept((A, B, C), B, (group,)) == ["a"]


def test_who_is_stale_or_there_already_counts_though_the_plan_has_it_no_more() -> None:
    group = MoveGroup("shop", (A.id, B.id))
    plan = Plan("id", build.evacuate("hv1"), (B, C), groups=(group,))
    found = kept_together(plan, {A.id: MoveResult(A, Outcome.STALE, failure=NO)})
    assert [(result.move.name, result.outcome) for result in found] == [("b", Outcome.NOT_STARTED)]
    assert kept_together(plan, {A.id: MoveResult(A, Outcome.ALREADY_THERE)}) == ()
    whole = replace(plan, request=build.evacuate("hv1", all_or_none=True), groups=())
    assert len(kept_together(whole, {A.id: MoveResult(A, Outcome.STALE, failure=NO)})) == 2


def test_a_group_that_is_apart_already_goes_on() -> None:
    assert kept((A, B), B, (MoveGroup("shop", (A.id, B.id), ("d",)),)) == []
    watched = replace(A, adopt=True)
    assert kept((watched, B, C), C, (MoveGroup("shop", (A.id, B.id, C.id)),)) == []


def test_what_is_under_way_is_watched_to_its_end() -> None:
    assert kept((replace(A, adopt=True), B, C), C, all_or_none=True) == ["b"]
