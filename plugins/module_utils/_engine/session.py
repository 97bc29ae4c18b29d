"""One run from a plan to its report: freshen, carry out, look again, judge. Pure; the world comes in as arguments."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from .._model.errors import FleetError
from .._model.host import HostState
from .._model.plan import Leftover, Move, Plan
from .._model.request import Request
from .._model.snapshot import Snapshot, by_uuid, residence, runs_twice
from .._planner.planner import leftovers
from . import invariant, report
from .bandwidth import limits_of
from .courses import courses
from .engine import RunOptions, run
from .events import Emit
from .freshen import freshen
from .gates import refusals_of
from .pacing import is_over
from .plan_text import plan_facts
from .ports import Driver
from .result import BROKEN, MoveResult, Outcome, stale
from .rounds import History, in_round, next_request
from .simulator import Simulator

Look = Callable[[], Snapshot]
Again = Callable[[Snapshot, Request], Plan]


@dataclass(frozen=True)
class Further:
    """Rounds after the first: who plans them, and how many there are in all before guests go as their fallback says."""

    plan: Again
    most: int = 1


@dataclass(frozen=True)
class Round:
    """One plan as it was carried out: its results, what came of leftovers, the fleet before and after, and when."""

    plan: Plan
    results: tuple[MoveResult, ...]
    before: Snapshot
    after: Snapshot
    mended: int
    unmended: tuple[Leftover, ...]
    span: tuple[float, float]


def carry_out(
    plan: Plan,
    before: Snapshot,
    driver: Driver,
    options: RunOptions,
    emit: Emit,
    look: Look,
    further: Optional[Further] = None,
) -> dict[str, Any]:
    """Apply ``plan`` to the fleet seen in ``before`` and return the report; ``look`` gives the snapshot afterwards.

    ``further``: what is left is planned again. Raises FleetError, with nothing changed, where a guest runs twice
    or the plan does not fit the fleet any more.
    """
    rounds = [carry_out_once(plan, before, driver, options, emit, look)]
    trouble: tuple[str, ...] = ()
    while further is not None and not trouble and not _ends(rounds, options, driver):
        history = History(tuple(each.results for each in rounds), rounds[-1].after)
        request = next_request(plan.request, history, further.most)
        if request is None:
            break
        try:
            following = in_round(further.plan(history.fleet, request), len(rounds) + 1, plan.request)
            if not following.moves:
                break
            emit("planned", {"plan_id": following.plan_id, "text": plan_facts(following)["plan_text"]})
            rounds.append(carry_out_once(following, history.fleet, driver, options, emit, look))
        except FleetError as error:
            trouble = (f"planning again what was left has failed: {error.message}",)
    return _reported(rounds, trouble)


def _ends(rounds: Sequence[Round], options: RunOptions, driver: Driver) -> bool:
    """Return whether no further round may follow, whatever is left."""
    return driver.interrupted() or _too_many(rounds, options) or is_over(options.settings.cut_over, driver.now())


def _too_many(rounds: Sequence[Round], options: RunOptions) -> bool:
    broken = sum(result.outcome in BROKEN for each in rounds for result in each.results)
    return options.max_failures is not None and broken > options.max_failures


def _reported(rounds: Sequence[Round], trouble: tuple[str, ...]) -> dict[str, Any]:
    first, last = rounds[0], rounds[-1]
    results = [replace(result, round=number) for number, each in enumerate(rounds, 1) for result in each.results]
    plan = replace(first.plan, stays=last.plan.stays)
    troubles = (
        *invariant.problems(first.before, last.after),
        *(_not_mended(leftover) for leftover in last.unmended),
        *trouble,
    )
    mended = sum(each.mended for each in rounds)
    return report.build(plan, results, first.before, last.after, troubles, mended, (first.span[0], last.span[1]))


def carry_out_once(plan: Plan, before: Snapshot, driver: Driver, options: RunOptions, emit: Emit, look: Look) -> Round:
    """Apply ``plan`` to the fleet seen in ``before``; raises FleetError as ``carry_out`` does."""
    check_runs_once(before)
    check_appliable(plan, before)
    fresh = freshen(plan, before)
    steered = replace(options, courses=courses(fresh.plan.moves, before, options.settings), limits=limits_of(before))
    began = driver.now()
    refused = refusals_of(fresh.plan.moves, steered.courses, before)
    over = [MoveResult(move, Outcome.ALREADY_THERE) for move in fresh.done]
    over += [stale(move, _how_it_is(move, before)) for move in fresh.stale]
    results = [*run(fresh.plan, driver, steered, emit, refused, over), *over]
    results.sort(key=lambda result: result.move.id)
    after = look()
    if invariant.problems(before, after):
        # hosts are seen a moment apart: a guest that somebody else moves just then can show up on neither
        after = look()
    left = leftovers(after, plan.request)
    mended = max(0, len(fresh.plan.leftovers) - len(left))
    return Round(fresh.plan, tuple(results), before, after, mended, left, (began, driver.now()))


def _how_it_is(move: Move, snapshot: Snapshot) -> str:
    home = residence(by_uuid(snapshot)[move.guest])
    return f"{home.guest.state.value} on {home.host}"


def _not_mended(leftover: Leftover) -> str:
    where = leftover.definition_on or leftover.claim.dest
    return f"{leftover.name}: what an interrupted move left on {where} is still there; run again"


def rehearsal(
    before: Snapshot, start: float, new_name: Optional[str] = None, stop: Callable[[], bool] = lambda: False
) -> tuple[Driver, Look]:
    """Return the driver of check mode, and the look at the fleet as its moves leave it."""
    simulator = Simulator(before, start, new_name, stop)
    return simulator, lambda: simulator.fleet


def awakened(snapshot: Snapshot, names: Collection[str]) -> Snapshot:
    """Return the snapshot as it is once these hosts of it that are on standby have been switched on."""
    hosts = (
        replace(host, state=HostState.SCHEDULABLE) if host.name in names and host.state is HostState.STANDBY else host
        for host in snapshot.hosts
    )
    return replace(snapshot, hosts=tuple(hosts))


def check_appliable(plan: Plan, snapshot: Snapshot) -> None:
    """Raise FleetError where people, or another role, have to do something before or between the moves."""
    if plan.waves:
        hosts = " and ".join(plan.waves[0].hosts)
        raise FleetError(
            "a rolling plan is not carried out as a whole: its hosts are upgraded between its waves",
            f"Evacuate the hosts of one wave at a time, {hosts or 'the first one'} first",
        )
    asleep = [name for name in plan.power_on if not _is_awake(name, snapshot)]
    if asleep:
        raise FleetError(
            f"the plan needs {' and '.join(asleep)} to be switched on", "Switch it on, then apply the plan"
        )


def _is_awake(name: str, snapshot: Snapshot) -> bool:
    host = snapshot.host(name)
    return host is not None and host.state is HostState.SCHEDULABLE


def check_runs_once(snapshot: Snapshot) -> None:
    """Raise FleetError where a guest is active on two hosts: nothing may move before a person has looked."""
    for places in by_uuid(snapshot).values():
        if runs_twice(places):
            hosts = " and ".join(place.host for place in places if place.guest.active)
            raise FleetError(
                f"guest {places[0].guest.name} is active on {hosts} at the same time; nothing was moved",
                "Find out which copy is right and destroy the other",
            )


def module_result(facts: dict[str, Any], journal: str) -> dict[str, Any]:
    """Return a report as modules give it back: changed, diff, text, and a message where the run is no success.

    Guests that the plan left where they are do not make it fail: whoever asked for the plan has seen them.
    """
    totals, where = facts["totals"], facts["placement"]
    result = {
        "changed": totals["moved"] > 0 or facts["mended"] > 0,
        "report": facts,
        "text": report.result_lines(facts),
        "journal": journal,
        "diff": {"before": where["before"], "after": where["after"]},
    }
    if not facts["problems"] and totals["failed"] == 0:
        return result
    return {**result, "failed": True, "msg": _summary(facts)}


def _summary(facts: dict[str, Any]) -> str:
    totals = facts["totals"]
    text = f"{totals['moved']} moved, {totals['already_there']} already there, {totals['failed']} not moved"
    left = (move for move in reversed(facts["moves"]) if move["name"] in facts["left"])
    first = next((move for move in left if move["error"] and move["outcome"] != "moved"), None)
    if first is not None:
        text += f"; {first['name']}: {first['error']}. {first['remedy']}"
    if facts["problems"]:
        text += f"; {facts['problems'][0]}"
    return text
