"""Carry out a verified plan through a driver: slots, order, watching, settling. One loop; decisions are elsewhere."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional, Union

from .._model import prose
from .._model.plan import Leftover, Move, Plan, method_fits
from .._model.policy import StepAction
from .._model.refusal import Refusal
from .._model.settings import MoveSettings, Slots
from .bandwidth import Limits, shares
from .convergence import Order, Seen, due, look
from .courses import Course, course_of
from .ends import End, end_by_others, unclear
from .events import names, progress_facts, result_facts
from .ports import Cost, Driver, DriverError, Failure, Phase, Place, Progress, Whereabouts
from .recovery import Recovery, Turn, broken, given_up, healed, tried, turn
from .result import ARRIVED, BROKEN, MoveResult, Outcome, stale
from .situation import Situation, situation
from .slots import startable

Emit = Callable[[str, Mapping[str, Any]], None]
Refused = Mapping[str, Sequence[Refusal]]

POLL_SECONDS = 0.25
# How long an end that does not answer is asked again before a move counts as unknown.
SETTLE_SECONDS = 60.0
# Phases in which the speed limit of a move counts and can be changed.
SENDING = (Phase.DISKS, Phase.MEMORY)


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


@dataclass(frozen=True)
class _Over:
    """The driver says, since then and without a break, that the move has ended; both ends have not confirmed it."""

    since: float
    failure: Optional[Failure]


@dataclass(frozen=True)
class _Running:
    """``taken``: how many steps of the course are done or made up for. ``mibs``: the speed limit that it was told."""

    move: Move
    started: float
    course: Course
    taken: int = 0
    aborted: bool = False
    seen: Seen = Seen()
    mibs: Optional[int] = None
    over: Optional[_Over] = None
    doubted: Optional[float] = None
    recovery: Recovery = Recovery()


def run(
    plan: Plan, driver: Driver, options: RunOptions, emit: Emit, known: Optional[Refused] = None
) -> tuple[MoveResult, ...]:
    """Return one result per move of the plan, in plan order. Never raises for what happens to a guest.

    ``known``: refusals of moves by id that need no question to the hosts.
    """
    for leftover in plan.leftovers:
        _mend(leftover, driver, emit)
    results = _preflight(plan.moves, driver, emit, known or {})
    waiting = [move for move in plan.moves if move.id not in results]
    running: list[_Running] = []
    while waiting or running:
        number = len(results)
        halt = _halt(driver, results, options)
        if halt is not None:
            results.update({move.id: _record(_not_started(move, halt), emit) for move in waiting})
        following = _next(waiting, running, results, options.slots)
        share = _shares([*(item.move for item in running), *following], options)
        begun = [_begin(move, _course(move, options), share[move.id], driver, emit) for move in following]
        started = [item for item in begun if isinstance(item, _Running)]
        watched = [_watch(item, driver, emit) for item in (*running, *started)]
        over = [item for item in (*begun, *watched) if isinstance(item, MoveResult)]
        results.update({result.move.id: _record(result, emit) for result in over})
        running = [item for item in watched if isinstance(item, _Running)]
        stranded = _stranded(waiting, results)
        results.update({move.id: _record(_not_started(move, why), emit) for move, why in stranded})
        busy = {item.move.id for item in running}
        waiting = [move for move in waiting if move.id not in results and move.id not in busy]
        # a slot that has just become free is filled at once, before what it leaves over is shared out
        if running and len(results) == number:
            running = _shared(running, options, driver, emit)
            driver.wait(POLL_SECONDS)
    return tuple(results[move.id] for move in plan.moves)


def _next(
    waiting: Sequence[Move], running: Sequence[_Running], results: Mapping[str, MoveResult], slots: Slots
) -> list[Move]:
    open_moves = [move for move in waiting if move.id not in results]
    arrived = [key for key, result in results.items() if result.outcome in ARRIVED]
    return startable(open_moves, [item.move for item in running], arrived, slots)


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
        except DriverError as error:
            results[move.id] = _record(MoveResult(move, Outcome.REFUSED, failure=error.failure), emit)
            continue
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


def _shares(moves: Sequence[Move], options: RunOptions) -> dict[str, Optional[int]]:
    return shares(moves, options.limits, {move.id: _course(move, options).settings.bandwidth_mibs for move in moves})


def _shared(running: list[_Running], options: RunOptions, driver: Driver, emit: Emit) -> list[_Running]:
    """Tell those whose share has changed; one that can't be told yet is told at the next look."""
    share = _shares([item.move for item in running], options)
    return [_told(item, share[item.move.id], driver, emit) for item in running]


def _told(item: _Running, mibs: Optional[int], driver: Driver, emit: Emit) -> _Running:
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


def _begin(move: Move, course: Course, mibs: Optional[int], driver: Driver, emit: Emit) -> Union[_Running, MoveResult]:
    """Start the move if the world is as the plan saw it."""
    try:
        where = driver.where_is(move)
        case = situation(where)
        if case is Situation.AT_DEST:
            return MoveResult(move, Outcome.ALREADY_THERE, failure=_tidy(move, driver)[1])
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
    return _Running(move, driver.now(), course, mibs=None if move.adopt else mibs)


def _watch(item: _Running, driver: Driver, emit: Emit) -> Union[_Running, MoveResult]:
    """Look at a running move once: act on it where that is due, settle it where it is over."""
    if item.over is None:
        try:
            progress = driver.progress(item.move)
        except DriverError as error:
            progress = Progress(Phase.FINISHING, ended=True, failure=error.failure)
        if progress.broken and not progress.ended:
            return _await_resumed(item, driver)
        if not progress.ended:
            item = replace(item, recovery=healed(item.recovery, driver.now()))
            return _steer(replace(item, doubted=None, seen=look(item.seen, progress)), progress, driver, emit)
        since = driver.now() if item.doubted is None else item.doubted
        item = replace(item, over=_Over(since, progress.failure))
    return _settle(item, driver, emit)


def _steer(item: _Running, progress: Progress, driver: Driver, emit: Emit) -> _Running:
    seconds = driver.now() - item.started
    emit("progress", progress_facts(item.move, progress, seconds))
    if item.aborted or progress.phase is Phase.POST_COPY:
        return item
    if driver.interrupted():
        aborted = _act(StepAction.ABORT, lambda: driver.abort(item.move), item, emit)
        return replace(item, aborted=aborted)
    order = due(item.course.steps, item.taken, seconds, item.seen)
    return item if order is None else _obey(order, item, driver, emit)


def _obey(order: Order, item: _Running, driver: Driver, emit: Emit) -> _Running:
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


def _act(action: StepAction, call: Callable[[], None], item: _Running, emit: Emit) -> bool:
    """Make a call and return whether it was heard."""
    facts = {**names(item.move), "action": action.value, "policy": item.course.policy}
    try:
        call()
    except DriverError as error:
        emit("action_failed", {**facts, "error": error.failure.message})
        return False
    emit("action", facts)
    return True


def _settle(item: _Running, driver: Driver, emit: Emit) -> Union[_Running, MoveResult]:
    """Ask both ends what became of a move that is over; the hypervisor's word alone is not enough."""
    move, failure = item.move, item.over.failure if item.over else None
    patient = item.over is not None and driver.now() - item.over.since < SETTLE_SECONDS
    try:
        where = driver.where_is(move)
        case = situation(where)
        if case is Situation.AT_DEST:
            cost, untidy = _tidy(move, driver)
            return MoveResult(move, Outcome.MOVED, item.started, driver.now(), cost, untidy)
        if case is Situation.AT_SOURCE:
            return _stayed(item, where.source, failure, driver)
        if case is Situation.BROKEN:
            return _recover(item, where, driver, emit)
        if case is Situation.MOVING and patient:
            # the call was lost, the migration was not: the source's daemon drives it on
            adopted = replace(move, adopt=True)
            driver.start(adopted, item.course.settings)
            return replace(item, move=adopted, over=None, doubted=item.over.since if item.over else None)
    except DriverError as error:
        return MoveResult(move, Outcome.UNKNOWN, item.started, driver.now(), failure=error.failure)
    if patient:
        return item
    return MoveResult(move, Outcome.UNKNOWN, item.started, driver.now(), failure=unclear(move, case, failure))


def _recover(item: _Running, where: Whereabouts, driver: Driver, emit: Emit) -> Union[_Running, MoveResult]:
    """Resume a post-copy that broke, or wait until that can be tried; neither copy may ever be given up."""
    now, failure = driver.now(), item.over.failure if item.over else None
    state = broken(item.recovery, now)
    if state.since == now:
        emit(
            "post_copy_broken",
            {**names(item.move), "error": failure.message if failure else "its two ends have lost one another"},
        )
    do = turn(state, where, driver.interrupted(), now)
    if do is Turn.GIVE_UP:
        why = given_up(item.move, state, failure)
        return MoveResult(item.move, Outcome.UNKNOWN, item.started, now, failure=why)
    if do is Turn.WAIT:
        return replace(item, recovery=state)
    emit("post_copy_resumed", {**names(item.move), "number": state.tries + 1})
    driver.resume_post_copy(item.move, item.course.settings)
    return replace(item, over=None, doubted=None, recovery=tried(state, now))


def _await_resumed(item: _Running, driver: Driver) -> Union[_Running, MoveResult]:
    """Let a call that resumes a post-copy have its time; it can hang, since QEMU may be waiting for the other end."""
    state = broken(item.recovery, driver.now())
    if turn(state, Whereabouts(None, None), driver.interrupted(), driver.now()) is not Turn.GIVE_UP:
        return replace(item, recovery=state)
    failure = Failure("libvirt's call to resume it does not come back")
    why = given_up(item.move, state, failure)
    return MoveResult(item.move, Outcome.UNKNOWN, item.started, driver.now(), failure=why)


def _stayed(item: _Running, found: Optional[Place], failure: Optional[Failure], driver: Driver) -> MoveResult:
    """Return the result of a move whose guest is at its source, once that is in order again."""
    move, outcome = item.move, _broken(item, driver)
    theirs = end_by_others(move, found, failure if outcome is Outcome.FAILED else None)
    end = theirs or End(outcome, _why(item, outcome, failure, driver.now()))
    why = _put_back(move, end.failure, driver)
    return MoveResult(move, end.outcome, item.started, driver.now(), failure=why)


def _tidy(move: Move, driver: Driver) -> tuple[Cost, Optional[Failure]]:
    """Put in order a guest that has arrived; trouble with that does not undo the arrival."""
    try:
        return driver.finish(move), None
    except DriverError as error:
        text = f"the guest has arrived, but tidying up after it failed: {error.failure.message}"
        return Cost(), Failure(text, "Run again to have it done")


def _put_back(move: Move, why: Failure, driver: Driver) -> Failure:
    """Tidy up after a move that failed; trouble with that must not hide why it failed."""
    try:
        driver.undo(move)
    except DriverError as error:
        return Failure(f"{why.message}; tidying up failed too: {error.failure.message}", why.remedy)
    return why


def _broken(item: _Running, driver: Driver) -> Outcome:
    if not item.aborted:
        return Outcome.FAILED
    return Outcome.ABORTED if driver.interrupted() else Outcome.TIMED_OUT


def _why(item: _Running, outcome: Outcome, failure: Optional[Failure], now: float) -> Failure:
    if outcome is Outcome.ABORTED:
        text = "the move was aborted, the guest runs on at its source"
        return Failure(text, "Run again to go on with what is left")
    if outcome is Outcome.TIMED_OUT:
        seen = item.seen
        left = seen.began_with if seen.iteration > 1 else seen.remaining
        figures = prose.Figures(now - item.started, seen.dirty_rate, seen.rate, left, seen.iteration)
        return Failure(*prose.not_converged(item.course.policy, figures))
    return failure or Failure("the move ended without an error, but the guest is still at its source", "Run again")


def _record(result: MoveResult, emit: Emit) -> MoveResult:
    emit("move_ended", result_facts(result))
    return result
