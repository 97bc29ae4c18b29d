"""Carry out a verified plan through a driver: order, slots, limits. One loop; what is done with a move is elsewhere."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from .._model import prose
from .._model.plan import Leftover, Move, Plan
from .._model.refusal import Refusal
from .._model.settings import MoveSettings, Slots
from .bandwidth import Limits, shares
from .courses import Course, course_of
from .events import result_facts
from .ports import Driver, DriverError, Failure
from .result import ARRIVED, BROKEN, MoveResult, Outcome
from .running import Emit, Running
from .slots import startable
from .watch import begin, not_started, told, watch

Refused = Mapping[str, Sequence[Refusal]]

POLL_SECONDS = 0.25


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
    plan: Plan, driver: Driver, options: RunOptions, emit: Emit, known: Optional[Refused] = None
) -> tuple[MoveResult, ...]:
    """Return one result per move of the plan, in plan order. Never raises for what happens to a guest.

    ``known``: refusals of moves by id that need no question to the hosts.
    """
    for leftover in plan.leftovers:
        _mend(leftover, driver, emit)
    results = _preflight(plan.moves, driver, emit, known or {})
    waiting = [move for move in plan.moves if move.id not in results]
    running: list[Running] = []
    while waiting or running:
        number = len(results)
        halt = _halt(driver, results, options)
        if halt is not None:
            results.update({move.id: _record(not_started(move, halt), emit) for move in waiting})
        following = _next(waiting, running, results, options.slots)
        share = _shares([*(item.move for item in running), *following], options)
        begun = [begin(move, _course(move, options), share[move.id], driver, emit) for move in following]
        started = [item for item in begun if isinstance(item, Running)]
        watched = [watch(item, driver, emit) for item in (*running, *started)]
        over = [item for item in (*begun, *watched) if isinstance(item, MoveResult)]
        results.update({result.move.id: _record(result, emit) for result in over})
        running = [item for item in watched if isinstance(item, Running)]
        stranded = _stranded(waiting, results)
        results.update({move.id: _record(not_started(move, why), emit) for move, why in stranded})
        busy = {item.move.id for item in running}
        waiting = [move for move in waiting if move.id not in results and move.id not in busy]
        # a slot that has just become free is filled at once, before what it leaves over is shared out
        if running and len(results) == number:
            running = _shared(running, options, driver, emit)
            driver.wait(POLL_SECONDS)
    return tuple(results[move.id] for move in plan.moves)


def _next(
    waiting: Sequence[Move], running: Sequence[Running], results: Mapping[str, MoveResult], slots: Slots
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


def _course(move: Move, options: RunOptions) -> Course:
    return options.courses.get(move.id) or course_of(move, options.settings)


def _shares(moves: Sequence[Move], options: RunOptions) -> dict[str, Optional[int]]:
    return shares(moves, options.limits, {move.id: _course(move, options).settings.bandwidth_mibs for move in moves})


def _shared(running: list[Running], options: RunOptions, driver: Driver, emit: Emit) -> list[Running]:
    """Tell those whose share has changed; one that can't be told yet is told at the next look."""
    share = _shares([item.move for item in running], options)
    return [told(item, share[item.move.id], driver, emit) for item in running]


def _record(result: MoveResult, emit: Emit) -> MoveResult:
    emit("move_ended", result_facts(result))
    return result
