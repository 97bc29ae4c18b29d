"""Who does not begin since another can't, and who goes on since another has: all or none, groups as a whole. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Optional

from .._model.link import Link
from .._model.plan import Move, Plan
from .ports import Failure
from .result import ARRIVED, MoveResult, Outcome


def kept_together(plan: Plan, results: Mapping[str, MoveResult]) -> tuple[MoveResult, ...]:
    """Return the moves that are not to begin, as one that belongs with them can't go; nothing has moved yet.

    ``results``: of moves that are over or refused before the first begins, those of an older plan among them.
    A group of which a part is there already, or on its way, is not kept apart.
    """
    lost = [result.move for result in results.values() if result.outcome not in ARRIVED]
    found: dict[str, MoveResult] = {}
    for why, ids in _wholes(plan, results):
        first = next((move for move in lost if move.id in ids), None)
        if first is None:
            continue
        failure = Failure(f"{why}, and {first.name} can't go", "Mend what keeps that one, then run again")
        for move in plan.moves:
            if move.id in ids and move.id not in results and not move.adopt:
                found.setdefault(move.id, MoveResult(move, Outcome.NOT_STARTED, failure=failure))
    return tuple(found.values())


def bound(plan: Plan, results: Mapping[str, MoveResult]) -> tuple[Move, ...]:
    """Return the moves that go as a whole with others, or not at all; ``results`` as for kept_together."""
    ids = frozenset[str]().union(*(ids for _why, ids in _wholes(plan, results)))
    return tuple(move for move in plan.moves if move.id in ids and not move.adopt and move.id not in results)


def going_on(plan: Plan, begun: Iterable[Move], link_of: Callable[[Move], Optional[Link]]) -> frozenset[str]:
    """Return the IDs of moves of groups that have begun to go over the same link: to stop would leave them split."""
    if not plan.groups:
        return frozenset()
    of = {move.id: move for move in plan.moves}
    moving = (*begun, *(move for move in plan.moves if move.adopt))
    ways = {key: link_of(move) for move in moving for key in (move.id, move.guest)}
    found: set[str] = set()
    for group in plan.groups:
        links = [ways[key] for key in (*group.moves, *group.there) if key in ways]
        if links:
            found.update(one for one in group.moves if one in of and link_of(of[one]) in links)
    return frozenset(found)


def _wholes(plan: Plan, results: Mapping[str, MoveResult]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield IDs of moves that begin all or not at all, and why."""
    begun = {move.id for move in plan.moves if move.adopt}
    begun.update(key for key, result in results.items() if result.outcome in ARRIVED)
    if plan.request.all_or_none:
        yield "all or none are to go", frozenset([*results, *(move.id for move in plan.moves)])
    for group in plan.groups:
        if not group.there and begun.isdisjoint(group.moves):
            yield f"its group {group.name} goes as a whole", frozenset(group.moves)
