"""Packing onto hosts as they stand: all or nothing, tight or spread, and nothing left behind by a failure."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid, Layout
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.pack import (
    by_room,
    pack,
    pack_whole,
    undo,
    weights,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.tiny_grids import grid, reaching

FLEET = grid([20, 9, 6, 12], [(0, 6), (0, 3), (0, 3), (3, 1)])


def packed(fleet: Grid, hosts: list[int], spread: bool = False) -> dict[int, int] | None:
    layout, weigh = Layout(fleet), weights(fleet, hosts)
    order = by_room(layout, hosts, weigh)
    hops = pack(layout, sorted(layout.on[0]), [order], weigh, spread=spread)
    assert order == by_room(layout, hosts, weigh)
    return None if hops is None else {hop.block: hop.dest for hop in hops}


def test_the_tightest_host_that_takes_a_block_gets_it() -> None:
    assert packed(FLEET, [1, 2, 3]) == {0: 2, 1: 1, 2: 1}


def test_spread_takes_the_roomiest() -> None:
    assert packed(FLEET, [1, 2, 3], spread=True) == {0: 3, 1: 1, 2: 2}


def test_all_or_nothing() -> None:
    layout, weigh = Layout(FLEET), weights(FLEET, [1, 2])
    order = by_room(layout, [2], weigh)
    assert pack(layout, [0, 1, 2], [order], weigh) is None
    assert layout.at == list(FLEET.at)
    assert order == by_room(layout, [2], weigh)


def test_the_first_tier_with_a_place_is_taken() -> None:
    layout, weigh = Layout(FLEET), weights(FLEET, [1, 2, 3])
    hops = pack(layout, [0, 1], [by_room(layout, [3], weigh), by_room(layout, [1, 2], weigh)], weigh)
    assert hops is not None
    assert [hop.dest for hop in hops] == [3, 3]
    undo(layout, hops)
    assert layout.at == list(FLEET.at)


def test_what_is_on_a_host_stays_together_on_the_tightest_that_takes_it_all() -> None:
    fleet = grid([20, 30, 13, 12], [(0, 6), (0, 6), (3, 1)])
    layout, weigh = Layout(fleet), weights(fleet, [1, 2, 3])
    hops = pack_whole(layout, 0, by_room(layout, [1, 2, 3], weigh), weigh, empty=False)
    assert hops is not None
    assert {hop.dest for hop in hops} == {2}


def test_whole_hosts_go_to_empty_ones_only_where_asked() -> None:
    fleet = reaching(grid([9, 9, 9], [(0, 4), (1, 1), (0, 1)]), {2: {0, 1}})
    layout, weigh = Layout(fleet), weights(fleet, [1, 2])
    order = by_room(layout, [1, 2], weigh)
    assert pack_whole(layout, 0, order, weigh, empty=True) is None
    assert layout.at == list(fleet.at)
    assert pack_whole(layout, 0, order, weigh, empty=False) is not None
