"""A part of the fleet as a grid of its own: some hosts and the blocks on them. Pure; indices go both ways."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .search.grid import Grid, Limit


@dataclass(frozen=True)
class Scope:
    """``grid`` is the part; ``hosts`` and ``blocks`` have, by its indices, those of the whole."""

    grid: Grid
    hosts: tuple[int, ...]
    blocks: tuple[int, ...]


def narrow(whole: Grid, hosts: Collection[int]) -> Scope:
    """Return the part of the grid with these hosts; what is outside stays there and counts in limits as it stands."""
    kept = tuple(sorted(hosts))
    inside = frozenset(kept)
    blocks = tuple(block for block, host in enumerate(whole.at) if host in inside)
    new_host = {host: index for index, host in enumerate(kept)}
    new_block = {block: index for index, block in enumerate(blocks)}
    rows = {row: bytes(row[host] for host in kept) for row in set(whole.reach)}
    grid = Grid(
        hosts=tuple(whole.hosts[host] for host in kept),
        room_memory=tuple(whole.room_memory[host] for host in kept),
        room_vcpus=tuple(whole.room_vcpus[host] for host in kept),
        blocks=tuple(whole.blocks[block] for block in blocks),
        names=tuple(whole.names[block] for block in blocks),
        memory=tuple(whole.memory[block] for block in blocks),
        vcpus=tuple(whole.vcpus[block] for block in blocks),
        cost=tuple(whole.cost[block] for block in blocks),
        at=tuple(new_host[whole.at[block]] for block in blocks),
        reach=tuple(rows[whole.reach[block]] for block in blocks),
        parkable=tuple(whole.parkable[block] for block in blocks),
        limits=tuple(_limit(whole, limit, kept, new_block) for limit in whole.limits),
        limits_of=tuple(whole.limits_of[block] for block in blocks) if whole.limits_of else (),
    )
    return Scope(grid, kept, blocks)


def _limit(whole: Grid, limit: Limit, hosts: Sequence[int], new_block: dict[int, int]) -> Limit:
    room = list(limit.room)
    for block, weight in limit.weight.items():
        domain = limit.domain[whole.at[block]]
        if block not in new_block and domain >= 0:
            room[domain] -= weight
    weights = {new_block[block]: weight for block, weight in limit.weight.items() if block in new_block}
    return Limit(limit.rule, weights, tuple(limit.domain[host] for host in hosts), tuple(room), limit.kind)
