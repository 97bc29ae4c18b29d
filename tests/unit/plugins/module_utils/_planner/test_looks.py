"""Plans keep to what was found on the hosts themselves: another way, or a refusal by name, and verify agrees."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.freshen import freshen
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host_check import HostCheck, Mount, PeerCheck
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import RefusalCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Transport, Wanted
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.preflight import preflight
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify.verify import first_violation

from .. import fleet_builder as build
from ..look_builder import ALL, look
from ..random_fleet import random_fleet
from ..random_request import random_request


def fleet(*guests: Guest, **checks: HostCheck) -> Snapshot:
    """Return hv1 with the guests, hv2 and hv3 without any; hv2 is what the planner likes best."""
    sound = {"hv1": look("hv2", "hv3"), "hv2": look(), "hv3": look()}
    third = build.host("hv3", allocatable_memory=4 * build.GIB)
    hosts = build.snapshot(build.host("hv1", *(guests or (build.guest(),))), build.host("hv2"), third)
    return replace(hosts, host_checks={**sound, **checks})


def dests(plan: Plan) -> list[str]:
    return [move.dest for move in plan.moves]


def codes(plan: Plan) -> list[tuple[Optional[str], RefusalCode]]:
    (stay,) = plan.stays
    return [(refusal.host, refusal.code) for refusal in stay.refusals]


def test_where_all_is_well_the_plan_is_the_one_without_looks() -> None:
    with_looks = make_plan(fleet(), build.evacuate("hv1"))
    without = make_plan(replace(fleet(), host_checks={}), build.evacuate("hv1"))
    assert with_looks.moves == without.moves
    assert dests(with_looks) == ["hv2"]


@pytest.mark.parametrize("fault", [{"days": -3}, {"signer": "other"}, {"free_ports": 0}])
def test_guests_go_to_another_host_than_the_one_that_would_not_take_them(fault: dict[str, Any]) -> None:
    assert dests(make_plan(fleet(hv2=look(**fault)), build.evacuate("hv1"))) == ["hv3"]


def test_a_guest_that_could_go_nowhere_is_refused_for_the_reasons_that_the_pre_flight_has() -> None:
    spoilt = fleet(hv1=look("hv2", "hv3", blocked="port 49152: rejected on the way"), hv3=look(days=-3))
    plan = make_plan(spoilt, build.evacuate("hv1"))
    assert plan.moves == ()
    request = Request(Goal.RELOCATE, ("hv1",), dests=ALL)
    judged = preflight(replace(spoilt, host_checks={}), request, Wanted(), None, spoilt.host_checks)
    assert codes(plan) == [(each.dest, refusal.code) for each in judged for refusal in each.refusals]
    assert ("hv2", RefusalCode.PORTS_BLOCKED) in codes(plan)
    assert ("hv3", RefusalCode.CERTIFICATE_EXPIRED) in codes(plan)


def test_what_does_not_matter_to_the_way_of_moving_closes_nothing() -> None:
    expired = fleet(hv2=look(days=-3))
    unencrypted = Wanted(Transport.DIRECT, tls=False)
    assert dests(make_plan(expired, build.evacuate("hv1", wanted=unencrypted))) == ["hv2"]
    forced = fleet(hv2=look(tls_forced=True))
    assert dests(make_plan(forced, build.evacuate("hv1", wanted=unencrypted))) == ["hv3"]
    denied = fleet(hv2=look(userfaultfd=False))
    assert dests(make_plan(denied, build.evacuate("hv1"))) == ["hv2"]
    assert dests(make_plan(denied, build.evacuate("hv1", wanted=Wanted(post_copy=True)))) == ["hv3"]


def test_of_a_host_that_was_not_looked_at_or_not_looked_for_nothing_is_known() -> None:
    unseen = fleet(hv1=look("hv3"), hv2=look(days=-3))
    assert dests(make_plan(unseen, build.evacuate("hv1"))) == ["hv2"]
    nobody_there = replace(unseen, host_checks={"hv1": look("hv2", "hv3", blocked="port 49152: no answer")})
    assert dests(make_plan(nobody_there, build.evacuate("hv1"))) == ["hv2"]


def test_a_shut_off_guest_needs_qemu_and_its_certificates_only_for_its_disks() -> None:
    off = build.guest(state=GuestState.SHUT_OFF)
    closed = fleet(off, hv2=look(free_ports=0))
    assert dests(make_plan(closed, build.evacuate("hv1"))) == ["hv2"]
    local = build.guest(state=GuestState.SHUT_OFF, disks=(build.disk(pool="local"),))
    closed = fleet(local, hv2=look(free_ports=0))
    assert dests(make_plan(closed, build.evacuate("hv1"))) == ["hv3"]


def test_a_disk_on_a_file_system_that_libvirt_does_not_take_for_shared_keeps_its_own_guest_only() -> None:
    here = look("hv2", "hv3", mounts=(Mount("/", "ext4"),))
    plan = make_plan(fleet(build.guest("a"), build.guest("b", disks=()), hv1=here), build.evacuate("hv1"))
    assert [move.name for move in plan.moves] == ["b"]
    assert codes(plan) == [("hv2", RefusalCode.NOT_SEEN_AS_SHARED), ("hv3", RefusalCode.NOT_SEEN_AS_SHARED)]


def test_a_plan_that_was_made_without_looks_is_not_legal_with_them() -> None:
    spoilt = fleet(hv2=look(days=-3))
    plan = make_plan(replace(spoilt, host_checks={}), build.evacuate("hv1"))
    violation = first_violation(spoilt, plan)
    assert violation is not None
    assert violation.rule == "certificates"
    with pytest.raises(FleetError, match=r"no longer fits the fleet: certificates at m0001: /libvirt/s of hv2"):
        freshen(plan, spoilt)


@pytest.mark.parametrize("seed", range(80))
def test_no_plan_with_looks_breaks_a_rule_of_the_verifier(seed: int) -> None:
    rng = Random(seed)
    seen = random_fleet(rng)
    checks = random_looks(rng, [host.name for host in seen.hosts])
    spoilt = replace(seen, host_checks=checks)
    wanted = Wanted(rng.choice(tuple(Transport)), rng.random() < 0.7, rng.random() < 0.3)
    request = replace(random_request(rng, seen), wanted=wanted)
    # raises where the verifier finds a move that it would not allow
    for move in make_plan(spoilt, request).moves:
        here, there = checks.get(move.source), checks.get(move.dest)
        peer = here.peer(move.dest) if here is not None and there is not None else None
        assert move.adopt or peer is None or peer.error is None or wanted.transport is Transport.DIRECT


def random_looks(rng: Random, names: list[str]) -> dict[str, HostCheck]:
    return {name: random_look(rng, name, names) for name in names if rng.random() < 0.9}


def random_look(rng: Random, name: str, names: list[str]) -> HostCheck:
    found = look(
        *(other for other in names if other != name and rng.random() < 0.8),
        days=rng.choice((900, 900, 900, -1)),
        signer=rng.choice(("ca", "ca", "ca", "other")),
        free_ports=rng.choice((64, 64, 64, 0)),
        tls_forced=rng.random() < 0.2,
        userfaultfd=rng.random() < 0.8,
        verifies_clients=rng.random() < 0.8,
        mounts=rng.choice(((), (Mount("/", "ext4"),))),
    )
    return replace(found, peers=tuple(_random_peer(rng, peer) for peer in found.peers))


def _random_peer(rng: Random, peer: PeerCheck) -> PeerCheck:
    faults = ({}, {}, {}, {"error": "refused"}, {"blocked": "port 49152"}, {"unresolved": "?"}, {"addresses": ("::1",)})
    return replace(peer, **rng.choice(faults))
