"""Hosts are filled without breaking anything, what does not succeed leaves no trace, and strays find home."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.bytes import send_less
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.fill import (
    Packing,
    fill,
    repair,
    survives,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.small_grids import (
    apart,
    grid_of,
    is_legal,
    reaching,
)


def test_exchanges_make_room_where_nothing_fits_as_it_is():
    grid = grid_of([(10, 9), (10, 9), (10, 9)], [(0, 8, 1), (0, 1, 5), (1, 1, 6), (1, 1, 1), (2, 7, 2)])
    packing = Packing(grid, [0, 1])
    assert fill(packing, [4], 100)
    assert is_legal(grid, packing.layout.at)
    assert packing.bytes == sum(grid.cost[block] for block in packing.stray)


def test_a_fill_that_fails_leaves_all_as_it_was():
    grid = grid_of([(10, 10), (10, 10)], [(0, 8, 1), (1, 5, 1)])
    packing = Packing(grid, [0])
    assert not fill(packing, [1], 50)
    assert (tuple(packing.layout.at), packing.bytes, packing.stray, packing.journal) == (grid.at, 0, set(), [])


def test_a_guest_that_reaches_no_open_host_ends_the_fill_at_once():
    grid = reaching(grid_of([(10, 10)] * 3, [(0, 1, 1), (1, 1, 1)]), {1: [2]})
    assert not fill(Packing(grid, [0]), [1], 50)


def test_an_exchange_counts_the_guest_that_leaves_out_of_the_rule():
    grid = apart(grid_of([(10, 10), (10, 10)], [(0, 6, 1), (1, 4, 1)]), [0, 1], [0, 1])
    packing = Packing(grid, [0, 1])
    assert not packing.allowed(0, 1)
    assert packing.allowed(0, 1, leaving=1)


def test_repair_gives_up_when_its_steps_are_spent():
    packing = Packing(grid_of([(4, 9), (4, 9)], [(0, 3, 1), (0, 3, 1), (1, 3, 1)]), [0, 1])
    assert not repair(packing, [0], 40)
    assert packing.spent <= 60


def test_strays_go_home_and_take_the_place_of_cheaper_ones():
    grid = grid_of([(10, 10), (10, 10)], [(0, 6, 1), (0, 2, 1), (1, 7, 1)])
    packing = Packing(grid, [0, 1], (1, 0, 0))
    send_less(packing, 50, {0: 1, 1: 1})
    assert (tuple(packing.layout.at), packing.bytes) == (grid.at, 0)


def test_another_host_of_the_same_kind_is_emptied_where_that_sends_less():
    # the 5 of the third host needs another guest to give way; both 3 of the last fit in what the first two have free
    grid = grid_of([(10, 10)] * 4, [(0, 7, 1), (1, 7, 1), (2, 5, 1), (3, 3, 1), (3, 3, 1)])
    packing = Packing(grid, [0, 1, 3], (0, 1, 3, 0, 3))
    assert packing.bytes == 8
    send_less(packing, 200, dict.fromkeys(range(4), "alike"))
    assert (packing.bytes, packing.hosts, is_legal(grid, packing.layout.at)) == (6, [0, 1, 2], True)


def test_the_loss_of_a_host_is_survived_only_where_its_guests_fit_elsewhere():
    grid = grid_of([(10, 10)] * 3, [(0, 5, 1), (0, 5, 1), (1, 5, 1), (2, 6, 1)])
    packing = Packing(grid, [0, 1, 2])
    assert not survives(packing, 0, [0, 1, 2])
    light = Packing(grid_of([(10, 10)] * 3, [(0, 5, 1), (1, 5, 1), (2, 5, 1)]), [0, 1, 2])
    assert all(survives(light, host, [0, 1, 2]) for host in range(3))
    assert light.journal == []
