"""Tiny grids for tests of searches, and a fleet counted by hand in the middle of a run. Must not call the planner."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Sequence as Items
from dataclasses import replace
from random import Random

from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid, Limit
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.sequence import Step

Moment = tuple[frozenset[int], frozenset[int]]


def grid(rooms: Items[int], blocks: Items[tuple[int, int]]) -> Grid:
    """Hosts with that much memory, blocks as (host, memory); vCPUs, reach and limits bind nobody."""
    memory = tuple(size for _host, size in blocks)
    return Grid(
        hosts=tuple(f"hv{host}" for host in range(len(rooms))),
        room_memory=tuple(rooms),
        room_vcpus=(1000,) * len(rooms),
        blocks=tuple((f"g{block}",) for block in range(len(blocks))),
        names=tuple(f"g{block}" for block in range(len(blocks))),
        memory=memory,
        vcpus=(1,) * len(blocks),
        cost=memory,
        at=tuple(host for host, _size in blocks),
        reach=(bytes([1]) * len(rooms),) * len(blocks),
        parkable=(True,) * len(blocks),
    )


def fixed(grid: Grid, *blocks: int) -> Grid:
    """The blocks may make no stop on the way."""
    return replace(grid, parkable=tuple(block not in blocks for block in range(len(grid.blocks))))


def reaching(grid: Grid, reach: Mapping[int, Collection[int]]) -> Grid:
    """The blocks may be on these hosts only."""
    masks = {block: bytes(host in hosts for host in range(len(grid.hosts))) for block, hosts in reach.items()}
    return replace(grid, reach=tuple(masks.get(block, mask) for block, mask in enumerate(grid.reach)))


def apart(grid: Grid, members: Collection[int], domain: Items[int] = (), most: int = 1) -> Grid:
    """At most ``most`` of the members are in one domain (default: on one host)."""
    domains = tuple(domain) or tuple(range(len(grid.hosts)))
    limit = Limit("anti", dict.fromkeys(sorted(members), 1), domains, (most,) * (max(domains) + 1))
    return replace(
        grid, limits=(limit,), limits_of=tuple((0,) if block in members else () for block in range(len(grid.blocks)))
    )


def random_grid(draw: Random) -> Grid:
    """A legal fleet of 3 or 4 hosts and up to 6 blocks, with everything that a grid can say drawn too."""
    while True:
        hosts, count = draw.choice((3, 4)), draw.choice((4, 5, 6))
        places = [(draw.randrange(hosts), draw.choice((0, *range(1, 7), *range(1, 7)))) for _block in range(count)]
        drawn = replace(
            grid([draw.randrange(6, 12) for _host in range(hosts)], places),
            room_vcpus=tuple(draw.randrange(8, 16) for _host in range(hosts)),
            vcpus=tuple(draw.randrange(1, 5) if memory else 0 for _host, memory in places),
            parkable=tuple(draw.random() < 0.8 for _block in range(count)),
        )
        drawn = reaching(
            drawn,
            {
                block: {home, *(host for host in range(hosts) if draw.random() < 0.85)}
                for block, (home, _memory) in enumerate(places)
            },
        )
        if draw.random() < 0.5:
            racks = [host // draw.choice((1, 2)) for host in range(hosts)]
            drawn = apart(drawn, [block for block in range(count) if draw.random() < 0.5], racks, draw.choice((1, 2)))
        if legal(drawn, [{host} for host in drawn.at]):
            return drawn


def legal(grid: Grid, where: Items[Collection[int]]) -> bool:
    """Whether the fleet can hold each block on all the hosts where it counts."""
    memory, vcpus = list(grid.room_memory), list(grid.room_vcpus)
    for block, hosts in enumerate(where):
        for host in hosts:
            memory[host] -= grid.memory[block]
            vcpus[host] -= grid.vcpus[block]
    if min(memory) < 0 or min(vcpus) < 0:
        return False
    for limit in grid.limits:
        used = dict.fromkeys(limit.domain, 0)
        for block, weight in limit.weight.items():
            for domain in {limit.domain[host] for host in where[block]}:
                used[domain] += weight
        if any(count > limit.room[domain] for domain, count in used.items()):
            return False
    return True


def moments(steps: Items[Step]) -> Iterator[Moment]:
    """Every pair of steps started and steps done that ``after`` allows."""
    todo: list[Moment] = [(frozenset(), frozenset())]
    seen = set(todo)
    while todo:
        started, done = todo.pop()
        yield started, done
        ready = [n for n, step in enumerate(steps) if n not in started and done.issuperset(step.after)]
        nexts = [(started | {n}, done) for n in ready] + [(started, done | {n}) for n in started - done]
        todo += [moment for moment in nexts if moment not in seen]
        seen.update(nexts)


def at_moment(grid: Grid, steps: Items[Step], moment: Moment) -> list[set[int]]:
    """The hosts where each block counts: at both ends while it moves."""
    started, done = moment
    where = [{host} for host in grid.at]
    for number in sorted(started):
        step = steps[number]
        if step.source not in where[step.block]:
            raise ValueError(f"step {number}: block {step.block} is not on host {step.source}")
        where[step.block].add(step.dest)
        if number in done:
            where[step.block].discard(step.source)
    return where
