"""The order of moves: by priority, a group's moves side by side, and nothing before what it waits for."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from random import Random

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.group_order import Step, ordered

WAY = frozenset({"north", "south"})


def step(group: str = "", priority: int = 0, way: frozenset[str] = WAY) -> Step:
    return Step(priority, (group,) if group else (), way)


def test_without_groups_and_priorities_all_stays_as_it_is() -> None:
    found = ordered([step()] * 4, [(), (0,), (), (1, 2)])
    assert (found.order, found.once_over) == ((0, 1, 2, 3), {})


def test_a_group_goes_together_and_the_next_one_after_it() -> None:
    found = ordered([step("a"), step("b"), step("a"), step("b")], [(), (), (), ()])
    assert found.order == (0, 2, 1, 3)
    assert found.once_over == {1: (0, 2), 3: (0, 2)}


def test_the_group_with_the_most_urgent_guest_goes_first() -> None:
    found = ordered([step("a"), step("b"), step("b", 5), step(priority=7)], [()] * 4)
    assert found.order == (3, 1, 2, 0)
    assert found.once_over == {0: (1, 2)}


def test_groups_over_different_links_need_not_wait_for_one_another() -> None:
    other = frozenset({"north", "west"})
    found = ordered([step("a"), step("b", way=other), step("a"), step("c", way=frozenset())], [()] * 4)
    assert found.once_over == {}


def test_what_a_move_waits_for_comes_first_whatever_the_priority() -> None:
    found = ordered([step("a"), step("b", 9)], [(), (0,)])
    assert found.order == (0, 1)
    assert found.once_over == {1: (0,)}


def test_groups_that_wait_for_one_another_are_not_kept_apart() -> None:
    found = ordered([step("a"), step("b"), step("a"), step("c")], [(), (0,), (1,), ()])
    assert found.order.index(0) < found.order.index(1) < found.order.index(2)
    assert found.once_over == {}


@pytest.mark.parametrize("seed", range(300))
def test_any_order_is_legal_and_no_two_groups_are_mixed_that_can_be_kept_apart(seed: int) -> None:
    random = Random(seed)
    count = random.randint(1, 12)
    after = [
        tuple(sorted(random.sample(range(index), random.choice([0, 0, 0, min(1, index)])))) for index in range(count)
    ]
    steps = [
        Step(random.choice([0, 0, 3]), tuple(sorted(random.sample("abc", random.choice([0, 1, 1, 1, 2])))), WAY)
        for _index in range(count)
    ]
    found = ordered(steps, after)
    place = {index: number for number, index in enumerate(found.order)}
    assert sorted(found.order) == list(range(count))
    for index in range(count):
        assert all(place[other] < place[index] for other in (*after[index], *found.once_over.get(index, ())))
    waiting = list(found.once_over)
    # who waits for a group waits for all of it
    for index in waiting:
        names = {name for other in found.once_over[index] for name in steps[other].groups}
        assert not names & set(steps[index].groups)
