"""From a target placement to ordered steps: legal whatever the interleaving. Must judge no placement."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from random import Random

from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Layout
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.sequence import Sequence, sequence
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.tiny_grids import (
    apart,
    at_moment,
    fixed,
    grid,
    legal,
    moments,
    random_grid,
    reaching,
)


def hops(found: Sequence) -> list[tuple[int, int, int]]:
    return [(step.block, step.source, step.dest) for step in found.steps]


def test_moves_into_free_room_wait_for_nothing() -> None:
    found = sequence(grid([8, 8, 8], [(0, 4), (0, 4)]), {0: 1, 1: 2})
    assert [step.after for step in found.steps] == [(), ()]


def test_a_block_that_is_where_it_should_be_does_not_move() -> None:
    assert sequence(grid([8, 8], [(0, 4), (1, 4)]), {0: 0, 1: 1}) == Sequence(())


def test_an_arrival_waits_for_the_departure_that_makes_room() -> None:
    found = sequence(grid([8, 8, 8], [(0, 8), (1, 8)]), {0: 1, 1: 2})
    assert hops(found) == [(1, 1, 2), (0, 0, 1)]
    assert found.steps[1].after == (0,)


def test_an_arrival_does_not_wait_for_departures_that_it_does_not_need() -> None:
    found = sequence(grid([9, 9, 9], [(0, 3), (1, 3), (1, 3), (1, 3)]), {0: 1, 1: 2, 2: 2, 3: 0})
    arrival = next(step for step in found.steps if step.block == 0)
    assert len(arrival.after) == 1


def test_a_chain_waits_step_by_step_and_names_only_the_last_link() -> None:
    found = sequence(grid([8, 8, 8, 8], [(0, 8), (1, 8), (2, 8)]), {0: 1, 1: 2, 2: 3})
    assert [step.after for step in found.steps] == [(), (0,), (1,)]


def test_what_an_overfull_host_has_given_out_too_much_is_paid_back_first() -> None:
    # hv0 lacks 2: of the 4 that block 0 gives back, block 3 gets 2; block 4 waits for block 1 and for the debt
    fleet = grid([10, 9, 9], [(0, 4), (0, 3), (0, 5), (1, 2), (1, 1)])
    found = sequence(fleet, {0: 2, 1: 2, 3: 0, 4: 0})
    number = {step.block: index for index, step in enumerate(found.steps)}
    waits = {step.block: set(step.after) for step in found.steps}
    assert waits[3] == {number[0]}
    assert waits[4] == {number[0], number[1]}


def test_arrivals_wait_each_for_their_own_departure() -> None:
    found = sequence(grid([9, 6, 9], [(0, 3), (0, 3), (1, 3), (1, 3)]), {0: 1, 1: 1, 2: 2, 3: 2})
    waits = [step.after for step in found.steps if step.dest == 1]
    assert [len(after) for after in waits] == [1, 1]
    assert waits[0] != waits[1]


def test_two_that_change_places_need_a_stop_of_the_cheaper_one() -> None:
    found = sequence(grid([8, 8, 8], [(0, 8), (1, 7)]), {0: 1, 1: 0})
    assert hops(found) == [(1, 1, 2), (0, 0, 1), (1, 2, 0)]
    assert [step.parking for step in found.steps] == [True, False, False]
    assert [step.after for step in found.steps] == [(), (0,), (1,)]
    assert not found.stuck


def test_a_small_one_that_stays_makes_way_and_comes_back_if_that_is_cheaper() -> None:
    tight = grid([13, 8, 1], [(0, 8), (1, 5), (0, 1)])
    found = sequence(tight, {0: 1, 1: 0})
    assert hops(found) == [(2, 0, 2), (1, 1, 0), (0, 0, 1), (2, 2, 0)]
    assert [step.parking for step in found.steps] == [True, False, False, False]


def test_others_do_not_make_way_where_that_is_not_wanted() -> None:
    found = sequence(grid([13, 8, 1], [(0, 8), (1, 5), (0, 1)]), {0: 1, 1: 0}, aside=False)
    assert not found.steps
    assert [stuck.block for stuck in found.stuck] == [0, 1]


def test_a_block_that_may_not_stop_is_never_parked() -> None:
    found = sequence(fixed(grid([8, 8, 8], [(0, 8), (1, 7)]), 1), {0: 1, 1: 0})
    assert [step.block for step in found.steps if step.parking] == [0]


def test_a_stop_is_made_only_where_stops_are_allowed() -> None:
    found = sequence(grid([8, 8, 8, 8], [(0, 8), (1, 7)]), {0: 1, 1: 0}, parking=bytes([1, 1, 0, 1]))
    assert [step.dest for step in found.steps if step.parking] == [3]


def test_a_stop_needs_a_way_on_from_there() -> None:
    fleet = grid([8, 8, 8, 8], [(0, 8), (1, 7)])
    found = sequence(fleet, {0: 1, 1: 0}, hop=lambda _block, source, _dest: source != 2)
    assert [step.dest for step in found.steps if step.parking] == [3]


def test_a_circle_without_any_room_is_stuck_and_says_who_waits_for_whom() -> None:
    found = sequence(grid([8, 8], [(0, 8), (1, 8)]), {0: 1, 1: 0})
    assert not found.steps
    assert [(stuck.block, stuck.dest, stuck.waits_for) for stuck in found.stuck] == [(0, 1, (1,)), (1, 0, (0,))]


def test_no_block_is_left_at_a_stop() -> None:
    # block 1 could stop on hv2 to let block 0 in, but it will never fit on hv0
    found = sequence(grid([4, 8, 8], [(0, 4), (1, 5)]), {0: 1, 1: 0})
    assert not found.steps
    assert [stuck.block for stuck in found.stuck] == [0, 1]


def test_a_host_out_of_reach_leaves_the_block_where_it_is() -> None:
    found = sequence(reaching(grid([8, 8], [(0, 4)]), {0: {0}}), {0: 1})
    assert [stuck.waits_for for stuck in found.stuck] == [()]


def test_of_those_kept_apart_one_comes_after_the_other_has_left() -> None:
    found = sequence(apart(grid([9, 9, 9], [(0, 1), (1, 1)]), [0, 1]), {0: 1, 1: 2})
    assert hops(found) == [(1, 1, 2), (0, 0, 1)]
    assert found.steps[1].after == (0,)


def test_inside_one_rack_a_limit_of_the_rack_changes_nothing() -> None:
    found = sequence(apart(grid([9, 9, 9], [(0, 1), (2, 1)]), [0, 1], [0, 0, 1]), {0: 1})
    assert hops(found) == [(0, 0, 1)]


def test_a_shut_off_guest_comes_to_a_full_host() -> None:
    full = grid([8, 8], [(0, 0), (1, 9)])
    assert hops(sequence(replace(full, vcpus=(0, 1)), {0: 1})) == [(0, 0, 1)]


def _random_target(draw: Random, layout: Layout) -> dict[int, int]:
    grid = layout.grid
    for _try in range(300):
        target = {block: draw.choice([h for h, r in enumerate(mask) if r]) for block, mask in enumerate(grid.reach)}
        if legal(grid, [{target[block]} for block in range(len(grid.blocks))]):
            return target
    return dict(enumerate(grid.at))


def test_every_interleaving_of_random_sequences_is_legal_and_ends_at_the_target() -> None:
    draw, stops, waits = Random(7), 0, 0
    for _case in range(150):
        fleet = random_grid(draw)
        target = _random_target(draw, Layout(fleet))
        found = sequence(fleet, target)
        assert found == sequence(fleet, target)
        whole = frozenset(range(len(found.steps)))
        last, stuck = at_moment(fleet, found.steps, (whole, whole)), {stuck.block for stuck in found.stuck}
        assert all(last[block] == {host} for block, host in target.items() if block not in stuck)
        for moment in moments(found.steps):
            assert legal(fleet, at_moment(fleet, found.steps, moment)), (fleet, found, moment)
        stops += sum(step.parking for step in found.steps)
        waits += sum(len(step.after) for step in found.steps)
    # else nothing of interest was drawn
    assert stops > 5
    assert waits > 50


def test_a_ring_of_hosts_opens_with_a_single_stop() -> None:
    size = 300
    ring = grid([10] * size + [4], [(host, part) for host in range(size) for part in (4, 4)])
    found = sequence(ring, {block: (block // 2 + 1) % size for block in range(2 * size)})
    assert not found.stuck
    assert sum(step.parking for step in found.steps) == 1
    assert max(len(step.after) for step in found.steps) <= 3


def test_a_block_that_has_arrived_does_not_make_way_for_another() -> None:
    # block 3 comes to hv0 at once, and would be the cheapest to send off again for block 0
    fleet = replace(grid([5, 3, 4, 3], [(3, 2), (0, 1), (1, 1), (3, 1), (0, 3)]), cost=(20, 1, 20, 1, 20))
    found = sequence(fleet, {0: 0, 3: 0, 4: 3})
    assert found.stuck == ()
    for block in (0, 3, 4):
        assert sum(1 for step in found.steps if step.block == block and not step.parking) == 1
