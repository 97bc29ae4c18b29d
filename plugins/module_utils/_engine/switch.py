"""How often a switch to post-copy that the hosts refuse is tried, and what the move does instead. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from .._model.policy import Step, StepAction
from .convergence import Order
from .ports import Failure

# A host that does not allow post-copy refuses it for ever, one whose migration is between two steps for a moment.
TRIES = 3
PAUSE_SECONDS = 2.0
_INSTEAD = (StepAction.PAUSE, StepAction.ABORT)


@dataclass(frozen=True)
class Switch:
    """What has come of switching one move. ``next_try``: seconds since the epoch; ``refused``: why the last failed."""

    tries: int = 0
    next_try: float = 0.0
    refused: Optional[Failure] = None


def refused(switch: Switch, failure: Failure, now: float) -> Switch:
    """Return the switch after one more try that came to nothing."""
    return Switch(switch.tries + 1, now + PAUSE_SECONDS, failure)


def possible(order: Order, steps: Sequence[Step], switch: Switch, now: float) -> Optional[Order]:
    """Return the order as it can be carried out: a switch refused too often gives way to what comes after it.

    None: wait with the next try.
    """
    if order.step.action is not StepAction.POST_COPY:
        return order
    if switch.tries >= TRIES:
        later = enumerate(steps[order.number + 1 :], order.number + 1)
        found = (Order(number, step) for number, step in later if step.action in _INSTEAD)
        return next(found, Order(order.number, Step(StepAction.ABORT)))
    return order if now >= switch.next_try else None


def with_refusal(failure: Failure, switch: Switch) -> Failure:
    """Return why a move was given up, with what its hosts said to post-copy."""
    if switch.refused is None:
        return failure
    times = "once" if switch.tries == 1 else f"{switch.tries} times"
    text = f"{failure.message}; the switch to post-copy was refused, tried {times} ({switch.refused.message})"
    return Failure(text, f"{switch.refused.remedy}. {failure.remedy}".strip(". "))
