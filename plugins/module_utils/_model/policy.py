"""Convergence policies: what is done, and when, with a guest that writes faster than it is sent. Data and its check."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Optional

from .errors import FleetError
from .transfer import MOST_MIBS

GIB = 1024**3
DEFAULT = "default"


class StepAction(enum.Enum):
    """What a step does; after POST_COPY there is nothing left but to wait."""

    MAX_DOWNTIME = "max_downtime"
    POST_COPY = "post_copy"
    PAUSE = "pause"
    ABORT = "abort"


@dataclass(frozen=True)
class Step:
    """An action and its triggers, of which the first to hold counts.

    ``after``: seconds since the move began, and ``after_per_gib`` more for each GiB of memory and copied disks.
    ``stalled``: passes over the memory since one began with less left to send than any before. ``iterations``: passes.
    """

    action: StepAction
    max_downtime_ms: Optional[int] = None
    after: Optional[float] = None
    after_per_gib: float = 0.0
    stalled: Optional[int] = None
    iterations: Optional[int] = None

    def moment(self, size: int) -> Optional[float]:
        """Return the seconds after which the step is due for a guest of ``size`` bytes, None: time does not matter."""
        return None if self.after is None else self.after + self.after_per_gib * size / GIB


@dataclass(frozen=True)
class Policy:
    """How a move begins, and its steps in order: one that is due makes up for those before it."""

    name: str
    max_downtime_ms: Optional[int] = None
    auto_converge: bool = False
    bandwidth_mibs: Optional[int] = None
    steps: tuple[Step, ...] = ()

    def may(self, action: StepAction) -> bool:
        """True where one of the steps is such an action."""
        return any(step.action is action for step in self.steps)


def _downtime(milliseconds: int, stalled: int) -> Step:
    return Step(StepAction.MAX_DOWNTIME, milliseconds, stalled=stalled)


_LITTLE_BY_LITTLE = (_downtime(150, 1), _downtime(200, 2), _downtime(300, 3), _downtime(400, 4), _downtime(500, 6))

# The steps are those of oVirt's policies of the same names; times per GiB are twice what 1 Gbit/s takes for one pass
# over the memory, and more where a policy is patient. guide_convergence.rst has this table for people, and a test
# compares the two.
PRESETS = (
    Policy(
        "minimal_downtime",
        max_downtime_ms=100,
        auto_converge=True,
        steps=(*_LITTLE_BY_LITTLE, Step(StepAction.ABORT, after=60, after_per_gib=60, stalled=8)),
    ),
    Policy(
        "suspend_if_needed",
        max_downtime_ms=100,
        auto_converge=True,
        steps=(
            *_LITTLE_BY_LITTLE,
            Step(StepAction.PAUSE, after=60, after_per_gib=60, stalled=8),
            Step(StepAction.ABORT, after=120, after_per_gib=120),
        ),
    ),
    Policy(
        "post_copy",
        max_downtime_ms=100,
        steps=(
            _downtime(150, 1),
            _downtime(200, 2),
            _downtime(300, 3),
            Step(StepAction.POST_COPY, after=30, after_per_gib=30, stalled=4),
            # the switch is refused where post-copy is not allowed on a host; where it works, this is never reached
            Step(StepAction.ABORT, after=60, after_per_gib=60),
        ),
    ),
    Policy(
        "very_large",
        max_downtime_ms=500,
        auto_converge=True,
        steps=(
            _downtime(1000, 2),
            _downtime(2000, 4),
            _downtime(5000, 6),
            Step(StepAction.ABORT, after=600, after_per_gib=30, stalled=16),
        ),
    ),
    Policy(
        "wan",
        max_downtime_ms=500,
        auto_converge=True,
        steps=(_downtime(1000, 3), Step(StepAction.ABORT, after=300, after_per_gib=600, stalled=8)),
    ),
)


def check_policies(own: Sequence[Policy]) -> tuple[Policy, ...]:
    """Return the user's policies; raises FleetError on the first that is double, contradicts itself or never ends."""
    seen = {policy.name for policy in PRESETS} | {DEFAULT}
    for policy in own:
        if policy.name in seen:
            raise FleetError(f"there are two policies {policy.name!r}", "Give yours a name that is not taken")
        problem = _problem(policy)
        if problem is not None:
            raise FleetError(f"policy {policy.name!r} {problem}", "See the guide to convergence for what a policy is")
        seen.add(policy.name)
    return tuple(own)


def find_policy(name: str, own: Sequence[Policy], asker: str) -> Policy:
    """Return the policy of that name; ``asker`` says in the FleetError who named one that is not there."""
    known = {policy.name: policy for policy in (*PRESETS, *own)}
    if name not in known:
        close = get_close_matches(name, known, 1)
        hint = f"Did you mean {close[0]}? " if close else ""
        raise FleetError(f"{asker} names an unknown policy {name!r}", f"{hint}Known are {', '.join(sorted(known))}")
    return known[name]


def _problem(policy: Policy) -> Optional[str]:
    if not policy.name or not policy.name.replace("_", "").replace("-", "").isalnum():
        return "needs a name of letters, digits, - and _"
    for label in ("max_downtime_ms", "bandwidth_mibs"):
        value = getattr(policy, label)
        if value is not None and value <= 0:
            return f"has {label} {value}, which must be above zero"
    if policy.bandwidth_mibs is not None and policy.bandwidth_mibs > MOST_MIBS:
        return f"has bandwidth_mibs {policy.bandwidth_mibs}, more than {MOST_MIBS}: give MiB/s, not bits"
    last = policy.steps[-1] if policy.steps else None
    if last is None or last.action is StepAction.MAX_DOWNTIME or last.after is None:
        return "has no end: its last step must be abort, pause or post_copy, and say after how many seconds"
    for number, step in enumerate(policy.steps, start=1):
        wrong = _wrong(step)
        if wrong is not None:
            return f"contradicts itself in step {number}: it {wrong}"
    return _disorder(policy)


def _wrong(step: Step) -> Optional[str]:
    if step.after is None and step.stalled is None and step.iterations is None:
        return "has no trigger (after, stalled or iterations)"
    if (step.action is StepAction.MAX_DOWNTIME) is (step.max_downtime_ms is None):
        missing = step.max_downtime_ms is None
        return "does not say to how many max_downtime_ms" if missing else "has max_downtime_ms, but another action"
    if step.after is None and step.after_per_gib:
        return "has after_per_gib without after"
    times = (step.after or 0.0, step.after_per_gib)
    if not all(0 <= seconds < math.inf for seconds in times):
        return "has a time below zero"
    for label in ("stalled", "iterations", "max_downtime_ms"):
        value = getattr(step, label)
        if value is not None and value < 1:
            return f"has {label} {value}, which must be 1 or more"
    return None


# What may follow: a paused guest converges unless the link is gone, and what was refused may be followed by an abort.
_MAY_FOLLOW = {
    StepAction.MAX_DOWNTIME: frozenset(StepAction),
    StepAction.POST_COPY: frozenset({StepAction.ABORT}),
    StepAction.PAUSE: frozenset({StepAction.ABORT}),
    StepAction.ABORT: frozenset[StepAction](),
}


def _disorder(policy: Policy) -> Optional[str]:
    downtime = policy.max_downtime_ms or 0
    for number, (step, following) in enumerate(zip(policy.steps, policy.steps[1:]), start=1):
        if following.action not in _MAY_FOLLOW[step.action]:
            return f"contradicts itself: {following.action.value} can't follow {step.action.value} in step {number}"
    for number, step in enumerate(policy.steps, start=1):
        if step.max_downtime_ms is not None and step.max_downtime_ms <= downtime:
            return f"contradicts itself: step {number} does not raise max_downtime_ms above {downtime}"
        downtime = step.max_downtime_ms or downtime
    for label in ("after", "stalled", "iterations"):
        values = [getattr(step, label) for step in policy.steps if getattr(step, label) is not None]
        if values != sorted(values):
            return f"contradicts itself: {label} falls from one step to the next"
    return None
