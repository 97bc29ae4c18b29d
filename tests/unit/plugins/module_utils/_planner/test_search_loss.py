"""N+1: the fleet survives the loss of a host exactly where brute force says so. Must judge no moves."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid, Layout
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.loss import Loss, survives_loss
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.tiny_grids import (
    apart,
    grid,
    legal,
    random_grid,
    reaching,
)


def survives(fleet: Grid, host: int) -> bool:
    """Whether what is active on the host has places elsewhere while all others stay, tried by brute force."""
    places = [
        [other for other in range(len(fleet.hosts)) if fleet.reach[block][other] and other != host]
        if at == host and (fleet.memory[block] or fleet.vcpus[block])
        else [at]
        for block, at in enumerate(fleet.at)
    ]
    return any(legal(fleet, [{place} for place in at]) for at in product(*places))


def test_a_fleet_with_room_for_each_host_survives() -> None:
    assert survives_loss(Layout(grid([8, 8, 8], [(0, 4), (1, 4), (2, 4)]))) == ()


def test_a_guest_that_fits_nowhere_else_is_named() -> None:
    fleet = grid([9, 8, 8], [(0, 5), (0, 3), (1, 4), (2, 4)])
    assert survives_loss(Layout(fleet)) == (Loss(0, (0,), proven=True),)


def test_too_little_room_in_all_is_a_proof() -> None:
    fleet = grid([9, 9, 9], [(0, 3), (0, 3), (0, 3), (1, 5), (2, 5)])
    losses = survives_loss(Layout(fleet))
    assert [(loss.host, loss.proven) for loss in losses] == [(0, True), (1, True), (2, True)]
    assert losses[0].blocks == (2,)


def test_what_largest_first_misses_is_found_by_search() -> None:
    # 5 goes to 8 as the tighter one, and then 9 takes 4 and 4 but not the third 4
    fleet = grid([20, 9, 8], [(0, 5), (0, 4), (0, 4), (0, 4)])
    assert survives_loss(Layout(fleet)) == ()
    assert survives_loss(Layout(fleet), steps=0) == (Loss(0, (3,), proven=False),)


def test_without_steps_left_a_no_is_no_proof() -> None:
    fleet = grid([20, 10, 11], [(0, 7), (0, 7), (0, 7)])
    assert [loss.proven for loss in survives_loss(Layout(fleet))] == [True]
    assert [loss.proven for loss in survives_loss(Layout(fleet), steps=0)] == [False]


def test_guests_that_are_shut_off_need_no_place() -> None:
    fleet = replace(reaching(grid([8, 8], [(0, 0), (1, 8)]), {0: {0}}), vcpus=(0, 0))
    assert survives_loss(Layout(fleet)) == ()
    assert [loss.host for loss in survives_loss(Layout(replace(fleet, vcpus=(1, 0))))] == [0]


def test_members_of_a_group_find_no_place_together() -> None:
    fleet = apart(grid([9, 9], [(0, 2), (1, 2)]), {0, 1})
    assert [loss.host for loss in survives_loss(Layout(fleet))] == [0, 1]


def test_the_layout_is_left_as_it_was() -> None:
    layout = Layout(grid([9, 9, 9], [(0, 5), (1, 5), (2, 5)]))
    before = list(layout.at), list(layout.memory), list(layout.vcpus)
    survives_loss(layout)
    assert (layout.at, layout.memory, layout.vcpus) == before


def test_random_fleets_survive_where_brute_force_says_so() -> None:
    lost = 0
    for seed in range(80):
        fleet = random_grid(Random(seed))
        losses = {loss.host: loss for loss in survives_loss(Layout(fleet))}
        lost += len(losses)
        for host in range(len(fleet.hosts)):
            assert survives(fleet, host) == (host not in losses), (seed, host)
        assert all(loss.proven and loss.blocks for loss in losses.values())
    assert lost > 25
