"""Where a guest may go on to from a stop on its way, asked of the board. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from ..board import Board
from ..scope import Scope
from ..search.sequence import Hop


def hop_of(board: Board, scope: Optional[Scope] = None) -> Hop:
    """Return the answer to "may this block go on from a stop to a host", in indices of the scope where one is given."""
    names = board.search.hosts

    def hop(block: int, stop: int, dest: int) -> bool:
        if scope is not None:
            block, stop, dest = scope.blocks[block], scope.hosts[stop], scope.hosts[dest]
        return all(board.reaches.hop(place, names[stop], names[dest]) for place in board.members[block])

    return hop


def reach_from(board: Board) -> Callable[[int, int], bytes]:
    """Return the answer to "where may this block go once it has moved to that host": a byte for each host."""

    def reach(block: int, host: int) -> bytes:
        masks = [
            board.reaches.mask(board.reaches.arrived(place, board.search.hosts[host])) for place in board.members[block]
        ]
        found = masks[0]
        for mask in masks[1:]:
            found = bytes(left & right for left, right in zip(found, mask))
        return found

    return reach
