"""The fleet as numbers, for searches that try thousands of placements. Knows neither Snapshot nor goals."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Kind(enum.Enum):
    """What a limit limits: RULE is a rule of the user's, the others are resources that hosts have."""

    RULE = "rule"
    CPU_USAGE = "CPU usage"
    HUGEPAGES = "huge pages"
    BESIDE_PAGES = "memory beside huge pages"
    NUMA = "NUMA node"
    POOL = "pool"
    NAME = "name"
    VOLUME = "volume"


@dataclass(frozen=True)
class Limit:
    """At most ``room[d]`` of ``weight`` in each domain d of hosts: every rule and resource beside memory and vCPUs.

    Anti-affinity by rack is weight 1 for its members, a domain per rack, room 1; guests per host are weight 1 for all,
    a domain per host. ``domain`` gives each host's domain, -1 for hosts that the limit does not know. ``kind`` says
    what is limited: a rule of that name, or the resource ``rule`` of that kind.
    """

    rule: str
    weight: Mapping[int, int]
    domain: tuple[int, ...]
    room: tuple[int, ...]
    kind: Kind = Kind.RULE


@dataclass(frozen=True)
class Grid:
    """Hosts and blocks are indices. A block is one guest, or several on one host that affinity keeps together.

    By host: ``hosts`` (sorted names), ``room_memory`` (bytes) and ``room_vcpus`` for guests. By block: ``blocks``
    (UUIDs of its guests), ``names`` (sorted, for ties), ``memory`` and ``vcpus`` (zero where shut off), ``cost`` (bytes
    that a move sends), ``at`` (its host), ``reach`` (a byte for each host: 1 where it may go from where it is, whatever
    else is there; its own host is always 1), ``parkable`` (may make a stop on the way), ``limits_of`` (indices).
    """

    hosts: tuple[str, ...]
    room_memory: tuple[int, ...]
    room_vcpus: tuple[int, ...]
    blocks: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    memory: tuple[int, ...]
    vcpus: tuple[int, ...]
    cost: tuple[int, ...]
    at: tuple[int, ...]
    reach: tuple[bytes, ...]
    parkable: tuple[bool, ...]
    limits: tuple[Limit, ...] = ()
    limits_of: tuple[tuple[int, ...], ...] = ()


class Layout:
    """A placement being changed by one search: who is where, and what is free. Never leaves the function it is made in.

    ``memory`` and ``vcpus`` are free by host, below zero where the host was overfull from the start; ``on`` has the
    blocks by host; ``used`` by limit and domain.
    """

    __slots__ = ("at", "grid", "memory", "on", "used", "vcpus")

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.at = list(grid.at)
        self.memory = list(grid.room_memory)
        self.vcpus = list(grid.room_vcpus)
        self.on: list[set[int]] = [set() for _host in grid.hosts]
        self.used = [[0] * len(limit.room) for limit in grid.limits]
        for block, host in enumerate(grid.at):
            self._add(block, host)

    def copy(self) -> Layout:
        """Return one that can be changed apart."""
        other = Layout.__new__(Layout)
        other.grid, other.at = self.grid, list(self.at)
        other.memory, other.vcpus = list(self.memory), list(self.vcpus)
        other.on = [set(blocks) for blocks in self.on]
        other.used = [list(used) for used in self.used]
        return other

    def fits(self, block: int, host: int) -> bool:
        """Return whether the block, which is elsewhere, may be on ``host`` as things stand: reach, room and limits."""
        grid = self.grid
        if not grid.reach[block][host]:
            return False
        if (grid.memory[block] and grid.memory[block] > self.memory[host]) or (
            grid.vcpus[block] and grid.vcpus[block] > self.vcpus[host]
        ):
            return False
        return not grid.limits_of or self.within_limits(block, host)

    def within_limits(self, block: int, host: int) -> bool:
        """Return whether no limit is broken by the block coming to ``host``; inside one domain nothing changes."""
        source = self.at[block]
        for index in self.grid.limits_of[block]:
            limit = self.grid.limits[index]
            domain = limit.domain[host]
            if domain < 0 or domain == limit.domain[source]:
                continue
            if self.used[index][domain] + limit.weight[block] > limit.room[domain]:
                return False
        return True

    def put(self, block: int, host: int) -> None:
        """Move the block to ``host``, whether it fits or not."""
        self._remove(block, self.at[block])
        self.at[block] = host
        self._add(block, host)

    def _add(self, block: int, host: int) -> None:
        self._change(block, host, 1)
        self.on[host].add(block)

    def _remove(self, block: int, host: int) -> None:
        self._change(block, host, -1)
        self.on[host].discard(block)

    def _change(self, block: int, host: int, sign: int) -> None:
        grid = self.grid
        self.memory[host] -= sign * grid.memory[block]
        self.vcpus[host] -= sign * grid.vcpus[block]
        if grid.limits_of:
            for index in grid.limits_of[block]:
                limit = grid.limits[index]
                if limit.domain[host] >= 0:
                    self.used[index][limit.domain[host]] += sign * limit.weight[block]
