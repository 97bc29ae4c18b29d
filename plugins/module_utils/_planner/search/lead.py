"""Let CPU time lead a search where hosts run out of it before they run out of vCPUs. Must not place anything.

Searches weigh two sizes of blocks against two rooms of hosts, memory and vCPUs, and keep limits beside. Where guests
use a larger share of the CPU time that hosts may give than of their vCPUs, the two change places: CPU time becomes the
size, vCPUs become a limit. What is legal stays the same.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .grid import Grid, Kind, Limit

VCPUS = "vCPUs"
# of two sizes the one that fills less than this share of what the other does is left out of account
SLIGHT = 0.5


def led_by_cpu(grid: Grid) -> Grid:
    """Return the grid with CPU time in the place of vCPUs, or as it is where those are scarcer."""
    index = _cpu_limit(grid)
    if index is None:
        return grid
    limit = grid.limits[index]
    used = tuple(limit.weight.get(block, 0) for block in range(len(grid.blocks)))
    room = tuple(limit.room[domain] for domain in limit.domain)
    if share(used, room) <= share(grid.vcpus, grid.room_vcpus):
        return grid
    weight = {block: vcpus for block, vcpus in enumerate(grid.vcpus) if vcpus}
    vcpus = Limit(VCPUS, weight, tuple(range(len(grid.hosts))), grid.room_vcpus)
    changed = {block for block in range(len(grid.blocks)) if (block in weight) != (used[block] > 0)}
    return replace(
        grid,
        vcpus=used,
        room_vcpus=room,
        limits=(*grid.limits[:index], vcpus, *grid.limits[index + 1 :]),
        limits_of=tuple(
            _with(of, index, block in weight) if block in changed else of for block, of in enumerate(grid.limits_of)
        ),
    )


def share(sizes: Iterable[int], rooms: Iterable[int]) -> float:
    """Return which share of the rooms the sizes fill."""
    room = sum(room for room in rooms if room > 0)
    return sum(sizes) / room if room else 0.0


def _cpu_limit(grid: Grid) -> int | None:
    """Return the index of the limit on CPU time, None where there is none on every host by itself."""
    for index, limit in enumerate(grid.limits):
        alone = -1 not in limit.domain and len(frozenset(limit.domain)) == len(grid.hosts)
        if limit.kind is Kind.CPU_USAGE and alone:
            return index
    return None


def _with(of: tuple[int, ...], index: int, counts: bool) -> tuple[int, ...]:
    rest = [each for each in of if each != index]
    return tuple(sorted([*rest, index])) if counts else tuple(rest)
