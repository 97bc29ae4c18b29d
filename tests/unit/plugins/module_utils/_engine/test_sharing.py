"""In a run no limit is exceeded in sum, at no moment: not when a move starts, and not when the hour lowers a link."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.bandwidth import (
    Limits,
    limits_of,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions, run
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import DriverError, Failure
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.result import Outcome
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.simulator import Simulator
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import HourlyBandwidth, Link
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move, Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings, Slots
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MIB = 1024 * 1024
SIX = 6 * 3600.0
BY_DAY, BY_NIGHT = 6.0, 20.0


class Watched(Simulator):
    """A simulator that adds up what it was told, by line, whenever time goes on."""

    def __init__(self, snapshot: Snapshot, start: float, deaf: Random, deafness: float) -> None:
        super().__init__(snapshot, start)
        self.limits, self.told, self.moving = limits_of(snapshot), {}, {}  # type: ignore[var-annotated]
        self.sums: list[tuple[float, dict[object, int]]] = []
        self._deaf, self._deafness = deaf, deafness

    def start(self, move: Move, settings: MoveSettings) -> None:
        super().start(move, settings)
        self.moving[move.id] = move
        self.told[move.id] = settings.bandwidth_mibs
        self._add_up()

    def set_bandwidth(self, move: Move, mibs: int) -> None:
        if self._deaf.random() < self._deafness:
            raise DriverError(Failure("busy"))
        super().set_bandwidth(move, mibs)
        self.told[move.id] = mibs
        self._add_up()

    def finish(self, move: Move):  # type: ignore[no-untyped-def]
        self.told.pop(move.id)
        return super().finish(move)

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        self._add_up()

    def _add_up(self) -> None:
        used: dict[object, int] = {}
        for key, mibs in self.told.items():
            for line in self.limits.of(self.moving[key]):
                used[line] = used.get(line, 0) + mibs
        self.sums.append((self.now(), used))


def sites(random: Random) -> Snapshot:
    guests = [
        build.guest(f"g{number:02}", memory=random.randint(64, 900) * MIB) for number in range(random.randint(2, 9))
    ]
    hosts = (
        build.host("hv1", *guests, site="north", migration_bandwidth_mibs=random.choice([None, 15])),
        build.host("hv2", site="south"),
        build.host("hv3", site="south", migration_bandwidth_mibs=random.choice([None, 9])),
    )
    by_hour = (HourlyBandwidth("06:00-18:00", BY_DAY),)
    return Snapshot("", hosts, (Link(("north", "south"), BY_NIGHT, bandwidth_by_hour=by_hour),))


@pytest.mark.parametrize("seed", range(20))
def test_the_sum_of_what_moves_were_told_never_exceeds_a_limit(seed: int) -> None:
    random = Random(seed)
    fleet = sites(random)
    guests = fleet.hosts[0].guests
    moves = tuple(
        build.move(number, guest.name, dest=random.choice(["hv2", "hv3"]), guest=guest.uuid, est_bytes=guest.memory)
        for number, guest in enumerate(guests, 1)
    )
    start = SIX + random.uniform(-12, 4) if random.random() < 0.8 else 3 * SIX - 10
    # no more at once than there are MiB/s for them
    slots = Slots(random.randint(1, 5), 5, 5)
    driver = Watched(fleet, start, random, deafness=0.0)
    options = RunOptions(slots=slots, limits=driver.limits)
    results = run(Plan("id", build.evacuate("hv1"), moves), driver, options, lambda *_event: None)
    assert {result.outcome for result in results} == {Outcome.MOVED}
    for moment, used in driver.sums:
        for line, mibs in used.items():
            assert mibs <= int(_real(driver.limits, line, moment)), (moment, line)
    assert any(used.get(("link", "north", "south")) for _moment, used in driver.sums)


def _real(limits: Limits, line: object, moment: float) -> float:
    link = limits.links.get(line)  # type: ignore[call-overload]
    return link.bandwidth_at(moment) if link is not None else limits.lines[line]  # type: ignore[index]


@pytest.mark.parametrize("seed", range(8))
def test_a_move_that_can_not_be_told_to_send_less_leaves_less_to_those_that_start(seed: int) -> None:
    random = Random(seed)
    fleet = sites(random)
    moves = tuple(
        build.move(number, guest.name, guest=guest.uuid, est_bytes=guest.memory)
        for number, guest in enumerate(fleet.hosts[0].guests, 1)
    )
    driver = Watched(fleet, 3 * SIX, random, deafness=0.7)
    options = RunOptions(slots=Slots(3, 3, 3), limits=driver.limits)
    run(Plan("id", build.evacuate("hv1"), moves), driver, options, lambda *_event: None)
    for moment, used in driver.sums:
        for line, mibs in used.items():
            # one that starts beside one that does not hear has 1 at the least
            assert mibs <= _real(driver.limits, line, moment) + 2


def test_the_speed_follows_the_hour() -> None:
    fleet = sites(Random(1))
    fleet = replace(fleet, hosts=tuple(replace(host, migration_bandwidth_mibs=None) for host in fleet.hosts))
    guest = fleet.hosts[0].guests[0]
    move = build.move(1, guest.name, guest=guest.uuid, est_bytes=700 * MIB)
    driver = Watched(fleet, SIX - 30, Random(1), deafness=0.0)
    options = RunOptions(limits=driver.limits)
    (result,) = run(Plan("id", build.evacuate("hv1"), (move,)), driver, options, lambda *_event: None)
    told = [mibs for _moment, used in driver.sums for mibs in used.values()]
    assert (told[0], told[-1]) == (int(BY_NIGHT), int(BY_DAY))
    # 30 s at 20 MiB/s less what starting takes, the rest at 6
    assert result.cost.seconds == pytest.approx(30 + (700 - 28.5 * 20) / 6, abs=3)
