"""What a move of goal balance costs, in what it has to even out: time of both hosts and downtime. Pure.

The formula is in docs/design/balance.md: (DRAG * seconds + HARM * seconds of downtime) / seconds until it has to pay.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections.abc import Sequence

from ..._model.snapshot import Located
from ..board import Board
from ..estimate import FIXED_SECONDS, Lines, expected, line_speed, lines_of, move_downtime_ms
from ..scope import Scope

DRAG = 0.1  # of a host, while a move is under way: the thread that sends, and what it takes of the network
HARM = 1.0  # of a host, while a guest stands still

HOUR = 3600.0


def costs_of(board: Board, scope: Scope, payback_hours: float) -> tuple[float, ...]:
    """Return by block of the scope what a move of it has to even out for its cost; nothing where nobody asks.

    It is reckoned with the card of its host, as if it went over no link.
    """
    if payback_hours == math.inf:
        return ()
    lines = lines_of(board.snapshot)
    return tuple(
        block_cost(board, board.members[block], lines, place, place) / (payback_hours * HOUR)
        for block, place in zip(scope.blocks, (board.search.hosts[board.search.at[block]] for block in scope.blocks))
    )


def block_cost(board: Board, group: Sequence[Located], lines: Lines, source: str, dest: str) -> float:
    """Return what the moves of a block's guests cost, in seconds of a host."""
    speed = line_speed(source, dest, lines)
    total = 0.0
    for place in group:
        method = board.methods[place.guest.uuid]
        size = board.search.cost[board.block[place.guest.uuid]] / len(group)
        found = expected(place.guest, method, max(0, int(size) - place.guest.memory), speed)
        seconds = FIXED_SECONDS + (found.sent_bytes if found else size) / speed
        downtime = found.downtime_ms if found else move_downtime_ms(method, seconds)
        total += DRAG * seconds + HARM * downtime / 1000
    return total
