"""Carry out a verified plan through a driver: order, slots, start, watch. One loop; decisions are elsewhere."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional, Union

from .._model import prose
from .._model.plan import Leftover, Move, Plan
from .._model.refusal import Refusal
from .._model.request import Goal, method_fits
from .._model.settings import MoveSettings, Slots
from .bandwidth import Limits
from .convergence import look
from .courses import Course, course_of
from .events import Emit, names, result_facts
from .link_gates import Turn, closed_too_long, told_waits, turn
from .pacing import pace, windowed
from .ports import Driver, DriverError, Failure, Phase, Progress
from .recovery import healed
from .result import ARRIVED, BROKEN, MoveResult, Outcome, stale
from .settle import await_resumed, settle, tidy
from .sharing import make_room, share_out
from .situation import Situation, situation
from .slots import startable
from .steering import Over, Running, steer
from .wholeness import bound, going_on, kept_together

__all__ = ("POLL_SECONDS", "Emit", "RunOptions", "run")

Refused = Mapping[str, Sequence[Refusal]]

POLL_SECONDS = 0.25
# how long is slept at a time while nothing runs and a link is closed
DOZE_SECONDS = 5.0


@dataclass(frozen=True)
class RunOptions:
    """How a plan is carried out. ``max_failures``: broken moves after which no new one starts; None: no limit.

    ``courses``: by id of the move; one that is not there follows the settings alone. ``limits``: what all moves share.
    """

    settings: MoveSettings = MoveSettings()
    slots: Slots = Slots()
    max_failures: Optional[int] = None
    courses: Mapping[str, Course] = field(default_factory=dict)
    limits: Limits = Limits()


def run(
    plan: Plan,
    driver: Driver,
    options: RunOptions,
    emit: Emit,
    known: Optional[Refused] = None,
    over: Sequence[MoveResult] = (),
) -> tuple[MoveResult, ...]:
    """Return one result per move of the plan, in plan order. Never raises for what happens to a guest.

    ``known``: refusals of moves by id that need no question to the hosts. ``over``: of moves that were planned with
    these and are none of the plan any more.
    """
    for leftover in plan.leftovers:
        _mend(leftover, driver, emit)
    results = _preflight(plan.moves, driver, emit, known or {})
    results.update({result.move.id: _record(result, emit) for result in _held(plan, driver, options, results, over)})
    waiting = [move for move in plan.moves if move.id not in results]
    running: list[Running] = []
    awaited = Turn()
    share: Mapping[str, Optional[int]] = {}
    while waiting or running:
        number = len(results)
        halt = _halt(driver, results, options)
        if halt is not None:
            results.update({move.id: _record(_not_started(move, halt), emit) for move in waiting})
        now = _turn(waiting, running, results, options, driver, plan)
        results.update({result.move.id: _record(result, emit) for result in now.closed})
        awaited = told_waits(now, awaited, emit)
        if now.start:
            running, share = make_room(running, now.start, options.limits, _own(options, running, driver), driver, emit)
        begun = [_begin(move, _course(move, options), share[move.id], driver, emit) for move in now.start]
        started = [item for item in begun if isinstance(item, Running)]
        watched = [_watch(item, driver, emit) for item in (*running, *started)]
        over = [item for item in (*begun, *watched) if isinstance(item, MoveResult)]
        results.update({result.move.id: _record(result, emit) for result in over})
        running = [item for item in watched if isinstance(item, Running)]
        stranded = _stranded([move for move in waiting if move.id not in results], results)
        results.update({move.id: _record(_not_started(move, why), emit) for move, why in stranded})
        busy = {item.move.id for item in running}
        waiting = [move for move in waiting if move.id not in results and move.id not in busy]
        # a slot that has just become free is filled at once, before what it leaves over is shared out
        if running and len(results) == number:
            running = share_out(running, options.limits, _own(options, running, driver), driver, emit)
            driver.wait(POLL_SECONDS)
        elif now.next is not None and not running and len(results) == number:
            driver.wait(min(DOZE_SECONDS, max(POLL_SECONDS, now.next - driver.now())))
    return tuple(results[move.id] for move in plan.moves)


def _held(
    plan: Plan, driver: Driver, options: RunOptions, results: Mapping[str, MoveResult], over: Sequence[MoveResult]
) -> tuple[MoveResult, ...]:
    """Return who does not begin since one that belongs with it can't, or has its link closed for too long."""
    known = {**results, **{result.move.id: result for result in over}}
    shut: tuple[MoveResult, ...] = ()
    if options.settings.cut_over is None:
        patience = 60 * options.settings.link_wait_minutes
        shut = closed_too_long(bound(plan, known), options.limits, driver.now(), patience)
    return (*shut, *kept_together(plan, {**known, **{result.move.id: result for result in shut}}))


def _turn(
    waiting: Sequence[Move],
    running: Sequence[Running],
    results: Mapping[str, MoveResult],
    options: RunOptions,
    driver: Driver,
    plan: Plan,
) -> Turn:
    open_moves = [move for move in waiting if move.id not in results]
    arrived = [result.move for result in results.values() if result.outcome in ARRIVED]
    moving = [item.move for item in running]
    patience, now = 60 * options.settings.link_wait_minutes, driver.now()
    as_planned = plan.request.goal is Goal.RELOCATE
    window = windowed(open_moves, options.settings.cut_over, plan.est_seconds, now)
    found = turn(
        window.due,
        lambda moves: startable(moves, moving, [move.id for move in arrived], options.slots, results, as_planned),
        options.limits,
        now,
        patience,
        going_on(plan, [*arrived, *moving], options.limits.link_of),
    )
    return replace(found, closed=(*found.closed, *window.late), wake=window.wake)


def _mend(leftover: Leftover, driver: Driver, emit: Emit) -> None:
    facts: dict[str, Any] = {"guest": leftover.guest, "name": leftover.name, "host": leftover.host}
    try:
        driver.mend(leftover)
    except DriverError as error:
        emit("mend_failed", {**facts, "error": error.failure.message})
    else:
        emit("mended", {**facts, "definition_on": leftover.definition_on})


def _preflight(moves: Sequence[Move], driver: Driver, emit: Emit, known: Refused) -> dict[str, MoveResult]:
    """Ask the hosts about every move before the first one starts."""
    results = {}
    for move in moves:
        try:
            refusals = () if move.adopt else (*known.get(move.id, ()), *driver.check(move))
            brought = () if refusals or not move.media or move.adopt else driver.prepare(move)
        except DriverError as error:
            results[move.id] = _record(MoveResult(move, Outcome.REFUSED, failure=error.failure), emit)
            continue
        if brought:
            emit("media_copied", {**names(move), "volumes": list(brought)})
        if refusals:
            failure = Failure(
                "; ".join(prose.cause(refusal) for refusal in refusals),
                "; ".join(prose.remedy(refusal) for refusal in refusals),
            )
            results[move.id] = _record(MoveResult(move, Outcome.REFUSED, failure=failure), emit)
    return results


def _halt(driver: Driver, results: Mapping[str, MoveResult], options: RunOptions) -> Optional[str]:
    """Return why no further move may start, or None."""
    if driver.interrupted():
        return "the run was interrupted"
    broken = sum(1 for result in results.values() if result.outcome in BROKEN)
    if options.max_failures is not None and broken > options.max_failures:
        return f"{broken} moves failed, more than max_failures ({options.max_failures}) allows"
    return None


def _stranded(waiting: Sequence[Move], results: Mapping[str, MoveResult]) -> list[tuple[Move, str]]:
    """Return waiting moves whose predecessor ended without arriving."""
    lost = {key for key, result in results.items() if result.outcome not in ARRIVED}
    found = []
    for move in waiting:
        blocking = [other for other in move.after if other in lost]
        if blocking:
            found.append((move, f"it had to wait for {results[blocking[0]].move.name}, which did not arrive"))
    return found


def _not_started(move: Move, why: str) -> MoveResult:
    return MoveResult(move, Outcome.NOT_STARTED, failure=Failure(why, "Run again to go on with what is left"))


def _course(move: Move, options: RunOptions) -> Course:
    return options.courses.get(move.id) or course_of(move, options.settings)


def _own(options: RunOptions, running: Sequence[Running], driver: Driver) -> Callable[[Move], Optional[int]]:
    """Return what gives the limit of each move alone: its own, or what takes it until the cut-over window."""
    left = {item.move.id: item.seen.remaining or item.move.est_bytes for item in running}
    now, cut = driver.now(), options.settings.cut_over

    def own(move: Move) -> Optional[int]:
        paced = pace(move, left.get(move.id, move.est_bytes), cut, now)
        limits = [each for each in (_course(move, options).settings.bandwidth_mibs, paced) if each is not None]
        return min(limits, default=None)

    return own


def _begin(move: Move, course: Course, mibs: Optional[int], driver: Driver, emit: Emit) -> Union[Running, MoveResult]:
    """Start the move if the world is as the plan saw it."""
    try:
        where = driver.where_is(move)
        case = situation(where)
        if case is Situation.AT_DEST:
            return MoveResult(move, Outcome.ALREADY_THERE, failure=tidy(move, driver)[1])
        if case in (Situation.MOVING, Situation.BROKEN):
            move = replace(move, adopt=True)
        elif case is Situation.UNKNOWN:
            return _not_started(move, f"no answer from {' and '.join(where.silent)}")
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


def _watch(item: Running, driver: Driver, emit: Emit) -> Union[Running, MoveResult]:
    """Look at a running move once: act on it where that is due, settle it where it is over."""
    if item.over is None:
        try:
            progress = driver.progress(item.move)
        except DriverError as error:
            progress = Progress(Phase.FINISHING, ended=True, failure=error.failure)
        if progress.broken and not progress.ended:
            return await_resumed(item, driver, emit)
        if not progress.ended:
            item = replace(item, recovery=healed(item.recovery, driver.now()))
            return steer(replace(item, doubted=None, seen=look(item.seen, progress)), progress, driver, emit)
        since = driver.now() if item.doubted is None else item.doubted
        item = replace(item, over=Over(since, progress.failure))
    return settle(item, driver, emit)


def _record(result: MoveResult, emit: Emit) -> MoveResult:
    emit("move_ended", result_facts(result))
    return result
