"""What to do with a move that is under way, from its course, its age and what has been seen of it. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional

from .._model.policy import Step, StepAction
from .ports import Phase, Progress

# A pass counts as progress if it began with at least this much less to send than the best before it.
_PROGRESS = 0.1
# Steps that mean nothing before memory is on its way.
_OF_MEMORY = frozenset({StepAction.MAX_DOWNTIME, StepAction.POST_COPY})


@dataclass(frozen=True)
class Seen:
    """What has been seen of a move: its pass over the memory and how much that began with, in bytes.

    ``best`` is the least that a pass before the present one began with, ``stalled`` how many have begun since one
    was better; the rates are the last that were known, in bytes per second.
    """

    phase: Phase = Phase.PREPARING
    iteration: int = 0
    began_with: int = 0
    best: Optional[int] = None
    stalled: int = 0
    remaining: int = 0
    rate: int = 0
    dirty_rate: int = 0


@dataclass(frozen=True)
class Order:
    """A step that is due, and its number in the course."""

    number: int
    step: Step


def look(seen: Seen, progress: Progress) -> Seen:
    """Return what has been seen, ``progress`` included."""
    now = replace(
        seen,
        phase=progress.phase,
        # a job that is over has nothing left, however it ended
        remaining=progress.remaining if progress.phase in (Phase.DISKS, Phase.MEMORY) else seen.remaining,
        rate=progress.rate or seen.rate,
        dirty_rate=progress.dirty_rate or seen.dirty_rate,
    )
    if progress.phase is not Phase.MEMORY or progress.iteration < 1:
        return now
    if progress.iteration > seen.iteration:
        # what the pass before began with is known only now that it is over
        best, stalled = _judged(seen) if seen.iteration else (None, 0)
        return replace(now, iteration=progress.iteration, began_with=progress.remaining, best=best, stalled=stalled)
    return replace(now, began_with=max(seen.began_with, progress.remaining))


def _judged(seen: Seen) -> tuple[int, int]:
    if seen.best is None or seen.began_with <= seen.best * (1 - _PROGRESS):
        return seen.began_with, 0
    return seen.best, seen.stalled + 1


def due(steps: Sequence[Step], taken: int, seconds: float, seen: Seen) -> Optional[Order]:
    """Return the step that is due now, the last where several are; ``taken``: how many are done or made up for."""
    if seen.phase is Phase.POST_COPY:
        return None
    for number in range(len(steps) - 1, taken - 1, -1):
        if _holds(steps[number], seconds, seen):
            return Order(number, steps[number])
    return None


def _holds(step: Step, seconds: float, seen: Seen) -> bool:
    if step.action in _OF_MEMORY and seen.phase is not Phase.MEMORY:
        return False
    # libvirt speaks of memory a moment before QEMU begins with it, which refuses post-copy until then
    if step.action is StepAction.POST_COPY and seen.iteration < 1:
        return False
    return (
        (step.after is not None and seconds >= step.after)
        or (step.stalled is not None and seen.stalled >= step.stalled)
        or (step.iterations is not None and seen.iteration >= step.iterations)
    )
