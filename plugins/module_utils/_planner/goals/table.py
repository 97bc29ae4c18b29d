"""Which code serves which goal. No decisions here."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..._model.request import Goal, Request
from ..._model.snapshot import Snapshot
from ..board import Board
from ..outcome import Outcome, Wish
from .balance import balance
from .consolidate import consolidate
from .place import place
from .repair import misplaced, repair
from .rolling import rolling
from .wished import WISHES

_OF_THE_FLEET: Mapping[Goal, Callable[[Board], Outcome]] = {
    Goal.CONSOLIDATE: consolidate,
    Goal.ROLLING: rolling,
}


def wishes_of(snapshot: Snapshot, request: Request) -> tuple[Wish, ...]:
    """Return the guests that the goal wants elsewhere; none where it looks at the fleet as a whole."""
    if request.goal is Goal.REPAIR or (request.goal is Goal.BALANCE and request.mend_rules):
        return misplaced(snapshot, request)
    goal = WISHES.get(request.goal)
    return goal(snapshot, request) if goal else ()


def outcome_of(board: Board, wishes: Sequence[Wish]) -> Outcome:
    """Return what the goal comes to."""
    if board.request.goal is Goal.REPAIR:
        return repair(board, wishes)
    if board.request.goal is Goal.BALANCE:
        return balance(board, wishes)
    whole = _OF_THE_FLEET.get(board.request.goal)
    return whole(board) if whole else place(board, wishes)
