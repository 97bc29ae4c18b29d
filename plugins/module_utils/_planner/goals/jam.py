"""Guests that block one another's way: who waits for whom, and what would let them go. Words only; moves nobody."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from ..._model.host import HostState
from ..board import Board
from ..outcome import Kept
from ..search.grid import Layout
from ..search.sequence import Step, Stuck

MIB = 1024 * 1024


def jams(board: Board, steps: Sequence[Step], stuck: Sequence[Stuck]) -> dict[int, Kept]:
    """Return for each stuck block that waits in a circle, or for one, the circle and what would open it."""
    layout = Layout(board.search)
    for step in steps:
        layout.put(step.block, step.dest)
    by_block = {each.block: each for each in stuck}
    found = {}
    for each in stuck:
        circle = _circle(by_block, each.block)
        if circle:
            dest = board.search.hosts[each.dest]
            found[each.block] = Kept(_words(board, layout, circle), _remedy(board, layout, circle), at=dest)
    return found


def _circle(stuck: Mapping[int, Stuck], start: int) -> tuple[Stuck, ...]:
    """Return the first circle of waiting that is met from there on, the one named first at its head."""
    path: list[int] = []
    block: Optional[int] = start
    while block is not None and block not in path:
        path.append(block)
        block = next((other for other in stuck[block].waits_for if other in stuck), None)
    if block is None:
        return ()
    circle = path[path.index(block) :]
    head = circle.index(min(circle))
    return tuple(stuck[each] for each in (*circle[head:], *circle[:head]))


def _words(board: Board, layout: Layout, circle: Sequence[Stuck]) -> str:
    names, hosts = board.search.names, board.search.hosts
    ways = [f"{names[each.block]} ({hosts[layout.at[each.block]]} to {hosts[each.dest]})" for each in circle]
    return f"{', '.join(ways[:-1])} and {ways[-1]} wait for each other's place, and none of them finds a stop elsewhere"


def _remedy(board: Board, layout: Layout, circle: Sequence[Stuck]) -> str:
    """Return what would open the circle: room where the least is lacking, or a stop for the smallest."""
    grid = board.search
    lacking = [(grid.memory[each.block] - layout.memory[each.dest], each.dest) for each in circle]
    short = sorted((amount, dest) for amount, dest in lacking if amount > 0)
    ways = [f"free {-(-short[0][0] // MIB)} MiB on {grid.hosts[short[0][1]]}"] if short else []
    movable = [each.block for each in circle if grid.parkable[each.block]]
    if movable:
        smallest = min(movable, key=lambda block: (grid.memory[block], block))
        name, size = grid.names[smallest], -(-grid.memory[smallest] // MIB)
        ways.append(f"leave {size} MiB for {name} on a third host" + _which(board))
    return ", or ".join(ways) or "shut one of them down for the time of the moves, or add a host"


def _which(board: Board) -> str:
    request = board.request
    asleep = any(host.state is HostState.STANDBY for host in board.snapshot.hosts) and not request.wake
    limited = bool(request.dests or request.dest_sites or request.dest_labels)
    more = ["wake: true"] * asleep + ["more dests"] * limited
    return f" ({' or '.join(more)} may give one)" if more else ""
