"""What became of a move that is over: both ends are asked, and put in order. Must start nothing but what broke."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Optional, Union

from .._model import prose
from .._model.plan import Move
from .ends import End, end_by_others, unclear
from .events import Emit, names
from .pacing import cut_off
from .ports import Cost, Driver, DriverError, Failure, Place, Whereabouts
from .recovery import Recovery, Turn, broken, given_up, tried, turn
from .result import MoveResult, Outcome
from .situation import Situation, situation
from .steering import Running
from .switch import with_refusal

# How long an end that does not answer is asked again before a move counts as unknown.
SETTLE_SECONDS = 60.0


def settle(item: Running, driver: Driver, emit: Emit) -> Union[Running, MoveResult]:
    """Ask both ends what became of a move that is over; the hypervisor's word alone is not enough."""
    move, failure = item.move, item.over.failure if item.over else None
    patient = item.over is not None and driver.now() - item.over.since < SETTLE_SECONDS
    try:
        where = driver.where_is(move)
        case = situation(where)
        if case is Situation.AT_DEST:
            cost, untidy = tidy(move, driver)
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


def _recover(item: Running, where: Whereabouts, driver: Driver, emit: Emit) -> Union[Running, MoveResult]:
    """Resume a post-copy that broke, or wait until that can be tried; neither copy may ever be given up."""
    now, failure = driver.now(), item.over.failure if item.over else None
    state = _found_broken(item, now, emit)
    do = turn(state, where, driver.interrupted(), now)
    if do is Turn.GIVE_UP:
        why = given_up(item.move, state, failure)
        return MoveResult(item.move, Outcome.UNKNOWN, item.started, now, failure=why)
    if do is Turn.WAIT:
        return replace(item, recovery=state)
    emit("post_copy_resumed", {**names(item.move), "number": state.tries + 1})
    driver.resume_post_copy(item.move, item.course.settings)
    return replace(item, over=None, doubted=None, recovery=tried(state, now))


def await_resumed(item: Running, driver: Driver, emit: Emit) -> Union[Running, MoveResult]:
    """Let the call of a post-copy that broke have its time: the move's own, or one that resumes it.

    The latter can hang, since QEMU may be waiting for the other end.
    """
    state = _found_broken(item, driver.now(), emit)
    if turn(state, Whereabouts(None, None), driver.interrupted(), driver.now()) is not Turn.GIVE_UP:
        return replace(item, recovery=state)
    failure = Failure("libvirt's call to resume it does not come back")
    why = given_up(item.move, state, failure)
    return MoveResult(item.move, Outcome.UNKNOWN, item.started, driver.now(), failure=why)


def _found_broken(item: Running, now: float, emit: Emit) -> Recovery:
    """Return the recovery of a move whose post-copy is found broken, and say so the first time."""
    if item.recovery.since is None:
        failure = item.over.failure if item.over else None
        why = failure.message if failure else "its two ends have lost one another"
        emit("post_copy_broken", {**names(item.move), "error": why})
    return broken(item.recovery, now)


def _stayed(item: Running, found: Optional[Place], failure: Optional[Failure], driver: Driver) -> MoveResult:
    """Return the result of a move whose guest is at its source, once that is in order again."""
    move, outcome = item.move, _broken(item, driver)
    theirs = end_by_others(move, found, failure if outcome is Outcome.FAILED else None)
    end = theirs or End(outcome, _why(item, outcome, failure, driver.now()))
    why = _put_back(move, end.failure, driver)
    return MoveResult(move, end.outcome, item.started, driver.now(), failure=why)


def tidy(move: Move, driver: Driver) -> tuple[Cost, Optional[Failure]]:
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


def _broken(item: Running, driver: Driver) -> Outcome:
    if not item.aborted:
        return Outcome.FAILED
    return Outcome.ABORTED if driver.interrupted() else Outcome.TIMED_OUT


def _why(item: Running, outcome: Outcome, failure: Optional[Failure], now: float) -> Failure:
    if outcome is Outcome.ABORTED:
        text = "the move was aborted, the guest runs on at its source"
        return Failure(text, "Run again to go on with what is left")
    if outcome is Outcome.TIMED_OUT and item.cut_off:
        return cut_off(item.course.settings.cut_over)
    if outcome is Outcome.TIMED_OUT:
        seen = item.seen
        left = seen.began_with if seen.iteration > 1 else seen.remaining
        # QEMU counts a page once per pass, a measurement before the start each time
        measured = item.move.expected.dirty_rate if item.move.expected else 0
        writes = max(seen.dirty_rate, measured)
        figures = prose.Figures(now - item.started, writes, seen.rate, left, seen.iteration)
        return with_refusal(Failure(*prose.not_converged(item.course.policy, figures)), item.switch)
    return failure or Failure("the move ended without an error, but the guest is still at its source", "Run again")
