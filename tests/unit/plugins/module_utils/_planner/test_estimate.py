"""How long a plan takes on paper: moves start as soon as order and slots allow, and share what is shared evenly."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import Link
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Slots
from ansible_collections.virtfleet.migration.plugins.module_utils._planner import estimate
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MIB = 1024 * 1024
FLEET = build.snapshot(*(build.host(f"hv{number}") for number in range(1, 7)))
LINES = estimate.lines_of(FLEET)
WIDE = Slots(9, 9, 9)


def move(number: int, source: str, dest: str, *after: int, seconds: int = 10) -> Move:
    """Return a move whose bytes alone take so many seconds on a card of its own."""
    size = seconds * estimate.HOST_BYTES_PER_SECOND
    waits = tuple(f"m{other:04d}" for other in after)
    return build.move(number, f"g{number}", source, dest, after=waits, est_bytes=size)


A, B, C = move(1, "hv1", "hv2"), move(2, "hv3", "hv4"), move(3, "hv5", "hv6")


@pytest.mark.parametrize(
    ("moves", "slots", "seconds", "path"),
    [
        ([], WIDE, 0.0, ""),
        ([A, B, C], WIDE, 11.5, "3"),
        ([A, B, C], Slots(9, 9, 1), 34.5, "123"),
        ([A, move(2, "hv1", "hv3")], WIDE, 21.5, "2"),
        ([A, move(2, "hv1", "hv3")], Slots(1, 9, 9), 23.0, "12"),
        ([A, move(2, "hv3", "hv2")], Slots(9, 1, 9), 23.0, "12"),
        ([A, move(2, "hv3", "hv4", 1)], WIDE, 23.0, "12"),
        ([A, B, move(3, "hv5", "hv6", 1, seconds=1), move(4, "hv4", "hv1", 2)], WIDE, 23.0, "24"),
    ],
)
def test_the_length_of_a_plan_and_the_moves_that_decide_it(
    moves: list[Move], slots: Slots, seconds: float, path: str
) -> None:
    found = estimate.schedule(moves, slots, LINES)
    assert found.seconds == seconds
    assert "".join(one[-1] for one in found.critical_path) == path


def test_moves_between_two_sites_share_their_link() -> None:
    sites = {"hv1": "a", "hv2": "b", "hv3": "a", "hv4": "b"}
    hosts = [build.host(name, site=sites[name]) for name in sites]
    fleet = build.snapshot(*hosts)
    fleet = type(fleet)(fleet.taken_at, fleet.hosts, (Link(("b", "a"), 11.0),))
    lines = estimate.lines_of(fleet)
    pair = [move(1, "hv1", "hv2"), move(2, "hv3", "hv4")]
    assert estimate.schedule(pair, WIDE, lines).seconds == 201.5
    assert estimate.move_seconds(pair[0].est_bytes, "hv1", "hv2", lines) == 101.5
    assert estimate.move_seconds(pair[0].est_bytes, "hv1", "hv3", lines) == 11.5


def test_thousands_of_moves_wait_for_their_slots() -> None:
    moves = [build.move(n, f"g{n}", f"hv{n % 3 + 1}", f"hv{n % 3 + 4}", est_bytes=n * MIB) for n in range(1, 3001)]
    found = estimate.schedule(moves, Slots(2, 2, 4), LINES)
    assert found.seconds > 10_000
    assert len(found.critical_path) > 500


def test_a_guest_stands_still_as_its_method_says() -> None:
    assert estimate.move_downtime_ms(Method.LIVE, 10.0) == estimate.DOWNTIME_MS
    assert estimate.move_downtime_ms(Method.PAUSED, 10.0) == 10_000
    assert estimate.move_downtime_ms(Method.OFFLINE, 10.0) == 0
