"""Tells which hosts the fleet can't lose (N+1): those whose guests do not fit on the others as they stand. Moves none.

For each host alone: what is active there is packed onto the others, largest first, tightest first, for a few weightings
of memory against vCPUs; nobody else moves, as nobody would wait for that after a loss. A host whose guests need more
memory or vCPUs than all others have free, or one of whose guests fits on no other host, is proven not to survive. What
is still open is searched by backtracking, which finds a packing, or has seen all and is a proof too, or ends when
``steps`` placements have been tried for all hosts together: then "not found", which is no proof.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .grid import Grid, Layout
from .pack import Order, by_room, pack, undo, weights

BALANCES = (1.0, 0.4, 2.5)
STEPS = 50_000


@dataclass(frozen=True)
class Loss:
    """A host whose loss the rest can't take. ``blocks`` found no place; ``proven`` where there can't be one."""

    host: int
    blocks: tuple[int, ...]
    proven: bool


@dataclass
class _Search:
    """One backtracking search: what it may still spend. Never leaves this file."""

    layout: Layout
    others: list[int]
    steps: int


def survives_loss(layout: Layout, steps: int = STEPS) -> tuple[Loss, ...]:
    """Return the hosts that the fleet can't lose, or for which no packing was found."""
    trial = layout.copy()
    every = range(len(layout.grid.hosts))
    weighings = [weights(layout.grid, every, balance) for balance in BALANCES]
    orders = [by_room(trial, every, weigh) for weigh in weighings]
    search = _Search(trial, [], steps)
    losses = []
    for host in every:
        blocks = _active(layout.grid, layout.on[host])
        fixed = tuple(block for block in blocks if not _has_place(trial, block, orders[0], host))
        if fixed or _too_much(trial, blocks, host):
            losses.append(Loss(host, fixed or _unplaced(trial, blocks, host), proven=True))
            continue
        for order, weigh in zip(orders, weighings):
            hops = pack(trial, blocks, [[entry for entry in order if entry[1] != host]], weigh)
            if hops is not None:
                undo(trial, hops)
                break
        else:
            search.others = [other for _room, other in orders[0] if other != host]
            over = () if _backtrack(search, blocks) else _unplaced(trial, blocks, host)
            if over:
                losses.append(Loss(host, over, proven=search.steps > 0))
    return tuple(losses)


def _active(grid: Grid, blocks: set[int]) -> list[int]:
    running = [block for block in blocks if grid.memory[block] or grid.vcpus[block]]
    return sorted(running, key=lambda block: (-grid.memory[block], -grid.vcpus[block], block))


def _has_place(layout: Layout, block: int, order: Order, home: int) -> bool:
    # the roomiest hosts first: nearly always the first one answers
    return any(host != home and layout.fits(block, host) for _room, host in reversed(order))


def _too_much(layout: Layout, blocks: Sequence[int], host: int) -> bool:
    grid = layout.grid
    return any(
        sum(need[block] for block in blocks) > sum(max(0, room) for room in free) - max(0, free[host])
        for need, free in ((grid.memory, layout.memory), (grid.vcpus, layout.vcpus))
    )


def _unplaced(layout: Layout, blocks: Sequence[int], host: int) -> tuple[int, ...]:
    """Return what is over when the blocks are placed one by one."""
    others = [other for other in range(len(layout.grid.hosts)) if other != host]
    weigh = weights(layout.grid, others)
    order = by_room(layout, others, weigh)
    placed = [pack(layout, [block], [order], weigh) for block in blocks]
    for hops in reversed(placed):
        undo(layout, hops or [])
    return tuple(sorted(block for block, hops in zip(blocks, placed) if hops is None))


def _backtrack(search: _Search, blocks: Sequence[int]) -> bool:
    """Return whether the blocks can be packed; ``search.steps`` at zero means that the answer no is no proof."""
    if not blocks:
        return True
    layout, block = search.layout, blocks[0]
    grid, home = layout.grid, layout.at[block]
    limited = bool(grid.limits_of) and any(grid.limits_of[other] for other in blocks)
    seen: set[tuple[int, int, bytes]] = set()
    for host in search.others:
        if search.steps <= 0:
            return False
        if not layout.fits(block, host):
            continue
        alike = (layout.memory[host], layout.vcpus[host], bytes(grid.reach[other][host] for other in blocks))
        if alike in seen and not limited:
            continue
        seen.add(alike)
        search.steps -= 1
        layout.put(block, host)
        found = _backtrack(search, blocks[1:])
        layout.put(block, home)
        if found:
            return True
    return False
