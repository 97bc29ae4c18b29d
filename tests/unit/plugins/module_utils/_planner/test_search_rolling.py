"""Rolling upgrades: every host is emptied once, in few waves, with few moves, legally. Must judge no single wave."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from random import Random

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.rolling import (
    Ends,
    Left,
    Reason,
    Rolling,
    rolling,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.rolling_wave import Quota
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.sequence import Step
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.tiny_grids import (
    apart,
    at_moment,
    grid,
    legal,
    moments,
    random_grid,
    reaching,
)

ONE = Quota(1)


def every(fleet: Grid) -> frozenset[int]:
    return frozenset(range(len(fleet.hosts)))


def hosts_of(plan: Rolling) -> list[tuple[int, ...]]:
    return [wave.hosts for wave in plan.waves]


def after(fleet: Grid, steps: Sequence[Step]) -> Grid:
    """The fleet when the steps are over; fails where any interleaving that they allow is illegal."""
    assert all(legal(fleet, at_moment(fleet, steps, moment)) for moment in moments(steps))
    at = list(fleet.at)
    for step in steps:
        assert at[step.block] == step.source
        assert fleet.reach[step.block][step.dest]
        at[step.block] = step.dest
    return replace(fleet, at=tuple(at))


def carried_out(fleet: Grid, plan: Rolling) -> Grid:
    """The fleet when all waves are over; fails where a host is not empty when its turn comes."""
    for wave in plan.waves:
        fleet = after(fleet, wave.steps)
        assert set(wave.hosts).isdisjoint(fleet.at)
        fleet = after(fleet, wave.home)
    return fleet


def holds_without(fleet: Grid, host: int) -> bool:
    """Whether all blocks have a place when the host has none, tried by brute force."""
    places = [[other for other in range(len(fleet.hosts)) if reach[other] and other != host] for reach in fleet.reach]
    return any(legal(fleet, [{place} for place in at]) for at in product(*places))


def test_only_the_guests_of_the_first_host_move_twice() -> None:
    fleet = grid([9] * 4, [(0, 4), (0, 4), (1, 4), (2, 4), (2, 4), (3, 4)])
    plan = rolling(fleet, every(fleet), ONE)
    assert plan.waves[0].hosts == (1,)
    assert plan.moves == 6 + 1
    carried_out(fleet, plan)


def test_an_empty_host_comes_first_and_everyone_moves_once() -> None:
    fleet = grid([9] * 4, [(0, 8), (1, 7), (3, 9)])
    plan = rolling(fleet, every(fleet), ONE)
    assert plan.waves[0].hosts == (2,)
    assert plan.moves_per_block == 1.0
    carried_out(fleet, plan)


def test_full_hosts_shift_by_one() -> None:
    fleet = grid([8] * 5, [(host, 8) for host in range(4)])
    plan = rolling(fleet, every(fleet), ONE)
    assert len(plan.waves) == 5
    assert plan.moves == 4
    carried_out(fleet, plan)


def test_as_many_as_fit_takes_half_of_a_half_full_fleet_at_once() -> None:
    fleet = grid([8] * 6, [(host, 4) for host in range(6)])
    plan = rolling(fleet, every(fleet), Quota())
    assert [len(hosts) for hosts in hosts_of(plan)] == [3, 3]
    assert plan.least_waves == 2
    carried_out(fleet, plan)


def test_hosts_that_are_not_to_be_done_take_guests_for_good() -> None:
    fleet = grid([8] * 4, [(0, 4), (1, 4), (2, 2), (3, 2)])
    plan = rolling(fleet, frozenset({0, 1}), Quota())
    assert hosts_of(plan) == [(0, 1)]
    assert plan.moves == plan.concerned == 2
    carried_out(fleet, plan)


def test_guests_are_spread_where_nothing_is_lost_by_it() -> None:
    fleet = grid([20] * 4, [(0, 4), (0, 4), (0, 4), (1, 1), (2, 1), (3, 1)])
    steps = rolling(fleet, frozenset({0}), ONE).waves[0].steps
    assert sorted(step.dest for step in steps) == [1, 2, 3]


def test_no_more_hosts_of_one_rack_than_allowed_are_away_together() -> None:
    fleet = grid([9] * 6, [(host, 1) for host in range(6)])
    racks = (0, 0, 1, 1, 2, -1)
    plan = rolling(fleet, every(fleet), Quota(None, racks, 1))
    assert plan.least_waves == len(plan.waves) == 2
    for hosts in hosts_of(plan):
        known = [racks[host] for host in hosts if racks[host] >= 0]
        assert len(known) == len(set(known))
    carried_out(fleet, plan)


def test_members_of_a_group_are_never_together_on_the_way() -> None:
    fleet = apart(grid([9] * 4, [(0, 2), (1, 2), (2, 2), (3, 1)]), {0, 1, 2})
    plan = rolling(fleet, every(fleet), ONE)
    assert not plan.left
    carried_out(fleet, plan)


def test_with_return_home_everyone_is_back_where_he_was() -> None:
    fleet = grid([9] * 4, [(0, 4), (1, 4), (2, 4), (3, 4)])
    plan = rolling(fleet, every(fleet), ONE, return_home=True)
    assert carried_out(fleet, plan).at == fleet.at
    assert plan.moves_per_block == 2.0
    assert not plan.away


def test_who_can_not_come_home_stays_where_he_is_and_is_named() -> None:
    fleet = grid([9] * 3, [(0, 4)])
    one_way = {1: bytes([0, 1, 1]), 2: bytes([0, 1, 1])}
    plan = rolling(
        fleet,
        frozenset({0}),
        ONE,
        return_home=True,
        reach_from=lambda _block, host: one_way[host],
    )
    assert plan.away == (0,)
    assert not plan.waves[0].home


def test_a_second_move_goes_by_the_reach_from_where_the_guest_is_by_then() -> None:
    fleet = grid([4] * 4, [(0, 4), (1, 4), (2, 4)])
    ring = {0: bytes([1, 1, 0, 1]), 1: bytes([1, 1, 1, 0]), 2: bytes([0, 1, 1, 1]), 3: bytes([1, 0, 1, 1])}
    fleet = replace(fleet, reach=tuple(ring[host] for host in fleet.at))
    plan = rolling(fleet, every(fleet), ONE, reach_from=lambda _block, host: ring[host])
    assert all(ring[step.source][step.dest] for wave in plan.waves for step in wave.steps)
    assert not plan.left


def test_others_step_aside_where_no_host_can_be_emptied_directly() -> None:
    fleet = grid([10] * 3, [(0, 6), (1, 4), (1, 3), (2, 4), (2, 3)])
    plan = rolling(fleet, every(fleet), ONE)
    assert not plan.left
    carried_out(fleet, plan)


def test_hosts_that_shall_come_first_or_last_do_so_in_waves_of_their_own() -> None:
    fleet = grid([9] * 5, [(0, 4), (0, 4), (1, 4), (3, 4)])
    ends = Ends(first=frozenset({0}), last=frozenset({2, 4}))
    plan = rolling(fleet, every(fleet), Quota(2), ends=ends)
    assert hosts_of(plan) == [(0,), (1, 3), (2, 4)]
    assert plan.least_waves == 3
    carried_out(fleet, plan)


def test_one_that_shall_come_first_and_can_not_be_emptied_holds_up_nobody() -> None:
    fleet = reaching(grid([9] * 3, [(0, 4), (1, 4)]), {0: [0]})
    plan = rolling(fleet, every(fleet), ONE, ends=Ends(first=frozenset({0})))
    assert [left.host for left in plan.left] == [0]
    assert sorted(hosts_of(plan)) == [(1,), (2,)]


def test_a_guest_that_can_go_nowhere_blocks_its_host_and_no_other() -> None:
    fleet = reaching(grid([9] * 3, [(0, 4), (1, 4), (2, 4)]), {1: {1}})
    plan = rolling(fleet, every(fleet), ONE)
    assert plan.left == (Left(1, Reason.NO_WAY, (1,)),)
    assert sorted(hosts_of(plan)) == [(0,), (2,)]
    carried_out(fleet, plan)


def test_a_fleet_without_the_room_of_one_host_is_refused_with_proof() -> None:
    fleet = grid([9] * 2, [(0, 5), (1, 5)])
    plan = rolling(fleet, every(fleet), ONE)
    assert [left.reason for left in plan.left] == [Reason.NO_ROOM] * 2
    assert [left.blocks for left in plan.left] == [(0,), (1,)]
    assert not plan.waves


def test_room_is_counted_in_whole_guests() -> None:
    fleet = grid([11] * 3, [(host, 4) for host in (0, 0, 1, 1, 2)])
    assert [left.reason for left in rolling(fleet, every(fleet), ONE).left] == [Reason.NO_ROOM] * 3


def test_nothing_to_do_is_an_empty_plan() -> None:
    plan = rolling(grid([9] * 2, [(0, 5)]), frozenset(), ONE)
    assert (plan.waves, plan.left, plan.moves_per_block) == ((), (), 0.0)


def test_shut_off_guests_leave_too() -> None:
    fleet = grid([4, 4], [(0, 0), (1, 4)])
    plan = rolling(fleet, frozenset({0}), ONE)
    assert carried_out(fleet, plan).at == (1, 1)


def test_alike_hosts_need_no_more_moves_than_the_lower_bound() -> None:
    draw = Random(5)
    fleet = grid(
        [40] * 12, [(host, draw.choice((2, 4, 8))) for host in range(12) for _guest in range(draw.randrange(1, 5))]
    )
    counts = sorted(fleet.at.count(host) for host in range(12))
    for size in (1, 3):
        plan = rolling(fleet, every(fleet), Quota(size))
        assert len(plan.waves) == 12 // size
        assert plan.moves == len(fleet.at) + sum(counts[:size])
        at = fleet.at
        for wave in plan.waves:
            for step in wave.steps:
                at = (*at[: step.block], step.dest, *at[step.block + 1 :])
            assert set(wave.hosts).isdisjoint(at)


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_random_fleets_are_rolled_legally_and_refusals_with_proof_are_right(first: int) -> None:
    for seed in range(first, first + 20):
        draw = Random(seed)
        fleet = random_grid(draw)
        todo = frozenset(host for host in range(len(fleet.hosts)) if draw.random() < 0.8)
        racks = tuple(host // 2 for host in range(len(fleet.hosts))) if draw.random() < 0.3 else ()
        quota = Quota(draw.choice((None, 1, 2)), racks, 1)
        home = draw.random() < 0.3
        plan = rolling(fleet, todo, quota, return_home=home)
        assert plan == rolling(fleet, todo, quota, return_home=home)
        end = carried_out(fleet, plan)
        done = [host for wave in plan.waves for host in wave.hosts]
        assert sorted(done + [left.host for left in plan.left]) == sorted(todo)
        assert len(plan.waves) >= plan.least_waves or plan.left
        if home:
            assert {block for block, host in enumerate(end.at) if host != fleet.at[block]} <= set(plan.away)
        for left in plan.left:
            assert left.blocks
            assert left.reason is Reason.NOT_FOUND or not holds_without(fleet, left.host)
