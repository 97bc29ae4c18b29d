"""Who leaves for where and who steps aside: least bytes, and nobody left without need. Must judge no time."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace
from random import Random

from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.evacuate import (
    Relocation,
    Why,
    evacuate,
    relocate,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid, Layout
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.tiny_grids import (
    apart,
    at_moment,
    grid,
    legal,
    moments,
    random_grid,
    reaching,
)

FIRST = frozenset({0})
# 8 fits where 3 or 6 goes away; only 3 finds another place
JAM = grid([8, 14, 12, 3], [(0, 8), (1, 6), (1, 3), (2, 6), (2, 5)])
Price = tuple[int, int, int]


def hops(found: Relocation) -> list[tuple[int, int, int]]:
    return [(step.block, step.source, step.dest) for step in found.sequence.steps]


def left(found: Relocation) -> list[tuple[int, Why]]:
    return [(item.block, item.why) for item in found.left]


def test_guests_leave_for_the_emptiest_hosts() -> None:
    found = evacuate(grid([9, 9, 9], [(0, 2), (0, 3), (1, 1)]), FIRST)
    assert sorted(hops(found)) == [(0, 0, 1), (1, 0, 2)]
    assert found.least
    assert not found.left


def test_where_spreading_fails_they_are_packed() -> None:
    # 3 + 3 on the emptiest would leave no room for 6
    found = evacuate(grid([20, 6, 7], [(0, 3), (0, 6), (0, 3)]), FIRST)
    assert not found.left
    assert found.least


def test_nobody_goes_to_a_host_that_is_emptied_or_not_allowed() -> None:
    found = evacuate(grid([9, 9, 9, 9], [(0, 2), (1, 3)]), frozenset({0, 1}), bytes([1, 1, 1, 0]))
    assert {dest for _block, _source, dest in hops(found)} == {2}


def test_the_cheapest_steps_aside() -> None:
    found = evacuate(JAM, FIRST)
    assert not found.left
    assert hops(found) == [(2, 1, 3), (0, 0, 1)]
    assert found.displaced == (2,)


def test_stepping_aside_can_take_a_chain() -> None:
    # 8 takes the place of 5, 5 that of 3, 3 fits where nothing else does
    chain = grid([8, 12, 9, 7], [(0, 8), (1, 5), (1, 4), (2, 3), (2, 4), (3, 4)])
    found = evacuate(chain, FIRST)
    assert not found.left
    assert found.sequence.cost(chain) <= 8 + 5 + 3


def test_nobody_steps_aside_where_that_is_not_wanted() -> None:
    found = evacuate(JAM, FIRST, displace=False)
    assert not found.sequence.steps
    assert left(found) == [(0, Why.NO_ROOM)]
    assert found.least_left == 1


def test_the_rival_of_a_group_steps_aside() -> None:
    group = apart(grid([8, 8, 8, 8], [(0, 2), (1, 2), (2, 2), (3, 7)]), [0, 1, 2])
    found = evacuate(replace(group, room_memory=(8, 8, 8, 9)), FIRST)
    assert not found.left
    assert found.displaced == ()
    members = apart(reaching(grid([8, 8, 8, 8], [(0, 2), (1, 2), (2, 2)]), {0: {0, 1}}), [0, 1, 2])
    assert evacuate(members, FIRST).displaced == (1,)


def test_a_guest_larger_than_any_host_stays_and_the_others_go() -> None:
    found = evacuate(grid([20, 9, 9], [(0, 10), (0, 4)]), FIRST)
    assert left(found) == [(0, Why.NO_HOST)]
    assert [block for block, _source, _dest in hops(found)] == [1]
    assert found.least_left == 1


def test_more_than_the_fleet_can_hold_is_proven_and_the_fewest_stay() -> None:
    found = evacuate(grid([20, 9, 9], [(0, 5), (0, 5), (0, 2), (1, 6), (2, 6)]), FIRST)
    assert len(found.left) == found.least_left == 2
    assert sum(size for size in (5, 5, 2)) - 10 == sum({2: 2}.get(block, 0) for block, _s, _d in hops(found))


def test_of_equally_many_the_smaller_stay() -> None:
    found = evacuate(grid([20, 8], [(0, 6), (0, 5), (1, 2)]), FIRST)
    assert left(found) == [(1, Why.NO_ROOM)]


def test_wishes_of_single_guests_are_met_even_if_they_change_places() -> None:
    fleet = grid([8, 8, 8], [(0, 8), (1, 7), (2, 1)])
    found = relocate(fleet, {0: bytes([0, 1, 0]), 1: bytes([1, 0, 0]), 2: bytes([0, 0, 1])})
    assert not found.left
    assert [hop for hop in hops(found) if hop[0] == 0] == [(0, 0, 1)]
    assert [dest for block, _source, dest in hops(found) if block == 1][-1] == 0


def test_an_empty_host_has_nothing_to_do() -> None:
    found = evacuate(grid([8, 8], [(1, 4)]), FIRST)
    assert (found.sequence.steps, found.left, found.least) == ((), (), True)


def _jam(draw: Random, hosts: int) -> Grid:
    """Hosts of 32 with guests of 1 to 12, filled until little more is free than the first host needs."""
    free, blocks = [32] * hosts, list[tuple[int, int]]()
    while sum(free) > 32 + hosts // 2:
        size, host = draw.choice((1, 2, 2, 4, 4, 8, 12)), draw.randrange(hosts)
        if size <= free[host] and sum(free) - size >= 32:
            free[host] -= size
            blocks.append((host, size))
    return grid([32] * hosts, blocks)


def test_jams_of_many_seeds_are_solved_near_the_least_bytes() -> None:
    draw, aside, leaving = Random(5), 0, 0
    for _case in range(8):
        fleet = _jam(draw, 8)
        found = evacuate(fleet, FIRST)
        assert not found.left, fleet
        needed = sum(size for size, host in zip(fleet.cost, fleet.at) if host == 0)
        leaving += needed
        aside += found.sequence.cost(fleet) - needed
        assert found == evacuate(fleet, FIRST)
        where = at_moment(fleet, found.sequence.steps, (frozenset(range(len(found.sequence.steps))),) * 2)
        assert legal(fleet, where)
        assert not any(0 in hosts for hosts in where)
    assert 0 < aside < 0.1 * leaving


def _true_least(fleet: Grid) -> Price:
    """Search all sequences of single legal moves: blocks left on the first host, their memory, bytes."""
    layout, movers = Layout(fleet), [block for block, host in enumerate(fleet.at) if host == 0]
    dearest = 1 << 40
    cost, queue, best = {fleet.at: 0}, [(0, fleet.at)], (dearest, dearest, dearest)
    while queue:
        sent, at = heapq.heappop(queue)
        if sent > cost[at]:
            continue
        staying = [block for block in movers if at[block] == 0]
        best = min(best, (len(staying), sum(fleet.memory[block] for block in staying), sent))
        for block, host in enumerate(at):
            layout.put(block, host)
        for block, host in _moves(fleet, layout, at):
            then = (*at[:block], host, *at[block + 1 :])
            if sent + fleet.cost[block] < cost.get(then, dearest):
                cost[then] = sent + fleet.cost[block]
                heapq.heappush(queue, (cost[then], then))
    return best


def _moves(fleet: Grid, layout: Layout, at: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    for block, here in enumerate(at):
        for host in range(1, len(fleet.hosts)):
            on_the_way = here != fleet.at[block]
            if host != here and (fleet.parkable[block] or not on_the_way) and layout.fits(block, host):
                yield block, host


def test_on_tiny_fleets_refusals_and_bytes_are_those_of_trying_everything() -> None:
    draw = Random(3)
    refused = aside = 0
    for case in range(150):
        fleet = random_grid(draw)
        found, true = evacuate(fleet, FIRST), _true_least(fleet)
        memory = sum(fleet.memory[item.block] for item in found.left)
        assert (len(found.left), memory, found.sequence.cost(fleet)) == true, (case, fleet)
        assert found.least_left <= true[0]
        for moment in moments(found.sequence.steps):
            assert legal(fleet, at_moment(fleet, found.sequence.steps, moment)), (case, fleet)
        refused += bool(found.left)
        aside += bool(found.displaced)
    # else nothing of interest was drawn
    assert refused > 10
    assert aside > 3
