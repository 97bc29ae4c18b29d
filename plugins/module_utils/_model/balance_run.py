"""A run of the role balance: its saved plan, what moves and why, what does not and why. Moves nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

from .balance import DEFAULT_AGGRESSIVENESS, NotMoved, check_level, level_of
from .codec import from_json, load_document, to_json
from .errors import FleetError
from .plan import SCHEMA, Plan, read_plan
from .prose_balance import not_moved_facts, not_moved_lines
from .request import Goal

Facts = Mapping[str, Any]

_ARRIVED = ("moved", "already_there")
_RECOMMEND = "recommend"


def saved_plan(given: Union[str, Facts], what: str) -> dict[str, Any]:
    """Return a plan of this goal that was saved, from its text or as data; raises FleetError on anything else."""
    plan = read_plan(given, what) if isinstance(given, str) else load_document(Plan, given, what, SCHEMA)
    if plan.request.goal is not Goal.BALANCE:
        raise FleetError(
            f"{what} is for the goal {plan.request.goal.value}",
            "Give a plan of the role balance, or apply it with migration_apply",
        )
    check_level(plan.request.aggressiveness)
    found: dict[str, Any] = to_json(plan)
    return found


def summary(plan: Facts, report: Optional[Facts], mode: str, rehearsed: bool) -> dict[str, Any]:
    """Return what came of the run, with the same keys in check mode and where only a plan was made.

    ``report``: of the moves, None where none were made.
    """
    # a run that failed before its first move has no report either
    moves = _moves(plan, report if mode == _RECOMMEND else report or {})
    stays = [from_json(NotMoved, each) for each in plan.get("not_moved", ())]
    found = {
        "mode": mode,
        "rehearsed": rehearsed,
        "plan_id": plan["plan_id"],
        "threshold": _threshold(plan["request"]),
        "signals": [_figures(bound) for bound in plan.get("bounds", ())],
        "moves": moves,
        "moved": sum(move["outcome"] == "moved" for move in moves),
        "stale": [move["name"] for move in moves if move["outcome"] == "stale"],
        "not_moved": [not_moved_facts(each) for each in stays],
        "remarks": list(plan.get("remarks", ())),
        "plan": dict(plan) if mode == _RECOMMEND else None,
    }
    return {**found, "text": [*summary_lines(found), *not_moved_lines(stays)]}


def _threshold(request: Facts) -> Optional[float]:
    """Return the imbalance that is good enough; None where nothing is evened out, however uneven the fleet is."""
    level = request.get("aggressiveness", DEFAULT_AGGRESSIVENESS)
    found = level_of(level, request.get("threshold"), request.get("min_gain")).threshold
    return None if math.isinf(found) else found


def _figures(bound: Facts) -> dict[str, Any]:
    return {"what": bound["what"], "before": bound["before"], "after": bound["value"]}


def _moves(plan: Facts, report: Optional[Facts]) -> list[dict[str, Any]]:
    """Return the moves of the plan with what came of each: those that the report leaves out were not begun."""
    came = {move["id"]: move for move in (report or {}).get("moves", ())}
    return [
        {
            **{key: move[key] for key in ("id", "name", "source", "dest", "method", "reason")},
            "purpose": move.get("purpose"),
            "outcome": came.get(move["id"], {}).get("outcome", "planned" if report is None else "not_started"),
            "error": came.get(move["id"], {}).get("error"),
        }
        for move in plan["moves"]
    ]


def summary_lines(found: Facts) -> list[str]:
    """Return the summary for people."""
    return [
        *(_signal_line(each) for each in found["signals"]),
        *_threshold_line(found["threshold"]),
        *(_move_line(move, found["rehearsed"]) for move in found["moves"]),
        *_none_line(found["moves"]),
        *found["remarks"],
    ]


def _signal_line(figures: Facts) -> str:
    return f"{figures['what']}: {figures['before']:g} before, {figures['after']:g} as planned"


def _threshold_line(threshold: Optional[float]) -> tuple[str, ...]:
    return () if threshold is None else (f"an imbalance of {threshold:g} is good enough",)


def _move_line(move: Facts, rehearsed: bool) -> str:
    way = f"{move['name']}, {move['source']} to {move['dest']}: {move['reason']}"
    if move["outcome"] == "planned":
        return f"to be moved: {way}"
    if move["outcome"] in _ARRIVED:
        done = move["outcome"].replace("_", " ")
        return f"would be moved: {way}" if rehearsed and done == "moved" else f"{done}: {way}"
    return f"NOT MOVED: {way}; {move['outcome'].replace('_', ' ')}{_why(move['error'])}"


def _why(error: Optional[str]) -> str:
    return f", {error}" if error else ""


def _none_line(moves: Sequence[Facts]) -> tuple[str, ...]:
    return () if moves else ("nothing to move",)
