"""Hosts become evenly filled by few, legal moves; what would not pay is left; the result is settled and repeatable."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
from itertools import product
from random import Random
from statistics import pstdev

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search import balance as search_balance
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.balance import (
    Balanced,
    Bounds,
    Outcome,
    balance,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.balance_fewest import in_order
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.balance_score import (
    NOBODY,
    Signal,
    Spread,
    demand_signals,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid, Layout, Limit


@pytest.fixture(autouse=True)
def short_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny fleets need few steps."""
    monkeypatch.setattr(search_balance, "LEAST", 1_000)
    monkeypatch.setattr(search_balance, "STEPS", 300)


def grid_of(rooms: list[int], blocks: list[tuple[int, int, int]], limits: tuple[Limit, ...] = ()) -> Grid:
    """Rooms are memory by host (and as many vCPUs), blocks are (memory, vCPUs, host)."""
    number = range(len(blocks))
    of = tuple(tuple(i for i, limit in enumerate(limits) if block in limit.weight) for block in number)
    return Grid(
        hosts=tuple(f"h{host}" for host in range(len(rooms))),
        room_memory=tuple(rooms),
        room_vcpus=tuple(rooms),
        blocks=tuple((f"b{block}",) for block in number),
        names=tuple(f"b{block}" for block in number),
        memory=tuple(memory for memory, _vcpus, _host in blocks),
        vcpus=tuple(vcpus for _memory, vcpus, _host in blocks),
        cost=tuple(memory for memory, _vcpus, _host in blocks),
        at=tuple(host for _memory, _vcpus, host in blocks),
        reach=tuple(bytes([1]) * len(rooms) for _block in number),
        parkable=(True,) * len(blocks),
        limits=limits,
        limits_of=of if limits else (),
    )


def random_grid(random: Random, hosts: int, guests: int) -> Grid:
    """A legal placement with two guests that must be apart."""
    blocks = [(random.randint(1, 6), random.randint(1, 4), random.randrange(hosts)) for _guest in range(guests)]
    blocks[0], blocks[1] = (*blocks[0][:2], 0), (*blocks[1][:2], 1)
    apart = Limit("apart", {0: 1, 1: 1}, tuple(range(hosts)), (1,) * hosts)
    filled = [max(sum(block[key] for block in blocks if block[2] == host) for key in (0, 1)) for host in range(hosts)]
    return grid_of([max(12, used + random.randint(0, 3)) for used in filled], blocks, (apart,))


NO_BOUNDS = Bounds()


def run(grid: Grid, bounds: Bounds = NO_BOUNDS) -> Balanced:
    return balance(grid, demand_signals(grid), bounds)


def after(grid: Grid, result: Balanced) -> Grid:
    """The grid after the moves, each of which must fit as it is made."""
    layout = Layout(grid)
    for block, source, dest in result.moves:
        assert layout.at[block] == source
        assert layout.fits(block, dest)
        layout.put(block, dest)
    return dataclasses.replace(grid, at=tuple(layout.at))


def imbalance(grid: Grid, at: tuple[int, ...]) -> float:
    """The definition, in the plain way."""
    total = 0.0
    for amount, room in ((grid.memory, grid.room_memory), (grid.vcpus, grid.room_vcpus)):
        fills = [sum(amount[b] for b in range(len(at)) if at[b] == h) / room[h] for h in range(len(room))]
        total += pstdev(fills)
    return total


def test_guests_spread_from_the_one_full_host() -> None:
    grid = grid_of([8, 8], [(2, 2, 0)] * 4)
    result = run(grid)
    assert result.outcome is Outcome.BALANCED
    assert len(result.moves) == 2
    assert result.after == pytest.approx(0.0)


def test_guests_change_places_where_no_single_move_helps() -> None:
    grid = grid_of([10, 10], [(4, 1, 0), (4, 1, 0), (1, 4, 1), (1, 4, 1)])
    result = run(grid)
    assert result.after == pytest.approx(0.0)
    assert len(result.moves) == 2
    after(grid, result)


def test_an_even_fleet_is_left_alone() -> None:
    result = run(grid_of([8, 8], [(2, 2, 0), (2, 2, 1)]))
    assert (result.moves, result.outcome) == ((), Outcome.EVEN_ENOUGH)


def test_nothing_moves_within_the_threshold() -> None:
    grid = grid_of([8, 8], [(2, 2, 0)] * 4)
    assert run(grid, Bounds(threshold=1.0)).outcome is Outcome.EVEN_ENOUGH


def test_a_move_that_brings_less_than_it_must_is_not_made() -> None:
    grid = grid_of([100, 100], [(2, 2, 0)] * 2)
    assert run(grid, Bounds(min_gain=0.1)).outcome is Outcome.SETTLED
    assert len(run(grid, Bounds(min_gain=0.01)).moves) == 1


def test_guests_that_must_stay_stay() -> None:
    grid = grid_of([8, 8], [(2, 2, 0)] * 4)
    result = run(grid, Bounds(stay=frozenset({0, 1, 2})))
    assert [block for block, _source, _dest in result.moves] == [3]
    assert run(grid, Bounds(stay=frozenset(range(4)))).outcome is Outcome.SETTLED


def test_the_budget_of_moves_is_kept_and_said_to_be_used_up() -> None:
    result = run(grid_of([8, 8], [(2, 2, 0)] * 4), Bounds(max_moves=1))
    assert (len(result.moves), result.outcome) == (1, Outcome.BUDGET)


def test_the_budget_of_bytes_is_kept() -> None:
    grid = grid_of([20, 20], [(8, 8, 0), (3, 3, 0), (1, 1, 0)])
    result = run(grid, Bounds(max_bytes=4))
    assert sum(grid.cost[block] for block, _source, _dest in result.moves) <= 4
    assert len(result.moves) == 2


def test_guests_that_must_be_apart_do_not_meet_on_the_way_or_at_the_end() -> None:
    apart = Limit("apart", {0: 1, 2: 1}, (0, 1), (1, 1))
    grid = grid_of([9, 9], [(4, 4, 0), (2, 2, 0), (1, 1, 1)], (apart,))
    at = after(grid, run(grid)).at
    assert at[0] != at[2]


def test_measured_use_is_evened_out_when_it_is_a_signal() -> None:
    grid = grid_of([8, 8], [(2, 2, 0), (2, 2, 0), (2, 2, 1), (2, 2, 1)])
    use = Signal("cpu_use", (0.9, 0.9, 0.1, 0.1), (2.0, 2.0))
    result = balance(grid, (*demand_signals(grid), use))
    assert result.spreads_after == pytest.approx((0.0, 0.0, 0.0))
    assert len(result.moves) == 2


def test_the_score_after_a_change_is_the_score_of_the_changed_placement() -> None:
    random = Random(5)
    grid = random_grid(random, 4, 10)
    spread = Spread(demand_signals(grid), grid.at, 4)
    at = list(grid.at)
    for _step in range(200):
        block, other = random.sample(range(10), 2)
        source, dest = at[block], at[other]
        if source == dest:
            other, dest = NOBODY, (source + 1) % 4
        predicted = spread.after(block, other, source, dest)
        spread.shift(block, other, source, dest)
        at[block] = dest
        if other != NOBODY:
            at[other] = source
        assert predicted == pytest.approx(imbalance(grid, tuple(at)), abs=1e-9)
        assert spread.imbalance() == pytest.approx(predicted, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_random_fleets_end_settled_legal_never_worse_and_the_same_twice(seed: int) -> None:
    random = Random(seed)
    for _case in range(3):
        grid = random_grid(random, random.randint(2, 5), random.randint(4, 14))
        result = run(grid)
        then = after(grid, result)
        assert result.after == pytest.approx(imbalance(grid, then.at))
        assert result.before == pytest.approx(imbalance(grid, grid.at))
        assert result.after <= result.before
        assert run(then).moves == ()
        assert run(grid) == result


def test_tiny_fleets_come_out_near_the_best_placement_there_is() -> None:
    random = Random(1)
    over = []
    for _case in range(4):
        grid = random_grid(random, 3, 6)
        legal = []
        for at in product(range(3), repeat=6):
            layout = Layout(dataclasses.replace(grid, at=at))
            if min(layout.memory + layout.vcpus) >= 0 and max(layout.used[0]) <= 1:
                legal.append(imbalance(grid, at))
        over.append(run(grid, Bounds(min_gain=0.0)).after - min(legal))
    assert min(over) >= -1e-9
    assert sorted(over)[2] <= 1e-9
    assert max(over) <= 0.1


def test_a_host_that_keeps_much_for_itself_gets_fewer_guests() -> None:
    grid = grid_of([8, 8], [(2, 2, 0), (2, 2, 0), (2, 2, 1), (2, 2, 1)])
    memory = Signal("memory", grid.memory, (8.0, 8.0), base=(0.5, 0.0))
    assert [move[1:] for move in balance(grid, (memory,)).moves] == [(0, 1)]


def fewest_by_trying(grid: Grid, threshold: float) -> int:
    """The least number of moves of any legal order to the threshold, by trying all placements."""
    best = len(grid.blocks) + 1
    for at in product(range(len(grid.hosts)), repeat=len(grid.blocks)):
        number = sum(now != then for now, then in zip(at, grid.at))
        if (
            number < best
            and imbalance(grid, at) <= threshold
            and in_order(grid, [move for move in enumerate(at) if move[1] != grid.at[move[0]]])
        ):
            best = number
    return best


def test_a_threshold_is_reached_by_the_fewest_moves_of_all() -> None:
    tried = 0
    for seed in range(15):
        grid = random_grid(Random(seed), 3, 6)
        threshold = 0.6 * imbalance(grid, grid.at)
        result = run(grid, Bounds(threshold=threshold, min_gain=0.0))
        if result.outcome is not Outcome.REACHED:
            continue
        tried += 1
        assert imbalance(after(grid, result), after(grid, result).at) <= threshold + 1e-12
        assert len(result.moves) == fewest_by_trying(grid, threshold), f"seed {seed}"
    assert tried > 7


def test_on_a_fleet_too_large_to_try_all_a_threshold_takes_no_more_than_one_step_after_the_other() -> None:
    grid = random_grid(Random(7), 12, 90)
    whole = run(grid)
    threshold = (whole.before + whole.after) / 2
    result = run(grid, Bounds(threshold=threshold, min_gain=0.0))
    assert result.outcome is Outcome.REACHED
    assert result.after <= threshold
    assert len(result.moves) < len(whole.moves)
    again = run(after(grid, result), Bounds(threshold=threshold, min_gain=0.0))
    assert (again.moves, again.outcome) == ((), Outcome.EVEN_ENOUGH)


def test_a_threshold_that_can_not_be_reached_is_come_as_near_to_as_pays() -> None:
    grid = grid_of([10, 10, 10], [(5, 5, 0), (5, 5, 0)])
    result = run(grid, Bounds(threshold=0.1))
    assert result.outcome is Outcome.BALANCED
    assert len(result.moves) == 1


def test_a_block_whose_own_move_costs_more_than_it_brings_stays() -> None:
    grid = grid_of([8, 8], [(2, 2, 0)] * 4)
    result = run(grid, Bounds(extra=(9.0, 0.0, 9.0, 0.0)))
    assert {block for block, _source, _dest in result.moves} == {1, 3}
