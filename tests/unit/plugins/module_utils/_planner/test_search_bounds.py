"""What the bounds of consolidation prove, and that they never prove too much."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.bounds import (
    kinds_of,
    least_cover,
    least_hosts,
    needs_of,
    unit_of,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.small_grids import (
    apart,
    cheapest,
    grid_of,
    random_grid,
)


def bound(grid, spare=False):
    return least_hosts(grid, range(len(grid.hosts)), range(len(grid.at)), spare=spare)


def cover(grid, watts, slack=0.0):
    hosts, blocks = range(len(grid.hosts)), range(len(grid.at))
    return least_cover(kinds_of(grid, hosts, blocks, watts), needs_of(grid, hosts, blocks), slack)


def test_the_scarcer_of_memory_and_vcpus_decides():
    assert bound(grid_of([(10, 10)] * 4, [(0, 2, 9), (1, 2, 9), (2, 2, 9)])) == 3
    assert bound(grid_of([(10, 10)] * 4, [(0, 2, 1), (1, 2, 1), (2, 2, 1)])) == 1


def test_room_that_is_no_whole_unit_is_no_room():
    grid = grid_of([(11, 99)] * 4, [(host, 4, 1) for host in range(4)])
    assert bound(grid) == 2
    assert bound(grid_of([(11, 99)] * 4, [(host % 4, 4, 1) for host in range(5)])) == 3


def test_a_unit_that_is_no_divisor_can_prove_more():
    grid = grid_of([(5, 99)] * 4, [(0, 1, 1), (0, 4, 1), (1, 2, 1), (1, 2, 1), (2, 2, 1), (3, 4, 1)])
    assert sum(grid.memory) == 15
    assert unit_of(grid.memory, grid.room_memory) == 2
    assert bound(grid) == 4


def test_two_guests_of_more_than_half_a_host_never_share_one():
    assert bound(grid_of([(10, 99)] * 4, [(0, 6, 1), (1, 6, 1), (2, 6, 1)])) == 3


def test_what_three_big_guests_leave_does_not_take_the_halves():
    assert bound(grid_of([(10, 99)] * 5, [(0, 6, 1), (1, 6, 1), (2, 6, 1), (3, 5, 1), (4, 5, 1)])) == 4


def test_a_rule_needs_so_many_hosts_but_one_broken_already_does_not():
    guests = [(0, 1, 1), (1, 1, 1), (2, 1, 1)]
    assert bound(apart(grid_of([(10, 10)] * 3, guests), [0, 1, 2], [0, 1, 2])) == 3
    together = [(0, 1, 1), (0, 1, 1), (0, 1, 1)]
    assert bound(apart(grid_of([(10, 10)] * 3, together), [0, 1, 2], [0, 1, 2])) == 1


def test_with_a_host_to_spare_the_largest_one_does_not_count():
    grid = grid_of([(30, 99), (10, 99), (10, 99)], [(0, 5, 1), (0, 5, 1)])
    assert bound(grid) == 1
    assert bound(grid, spare=True) == 2


def test_nothing_needs_no_host():
    assert bound(grid_of([(10, 10)], [])) == 0


def test_the_cheapest_set_is_found_and_of_such_the_one_with_most_to_keep():
    grid = grid_of([(10, 99), (10, 99), (20, 99), (20, 99)], [(0, 7, 1), (1, 1, 1), (2, 9, 1), (3, 8, 1)])
    found = cover(grid, (9, 9, 10, 10))
    assert (found.hosts, found.watts, found.bound) == (frozenset({0, 2}), 19, 19)


def test_more_slack_takes_a_larger_set_and_too_much_none():
    grid = grid_of([(10, 99)] * 3, [(0, 5, 1), (1, 5, 1)])
    assert [len(cover(grid, (1, 1, 1), slack).hosts) for slack in (0.0, 0.1, 1.0, 2.0)] == [1, 2, 2, 3]
    assert cover(grid, (1, 1, 1), 2.1) is None


def test_guests_that_take_no_room_still_need_a_host():
    assert len(cover(grid_of([(10, 10)] * 2, [(0, 0, 0), (1, 0, 0)]), (1, 1)).hosts) == 1


@pytest.mark.parametrize("seed", range(20))
def test_no_placement_is_below_the_bound(seed):
    grid = random_grid(seed, 3, 6)
    watts = [10 if room == 16 else 14 for room in grid.room_memory]
    assert cover(grid, watts).bound <= cheapest(grid, watts)[0]
    assert bound(grid) <= cheapest(grid, [1] * len(grid.hosts))[0]
