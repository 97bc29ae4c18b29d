"""What became of each move of a run. Values, and one way to make such a value."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Optional

from .._model.plan import Move
from .ports import Cost, Failure


class Outcome(enum.Enum):
    """How a move ended. Codes are stable: playbooks may test them.

    WENT_OFF: the guest was shut down, or crashed, while it moved. LINK_CLOSED: it never began, as it would have gone
    over a link that is closed at that hour.
    """

    MOVED = "moved"
    ALREADY_THERE = "already_there"
    REFUSED = "refused"
    STALE = "stale"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    ABORTED = "aborted"
    WENT_OFF = "went_off"
    NOT_STARTED = "not_started"
    LINK_CLOSED = "link_closed"
    UNKNOWN = "unknown"


ARRIVED = frozenset({Outcome.MOVED, Outcome.ALREADY_THERE})
# Counted against max_failures; a move that never began broke nothing.
BROKEN = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.REFUSED, Outcome.UNKNOWN})


@dataclass(frozen=True)
class MoveResult:
    """One move, its outcome, when it ran (seconds since the epoch, None: never), what it cost, in which round."""

    move: Move
    outcome: Outcome
    started: Optional[float] = None
    ended: Optional[float] = None
    cost: Cost = Cost()
    failure: Optional[Failure] = None
    round: int = 1


def stale(move: Move, found: str) -> MoveResult:
    """Return the result of a move whose guest is not as the plan saw it; ``found`` says how it is."""
    text = f"the guest has changed since the plan was made (found: {found.replace('_', ' ')})"
    return MoveResult(move, Outcome.STALE, failure=Failure(text, "Plan again from a fresh survey"))
