"""Find places for blocks that have none by letting others step aside, least bytes first. Must not decide on the order.

Method: a beam search. Blocks without a place are in limbo, an extra host outside the fleet. The largest of them is put
somewhere, onto free room or in place of smaller ones, which then are in limbo themselves; so the blocks in limbo shrink
and the search ends. Of all states reached the best ``WIDTH`` go on, ranked by the bytes of who has stepped aside and an
estimate, from best fit, of what those still in limbo will cost. The idea is ejection search (Nagata and Braysy 2009),
made deterministic by a beam. Bound: ``steps`` hosts looked at, after which the first state is finished alone.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Optional

from .grid import Grid, Layout
from .limbo import Found, keeps, scarcer_vcpus, sizes, union, with_limbo

WIDTH = 30
BRANCH = 12  # options kept of one state
WAYS = 6  # sets of blocks that may step aside on one host
MOST_ASIDE = 3  # blocks of such a set
ALIKE = 3  # blocks of one shape that are looked at on one host

_Rank = tuple[int, int, int, int, list[tuple[int, int]]]


@dataclass(frozen=True)
class _State:
    """A placement as it differs from the base: blocks elsewhere, in limbo (largest first), and given up."""

    where: Mapping[int, int]
    limbo: tuple[int, ...]
    left: tuple[int, ...]
    cost: int


@dataclass(frozen=True)
class _Option:
    """One way to place a block: the change in cost, room wasted, host, and who goes to limbo for it."""

    cost: int
    waste: int
    host: int
    aside: tuple[int, ...]


def displaced(
    grid: Grid,
    allowed: Sequence[bytes],
    placed: Mapping[int, int],
    lost: Sequence[int],
    movers: frozenset[int],
    steps: int,
) -> Optional[Found]:
    """Return where the ``lost`` go, given that the other ``movers`` are ``placed``; None where no state was legal.

    ``allowed`` has the hosts of each block (empty: it stays); ``movers`` move anyway, so their bytes do not count.
    """
    return _Beam(grid, allowed, placed, lost, movers).search(steps)


class _Beam:
    """The base placement and what all states share. Never leaves this file."""

    def __init__(
        self,
        grid: Grid,
        allowed: Sequence[bytes],
        placed: Mapping[int, int],
        lost: Sequence[int],
        movers: frozenset[int],
    ) -> None:
        self.grid, self.allowed, self.movers = with_limbo(grid), allowed, movers
        self.limbo = len(grid.hosts)
        self.start = Layout(grid)
        self.layout = Layout(self.grid)
        for block, host in placed.items():
            self.layout.put(block, host)
        for block in lost:
            self.layout.put(block, self.limbo)
        self.base = list(self.layout.at)
        self.placed, self.lost = placed, lost
        hosts = union(allowed, lost)
        self.size = sizes(grid, self.start, hosts)
        by_vcpus = scarcer_vcpus(grid, self.start, hosts, lost)
        self.scarce = (self.layout.vcpus, grid.vcpus) if by_vcpus else (self.layout.memory, grid.memory)
        self.worth = sum(grid.cost) / max(sum(self.scarce[1]), 1)
        self.hosts: dict[bytes, list[int]] = {}
        self.known: dict[tuple[int, int, tuple[int, ...], tuple[int, ...]], list[_Option]] = {}
        self.looked = 0

    def search(self, steps: int) -> Optional[Found]:
        """Return the best complete state."""
        best: Optional[_State] = None
        beam = [_State({}, self._sorted(self.lost), (), 0)]
        while beam:
            ranked: dict[object, tuple[_Rank, _State]] = {}
            for state in beam:
                for key, rank, child in self._children(state) if _better(state, best) else ():
                    if key not in ranked or rank < ranked[key][0]:
                        ranked[key] = (rank, child)
            children = [child for _rank, child in sorted(ranked.values(), key=lambda pair: pair[0])]
            for child in children:
                if not child.limbo and _better(child, best):
                    best = child
            beam = [child for child in children if child.limbo][: WIDTH if self.looked < steps else 1]
        if best is None:
            return None
        where = {**self.placed, **best.where}
        for block in best.left:
            where.pop(block, None)
        moved = {block: host for block, host in where.items() if host != self.grid.at[block]}
        return Found(moved, best.left, best.cost)

    def _sorted(self, blocks: Sequence[int]) -> tuple[int, ...]:
        return tuple(sorted(blocks, key=lambda block: (-self.size[block], block)))

    def _children(self, state: _State) -> list[tuple[object, _Rank, _State]]:
        """Return the states in which the largest block of limbo has a place: key of likeness, rank, state."""
        self._enter(state)
        block, made = state.limbo[0], []
        options = sorted(self._options(state, block), key=lambda option: (option.cost, option.waste, option.host))
        for option in options[:BRANCH]:
            where = {**state.where, block: option.host}
            for other in option.aside:
                where.pop(other, None)
            limbo = self._sorted((*state.limbo[1:], *option.aside))
            child = _State(where, limbo, state.left, state.cost + option.cost)
            for other in option.aside:
                self.layout.put(other, self.limbo)
            self.layout.put(block, option.host)
            made.append((self._likeness(child), self._rank(child), child))
            self.layout.put(block, self.limbo)
            for other in option.aside:
                self.layout.put(other, self._at(state, other))
        if not options and block in self.movers and keeps(self.start, self.layout, block):
            where = {**state.where, block: self.grid.at[block]}
            child = _State(where, state.limbo[1:], (*state.left, block), state.cost)
            self.layout.put(block, self.grid.at[block])
            made.append((self._likeness(child), self._rank(child), child))
            self.layout.put(block, self.limbo)
        self._leave(state)
        return made

    def _at(self, state: _State, block: int) -> int:
        return state.where.get(block, self.base[block])

    def _enter(self, state: _State) -> None:
        for block, host in state.where.items():
            self.layout.put(block, host)
        for block in state.limbo:
            self.layout.put(block, self.limbo)

    def _leave(self, state: _State) -> None:
        for block in (*state.where, *state.limbo):
            self.layout.put(block, self.base[block])

    def _options(self, state: _State, block: int) -> Iterator[_Option]:
        grid, memory, vcpus = self.grid, self.layout.memory, self.layout.vcpus
        touched = self._touched(state)
        home = -1 if block in self.movers else grid.at[block]
        seen: set[object] = set()
        for host in self._hosts(self.allowed[block]):
            self.looked += 1
            ways = self._ways(state, block, host, touched.get(host, ()))
            for way in ways:
                shapes = tuple((grid.memory[other], grid.vcpus[other]) for other in way.aside)
                alike = (memory[host], vcpus[host], shapes)
                # without limits, hosts with the same room left and the same blocks to step aside are as good
                if grid.limits or host == home or alike not in seen:
                    seen.add(alike)
                    gain = grid.cost[block] if host == home else 0
                    yield _Option(way.cost - gain, way.waste, host, way.aside)

    def _touched(self, state: _State) -> dict[int, tuple[int, ...]]:
        """Return by host who has come or gone since the base: it tells apart what was looked at before."""
        touched: dict[int, list[int]] = {}
        for block, host in state.where.items():
            touched.setdefault(host, []).append(block)
            touched.setdefault(self.base[block], []).append(block)
        for block in state.limbo:
            touched.setdefault(self.base[block], []).append(block)
        return {host: tuple(sorted(blocks)) for host, blocks in touched.items()}

    def _hosts(self, mask: bytes) -> list[int]:
        if mask not in self.hosts:
            self.hosts[mask] = [host for host in range(self.limbo) if mask[host]]
        return self.hosts[mask]

    def _ways(self, state: _State, block: int, host: int, touched: tuple[int, ...]) -> list[_Option]:
        """Return how the block can come to the host: as it is, or with whom stepping aside."""
        grid, layout = self.grid, self.layout
        rivals = self._rivals(state, block, host)
        if rivals is None:
            return []
        memory = grid.memory[block] - layout.memory[host] if grid.memory[block] else 0
        vcpus = grid.vcpus[block] - layout.vcpus[host] if grid.vcpus[block] else 0
        if not rivals and memory <= 0 and vcpus <= 0:
            return [_Option(0, -memory, host, ())]
        key = (block, host, touched, rivals)
        if key not in self.known:
            self.known[key] = self._sets(state, block, host, rivals)
        return self.known[key]

    def _rivals(self, state: _State, block: int, host: int) -> Optional[tuple[int, ...]]:
        """Return the cheapest blocks that must go for the limits' sake, None where they can't."""
        grid, layout = self.grid, self.layout
        rivals: list[int] = []
        for index in grid.limits_of[block] if grid.limits_of else ():
            limit = grid.limits[index]
            domain = limit.domain[host]
            if domain < 0:
                continue
            excess = layout.used[index][domain] + limit.weight[block] - limit.room[domain]
            excess -= sum(limit.weight.get(other, 0) for other in rivals if limit.domain[layout.at[other]] == domain)
            if excess <= 0:
                continue
            for other in sorted(limit.weight, key=lambda other: (self._price(state, other), other)):
                here = limit.domain[layout.at[other]] == domain and other not in rivals
                # each gives way to a limit once only, or two would go round for ever
                if excess > 0 and here and self.allowed[other] and other not in state.where:
                    rivals.append(other)
                    excess -= limit.weight[other]
            if excess > 0:
                return None
        return tuple(sorted(rivals))

    def _price(self, state: _State, block: int) -> int:
        elsewhere = self._at(state, block) != self.grid.at[block]
        return 0 if elsewhere or block in self.movers else self.grid.cost[block]

    def _sets(self, state: _State, block: int, host: int, rivals: tuple[int, ...]) -> list[_Option]:
        """Return the cheapest sets of smaller blocks whose leaving makes room, none of them needlessly large."""
        grid, layout = self.grid, self.layout
        gone = [other for other in rivals if layout.at[other] == host]
        base = sum(self._price(state, other) for other in rivals)
        memory = grid.memory[block] - layout.memory[host] - sum(grid.memory[other] for other in gone)
        vcpus = grid.vcpus[block] - layout.vcpus[host] - sum(grid.vcpus[other] for other in gone)
        memory, vcpus = (memory if grid.memory[block] else 0), (vcpus if grid.vcpus[block] else 0)
        if memory <= 0 and vcpus <= 0:
            return [_Option(base, -memory, host, rivals)]
        smaller = self._smaller(state, block, host, rivals)
        found: dict[object, _Option] = {}
        for number in range(1, MOST_ASIDE + 1):
            for chosen in combinations(smaller, number):
                spare_memory = sum([item[1] for item in chosen]) - memory
                spare_vcpus = sum([item[2] for item in chosen]) - vcpus
                if spare_memory < 0 or spare_vcpus < 0:
                    continue
                if number > 1 and any(item[1] <= spare_memory and item[2] <= spare_vcpus for item in chosen):
                    continue
                price = base + sum([item[0] for item in chosen])
                aside = (*rivals, *(item[3] for item in chosen))
                found.setdefault(tuple(item[:3] for item in chosen), _Option(price, spare_memory, host, aside))
        return sorted(found.values(), key=lambda option: (option.cost, option.waste, option.aside))[:WAYS]

    def _smaller(
        self, state: _State, block: int, host: int, rivals: tuple[int, ...]
    ) -> list[tuple[int, int, int, int]]:
        """Return price, memory, vCPUs and index of blocks on the host that may step aside, few of each shape."""
        grid, count = self.grid, dict[tuple[int, int, int], int]()
        items = []
        for other in sorted(self.layout.on[host]):
            if self.size[other] < self.size[block] and self.allowed[other] and other not in rivals:
                shape = (self._price(state, other), grid.memory[other], grid.vcpus[other])
                count[shape] = count.get(shape, 0) + 1
                if count[shape] <= ALIKE:
                    items.append((*shape, other))
        return sorted(items)

    def _likeness(self, state: _State) -> object:
        grid, layout = self.grid, self.layout
        shapes = [block if grid.limits else (grid.memory[block], grid.vcpus[block]) for block in state.limbo]
        hosts = {*state.where.values(), *(self.base[block] for block in (*state.where, *state.limbo))}
        rooms = sorted((host, layout.memory[host], layout.vcpus[host]) for host in hosts if host != self.limbo)
        return (tuple(shapes), tuple(rooms), len(state.left))

    def _rank(self, state: _State) -> _Rank:
        """Return what orders states: blocks given up, bytes so far with what limbo will cost, then a fixed order."""
        left = sum(self.grid.memory[block] for block in state.left)
        return (len(state.left), left, state.cost + 2 * self._missing(state), state.cost, sorted(state.where.items()))

    def _missing(self, state: _State) -> int:
        """Return the bytes of memory, or the same in vCPUs where these are scarcer, that best fit would lack."""
        if not state.limbo:
            return 0
        free, needs = self.scarce
        holes = sorted(free[host] for host in self._hosts(self.allowed[state.limbo[0]]) if free[host] > 0)
        lack = 0
        for block in state.limbo:
            need = needs[block]
            index = bisect_left(holes, need)
            if index < len(holes):
                insort(holes, holes.pop(index) - need)
            else:
                lack += need - (holes.pop() if holes else 0)
        return int(lack * self.worth)


def _better(state: _State, best: Optional[_State]) -> bool:
    return best is None or (len(state.left), state.cost) < (len(best.left), best.cost)
