"""The report says how far off the estimates were, of the moves of which that can be told."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from ansible_collections.virtfleet.migration.plugins.module_utils._engine.accuracy import accuracy, accuracy_lines
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import Cost
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.result import MoveResult, Outcome
from ansible_collections.virtfleet.migration.plugins.module_utils._model.predict import Prediction
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

EXPECTED = Prediction(9.0, 100, 300, True, 2, 5)


def moved(seconds: float, size: int, outcome: Outcome = Outcome.MOVED, **changes: Any) -> MoveResult:
    move = build.move(est_seconds=10.0, est_bytes=100, **changes)
    return MoveResult(move, outcome, cost=Cost(seconds, size, 50))


def test_the_median_of_what_moved_is_told() -> None:
    results = [moved(8.0, 100, expected=EXPECTED), moved(10.0, 50), moved(5.0, 80), moved(1.0, 1, Outcome.FAILED)]
    found = accuracy(results)
    assert found == {"moves": 3, "measured": 1, "seconds_off_percent": 25.0, "bytes_off_percent": 25.0}
    line = "Estimates of 3 moves were off by 25 % of the seconds and 25 % of the bytes (median)"
    assert accuracy_lines(found) == [line]


def test_definitions_and_moves_taken_up_on_their_way_say_nothing() -> None:
    found = accuracy([moved(8.0, 0, method=Method.OFFLINE), moved(8.0, 100, adopt=True)])
    assert found == {"moves": 0, "measured": 0, "seconds_off_percent": None, "bytes_off_percent": None}
    assert accuracy_lines(found) == []


def test_upper_guesses_are_not_held_against_anybody() -> None:
    assert accuracy_lines(accuracy([moved(8.0, 50)])) == []
