"""Overloaded hosts are relieved by the fewest moves, onto hosts that are on before others are woken."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.relief import (
    Budget,
    Marks,
    Relief,
    overloaded,
    relieve,
)

ALL = Budget()


def grid(*blocks: tuple[int, int], hosts: int = 3, **changes: Any) -> Grid:
    """Return a grid of equal hosts of 100 bytes and vCPUs; a block is its host and its memory."""
    values: dict[str, Any] = {
        "hosts": tuple(f"h{host}" for host in range(hosts)),
        "room_memory": (100,) * hosts,
        "room_vcpus": (100,) * hosts,
        "blocks": tuple((f"u{block}",) for block in range(len(blocks))),
        "names": tuple(f"g{block}" for block in range(len(blocks))),
        "memory": tuple(memory for _host, memory in blocks),
        "vcpus": (1,) * len(blocks),
        "cost": tuple(memory for _host, memory in blocks),
        "at": tuple(host for host, _memory in blocks),
        "reach": (bytes([1] * hosts),) * len(blocks),
        "parkable": (True,) * len(blocks),
    }
    return Grid(**{**values, **changes})


def marks(*load: int, most: int = 10, hosts: int = 3, memory: int = 0) -> Marks:
    return Marks(load, (most,) * hosts, (memory,) * hosts)


def test_one_move_that_is_enough_beats_two_and_the_cheaper_one_is_taken() -> None:
    fleet = grid((0, 10), (0, 30), (0, 20), (0, 5))
    assert relieve(fleet, marks(4, 5, 5, 1), (), ALL) == Relief({2: 1}, ())


def test_where_no_one_is_enough_the_largest_go_first() -> None:
    fleet = grid((0, 10), (0, 10), (0, 10))
    assert relieve(fleet, marks(6, 5, 7), (), ALL).targets.keys() == {1, 2}
    assert relieve(fleet, marks(6, 5, 5), (), ALL).targets.keys() == {0}


def test_a_guest_goes_where_the_least_is_left_free() -> None:
    fleet = grid((0, 10), (0, 10), (1, 10), (2, 10))
    assert relieve(fleet, marks(6, 6, 1, 3), (), ALL) == Relief({0: 2}, ())


def test_a_woken_host_takes_whom_no_other_does() -> None:
    fleet = grid((0, 10), (0, 10), (1, 10))
    assert relieve(fleet, marks(6, 6, 1), (1,), ALL).targets == {0: 2}
    assert relieve(fleet, marks(6, 6, 1), (2,), ALL).targets == {0: 1}
    assert relieve(fleet, marks(6, 6, 9), (2,), ALL).targets == {0: 2}


def test_a_host_that_was_relieved_takes_guests_of_one_that_is_not_yet() -> None:
    # what h0 sends fills h2, and h1 has nowhere to go then but to h0
    fleet = grid((0, 10), (0, 10), (1, 10), (1, 10), (2, 10))
    assert relieve(fleet, marks(3, 8, 10, 1, 7), (), ALL) == Relief({0: 2, 3: 0}, ())


def test_more_memory_than_there_is_counts_as_overload_and_what_headroom_keeps_free_does_not() -> None:
    fleet = grid((0, 60), (0, 50), (1, 70))
    assert overloaded(fleet, marks(0, 0, 0)) == (0,)
    assert relieve(fleet, marks(0, 0, 0), (), ALL) == Relief({1: 2}, ())
    assert overloaded(fleet, marks(0, 0, 0, memory=10)) == ()


def test_who_finds_no_place_leaves_the_host_overloaded() -> None:
    fleet = grid((0, 10), (0, 10), (1, 10), (2, 10))
    assert relieve(fleet, marks(6, 6, 9, 9), (), ALL) == Relief({}, (0,))


def test_a_guest_that_uses_nothing_is_not_moved_for_cpu_time() -> None:
    assert relieve(grid((0, 10), (0, 1)), marks(12, 0), (), ALL) == Relief({}, (0,))


def test_the_budget_binds_in_guests_and_in_bytes() -> None:
    fleet = grid((0, 10), (0, 10), (0, 10))
    assert relieve(fleet, marks(9, 8, 7), (), Budget(guests=1)) == Relief({0: 1}, (0,))
    assert relieve(fleet, marks(9, 8, 7), (), Budget(bytes=15)) == Relief({0: 1}, (0,))
    assert relieve(fleet, marks(9, 8, 7), (), Budget(guests=0)) == Relief({}, (0,))
