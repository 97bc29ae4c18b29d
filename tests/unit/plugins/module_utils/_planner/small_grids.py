"""Grids built by hand and at random, and the consolidation that trying everything finds. Must use no search of ours."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid, Limit


def grid_of(rooms: Sequence[tuple[int, int]], guests: Sequence[tuple[int, int, int]]) -> Grid:
    """Return a grid of hosts (memory, vCPUs) and guests (host, memory, vCPUs), each of which may go everywhere."""
    count = len(guests)
    return Grid(
        hosts=tuple(f"hv{number:02}" for number in range(len(rooms))),
        room_memory=tuple(memory for memory, _vcpus in rooms),
        room_vcpus=tuple(vcpus for _memory, vcpus in rooms),
        blocks=tuple((f"g{number:03}",) for number in range(count)),
        names=tuple(f"g{number:03}" for number in range(count)),
        memory=tuple(memory for _host, memory, _vcpus in guests),
        vcpus=tuple(vcpus for _host, _memory, vcpus in guests),
        cost=tuple(max(1, memory) for _host, memory, _vcpus in guests),
        at=tuple(host for host, _memory, _vcpus in guests),
        reach=tuple(bytes([1]) * len(rooms) for _guest in guests),
        parkable=(True,) * count,
    )


def apart(grid: Grid, members: Sequence[int], domains: Sequence[int]) -> Grid:
    """Return the grid with at most one of ``members`` in each domain of hosts."""
    limit = Limit("apart", dict.fromkeys(members, 1), tuple(domains), (1,) * (max(domains) + 1))
    of = tuple((0,) if block in members else () for block in range(len(grid.at)))
    return replace(grid, limits=(limit,), limits_of=of)


def reaching(grid: Grid, hosts_of: Mapping[int, Sequence[int]]) -> Grid:
    """Return the grid with the reach of some blocks cut down to the hosts given, and their own."""
    rows = list(grid.reach)
    for block, hosts in hosts_of.items():
        rows[block] = bytes(int(host in hosts or host == grid.at[block]) for host in range(len(grid.hosts)))
    return replace(grid, reach=tuple(rows))


def random_grid(seed: int, hosts: int, guests: int) -> Grid:
    """Return a legal fleet of two host sizes; some have storage that not all hosts reach, some a rule."""
    rng = random.Random(seed)
    rooms = [rng.choice([(16, 8), (16, 12), (24, 8), (24, 12)]) for _host in range(hosts)]
    free = [list(room) for room in rooms]
    placed = []
    for _guest in range(guests):
        memory, vcpus = rng.choice([(0, 0), *[(rng.randrange(1, 9), rng.randrange(1, 5))] * 9])
        fit = [host for host in range(hosts) if free[host][0] >= memory and free[host][1] >= vcpus]
        if fit:
            host = rng.choice(fit)
            placed.append((host, memory, vcpus))
            free[host][0] -= memory
            free[host][1] -= vcpus
    grid = grid_of(rooms, placed)
    blocks, kind = range(len(placed)), rng.randrange(4)
    if kind == 1:
        grid = reaching(grid, {block: () for block in blocks if rng.random() < 0.2})
    elif kind == 2:
        grid = reaching(grid, {block: [h for h in range(hosts) if h % 2 == grid.at[block] % 2] for block in blocks})
    elif kind == 3:
        grid = reaching(grid, {block: [h for h in range(hosts) if rng.random() < 0.6] for block in blocks})
    if rng.random() < 0.4 and len(blocks) >= 3:
        grid = apart(grid, rng.sample(blocks, 3), [host // 2 for host in range(hosts)])
    return grid


def moved(grid: Grid, targets: Mapping[int, int]) -> Grid:
    """Return the grid after the targets are reached."""
    return replace(grid, at=tuple(targets.get(block, host) for block, host in enumerate(grid.at)))


def is_legal(grid: Grid, at: Sequence[int]) -> bool:
    """Return whether all fits where it is in ``at``, coming from where the grid has it."""
    for host in range(len(grid.hosts)):
        here = [block for block in range(len(at)) if at[block] == host]
        if any(not grid.reach[block][host] for block in here):
            return False
        if sum(grid.memory[b] for b in here) > grid.room_memory[host]:
            return False
        if sum(grid.vcpus[b] for b in here) > grid.room_vcpus[host]:
            return False
    for limit in grid.limits:
        for domain, room in enumerate(limit.room):
            here = [block for block in limit.weight if limit.domain[at[block]] == domain]
            came = [block for block in here if limit.domain[grid.at[block]] != domain]
            if came and sum(limit.weight[block] for block in here) > room:
                return False
    return True


def cheapest(grid: Grid, watts: Sequence[int]) -> tuple[int, int]:
    """Return the least idle watts of all legal placements, and the least bytes at these watts."""
    choices = [[host for host in range(len(grid.hosts)) if row[host]] for row in grid.reach]
    best = (sum(watts[host] for host in set(grid.at)), 0)
    for at in itertools.product(*choices):
        sent = sum(cost for cost, host, home in zip(grid.cost, at, grid.at) if host != home)
        found = (sum(watts[host] for host in set(at)), sent)
        if found < best and is_legal(grid, at):
            best = found
    return best
