"""Blocks that are nowhere for a while: what the searches share that take blocks off their hosts. Must not search.

Limbo is one more host of the grid, without room and outside all limits.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .grid import Grid, Layout


@dataclass(frozen=True)
class Found:
    """``where`` has the new host of each that moves, ``left`` those that found none; ``cost``: of who steps aside."""

    where: Mapping[int, int]
    left: tuple[int, ...]
    cost: int


def sizes(grid: Grid, layout: Layout, hosts: bytes) -> list[float]:
    """Return how hard each block is to place: its share of what is free on ``hosts``, memory and vCPUs added."""
    memory = sum(free for open_, free in zip(hosts, layout.memory) if open_ and free > 0)
    vcpus = sum(free for open_, free in zip(hosts, layout.vcpus) if open_ and free > 0)
    return [m / max(memory, 1) + v / max(vcpus, 1) for m, v in zip(grid.memory, grid.vcpus)]


def union(masks: Sequence[bytes], blocks: Sequence[int]) -> bytes:
    """Return the hosts that any of the blocks may be on."""
    different = {masks[block] for block in blocks if masks[block]}
    return bytes(map(max, *different)) if len(different) > 1 else b"".join(different)


def keeps(start: Layout, layout: Layout, block: int) -> bool:
    """Return whether the block, in limbo, can be where it was at the start, at worst as overfull as it was then."""
    grid, home = start.grid, start.grid.at[block]
    if layout.memory[home] - grid.memory[block] < min(0, start.memory[home]):
        return False
    if layout.vcpus[home] - grid.vcpus[block] < min(0, start.vcpus[home]):
        return False
    for index in grid.limits_of[block] if grid.limits_of else ():
        limit = grid.limits[index]
        domain = limit.domain[home]
        if domain >= 0:
            most = max(limit.room[domain], start.used[index][domain])
            if layout.used[index][domain] + limit.weight[block] > most:
                return False
    return True


def with_limbo(grid: Grid) -> Grid:
    """Return the grid with one more host, without room and outside all limits, for blocks that are nowhere."""
    same: dict[bytes, bytes] = {}
    return replace(
        grid,
        hosts=(*grid.hosts, ""),
        room_memory=(*grid.room_memory, 0),
        room_vcpus=(*grid.room_vcpus, 0),
        reach=tuple(same.setdefault(reach, reach + b"\0") for reach in grid.reach),
        limits=tuple(replace(limit, domain=(*limit.domain, -1)) for limit in grid.limits),
    )
