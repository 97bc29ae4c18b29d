"""The pre-flight look says of each pair what the planner would say, and what to beware of."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from random import Random

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fleet import HostEntry
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import CautionCode, RefusalCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Transport, Wanted
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.preflight import Verdict, preflight

from .. import fleet_builder as build
from ..random_fleet import random_fleet

FLEET = build.snapshot(
    build.host("hv1", build.guest("web"), build.guest("db", snapshots=2)),
    build.host("hv2", libvirt_version=8_000_000),
    build.host("hv3", state=HostState.UNREACHABLE, error="no answer"),
)
ALL = Request(Goal.RELOCATE, ("hv1",), dests=("hv1", "hv2", "hv3"))


def codes(verdict: Verdict) -> list[RefusalCode]:
    return [refusal.code for refusal in verdict.refusals]


def test_every_guest_meets_every_other_host() -> None:
    found = preflight(FLEET, ALL, Wanted())
    assert [(each.name, each.source, each.dest) for each in found] == [
        ("db", "hv1", "hv2"),
        ("db", "hv1", "hv3"),
        ("web", "hv1", "hv2"),
        ("web", "hv1", "hv3"),
    ]


def test_all_refusals_are_told_at_once() -> None:
    found = {(each.name, each.dest): each for each in preflight(FLEET, ALL, Wanted())}
    assert codes(found["db", "hv3"]) == [RefusalCode.SNAPSHOTS, RefusalCode.HOST_UNREACHABLE]
    assert codes(found["db", "hv2"]) == [RefusalCode.SNAPSHOTS]
    assert codes(found["web", "hv2"]) == []


def test_a_possible_move_may_have_cautions() -> None:
    found = {(each.name, each.dest): each for each in preflight(FLEET, ALL, Wanted())}
    assert [caution.code for caution in found["web", "hv2"].cautions] == [CautionCode.OLDER_RELEASE]
    assert found["web", "hv3"].cautions == (), "of a host that does not answer nothing is known"


def test_a_daemon_that_knows_no_way_to_the_other_is_refused_for_p2p_only() -> None:
    entries = {name: HostEntry(name, f"qemu+ssh://{name}/system") for name in ("hv1", "hv2", "hv3")}
    found = preflight(FLEET, ALL, Wanted(), entries)
    assert all(RefusalCode.NO_PEER_URI in codes(each) for each in found)
    direct = preflight(FLEET, ALL, Wanted(Transport.DIRECT), entries)
    assert not any(RefusalCode.NO_PEER_URI in codes(each) for each in direct)


@pytest.mark.parametrize("seed", range(12))
def test_what_a_plan_moves_the_look_allows_and_what_it_refuses_stays(seed: int) -> None:
    fleet = random_fleet(Random(seed))
    names = tuple(host.name for host in fleet.hosts if host.state is not HostState.UNREACHABLE)
    allowed = {
        (each.guest, each.dest): not each.refusals
        for each in preflight(fleet, Request(Goal.RELOCATE, names, dests=names), Wanted())
    }
    for name in names:
        plan = make_plan(fleet, Request(Goal.EVACUATE, (name,), displace=False))
        first = [move for move in plan.moves if not move.after and not move.parking]
        assert all(allowed[move.guest, move.dest] for move in first if (move.guest, move.dest) in allowed)
