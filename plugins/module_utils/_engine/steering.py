"""What the engine does to moves under way: tells their share of the bandwidth, takes the steps of their course.

Whether a step is due, and what a share is, is decided elsewhere.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Optional

from .._model.plan import Move
from .._model.policy import StepAction
from .convergence import Order, Seen, due
from .courses import Course
from .events import Emit, names, progress_facts
from .pacing import counted_from, is_over
from .ports import Driver, DriverError, Failure, Phase, Progress
from .recovery import Recovery
from .switch import Switch, possible, refused

# Phases in which the speed limit of a move counts and can be changed.
SENDING = (Phase.DISKS, Phase.MEMORY)


@dataclass(frozen=True)
class Over:
    """The driver says, since then and without a break, that the move has ended; both ends have not confirmed it."""

    since: float
    failure: Optional[Failure]


@dataclass(frozen=True)
class Running:
    """A move under way.

    ``taken``: how many steps of the course are done or made up for. ``mibs``: the speed limit that it was told.
    ``cut_off``: aborted since the cut-over window has ended.
    """

    move: Move
    started: float
    course: Course
    taken: int = 0
    aborted: bool = False
    cut_off: bool = False
    seen: Seen = Seen()
    mibs: Optional[int] = None
    over: Optional[Over] = None
    doubted: Optional[float] = None
    recovery: Recovery = Recovery()
    switch: Switch = Switch()


def told(item: Running, mibs: Optional[int], driver: Driver, emit: Emit) -> Running:
    """Tell a move its share where that has changed; one that can't be told yet is told at the next look."""
    if mibs is None or mibs == item.mibs or item.over is not None or item.seen.phase not in SENDING:
        return item
    facts = {**names(item.move), "bandwidth_mibs": mibs}
    try:
        driver.set_bandwidth(item.move, mibs)
    except DriverError as error:
        emit("bandwidth_failed", {**facts, "error": error.failure.message})
        return item
    emit("bandwidth", facts)
    return replace(item, mibs=mibs)


def steer(item: Running, progress: Progress, driver: Driver, emit: Emit) -> Running:
    """Take the step that is due, if one is; an interrupt aborts what can still be aborted."""
    seconds = driver.now() - item.started
    emit("progress", progress_facts(item.move, progress, seconds))
    if item.aborted or progress.phase is Phase.POST_COPY:
        return item
    if driver.interrupted():
        aborted = _act(StepAction.ABORT, lambda: driver.abort(item.move), item, emit) is None
        return replace(item, aborted=aborted)
    cut, now = item.course.settings.cut_over, driver.now()
    if is_over(cut, now) and progress.phase is not Phase.FINISHING:
        aborted = _act(StepAction.ABORT, lambda: driver.abort(item.move), item, emit) is None
        return replace(item, aborted=aborted, cut_off=aborted)
    since = counted_from(item.started, cut)
    order = due(item.course.steps, item.taken, now - since, item.seen) if now >= since else None
    if order is not None:
        order = possible(order, item.course.steps, item.switch, driver.now())
    return item if order is None else _obey(order, item, driver, emit)


def _obey(order: Order, item: Running, driver: Driver, emit: Emit) -> Running:
    """Take a step of the course; one that comes too early or too late is tried again or no longer needed."""
    move, step = item.move, order.step
    calls: dict[StepAction, Callable[[], None]] = {
        StepAction.MAX_DOWNTIME: lambda: driver.set_max_downtime(move, step.max_downtime_ms or 0),
        StepAction.ABORT: lambda: driver.abort(move),
        StepAction.PAUSE: lambda: driver.pause(move),
        StepAction.POST_COPY: lambda: driver.post_copy(move),
    }
    failure = _act(step.action, calls[step.action], item, emit, step.max_downtime_ms)
    if failure is not None:
        post_copy = step.action is StepAction.POST_COPY
        return replace(item, switch=refused(item.switch, failure, driver.now())) if post_copy else item
    return replace(item, taken=order.number + 1, aborted=step.action is StepAction.ABORT)


def _act(
    action: StepAction, call: Callable[[], None], item: Running, emit: Emit, downtime_ms: Optional[int] = None
) -> Optional[Failure]:
    """Make a call and return why it was not heard, None where it was."""
    facts = {**names(item.move), "action": action.value, "policy": item.course.policy, "max_downtime_ms": downtime_ms}
    try:
        call()
    except DriverError as error:
        emit("action_failed", {**facts, "error": error.failure.message})
        return error.failure
    emit("action", facts)
    return None
