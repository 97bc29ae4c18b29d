"""What is due for a move follows from its course, its age and its passes; steps only go forward."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.convergence import Order, Seen, due, look
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import Phase, Progress
from ansible_collections.virtfleet.migration.plugins.module_utils._model.policy import Step, StepAction

MORE = Step(StepAction.MAX_DOWNTIME, 50, after=0.0)
STALLED = Step(StepAction.MAX_DOWNTIME, 90, stalled=2)
FIFTH = Step(StepAction.POST_COPY, iterations=5)
LATE = Step(StepAction.ABORT, after=10.0)
STEPS = (MORE, STALLED, FIFTH, LATE)


@pytest.mark.parametrize(
    ("seconds", "seen", "taken", "expected"),
    [
        (0.0, Seen(), 0, None),
        (9.9, Seen(Phase.DISKS), 0, None),
        (0.0, Seen(Phase.MEMORY), 0, Order(0, MORE)),
        (0.5, Seen(Phase.MEMORY), 1, None),
        (0.5, Seen(Phase.MEMORY, stalled=1), 1, None),
        (0.5, Seen(Phase.MEMORY, stalled=2), 1, Order(1, STALLED)),
        (0.5, Seen(Phase.MEMORY, stalled=3), 0, Order(1, STALLED)),
        (0.5, Seen(Phase.MEMORY, stalled=3), 2, None),
        (0.5, Seen(Phase.MEMORY, stalled=3, iteration=5), 0, Order(2, FIFTH)),
        (10.0, Seen(Phase.PREPARING), 0, Order(3, LATE)),
        (10.0, Seen(Phase.DISKS), 0, Order(3, LATE)),
        (10.0, Seen(Phase.MEMORY), 1, Order(3, LATE)),
        (99.0, Seen(Phase.MEMORY), 4, None),
        (99.0, Seen(Phase.POST_COPY), 0, None),
    ],
)
def test_what_is_due(seconds: float, seen: Seen, taken: int, expected: Order | None) -> None:
    assert due(STEPS, taken, seconds, seen) == expected


def test_post_copy_waits_until_memory_is_really_being_sent() -> None:
    steps = (Step(StepAction.POST_COPY, after=2.0),)
    assert due(steps, 0, 3.0, Seen(Phase.MEMORY)) is None
    assert due(steps, 0, 3.0, Seen(Phase.MEMORY, iteration=1)) == Order(0, steps[0])


def seen_of(passes: Sequence[tuple[int, ...]]) -> Seen:
    """Look at each pass as often as it has samples of what remains."""
    seen = Seen()
    for number, samples in enumerate(passes, start=1):
        for remaining in samples:
            seen = look(seen, Progress(Phase.MEMORY, 1000, 0, remaining, 7, 3, number))
    return seen


@pytest.mark.parametrize(
    ("passes", "stalled"),
    [
        ([(1000, 500, 1)], 0),
        ([(1000, 1), (400, 1), (100, 1)], 0),
        ([(1000, 1), (400, 1), (400, 1), (1,)], 1),
        ([(1000, 1), (400, 1), (390, 1), (410, 1), (1,)], 2),
        ([(1000, 1), (400, 1), (500, 1), (300, 1), (1,)], 0),
        # a look in the middle of the count finds less than there is; the pass as a whole counts
        ([(1000, 1), (2, 400, 1), (400, 1), (300, 1), (1,)], 0),
        # the pass that is under way is judged when it is over
        ([(1000, 1), (400, 1), (500,)], 0),
    ],
)
def test_a_pass_that_begins_with_no_less_than_the_best_before_is_a_stalled_one(
    passes: list[tuple[int, ...]], stalled: int
) -> None:
    assert seen_of(passes).stalled == stalled


def test_copying_disks_is_no_pass_over_the_memory() -> None:
    seen = Seen()
    for remaining in (900, 950, 990):
        seen = look(seen, Progress(Phase.DISKS, 1000, 0, remaining))
    assert seen == Seen(Phase.DISKS, remaining=990)


def test_the_last_known_rates_are_kept() -> None:
    seen = look(look(Seen(), Progress(Phase.MEMORY, rate=5, dirty_rate=8)), Progress(Phase.MEMORY))
    assert (seen.rate, seen.dirty_rate) == (5, 8)
