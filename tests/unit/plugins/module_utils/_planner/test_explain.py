"""Where a guest could go, why not elsewhere, and what it would cost: in agreement with the plans that are made."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState, Maintenance
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import RefusalCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Method, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import Rule, RuleKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.explain import Candidate, explain
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan

from .. import fleet_builder as build
from ..random_fleet import random_fleet

GIB = build.GIB
WEB = build.guest("web", memory=2 * GIB, vcpus=2)
FLEET = build.snapshot(
    build.host("hv1", WEB, build.guest("db", memory=GIB)),
    build.host("hv2", build.guest("big", memory=7 * GIB)),
    build.host("hv3", state=HostState.MAINTENANCE, maintenance=Maintenance("ram", "")),
    build.host("hv4", build.guest("far", memory=GIB), site="south"),
)


def ask(*guests: str, **changes: Any) -> Request:
    return Request(Goal.RELOCATE, guests=guests, **changes)


def by_host(request: Request, fleet: Snapshot = FLEET) -> dict[str, Candidate]:
    (found,) = explain(fleet, request)
    return {candidate.host: candidate for candidate in found.candidates}


def codes(candidate: Candidate) -> list[RefusalCode]:
    return [refusal.code for refusal in candidate.refusals]


def test_every_other_host_is_named_with_a_cost_or_with_refusals() -> None:
    found = by_host(ask("web"))
    assert list(found) == ["hv2", "hv3", "hv4"]
    assert codes(found["hv2"]) == [RefusalCode.MEMORY]
    assert codes(found["hv3"]) == [RefusalCode.HOST_IN_MAINTENANCE]
    cost = found["hv4"].cost
    assert cost is not None
    assert (cost.method, cost.est_bytes, cost.est_downtime_ms) == (Method.LIVE, 2 * GIB, 300)
    assert (cost.free_memory, cost.free_vcpus) == (5 * GIB, 13), "of 8 GiB and 16 vCPUs, less far's and web's"
    assert found["hv2"].cost is None


def test_the_cost_is_that_of_the_move_in_a_plan() -> None:
    (move,) = make_plan(FLEET, Request(Goal.MOVE, ("hv4",), ("web",))).moves
    cost = by_host(ask("web"))["hv4"].cost
    assert cost is not None
    assert (cost.est_bytes, cost.est_seconds, cost.est_downtime_ms) == (
        move.est_bytes,
        move.est_seconds,
        move.est_downtime_ms,
    )


def test_only_hosts_that_the_request_allows_are_named() -> None:
    assert list(by_host(ask("web", dests=("hv2",), dest_sites=("south",)))) == ["hv2", "hv4"]


def test_all_guests_of_a_host_are_explained_in_order_of_name() -> None:
    assert [each.name for each in explain(FLEET, ask(hosts=("hv1",)))] == ["db", "web"]
    assert explain(FLEET, ask(hosts=("hv3",))) == ()


def test_headroom_is_kept_free() -> None:
    assert codes(by_host(ask("web", headroom_percent=70))["hv4"]) == [RefusalCode.MEMORY]


def test_a_host_on_standby_would_do_where_it_may_be_woken() -> None:
    asleep = build.snapshot(build.host("hv1", WEB), build.host("hv2", state=HostState.STANDBY))
    assert codes(by_host(ask("web"), asleep)["hv2"]) == [RefusalCode.HOST_ON_STANDBY]
    cost = by_host(ask("web", wake=True), asleep)["hv2"].cost
    assert cost is not None
    assert cost.wake


def test_a_guest_that_can_go_nowhere_has_blockers_and_no_costs() -> None:
    stuck = build.snapshot(build.host("hv1", replace(WEB, snapshots=1)), build.host("hv2"))
    (found,) = explain(stuck, ask("web"))
    assert [refusal.code for refusal in found.blockers] == [RefusalCode.SNAPSHOTS]
    assert [(each.cost, each.refusals) for each in found.candidates] == [(None, ())]


def test_a_hard_rule_refuses_and_a_soft_one_is_only_named() -> None:
    apart = Rule("apart", RuleKind.ANTI_AFFINITY, ("web", "far"))
    assert codes(by_host(ask("web", rules=(apart,)))["hv4"]) == [RefusalCode.RULE]
    soft = by_host(ask("web", rules=(replace(apart, hard=False),)))["hv4"]
    assert (soft.refusals, soft.soft) == ((), ("apart",))
    assert soft.cost is not None


def test_a_soft_rule_that_is_broken_already_is_not_held_against_a_host() -> None:
    pin = Rule("home", RuleKind.PIN, ("web",), hosts=("hv2",), hard=False)
    assert by_host(ask("web", rules=(pin,)))["hv4"].soft == ()


def test_affinity_takes_others_along_and_their_cost_counts() -> None:
    rules = (Rule("together", RuleKind.AFFINITY, ("web", "db")),)
    (found,) = explain(FLEET, ask("web", rules=rules))
    assert found.together == ("db",)
    cost = next(each.cost for each in found.candidates if each.host == "hv4")
    assert cost is not None
    assert (cost.est_bytes, cost.est_downtime_ms, cost.free_memory) == (3 * GIB, 600, 4 * GIB)


def test_disks_to_copy_are_named_and_counted() -> None:
    local = build.guest("local", disks=(build.disk("local", "local"),))
    cost = by_host(ask("local"), build.snapshot(build.host("hv1", local), build.host("hv2")))["hv2"].cost
    assert cost is not None
    assert (cost.copies, cost.est_bytes) == (("vda",), local.memory + GIB)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (ask(), "nothing is given to explain"),
        (ask("wep"), r"no guest is called 'wep' on the hosts that answered\. Did you mean web\?"),
        (ask(hosts=("hv9",)), "unknown host 'hv9'"),
        (ask("web", dests=("hv9",)), "unknown host 'hv9'"),
    ],
)
def test_a_question_about_nobody_is_refused_with_words(request_: Request, message: str) -> None:
    with pytest.raises(FleetError, match=message):
        explain(FLEET, request_)


def test_explanations_agree_with_plans_to_move_that_guest_alone() -> None:
    compared = [case for seed in range(20) for case in cases(random_fleet(Random(seed)))]
    assert len(compared) > 200
    assert {possible for _name, _dest, possible, _moved in compared} == {True, False}
    assert [case for case in compared if case[2] is not case[3]] == []


def cases(fleet: Snapshot) -> list[tuple[str, str, bool, bool]]:
    """Return guest, host, what the explanation says and what a plan does, for the guests of two hosts."""
    silent = {host.name for host in fleet.hosts if host.state is HostState.UNREACHABLE}
    asked = ask(hosts=tuple(host.name for host in fleet.hosts if host.name not in silent)[:2])
    return [
        (found.name, candidate.host, candidate.cost is not None, could_move(fleet, found.guest, candidate.host))
        for found in explain(fleet, asked)
        for candidate in found.candidates
        if candidate.host not in silent
    ]


def could_move(fleet: Snapshot, guest: str, dest: str) -> bool:
    """Return whether a plan starts a move of the guest; one that is under way already is only watched."""
    plan = make_plan(fleet, Request(Goal.MOVE, (dest,), (guest,)))
    return any(move.guest == guest and not move.adopt for move in plan.moves)
