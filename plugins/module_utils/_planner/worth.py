"""Whether switching a host off pays: what it saves within the horizon, and what getting there costs. Pure.

The formulas and their sources are in docs/design/energy.md. A host without a power model is not asked.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Optional

from .._model.energy import joules_of_move, joules_of_switching
from .board import Board
from .power import spared_watts
from .scope import Scope
from .search.sequence import Sequence as Ordered

SECONDS_PER_HOUR = 3600.0


def gain(board: Board, host: int) -> Optional[float]:
    """Return the joules that the empty host saves by being off for the horizon, switching paid; None: not asked."""
    one, hours = board.snapshot.hosts[host], board.request.horizon_hours
    spared = spared_watts(one)
    if one.power is None or spared is None or not hours:
        return None
    return spared * hours * SECONDS_PER_HOUR - joules_of_switching(one.power, off=True, on=True)


def not_worth(
    board: Board, scope: Scope, order: Ordered, emptied: Collection[int], relief: Collection[int]
) -> frozenset[int]:
    """Return the hosts of ``emptied``, by the scope's indices, that do not pay for what they cost.

    Each pays for the moves of those who leave it, all together for every move but those of blocks in ``relief``: where
    they don't, the one that brings the least above its own moves is named.
    """
    costs, relieving = _costs(scope, order, ()), _costs(scope, order, relief)
    left = {}
    for host in emptied:
        saved = gain(board, scope.hosts[host])
        if saved is not None:
            left[host] = saved - costs.get(host, 0.0)
    losing = frozenset(host for host, rest in left.items() if rest <= 0)
    shared = sum(cost for host, cost in relieving.items() if host not in emptied)
    if losing or not left or len(left) < len(emptied) or sum(left.values()) > shared:
        return losing
    return frozenset({min(left, key=lambda host: (left[host], host))})


def _costs(scope: Scope, order: Ordered, but: Collection[int]) -> Mapping[int, float]:
    """Return the joules of the moves of each host's guests, stops on the way too, without blocks in ``but``."""
    grid = scope.grid
    costs: dict[int, float] = {}
    for step in order.steps:
        if step.block in but:
            continue
        guests, home = len(grid.blocks[step.block]), grid.at[step.block]
        # what a block sends goes for its first guest, the others cost what a move costs at least
        each = joules_of_move(grid.cost[step.block]) + (guests - 1) * joules_of_move(1)
        costs[home] = costs.get(home, 0.0) + (each if grid.cost[step.block] else 0.0)
    return costs
