"""Guests that belong together: all go or none, to one site, group after group, and not apart for too long."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.bandwidth import limits_of
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions, run
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.simulator import Simulator
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, JobKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest_policy import GuestPolicy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import HourlyBandwidth, Link
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move, Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import Rule, RuleKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Slots
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MIB = 1024 * 1024
LINK = Link(("north", "south"), 10.0)
SOUTH = Request(Goal.RELOCATE, sites=("north",), dest_sites=("south",))


def member(name: str, group: str = "", memory: int = 256, priority: int = 0, **changes: Any) -> Guest:
    plain = build.guest(name, memory=memory * MIB, **changes)
    labels = {"group": group} if group else {}
    return replace(plain, notes=replace(plain.notes, labels=labels, policy=GuestPolicy(priority=priority)))


def fleet(*guests: Guest, south: tuple[Guest, ...] = (), room: int = 8192, link: Link = LINK) -> Snapshot:
    hosts = (
        build.host("hv1", *guests, site="north"),
        build.host("hv2", *south, site="south", allocatable_memory=room * MIB),
    )
    return Snapshot("2026-11-26T12:00:00Z", hosts, (link,))


def names(plan: Plan) -> list[str]:
    return [move.name for move in plan.moves]


def why(plan: Plan) -> dict[str, set[str]]:
    return {stay.name: {refusal.code.value for refusal in stay.refusals} for stay in plan.stays}


def ids(plan: Plan, *wanted: str) -> tuple[str, ...]:
    return tuple(sorted(move.id for move in plan.moves if move.name in wanted))


def waits(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {move.name: move.once_over for move in plan.moves}


def test_groups_go_one_after_the_other_and_what_belongs_to_none_waits_for_nobody() -> None:
    plan = make_plan(
        fleet(member("a1", "a"), member("b1", "b"), member("a2", "a"), member("b2", "b"), member("c")), SOUTH
    )
    assert names(plan) == ["a1", "a2", "b1", "b2", "c"]
    first = ids(plan, "a1", "a2")
    assert waits(plan) == {"a1": (), "a2": (), "b1": first, "b2": first, "c": ()}
    assert [(group.name, group.moves) for group in plan.groups] == [("a", first), ("b", ids(plan, "b1", "b2"))]


def test_priority_goes_before_the_name_of_the_group() -> None:
    plan = make_plan(
        fleet(member("a1", "a"), member("a2", "a"), member("b1", "b"), member("b2", "b", priority=5)), SOUTH
    )
    assert {move.name for move in plan.moves[:2]} == {"b1", "b2"}


def test_a_group_of_which_one_can_not_go_stays_as_a_whole_and_says_who_it_is() -> None:
    stuck = member("a2", "a", snapshots=1)
    plan = make_plan(fleet(member("a1", "a"), stuck, member("b1", "b"), member("b2", "b")), SOUTH)
    assert set(names(plan)) == {"b1", "b2"}
    assert why(plan) == {"a1": {"group_stays"}, "a2": {"snapshots"}}
    (refusal,) = plan.stays[0].refusals
    assert refusal.facts["why"] == "a2 of its group a can't go, and a group goes as a whole or not at all"
    assert [group.name for group in plan.groups] == ["b"]


def test_room_that_a_group_can_not_use_whole_goes_to_others() -> None:
    guests = (member("a1", "a", 1500), member("a2", "a", 1500), member("b", "", 1000))
    plan = make_plan(fleet(*guests, room=2000), SOUTH)
    assert names(plan) == ["b"]
    assert set(why(plan)) == {"a1", "a2"}


def test_a_group_is_on_one_site_in_the_end() -> None:
    hosts = (
        build.host("hv1", member("a1", "a", 900), member("a2", "a", 900), site="north"),
        build.host("hv2", site="south", allocatable_memory=1000 * MIB),
        build.host("hv3", site="west", allocatable_memory=1000 * MIB),
        build.host("hv4", site="west", allocatable_memory=1000 * MIB),
    )
    plan = make_plan(Snapshot("", hosts), replace(SOUTH, dest_sites=("south", "west")))
    assert sorted((move.name, move.dest) for move in plan.moves) in (
        [("a1", "hv3"), ("a2", "hv4")],
        [("a1", "hv4"), ("a2", "hv3")],
    )
    small = tuple(host for host in hosts if host.name != "hv4")
    plan = make_plan(Snapshot("", small), replace(SOUTH, dest_sites=("south", "west")))
    assert names(plan) == []
    assert set(why(plan)) == {"a1", "a2"}


def test_a_group_that_fits_nowhere_on_the_site_with_most_room_goes_to_the_next() -> None:
    roomy = (build.host(f"s{one}", site="south", allocatable_memory=800 * MIB) for one in range(3))
    hosts = (
        build.host("hv1", member("a1", "a", 900), member("a2", "a", 900), site="north"),
        *roomy,
        build.host("west1", site="west", allocatable_memory=2000 * MIB),
    )
    plan = make_plan(Snapshot("", hosts), replace(SOUTH, dest_sites=("south", "west")))
    assert {(move.name, move.dest) for move in plan.moves} == {("a1", "west1"), ("a2", "west1")}


def test_the_rest_of_a_group_goes_to_the_site_to_which_one_is_on_its_way() -> None:
    moving = member("a1", "a", job=JobKind.OUTGOING)
    hosts = (
        build.host("hv1", moving, member("a2", "a"), site="north"),
        build.host("hv2", site="south"),
        build.host("hv3", replace(moving, job=JobKind.INCOMING), site="west", allocatable_memory=2000 * MIB),
    )
    plan = make_plan(Snapshot("", hosts), replace(SOUTH, dest_sites=("south", "west")))
    assert [(move.name, move.dest, move.adopt) for move in plan.moves] == [("a1", "hv3", True), ("a2", "hv3", False)]


def test_the_rest_of_a_group_follows_those_that_are_there_already_as_far_as_it_can() -> None:
    stuck = member("a3", "a", snapshots=1)
    plan = make_plan(fleet(member("a1", "a"), stuck, south=(member("a2", "a"),)), SOUTH)
    assert names(plan) == ["a1"]
    (group,) = plan.groups
    assert group.there == (build.uuid_of("a2"),)
    assert group.est_split_seconds == plan.est_seconds


def test_one_on_its_way_already_counts_as_there() -> None:
    moving = member("a1", "a", job=JobKind.OUTGOING)
    arriving = replace(moving, job=JobKind.INCOMING)
    plan = make_plan(fleet(moving, member("a2", "a"), south=(arriving,)), SOUTH)
    assert [(move.name, move.adopt) for move in plan.moves] == [("a1", True), ("a2", False)]
    assert plan.groups[0].there == (build.uuid_of("a1"),)


def test_a_group_that_would_be_apart_for_too_long_stays_and_says_for_how_long() -> None:
    guests = (member("a1", "a", 100), member("a2", "a", 1300), member("b1", "b", 100), member("b2", "b", 100))
    # 100 MiB of each at 5 MiB/s, then 1200 at 10
    plan = make_plan(fleet(*guests), replace(SOUTH, max_split_minutes=1.5))
    assert set(names(plan)) == {"b1", "b2"}
    assert why(plan) == {"a1": {"group_split"}, "a2": {"group_split"}}
    assert "for about 2.0 min" in plan.stays[0].refusals[0].facts["why"]
    assert set(names(make_plan(fleet(*guests), replace(SOUTH, max_split_minutes=2.1)))) == {"a1", "a2", "b1", "b2"}


def test_a_group_that_is_apart_already_is_not_kept_so() -> None:
    there = (member("a1", "a", 100),)
    plan = make_plan(fleet(member("a2", "a", 1300), south=there), replace(SOUTH, max_split_minutes=0.1))
    assert names(plan) == ["a2"]


def test_at_an_hour_at_which_the_link_is_fast_it_may_go() -> None:
    guests = (member("a1", "a", 100), member("a2", "a", 1300))
    fast = replace(LINK, bandwidth_by_hour=(HourlyBandwidth("11:00-13:00", 100.0),))
    plan = make_plan(fleet(*guests, link=fast), replace(SOUTH, max_split_minutes=1.5))
    assert set(names(plan)) == {"a1", "a2"}


def test_the_label_is_the_users_choice_and_none_is_one() -> None:
    guests = (member("a1", "a"), member("a2", "a", snapshots=1))
    assert names(make_plan(fleet(*guests), replace(SOUTH, group_label=""))) == ["a1"]
    assert names(make_plan(fleet(*guests), replace(SOUTH, group_label="application"))) == ["a1"]


def test_other_goals_know_no_groups() -> None:
    plan = make_plan(fleet(member("a1", "a"), member("a2", "a", snapshots=1)), Request(Goal.EVACUATE, ("hv1",)))
    assert (names(plan), plan.groups) == (["a1"], ())


def test_groups_that_affinity_ties_to_one_another_stay_together() -> None:
    tie = Rule("tie", RuleKind.AFFINITY, guests=("a1", "b1"))
    guests = (member("a1", "a"), member("a2", "a", snapshots=1), member("b1", "b"), member("b2", "b"))
    plan = make_plan(fleet(*guests), replace(SOUTH, rules=(tie,)))
    assert names(plan) == []
    assert set(why(plan)) == {"a1", "a2", "b1", "b2"}


def test_the_plan_says_what_goes_over_a_link_for_how_long_and_at_what_cost() -> None:
    link = replace(LINK, cost_per_gib=0.5, hours=("22:00-06:00",))
    plan = make_plan(fleet(member("a", "", 1024), member("b", "", 1024), link=link), SOUTH)
    (use,) = plan.links
    assert (use.sites, use.moves, use.est_bytes) == (("north", "south"), 2, 2048 * MIB)
    assert (use.bandwidth_mibs, use.est_cost, use.opens) == (10.0, 1.0, "2026-11-26T22:00:00Z")
    assert use.est_seconds == pytest.approx(2048 / 10 + 1.5, abs=1)


def test_a_group_goes_where_who_uses_it_is_near_as_far_as_all_of_it_fit_there() -> None:
    def hosts(room: int) -> tuple[Host, ...]:
        return (
            build.host("hv1", member("a1", "a", 900), member("a2", "a", 900), site="north"),
            build.host("hv2", site="south", allocatable_memory=room * MIB, latency_ms={"users": 5.0}),
            build.host("hv3", site="west", latency_ms={"users": 40.0}),
        )

    request = replace(SOUTH, dest_sites=("south", "west"), near="users", max_latency_ms=50.0)
    for room, host in ((2000, "hv2"), (1000, "hv3")):
        plan = make_plan(Snapshot("", hosts(room)), request)
        assert {(move.name, move.dest) for move in plan.moves} == {("a1", host), ("a2", host)}


# --- on random fleets


def sites(random: Random) -> tuple[Snapshot, Request]:
    def some(prefix: str, count: int) -> tuple[Guest, ...]:
        return tuple(
            member(
                f"{prefix}{number}",
                random.choice(["", "a", "b", "c"]),
                random.choice([128, 256, 700]),
                random.choice([0, 0, 4]),
                snapshots=int(random.random() < 0.06),
            )
            for number in range(count)
        )

    hosts = [
        build.host("hv1", *some("n", random.randint(1, 6)), site="north"),
        build.host("hv2", *some("m", random.randint(0, 4)), site="north"),
        build.host(
            "hv3", *some("s", random.randint(0, 3)), site="south", allocatable_memory=random.randint(1, 6) * 512 * MIB
        ),
        build.host("hv4", site="south", allocatable_memory=random.randint(1, 6) * 512 * MIB),
        build.host("hv5", site="west", allocatable_memory=random.randint(0, 4) * 512 * MIB),
    ]
    names = [guest.name for host in hosts[:2] for guest in host.guests]
    rules = ()
    if len(names) > 2 and random.random() < 0.4:
        rules = (
            Rule(
                "tie", random.choice([RuleKind.AFFINITY, RuleKind.ANTI_AFFINITY]), guests=tuple(random.sample(names, 2))
            ),
        )
    links = (LINK, Link(("north", "west"), 25.0)) if random.random() < 0.7 else ()
    dests = random.choice([("south",), ("south", "west")])
    slots = random.choice([Slots(), Slots(2, 2, 2), Slots(1, 1, 1)])
    most = random.choice([None, None, 2.0])
    near = random.choice([None, None, "users"])
    hosts = [replace(host, latency_ms={"users": random.choice([2.0, 9.0])}) for host in hosts]
    request = replace(SOUTH, dest_sites=dests, rules=rules, slots=slots, max_split_minutes=most, near=near)
    request = replace(request, max_latency_ms=20.0 if near else None, all_or_none=random.random() < 0.1)
    return Snapshot("2026-11-26T12:00:00Z", tuple(hosts), links), request


@pytest.mark.parametrize("seed", range(120))
def test_every_plan_for_a_random_fleet_keeps_its_groups_whole_and_apart(seed: int) -> None:
    snapshot, request = sites(Random(seed))
    # a plan that the independent check finds wrong is none
    plan = make_plan(snapshot, request)
    label = {place.guest.uuid: place.guest.notes.labels.get("group") for place in snapshot.residents}
    site = {host.name: host.site for host in snapshot.hosts}
    there = {label[place.guest.uuid] for place in snapshot.residents if site[place.host] in request.dest_sites}
    left = {label[stay.guest] for stay in plan.stays}
    for name in {label[move.guest] for move in plan.moves} - there - {None}:
        assert name not in left
        assert len({site[move.dest] for move in plan.moves if label[move.guest] == name}) == 1


@pytest.mark.parametrize("seed", range(25))
def test_a_run_takes_group_after_group_and_is_apart_for_about_as_long_as_planned(seed: int) -> None:
    snapshot, request = sites(Random(seed))
    snapshot = replace(snapshot, links=(LINK, Link(("north", "west"), 25.0)))
    plan = make_plan(snapshot, replace(request, max_split_minutes=None))
    driver = Simulator(snapshot, 0.0)
    options = RunOptions(slots=request.slots, limits=limits_of(snapshot))
    results = {each.move.id: each for each in run(plan, driver, options, lambda *_event: None)}
    by_id: dict[str, Move] = {move.id: move for move in plan.moves}
    for group in plan.groups:
        ends = [results[one].ended or 0.0 for one in group.moves if not by_id[one].parking]
        first = 0.0 if group.there else min(ends)
        assert max(ends) - first == pytest.approx(group.est_split_seconds, abs=2.0 + 0.05 * plan.est_seconds)


@pytest.mark.parametrize("hard", [True, False])
def test_a_guest_that_is_tied_to_one_of_a_group_that_stays_stays_too(hard: bool) -> None:
    rule = Rule("tied", RuleKind.AFFINITY, guests=("a1", "x"), hard=hard)
    seen = fleet(member("a1", "a"), member("a2", "a", snapshots=1), member("x"), member("y"))
    plan = make_plan(seen, replace(SOUTH, rules=(rule,)))
    assert "y" in names(plan)
    assert "a1" not in names(plan)
    assert why(plan)["a1"] == {"group_stays"}


def test_a_guest_of_a_group_that_stays_is_pushed_aside_by_nobody() -> None:
    hosts = (
        build.host("hv1", member("big", memory=2048), member("a2", "a", snapshots=1), site="north"),
        build.host("hv2", member("a1", "a", memory=2048), site="south", allocatable_memory=3072 * MIB),
        build.host("hv3", site="south", allocatable_memory=8192 * MIB),
    )
    request = Request(Goal.RELOCATE, dest_of={"big": "hv2", "a1": "hv3", "a2": "hv3"}, displace=True)
    plan = make_plan(Snapshot("2026-11-26T12:00:00Z", hosts, (LINK,)), request)
    assert names(plan) == []
    assert why(plan)["a1"] == {"group_stays"}


def test_all_or_none_leave_no_site_with_a_host_that_does_not_answer() -> None:
    silent = build.host("hv3", site="north", state=HostState.UNREACHABLE, error="no route to host")
    seen = fleet(member("x"))
    with pytest.raises(FleetError, match="host hv3 does not answer"):
        make_plan(replace(seen, hosts=(*seen.hosts, silent)), replace(SOUTH, all_or_none=True))
    assert names(make_plan(replace(seen, hosts=(*seen.hosts, silent)), SOUTH)) == ["x"]
