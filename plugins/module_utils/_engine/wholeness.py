"""Who does not begin since another can't, and who goes on since another has: all or none, groups as a whole. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from .._model.crossing import MoveGroup
from .._model.plan import Move, Plan
from .ports import Failure
from .result import ARRIVED, MoveResult, Outcome


def kept_together(plan: Plan, results: Mapping[str, MoveResult]) -> tuple[MoveResult, ...]:
    """Return the moves that are not to begin, as hosts refuse one that belongs with them; nothing has moved yet.

    A group of which a part is there already, or on its way, is not kept apart.
    """
    refused = {key for key, result in results.items() if result.outcome not in ARRIVED}
    whole = [("all or none are to go", frozenset(move.id for move in plan.moves))] if plan.request.all_or_none else []
    whole += [(f"its group {group.name} goes as a whole", frozenset(group.moves)) for group in _apart(plan)]
    found: dict[str, MoveResult] = {}
    for why, ids in whole:
        for result in _others(plan.moves, ids, refused, results, why):
            found.setdefault(result.move.id, result)
    return tuple(found.values())


def going_on(plan: Plan, begun: Collection[str]) -> frozenset[str]:
    """Return the moves of groups of which a part has begun, by IDs of moves: to stop there would leave them split."""
    watched = {move.id for move in plan.moves if move.adopt}
    groups = (frozenset(group.moves) for group in plan.groups)
    return frozenset().union(*(moves for moves in groups if moves & watched or not moves.isdisjoint(begun)))


def _apart(plan: Plan) -> Iterator[MoveGroup]:
    watched = {move.id for move in plan.moves if move.adopt}
    return (group for group in plan.groups if not group.there and not watched.intersection(group.moves))


def _others(
    moves: Collection[Move],
    ids: Collection[str],
    refused: Collection[str],
    results: Mapping[str, MoveResult],
    why: str,
) -> Iterator[MoveResult]:
    lost = [move for move in moves if move.id in ids and move.id in refused]
    if not lost:
        return
    failure = Failure(f"{why}, and {lost[0].name} is refused", "Mend what keeps that one, then run again")
    for move in moves:
        if move.id in ids and move.id not in results and not move.adopt:
            yield MoveResult(move, Outcome.NOT_STARTED, failure=failure)
