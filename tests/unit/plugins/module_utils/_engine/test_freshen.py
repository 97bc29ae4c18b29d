"""A plan applied later: what is done is done, what changed is stale, what can't be any more is refused as a whole."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.freshen import freshen
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.session import (
    awakened,
    check_appliable,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestState, JobKind, Notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.scenario import carry_out

WEB, DB = build.guest("web"), build.guest("db")
OFF = GuestState.SHUT_OFF


def fleet(hv1: tuple[object, ...] = (WEB, DB), hv2: tuple[object, ...] = (), hv3: tuple[object, ...] = ()) -> Snapshot:
    return build.snapshot(
        build.host("hv1", *hv1),  # type: ignore[arg-type]
        build.host("hv2", *hv2),  # type: ignore[arg-type]
        build.host("hv3", *hv3, allocatable_memory=0),  # type: ignore[arg-type]
    )


PLAN = make_plan(fleet(), build.evacuate("hv1"))


def names(moves: tuple[object, ...]) -> list[str]:
    return [move.name for move in moves]  # type: ignore[attr-defined]


def refused(plan: Plan, snapshot: Snapshot) -> str:
    with pytest.raises(FleetError) as caught:
        freshen(plan, snapshot)
    assert caught.value.remedy
    return caught.value.message


def test_on_the_snapshot_it_was_made_from_a_plan_stays_as_it_is() -> None:
    fresh = freshen(PLAN, fleet())
    assert fresh.plan == PLAN
    assert (fresh.done, fresh.stale) == ((), ())


def test_a_guest_that_has_arrived_is_done() -> None:
    fresh = freshen(PLAN, fleet((WEB,), (DB,)))
    assert names(fresh.done) == ["db"]
    assert names(fresh.plan.moves) == ["web"]


def test_a_plan_that_was_carried_out_has_nothing_left() -> None:
    fresh = freshen(PLAN, carry_out(fleet(), PLAN))
    assert sorted(names(fresh.done)) == ["db", "web"]
    assert fresh.plan.moves == ()


def test_a_guest_that_has_arrived_and_left_its_old_definition_is_done() -> None:
    claim = build.claimed("hv1", "hv2")
    fresh = freshen(PLAN, fleet((WEB, replace(DB, state=OFF, notes=claim)), (replace(DB, notes=claim),)))
    assert names(fresh.done) == ["db"]
    assert names(fresh.plan.moves) == ["web"]
    assert [leftover.definition_on for leftover in fresh.plan.leftovers] == ["hv1"]


def test_a_guest_that_is_somewhere_else_is_stale() -> None:
    fresh = freshen(PLAN, fleet((WEB,), (), (DB,)))
    assert names(fresh.stale) == ["db"]
    assert names(fresh.plan.moves) == ["web"]


def test_a_move_that_is_under_way_is_adopted() -> None:
    leaving = replace(WEB, job=JobKind.OUTGOING)
    arriving = replace(WEB, job=JobKind.INCOMING, state=GuestState.PAUSED, persistent=False)
    fresh = freshen(PLAN, fleet((leaving, DB), (arriving,)))
    assert {move.name: move.adopt for move in fresh.plan.moves} == {"web": True, "db": False}


def test_a_move_that_was_to_be_adopted_and_was_aborted_is_made_anew() -> None:
    adopted = replace(PLAN, moves=tuple(replace(move, adopt=True) for move in PLAN.moves))
    assert [move.adopt for move in freshen(adopted, fleet()).plan.moves] == [False, False]


def test_nobody_waits_for_a_move_that_is_done() -> None:
    first, second = PLAN.moves
    chained = replace(PLAN, moves=(first, replace(second, after=(first.id,))))
    arrived = {first.name: (DB if first.name == "db" else WEB)}[first.name]
    rest = WEB if first.name == "db" else DB
    assert [move.after for move in freshen(chained, fleet((rest,), (arrived,))).plan.moves] == [()]


def test_what_was_left_over_then_and_is_mended_now_is_not_mended_again() -> None:
    claim = build.claimed("hv1", "hv2")
    then = fleet((replace(WEB, state=OFF, notes=claim), DB), (replace(WEB, notes=claim),))
    plan = make_plan(then, build.evacuate("hv1"))
    assert [leftover.definition_on for leftover in plan.leftovers] == ["hv1"]
    assert freshen(plan, then).plan.leftovers == plan.leftovers
    # since then it was mended, and the guest went home
    assert freshen(plan, fleet()).plan.leftovers == ()


def test_a_plan_of_another_fleet_is_refused_by_the_first_host_it_does_not_share() -> None:
    other = make_plan(build.snapshot(build.host("alpha", build.guest()), build.host("beta")), build.evacuate("alpha"))
    assert refused(other, fleet()) == "the plan speaks of host 'alpha', which is not in hosts"


def test_a_plan_for_a_guest_that_is_gone_is_refused() -> None:
    assert refused(PLAN, fleet((WEB,))).startswith(f"the plan moves 'db' ({DB.uuid}), which no host")


def test_a_plan_whose_destination_has_filled_up_is_refused() -> None:
    full = fleet((WEB, DB), (build.guest("new", memory=8 * build.GIB),))
    assert refused(PLAN, full).startswith("the plan no longer fits the fleet: memory at m0001")


def test_a_plan_broken_by_hand_is_refused() -> None:
    broken = replace(PLAN, moves=(PLAN.moves[0], PLAN.moves[0]))
    assert refused(broken, fleet()).startswith("the plan no longer fits the fleet: unique id")


def swap(a: str, b: str) -> Snapshot:
    """Two guests of a host's whole size, away from home, and a third host with room for one of them."""
    guests = {
        a: build.guest("a", memory=build.GIB, notes=Notes(home="hv2")),
        b: build.guest("b", memory=build.GIB, notes=Notes(home="hv1")),
    }
    hosts = ("hv1", "hv2", "hv3")
    return build.snapshot(
        *(
            build.host(name, *(guests[key] for key in (a, b) if key == name), allocatable_memory=build.GIB)
            for name in hosts
        )
    )


SWAP = make_plan(swap("hv1", "hv2"), Request(Goal.RESTORE, ("hv1", "hv2")))


def test_a_guest_at_its_stop_goes_on_from_there() -> None:
    assert [(move.name, move.parking) for move in SWAP.moves] == [("b", True), ("a", False), ("b", False)]
    fresh = freshen(SWAP, swap("hv1", "hv3"))
    assert [move.id for move in fresh.done] == ["m0001"]
    assert [move.id for move in fresh.plan.moves] == ["m0002", "m0003"]
    assert fresh.stale == ()


def test_a_guest_that_has_made_its_stop_and_gone_on_is_done_with_both() -> None:
    fresh = freshen(SWAP, swap("hv2", "hv1"))
    assert [move.id for move in fresh.done] == ["m0001", "m0002", "m0003"]
    assert fresh.plan.moves == ()


def test_a_guest_that_is_neither_at_its_stop_nor_where_it_should_be_is_stale_with_both() -> None:
    other = swap("hv1", "hv2")
    elsewhere = build.snapshot(
        *other.hosts[:1], build.host("hv2"), build.host("hv3"), build.host("hv4", *other.hosts[1].guests)
    )
    fresh = freshen(SWAP, elsewhere)
    assert [move.id for move in fresh.stale] == ["m0001", "m0003"]


def test_who_stepped_aside_and_came_back_is_done_when_all_others_are() -> None:
    web, aside = build.guest("web"), build.guest("aside")
    there, back = (
        build.move(1, "aside", "hv2", "hv3", parking=True),
        build.move(3, "aside", "hv3", "hv2", after=("m0002",)),
    )
    moves = (there, build.move(2, "web", "hv1", "hv2", after=("m0001",)), back)
    plan = replace(PLAN, moves=moves)
    before = build.snapshot(build.host("hv1", web), build.host("hv2", aside), build.host("hv3"))
    after = build.snapshot(build.host("hv1"), build.host("hv2", web, aside), build.host("hv3"))
    assert freshen(plan, before).plan.moves == moves
    assert freshen(plan, after).done == moves


def test_a_rolling_plan_is_not_carried_out_as_a_whole() -> None:
    rolling = make_plan(fleet(), Request(Goal.ROLLING, ("hv1",)))
    with pytest.raises(FleetError, match="its hosts are upgraded between its waves"):
        check_appliable(rolling, fleet())


def test_a_plan_waits_for_the_hosts_that_it_needs_awake() -> None:
    asleep = build.snapshot(build.host("hv1", WEB), build.host("hv2", state=HostState.STANDBY))
    plan = make_plan(asleep, build.evacuate("hv1", wake=True))
    with pytest.raises(FleetError, match="hv2 to be switched on"):
        check_appliable(plan, asleep)
    check_appliable(plan, build.snapshot(build.host("hv1", WEB), build.host("hv2")))
    check_appliable(plan, awakened(asleep, ["hv2"]))


def test_only_hosts_on_standby_are_taken_for_switched_on() -> None:
    fleet = build.snapshot(build.host("hv1", state=HostState.MAINTENANCE), build.host("hv2", state=HostState.STANDBY))
    states = [host.state for host in awakened(fleet, ["hv1", "hv2", "hv9"]).hosts]
    assert states == [HostState.MAINTENANCE, HostState.SCHEDULABLE]
