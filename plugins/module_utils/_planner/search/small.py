"""The best consolidation of a small part of a fleet, by trying all. Must not be asked about large ones: it gives up.

Method: depth first over the blocks, largest first, each tried at home, then on each host; a branch ends where its
watts, then its bytes, are no better than the best placement known (branch and bound). Bounded by ``NODES``.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

from .grid import Grid

NODES = 8000
LEAF = 20  # what asking whether a placement is accepted counts as
MOST_HOSTS = 8
MOST_BLOCKS = 16


@dataclass
class _Trial:
    """What is placed so far, and the best found; changed by one search."""

    at: list[int]
    memory: list[int]
    vcpus: list[int]
    used: list[list[int]]
    came: list[list[int]]  # of that, how many are there that were not in the domain before
    best: tuple[int, int]
    watts: Mapping[int, int]
    accept: Callable[[tuple[int, ...]], bool]
    count: dict[int, int] = field(default_factory=dict)
    found: Optional[tuple[int, ...]] = None
    nodes: int = 0


def best_small(
    grid: Grid,
    watts: Mapping[int, int],
    blocks: Sequence[int],
    at: Sequence[int],
    known: tuple[int, int],
    accept: Callable[[tuple[int, ...]], bool],
) -> tuple[int, ...] | None:
    """Return ``at`` with ``blocks`` placed on the hosts in ``watts`` for less watts and bytes than ``known``, or None.

    Bytes count from where the grid has the blocks. ``accept`` has the last word on a placement.
    """
    if len(watts) > MOST_HOSTS or len(blocks) > MOST_BLOCKS:
        return None
    inside = frozenset(blocks)
    others = [block for block in range(len(grid.at)) if block not in inside]
    trial = _Trial(
        at=list(at),
        memory=list(grid.room_memory),
        vcpus=list(grid.room_vcpus),
        used=[[0] * len(limit.room) for limit in grid.limits],
        came=[[0] * len(limit.room) for limit in grid.limits],
        best=known,
        watts=watts,
        accept=accept,
    )
    for block in others:
        _count(grid, trial, block, at[block], 1)
    order = sorted(blocks, key=lambda block: (-grid.memory[block], -grid.vcpus[block], block))
    _descend(grid, trial, order, 0, (0, 0))
    return trial.found


def _descend(grid: Grid, trial: _Trial, order: Sequence[int], depth: int, spent: tuple[int, int]) -> None:
    trial.nodes += 1
    if spent >= trial.best or trial.nodes > NODES:
        return
    if depth == len(order):
        at = tuple(trial.at)
        trial.nodes += LEAF
        if trial.accept(at):
            trial.best, trial.found = spent, at
        return
    block = order[depth]
    home = grid.at[block]
    for host in sorted(
        trial.watts, key=lambda host: (host != home, not trial.count.get(host), trial.watts[host], host)
    ):
        if not _fits(grid, trial, block, host):
            continue
        opens = 0 if trial.count.get(host) else trial.watts[host]
        _count(grid, trial, block, host, 1)
        trial.at[block] = host
        _descend(grid, trial, order, depth + 1, (spent[0] + opens, spent[1] + (host != home) * grid.cost[block]))
        _count(grid, trial, block, host, -1)


def _fits(grid: Grid, trial: _Trial, block: int, host: int) -> bool:
    if not grid.reach[block][host]:
        return False
    if grid.memory[block] > trial.memory[host] or grid.vcpus[block] > trial.vcpus[host]:
        return False
    for index in grid.limits_of[block] if grid.limits_of else ():
        limit = grid.limits[index]
        domain = limit.domain[host]
        if domain < 0 or trial.used[index][domain] + limit.weight[block] <= limit.room[domain]:
            continue
        if domain != limit.domain[grid.at[block]] or trial.came[index][domain]:
            return False  # only those that were there before may be too many
    return True


def _count(grid: Grid, trial: _Trial, block: int, host: int, sign: int) -> None:
    trial.count[host] = trial.count.get(host, 0) + sign
    trial.memory[host] -= sign * grid.memory[block]
    trial.vcpus[host] -= sign * grid.vcpus[block]
    for index in grid.limits_of[block] if grid.limits_of else ():
        limit = grid.limits[index]
        domain = limit.domain[host]
        if domain >= 0:
            trial.used[index][domain] += sign * limit.weight[block]
            trial.came[index][domain] += sign * (limit.domain[grid.at[block]] != domain)
