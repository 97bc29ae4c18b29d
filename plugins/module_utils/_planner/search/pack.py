"""Puts given blocks on given hosts as they stand, all of them or none. Moves nothing out of the way, orders nothing.

Blocks go largest first, each to the host with the least room that takes it (best fit decreasing), or with the most
(spread). "Room" is one number, memory and vCPUs each weighed by how scarce it will be: bisection finds the host.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, Optional

from .grid import Grid, Layout

SCARCEST = 0.02  # a resource of which less than this share will be left counts as if this share were

Order = list[tuple[float, int]]  # hosts with their room as one number, least first; pack keeps it up to date


class Hop(NamedTuple):
    """One block brought from one host to another on the layout."""

    block: int
    source: int
    dest: int


class Weights(NamedTuple):
    """What a byte of memory and a vCPU count for when room and need are compared as one number."""

    memory: float
    vcpus: float

    def of(self, memory: int, vcpus: int) -> float:
        """Return both as one number. Rounding keeps the order: what is larger in both is never smaller here."""
        return self.memory * memory + self.vcpus * vcpus


def weights(grid: Grid, hosts: Iterable[int], balance: float = 1.0) -> Weights:
    """Return weights by which a resource counts for the more, the less of it is left when ``hosts`` hold all blocks.

    ``balance`` above one makes memory count for more than that.
    """
    hosts = tuple(hosts)
    memory = sum(grid.room_memory[host] for host in hosts)
    vcpus = sum(grid.room_vcpus[host] for host in hosts)
    return Weights(balance * _weight(memory, sum(grid.memory)), _weight(vcpus, sum(grid.vcpus)))


def _weight(room: int, needed: int) -> float:
    return 1.0 / (max(room - needed, SCARCEST * room) or 1.0)


def by_room(layout: Layout, hosts: Iterable[int], weigh: Weights) -> Order:
    """Return the hosts in the order of what is free there."""
    return sorted((weigh.of(layout.memory[host], layout.vcpus[host]), host) for host in hosts)


def refresh(layout: Layout, order: Order, position: int, weigh: Weights) -> None:
    """Put the host at ``position`` where it belongs now."""
    host = order.pop(position)[1]
    insort(order, (weigh.of(layout.memory[host], layout.vcpus[host]), host))


def pack(
    layout: Layout, blocks: Iterable[int], orders: Sequence[Order], weigh: Weights, *, spread: bool = False
) -> Optional[list[Hop]]:
    """Bring each block to the first of ``orders`` that has a place for it; None, and no change, if one fits nowhere."""
    grid = layout.grid
    before = [list(order) for order in orders]
    hops: list[Hop] = []
    for block in sorted(blocks, key=lambda block: (-weigh.of(grid.memory[block], grid.vcpus[block]), block)):
        for order in orders:
            position = _place_for(layout, block, order, weigh, spread)
            if position >= 0:
                break
        else:
            undo(layout, hops)
            for order, old in zip(orders, before):
                order[:] = old
            return None
        host = order[position][1]
        hops.append(Hop(block, layout.at[block], host))
        layout.put(block, host)
        refresh(layout, order, position, weigh)
    return hops


def _place_for(layout: Layout, block: int, order: Order, weigh: Weights, spread: bool) -> int:
    memory, vcpus = layout.grid.memory[block], layout.grid.vcpus[block]
    if not memory and not vcpus:
        return next((place for place, (_room, host) in enumerate(order) if layout.fits(block, host)), -1)
    first = bisect_left(order, (weigh.of(memory, vcpus), -1))
    free_memory, free_vcpus = layout.memory, layout.vcpus
    for position in range(len(order) - 1, first - 1, -1) if spread else range(first, len(order)):
        host = order[position][1]
        if memory <= free_memory[host] and vcpus <= free_vcpus[host] and layout.fits(block, host):
            return position
    return -1


def pack_whole(layout: Layout, host: int, order: Order, weigh: Weights, *, empty: bool) -> Optional[list[Hop]]:
    """Bring all that is on ``host`` to the one host of ``order`` with the least room that takes it, if there is one.

    ``empty``: only to a host with nothing on it.
    """
    grid = layout.grid
    blocks = sorted(layout.on[host])
    memory, vcpus = sum(grid.memory[block] for block in blocks), sum(grid.vcpus[block] for block in blocks)
    first = bisect_left(order, (weigh.of(memory, vcpus), -1)) if memory or vcpus else 0
    for position in range(first, len(order)):
        dest = order[position][1]
        if memory > layout.memory[dest] or vcpus > layout.vcpus[dest] or (empty and layout.on[dest]):
            continue
        hops = _all_to(layout, blocks, dest)
        if hops is not None:
            refresh(layout, order, position, weigh)
            return hops
    return None


def _all_to(layout: Layout, blocks: Collection[int], dest: int) -> Optional[list[Hop]]:
    hops: list[Hop] = []
    for block in blocks:
        if not layout.fits(block, dest):
            undo(layout, hops)
            return None
        hops.append(Hop(block, layout.at[block], dest))
        layout.put(block, dest)
    return hops


def undo(layout: Layout, hops: Sequence[Hop]) -> None:
    """Take the hops back, last first."""
    for block, source, _dest in reversed(hops):
        layout.put(block, source)
