"""With survive_loss keep, evacuations leave nobody behind who could go, and cost no host its safety: by brute force.

Trying everything means every end that single moves can bring about, and for each host every way to place its guests
after its loss. Where a stop on the way helps, the planner may do better.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from random import Random

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import RefusalCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Request, SurviveLoss
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.brute_force import (
    Placement,
    World,
    placements,
    world,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.property_cases import RUNS
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.random_fleet import small_fleet


@lru_cache(maxsize=1)
def tried() -> tuple[tuple[int, int, bool, bool], ...]:
    """Return by fleet: guests left by the plan, by the best sound end, whether the plainest plan is unsound, and the
    plan's."""
    found = []
    for seed in range(3 * RUNS):
        rng = Random(f"keep {seed}")
        fleet, request = asked(rng)
        it = world(fleet, request)
        ends = placements(it, partial(may, it, request))
        if ends is None:
            continue
        plain, plan = make_plan(fleet, replace(request, survive_loss=SurviveLoss.IGNORE)), make_plan(fleet, request)
        before = frozenset(frail(it, it.start, closed=-1))
        end, plainest = ended(it, plan.moves), ended(it, plain.moves)
        best = next(left(at) for at in sorted(ends, key=left) if caused(it, at) and sound(it, at, before))
        found.append((left(end), best, not sound(it, plainest, before), not sound(it, end, before)))
    return tuple(found)


def asked(rng: Random) -> tuple[Snapshot, Request]:
    fleet = small_fleet(rng)
    roomy = []
    for host in fleet.hosts:
        memory = host.allocatable_memory + rng.choice((0, 2, 4)) * 256 * build.MIB
        roomy.append(replace(host, max_guests=None, allocatable_memory=memory))
    request = build.evacuate("hv1", survive_loss=SurviveLoss.KEEP, displace=rng.random() < 0.7)
    return build.snapshot(*roomy), request


def ended(it: World, moves) -> Placement:
    at = dict(zip(it.uuids, it.start))
    at.update((move.guest, it.hosts.index(move.dest)) for move in moves)
    return tuple(at[uuid] for uuid in it.uuids)


def may(it: World, request: Request, guest: int, host: int) -> bool:
    return host != 0 and (request.displace or it.start[guest] == 0)


def caused(it: World, at: Placement) -> bool:
    """Whether those who only step aside leave hosts that somebody else comes to."""
    moved = [guest for guest, host in enumerate(at) if host != it.start[guest]]
    aside = [guest for guest in moved if it.start[guest] != 0]
    return all(any(at[other] == it.start[guest] for other in moved) for guest in aside)


def left(at: Placement) -> int:
    return at.count(0)


def sound(it: World, at: Placement, before: frozenset[int]) -> bool:
    return at == it.start or before.issuperset(frail(it, at, closed=0))


def frail(it: World, at: Placement, closed: int) -> Iterator[int]:
    """Yield the hosts whose guests find no room on the others; ``closed`` takes none."""
    for lost in range(len(it.hosts)):
        free = [list(room) for room in it.room]
        for guest, host in enumerate(at):
            free[host][0] -= it.memory[guest]
            free[host][1] -= it.vcpus[guest]
        guests = [guest for guest, host in enumerate(at) if host == lost and (it.memory[guest] or it.vcpus[guest])]
        if not fits(it, guests, [room for host, room in enumerate(free) if host not in (lost, closed)]):
            yield lost


def fits(it: World, guests: list[int], free: list[list[float]]) -> bool:
    if not guests:
        return True
    memory, vcpus = it.memory[guests[0]], it.vcpus[guests[0]]
    for room in free:
        if memory <= room[0] and vcpus <= room[1]:
            room[0], room[1] = room[0] - memory, room[1] - vcpus
            found = fits(it, guests[1:], free)
            room[0], room[1] = room[0] + memory, room[1] + vcpus
            if found:
                return True
    return False


def test_the_fleets_are_worth_trying() -> None:
    """Guards the others: the plainest plan is often not good enough, and mostly something can go all the same."""
    unsafe = [best for _left, best, plain_is_unsound, _unsound in tried() if plain_is_unsound]
    assert len(tried()) > RUNS
    assert len(unsafe) > RUNS / 4


def test_no_plan_costs_a_host_its_safety() -> None:
    assert not any(unsound for _left, _best, _plain, unsound in tried())


def test_hardly_ever_somebody_stays_who_could_go_safely() -> None:
    worse = sum(left > best for left, best, _plain, _unsound in tried())
    assert worse <= len(tried()) * 0.005


@pytest.mark.parametrize("seed", range(4))
def test_the_loss_that_could_not_be_taken_is_named(seed: int) -> None:
    """Where everybody stays for it, each reason tells which host could not fail any more."""
    big, small = 4 + seed, 1 + seed
    fleet = build.snapshot(
        build.host("hv1", build.guest("a", memory=small * build.GIB), allocatable_memory=16 * build.GIB),
        build.host("hv2", build.guest("b", memory=big * build.GIB), allocatable_memory=(big + small) * build.GIB),
        build.host("hv3", allocatable_memory=big * build.GIB - 1),
    )
    (stay,) = make_plan(fleet, build.evacuate("hv1", survive_loss=SurviveLoss.KEEP)).stays
    assert {refusal.code for refusal in stay.refusals} == {RefusalCode.LOSS}
    assert all("the guests of hv2" in refusal.facts["why"] for refusal in stay.refusals)
