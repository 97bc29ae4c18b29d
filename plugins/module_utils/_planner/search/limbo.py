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


def _free(free: Sequence[int], hosts: bytes) -> int:
    return max(sum(room for open_, room in zip(hosts, free) if open_ and room > 0), 1)


def sizes(grid: Grid, layout: Layout, hosts: bytes) -> list[float]:
    """Return how hard each block is to place: its share of what is free on ``hosts``, memory and vCPUs added."""
    memory, vcpus = _free(layout.memory, hosts), _free(layout.vcpus, hosts)
    return [m / memory + v / vcpus for m, v in zip(grid.memory, grid.vcpus)]


def scarcer_vcpus(grid: Grid, layout: Layout, hosts: bytes, blocks: Sequence[int]) -> bool:
    """Return whether the blocks want more of the vCPUs free on ``hosts`` than of the memory."""
    memory = sum(grid.memory[block] for block in blocks) / _free(layout.memory, hosts)
    return sum(grid.vcpus[block] for block in blocks) / _free(layout.vcpus, hosts) > memory


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
