"""One move from its start to the moment it is over: begun, looked at, steered along its course."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Optional, Union

from .._model.plan import Move, method_fits
from .._model.policy import StepAction
from .convergence import Order, due, look
from .courses import Course
from .events import names, progress_facts
from .ports import Driver, DriverError, Failure, Phase, Progress
from .recovery import healed
from .result import MoveResult, Outcome, stale
from .running import Emit, Over, Running
from .settle import await_resumed, settle, tidy
from .situation import Situation, situation

# Phases in which the speed limit of a move counts and can be changed.
SENDING = (Phase.DISKS, Phase.MEMORY)


def not_started(move: Move, why: str) -> MoveResult:
    return MoveResult(move, Outcome.NOT_STARTED, failure=Failure(why, "Run again to go on with what is left"))


def begin(move: Move, course: Course, mibs: Optional[int], driver: Driver, emit: Emit) -> Union[Running, MoveResult]:
    """Start the move if the world is as the plan saw it."""
    try:
        where = driver.where_is(move)
        case = situation(where)
        if case is Situation.AT_DEST:
            return MoveResult(move, Outcome.ALREADY_THERE, failure=tidy(move, driver)[1])
        if case in (Situation.MOVING, Situation.BROKEN):
            move = replace(move, adopt=True)
        elif case is Situation.UNKNOWN:
            return not_started(move, f"no answer from {' and '.join(where.silent)}")
        elif case is not Situation.AT_SOURCE:
            return stale(move, case.value)
        elif where.source is not None and not method_fits(move.method, where.source.state):
            return stale(move, where.source.state.value)
        facts = {"method": move.method.value, "adopted": move.adopt, "policy": course.policy, "bandwidth_mibs": mibs}
        emit("move_started", {**names(move), **facts})
        driver.start(move, replace(course.settings, bandwidth_mibs=mibs))
    except DriverError as error:
        return MoveResult(move, Outcome.FAILED, failure=error.failure)
    # nobody knows what one that is taken up on its way was told
    return Running(move, driver.now(), course, mibs=None if move.adopt else mibs)


def watch(item: Running, driver: Driver, emit: Emit) -> Union[Running, MoveResult]:
    """Look at a running move once: act on it where that is due, settle it where it is over."""
    if item.over is None:
        try:
            progress = driver.progress(item.move)
        except DriverError as error:
            progress = Progress(Phase.FINISHING, ended=True, failure=error.failure)
        if progress.broken and not progress.ended:
            return await_resumed(item, driver)
        if not progress.ended:
            item = replace(item, recovery=healed(item.recovery, driver.now()))
            return _steer(replace(item, doubted=None, seen=look(item.seen, progress)), progress, driver, emit)
        since = driver.now() if item.doubted is None else item.doubted
        item = replace(item, over=Over(since, progress.failure))
    return settle(item, driver, emit)


def told(item: Running, mibs: Optional[int], driver: Driver, emit: Emit) -> Running:
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


def _steer(item: Running, progress: Progress, driver: Driver, emit: Emit) -> Running:
    seconds = driver.now() - item.started
    emit("progress", progress_facts(item.move, progress, seconds))
    if item.aborted or progress.phase is Phase.POST_COPY:
        return item
    if driver.interrupted():
        aborted = _act(StepAction.ABORT, lambda: driver.abort(item.move), item, emit)
        return replace(item, aborted=aborted)
    order = due(item.course.steps, item.taken, seconds, item.seen)
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
    if not _act(step.action, calls[step.action], item, emit):
        return item
    return replace(item, taken=order.number + 1, aborted=step.action is StepAction.ABORT)


def _act(action: StepAction, call: Callable[[], None], item: Running, emit: Emit) -> bool:
    """Make a call and return whether it was heard."""
    facts = {**names(item.move), "action": action.value, "policy": item.course.policy}
    try:
        call()
    except DriverError as error:
        emit("action_failed", {**facts, "error": error.failure.message})
        return False
    emit("action", facts)
    return True
