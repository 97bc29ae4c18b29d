"""Consolidation empties the hosts that cost most, with the fewest bytes, legally, and is done when it is done."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
from dataclasses import replace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.consolidate import consolidate
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.small_grids import (
    apart,
    cheapest,
    grid_of,
    is_legal,
    moved,
    random_grid,
    reaching,
)


def watts_of(grid):
    return tuple(10 if room == 16 else 14 for room in grid.room_memory)


def irregular(seed, hosts):
    """Return a fleet of alike hosts, about half full of guests of all shapes: vectors that are hard to pack."""
    rng = random.Random(seed)
    guests = [(number % hosts, rng.randrange(8, 192), rng.randrange(1, 24)) for number in range(hosts * 6)]
    return grid_of([(1000, 128)] * hosts, guests)


def test_the_host_with_least_on_it_is_emptied():
    found = consolidate(grid_of([(10, 10)] * 2, [(0, 3, 1), (1, 4, 1)]), (1, 1))
    assert (found.targets, found.emptied, found.on, found.bytes) == ({0: 1}, (0,), (1,), 3)
    assert (found.watts, found.least_watts, found.least_hosts, found.hosts_above_bound) == (1, 1, 1, 0)


def test_the_cheaper_host_stays_on_even_when_that_sends_more():
    found = consolidate(grid_of([(10, 10)] * 2, [(0, 3, 1), (1, 4, 1)]), (1, 2))
    assert (found.targets, found.on) == ({1: 0}, (0,))


def test_an_empty_host_is_taken_where_it_saves_watts():
    found = consolidate(grid_of([(10, 10), (10, 10), (20, 20)], [(0, 8, 1), (1, 8, 1)]), (9, 9, 10))
    assert (found.emptied, found.on, found.watts) == ((0, 1), (2,), 10)


def test_guests_change_places_where_no_single_move_frees_a_host():
    # 7 + 3, 6 + 4: the 5 of the third host has no room unless the others are sorted anew
    grid = grid_of([(12, 99)] * 3, [(0, 7, 1), (0, 2, 1), (1, 6, 1), (1, 4, 1), (2, 5, 1)])
    found = consolidate(grid, (1, 1, 1))
    assert (len(found.on), found.bytes) == (2, cheapest(grid, (1, 1, 1))[1])


def test_a_guest_that_is_shut_off_leaves_too():
    found = consolidate(grid_of([(10, 10)] * 2, [(0, 5, 1), (1, 0, 0)]), (1, 1))
    assert (found.targets, found.emptied) == ({1: 0}, (1,))


def test_a_host_whose_guest_can_go_nowhere_stays_on_and_takes_others():
    grid = reaching(grid_of([(10, 10)] * 2, [(0, 1, 1), (1, 8, 1)]), {0: ()})
    found = consolidate(grid, (1, 1))
    assert (found.targets, found.on) == ({1: 0}, (0,))


def test_hosts_that_share_no_storage_are_emptied_apart():
    two_sites = {block: [0, 1] if block < 2 else [2, 3] for block in range(4)}
    grid = reaching(grid_of([(10, 10)] * 4, [(host, 3, 1) for host in range(4)]), two_sites)
    assert len(consolidate(grid, (1,) * 4).on) == 2


def test_a_rule_that_keeps_guests_apart_keeps_their_hosts_on():
    grid = apart(grid_of([(10, 10)] * 3, [(0, 1, 1), (1, 1, 1), (2, 1, 1)]), [0, 1], [0, 1, 2])
    assert len(consolidate(grid, (1, 1, 1)).on) == 2


def test_a_host_that_stays_on_anyway_is_filled_first():
    found = consolidate(grid_of([(10, 10)] * 2, [(0, 3, 1), (1, 4, 1)]), (1, 1), keep_on={0})
    assert (found.targets, found.on, found.watts) == ({1: 0}, (0,), 1)


def test_as_many_hosts_stay_on_as_asked():
    grid = grid_of([(10, 10)] * 5, [(host, 1, 1) for host in range(5)])
    assert [len(consolidate(grid, (1,) * 5, min_on=least).on) for least in (0, 2, 4, 9)] == [1, 2, 4, 5]


def test_a_host_to_spare_is_left_where_the_loss_of_one_must_be_survived():
    grid = grid_of([(10, 10)] * 4, [(host, 4, 1) for host in range(4)])
    assert len(consolidate(grid, (1,) * 4).on) == 2
    kept = consolidate(grid, (1,) * 4, survive_loss=True)
    assert (len(kept.on), kept.least_hosts) == (3, 3)


def test_a_host_that_is_overfull_is_left_as_it_is():
    grid = grid_of([(10, 10)] * 3, [(0, 8, 1), (0, 8, 1), (1, 2, 1), (2, 3, 1)])
    found = consolidate(grid, (1, 1, 1))
    assert (found.targets, found.on) == ({2: 2}, (0, 2))


def test_a_fleet_without_guests_needs_nothing():
    assert consolidate(grid_of([(10, 10)] * 2, []), (1, 1)).on == ()


@pytest.mark.parametrize("seed", range(25))
def test_small_fleets_reach_the_optimum_that_trying_everything_finds(seed):
    grid = random_grid(seed, 3 + seed % 2, 6 - seed % 2)
    found = consolidate(grid, watts_of(grid))
    assert (found.watts, found.bytes) == cheapest(grid, watts_of(grid))


@pytest.mark.parametrize("seed", range(16))
def test_every_result_is_legal_bounded_repeatable_and_final(seed):
    grid = random_grid(1000 + seed, 5 + seed % 5, 10 + seed % 20)
    wish = {"keep_on": {0} if seed % 3 == 0 else (), "min_on": seed % 5, "survive_loss": seed % 4 == 0}
    found = consolidate(grid, watts_of(grid), **wish)
    after = moved(grid, found.targets)
    assert is_legal(grid, after.at)
    assert found.least_watts <= found.watts
    assert found.least_hosts <= len(found.on)
    assert consolidate(grid, watts_of(grid), **wish) == found
    assert consolidate(after, watts_of(grid), **wish).targets == {}


@pytest.mark.parametrize("seed", range(2))
def test_irregular_fleets_reach_the_bound(seed):
    grid = irregular(seed, 20)
    found = consolidate(grid, (110,) * 20)
    assert is_legal(grid, moved(grid, found.targets).at)
    assert found.hosts_above_bound == 0
    on_emptied = sum(cost for cost, host in zip(grid.cost, grid.at) if host in found.emptied)
    assert found.bytes <= 1.03 * on_emptied


def test_more_room_never_leaves_more_on():
    grid = irregular(5, 10)
    larger = replace(grid, room_memory=tuple(room + 200 for room in grid.room_memory))
    assert len(consolidate(larger, (1,) * 10).on) <= len(consolidate(grid, (1,) * 10).on)


def test_hardly_any_effort_still_gives_what_is_legal():
    grid = irregular(7, 20)
    found = consolidate(grid, (1,) * 20, steps=5)
    assert is_legal(grid, moved(grid, found.targets).at)
    assert len(found.on) < 20
