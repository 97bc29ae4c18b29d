"""Moves under way share hosts and links max-min fair: nobody gets more while somebody could have more of the same."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from random import Random
from typing import Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.bandwidth import Limits, limits_of, shares
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import Link
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings, Slots
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.engine_run import carry_out, many
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fake_driver import Script


def given(moves: list[Move], limits: Limits, **own: Optional[int]) -> list[Optional[int]]:
    found = shares(moves, limits, own)
    return [found[move.id] for move in moves]


def out(mibs: int, host: str = "hv1") -> Limits:
    return Limits({("out", host): mibs})


@pytest.mark.parametrize(
    ("count", "mibs", "expected"),
    [(1, 24, [24]), (2, 24, [12, 12]), (3, 23, [8, 8, 7]), (3, 2, [1, 1, 1])],
)
def test_a_host_is_shared_evenly_and_wholly(count: int, mibs: int, expected: list[int]) -> None:
    assert given(many(count), out(mibs)) == expected


def test_where_nothing_is_limited_nobody_is() -> None:
    assert given(many(2), Limits()) == [None, None]


def test_what_one_can_not_take_goes_to_the_others() -> None:
    # the second destination takes 3 only
    moves = [build.move(1, "a"), build.move(2, "b", dest="hv3"), build.move(3, "c")]
    assert given(moves, Limits({("out", "hv1"): 30, ("in", "hv3"): 3})) == [14, 3, 13]


def test_the_limit_of_a_move_of_its_own_counts_too() -> None:
    assert given(many(2), out(20), m0001=4) == [4, 16]
    assert given(many(2), Limits(), m0001=4) == [4, None]


def test_hosts_and_links_of_the_inventory_are_the_limits() -> None:
    hosts = (
        build.host("hv1", site="north", migration_bandwidth_mibs=100),
        build.host("hv2", site="south"),
        build.host("hv3", site="north"),
    )
    fleet = build.snapshot(*hosts)
    limits = limits_of(type(fleet)(fleet.taken_at, fleet.hosts, (Link(("south", "north"), 40.5),)))
    assert limits.of(build.move()) == (("out", "hv1"), ("link", "north", "south"))
    assert given([build.move(), build.move(2, "db", dest="hv3")], limits) == [40, 60]


@pytest.mark.parametrize("seed", range(200))
def test_no_share_could_grow_without_taking_from_one_that_is_not_larger(seed: int) -> None:
    random = Random(seed)
    hosts = [f"hv{number}" for number in range(1, 5)]
    limits = Limits(
        {(way, host): random.randint(5, 60) for way in ("out", "in") for host in hosts if random.random() < 0.8}
    )
    pairs = [random.sample(hosts, 2) for _guest in range(random.randint(1, 5))]
    moves = [build.move(number, f"g{number}", source=a, dest=b) for number, (a, b) in enumerate(pairs, start=1)]
    found = shares(moves, limits, {})
    used = {line: sum(found[move.id] or 0 for move in moves if line in limits.of(move)) for line in limits.lines}
    assert all(used[line] <= limit for line, limit in limits.lines.items())
    for move in moves:
        if not limits.of(move):
            assert found[move.id] is None
            continue
        # a full line in which nobody has over one unit more
        assert any(
            used[line] == limits.lines[line]
            and all((found[other.id] or 0) <= (found[move.id] or 0) + 1 for other in moves if line in limits.of(other))
            for line in limits.of(move)
        )


# --- in a run


def test_moves_start_with_their_share_and_get_more_as_others_end() -> None:
    options = RunOptions(slots=Slots(2, 9, 9), limits=out(20))
    ran = carry_out(*many(3), options=options, g1=Script(seconds=5), g2=Script(seconds=30), g3=Script(seconds=10))
    settings = ran.driver.settings
    assert [settings[name].bandwidth_mibs for name in ("g1", "g2", "g3")] == [10, 10, 10]
    assert ran.driver.told("set_bandwidth 20") == ["g2"]
    # it has 20 once the third, which took the place of the first, has ended
    assert 15.0 <= ran.driver.when("set_bandwidth 20", "g2") <= 16.0


def test_a_share_is_not_changed_before_anything_is_sent() -> None:
    options = RunOptions(limits=out(20))
    ran = carry_out(*many(2), options=options, g1=Script(seconds=2), g2=Script(seconds=30, memory_after=8))
    assert ran.driver.when("set_bandwidth 20", "g2") == pytest.approx(8.0, abs=0.3)


def test_a_move_taken_up_on_its_way_is_told_its_share() -> None:
    ran = carry_out(build.move(adopt=True), options=RunOptions(limits=out(20)))
    assert ran.driver.told("set_bandwidth 20") == ["web"]


def test_without_shared_limits_nobody_is_told_anything() -> None:
    ran = carry_out(*many(3), options=RunOptions(MoveSettings(bandwidth_mibs=7)))
    assert ran.driver.settings["g1"].bandwidth_mibs == 7
    assert [call for _when, call, _name in ran.driver.calls if call.startswith("set_bandwidth")] == []
