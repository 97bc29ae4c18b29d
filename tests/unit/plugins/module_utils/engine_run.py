"""Runs a few moves through the engine with a scripted driver, and keeps all that came of it. Judges nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import (
    RunOptions,
    run,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import (
    Failure,
    Place,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.result import MoveResult
from ansible_collections.virtfleet.migration.plugins.module_utils._model.crossing import MoveGroup
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    GuestState,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Leftover, Move, Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import (
    Slots,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fake_driver import (
    FakeDriver,
    Script,
)

BROKEN = Failure("internal error: qemu said no", "Look at its log")
RUNS = Place(GuestState.RUNNING, True)
LIES = Place(GuestState.SHUT_OFF, True)
ENDLESS = 4000.0


@dataclass(frozen=True)
class Ran:
    """What came of a run: results by guest, events in order, and the driver with its calls."""

    results: Mapping[str, MoveResult]
    events: list[tuple[str, Mapping[str, Any]]]
    driver: FakeDriver

    @property
    def outcomes(self) -> dict[str, str]:
        return {name: result.outcome.value for name, result in self.results.items()}

    def named(self, event: str) -> list[Mapping[str, Any]]:
        return [facts for name, facts in self.events if name == event]

    def error(self, name: str) -> str:
        failure = self.results[name].failure
        return failure.message if failure else ""


def carry_out(
    *moves: Move,
    interrupt_at: float = ENDLESS * 2,
    options: RunOptions = RunOptions(),  # noqa: B008 (frozen)
    leftovers: tuple[Leftover, ...] = (),
    groups: tuple[MoveGroup, ...] = (),
    all_or_none: bool = False,
    **scripts: Script,
) -> Ran:
    driver = FakeDriver(scripts, interrupt_at)
    events: list[tuple[str, Mapping[str, Any]]] = []
    plan = Plan("id", build.evacuate("hv1", all_or_none=all_or_none), moves, leftovers=leftovers, groups=groups)
    results = run(plan, driver, options, lambda event, facts: events.append((event, facts)))
    assert [result.move.id for result in results] == [move.id for move in moves]
    return Ran({result.move.name: result for result in results}, events, driver)


def many(count: int, dests: int = 1) -> list[Move]:
    return [build.move(n, f"g{n}", dest=f"hv{2 + n % dests}") for n in range(1, count + 1)]


def slots(out: int = 99, into: int = 99, fleet: int = 99) -> RunOptions:
    return RunOptions(slots=Slots(out, into, fleet))
