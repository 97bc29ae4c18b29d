"""What is broken is mended by the fewest bytes, nothing else moves, and what can't be mended is named."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
from heapq import heappop, heappush
from random import Random
from typing import Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid, Layout, Limit
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.repair import (
    MEMORY,
    VCPUS,
    Broken,
    broken,
    name_of,
    repair,
)


def grid_of(
    rooms: list[tuple[int, int]],
    blocks: list[tuple[int, int, int]],
    limits: tuple[Limit, ...] = (),
    reach: Optional[dict[int, bytes]] = None,
) -> Grid:
    """Rooms are (memory, vCPUs) by host, blocks are (memory, vCPUs, host)."""
    number = range(len(blocks))
    of = tuple(tuple(i for i, limit in enumerate(limits) if block in limit.weight) for block in number)
    everywhere = bytes([1]) * len(rooms)
    return Grid(
        hosts=tuple(f"h{host}" for host in range(len(rooms))),
        room_memory=tuple(memory for memory, _vcpus in rooms),
        room_vcpus=tuple(vcpus for _memory, vcpus in rooms),
        blocks=tuple((f"b{block}",) for block in number),
        names=tuple(f"b{block}" for block in number),
        memory=tuple(memory for memory, _vcpus, _host in blocks),
        vcpus=tuple(vcpus for _memory, vcpus, _host in blocks),
        cost=tuple(memory for memory, _vcpus, _host in blocks),
        at=tuple(host for _memory, _vcpus, host in blocks),
        reach=tuple((reach or {}).get(block, everywhere) for block in number),
        parkable=(True,) * len(blocks),
        limits=limits,
        limits_of=of if limits else (),
    )


def apart(blocks: list[int], hosts: int) -> Limit:
    return Limit("apart", dict.fromkeys(blocks, 1), tuple(range(hosts)), (1,) * hosts)


def replayed(grid: Grid, moves: tuple[tuple[int, int, int], ...]) -> Layout:
    layout = Layout(grid)
    for block, source, dest in moves:
        assert layout.at[block] == source
        assert layout.fits(block, dest)
        layout.put(block, dest)
    return layout


def cost_of(grid: Grid, moves: tuple[tuple[int, int, int], ...]) -> int:
    return sum(grid.cost[block] for block, _source, _dest in moves)


def random_grid(random: Random) -> Grid:
    hosts, guests = random.randint(2, 3), random.randint(3, 6)
    blocks = [(random.randint(1, 6), random.randint(1, 3), random.randrange(hosts)) for _guest in range(guests)]
    rooms = [(random.randint(6, 14), random.randint(4, 9)) for _host in range(hosts)]
    limits = (apart(random.sample(range(guests), 2), hosts),) if random.random() < 0.6 else ()
    return grid_of(rooms, blocks, limits)


def cheapest(grid: Grid) -> Optional[int]:
    """The fewest bytes of any sequence of legal moves after which nothing is broken."""
    heap = [(0, grid.at)]
    done = set()
    while heap:
        cost, at = heappop(heap)
        if at in done:
            continue
        done.add(at)
        layout = Layout(dataclasses.replace(grid, at=at))
        if not broken(layout):
            return cost
        for block in range(len(at)):
            for host in range(len(grid.hosts)):
                if host != at[block] and layout.fits(block, host):
                    heappush(heap, (cost + grid.cost[block], (*at[:block], host, *at[block + 1 :])))
    return None


def test_a_sound_fleet_is_left_alone() -> None:
    result = repair(grid_of([(10, 10), (10, 10)], [(9, 1, 0), (1, 1, 0)]))
    assert (result.moves, result.found, result.left) == ((), (), ())


def test_an_overfull_host_gives_away_the_fewest_bytes_that_are_enough() -> None:
    grid = grid_of([(10, 99), (20, 99)], [(6, 1, 0), (3, 1, 0), (3, 1, 0)])
    result = repair(grid)
    assert result.found == (Broken((MEMORY, 0), 2),)
    assert result.moves == ((1, 0, 1),)
    assert result.left == ()


def test_too_many_vcpus_on_a_host_are_mended() -> None:
    result = repair(grid_of([(99, 4), (99, 8)], [(8, 2, 0), (3, 3, 0)]))
    assert result.found == (Broken((VCPUS, 0), 1),)
    assert result.moves == ((1, 0, 1),)


def test_of_two_that_must_be_apart_the_smaller_one_leaves() -> None:
    grid = grid_of([(20, 9), (20, 9)], [(8, 1, 0), (2, 1, 0)], (apart([0, 1], 2),))
    result = repair(grid)
    assert result.moves == ((1, 0, 1),)
    assert name_of(grid, result.found[0]) == "apart"


def test_another_guest_makes_room_where_no_direct_move_fits() -> None:
    grid = grid_of([(10, 9), (10, 9), (5, 9)], [(6, 1, 0), (6, 1, 0), (4, 1, 1), (4, 1, 1)])
    result = repair(grid)
    assert result.moves == ((2, 1, 2), (0, 0, 1))
    assert result.left == ()


def test_what_cannot_be_mended_is_brought_as_far_down_as_it_goes_and_named() -> None:
    grid = grid_of([(4, 9), (5, 9)], [(6, 1, 0), (3, 1, 0), (2, 1, 0)])
    result = repair(grid)
    assert [name_of(grid, item) for item in result.left] == ["h0"]
    assert result.left[0].excess == 2
    assert sorted(block for block, _source, _dest in result.moves) == [1, 2]


def test_a_block_that_must_stay_is_not_the_one_that_leaves() -> None:
    grid = grid_of([(10, 9), (20, 9)], [(8, 1, 0), (3, 1, 0)])
    assert repair(grid).moves == ((1, 0, 1),)
    assert repair(grid, stay=frozenset({1})).moves == ((0, 0, 1),)
    assert repair(grid, stay=frozenset({0, 1})).left == (Broken((MEMORY, 0), 1),)


def test_a_guest_goes_only_where_it_reaches() -> None:
    grid = grid_of([(4, 9), (9, 9), (9, 9)], [(5, 1, 0)], reach={0: bytes([1, 0, 1])})
    assert repair(grid).moves == ((0, 0, 2),)


def test_a_rack_that_has_one_too_many_sends_it_to_another_rack() -> None:
    racks = Limit("racks", {0: 1, 1: 1}, (0, 0, 1), (1, 1))
    result = repair(grid_of([(9, 9), (90, 9), (9, 9)], [(3, 1, 0), (3, 1, 1)], (racks,)))
    assert result.moves == ((0, 0, 2),)
    assert result.left == ()


@pytest.mark.parametrize("seed", range(4))
def test_random_fleets_are_mended_wherever_moves_exist_that_mend_them(seed: int) -> None:
    random = Random(seed)
    dearer = missed = 0
    for _case in range(25):
        grid = random_grid(random)
        least = cheapest(grid)
        result = repair(grid)
        layout = replayed(grid, result.moves)
        assert broken(layout) == result.left
        excess = {item.account: item.excess for item in result.found}
        assert all(item.excess <= excess.get(item.account, 0) for item in result.left)
        if least is None:
            assert result.left
        elif result.left:
            missed += 1
        else:
            dearer += cost_of(grid, result.moves) > least
            assert cost_of(grid, result.moves) >= least
        assert bool(result.moves) <= bool(result.found)
        again = repair(dataclasses.replace(grid, at=tuple(layout.at)))
        assert again.moves == ()
        assert repair(grid) == result
    assert (missed, dearer <= 1) == (0, True)
