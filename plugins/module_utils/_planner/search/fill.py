"""Put blocks on a given set of hosts, sending few bytes. Must not choose the hosts, nor order the moves.

Method: blocks that must go are placed largest first where the scarcer of memory and vCPUs is left least (vCPUs alone
where there is ample memory in all); where nothing fits the host is overfilled. ``repair`` then takes an overfull host
and a few others, tries each exchange of one guest (or none) for one, and makes the one that lessens overfill most for
the bytes it sends; where none does, it makes the least bad one and bars both guests for a while (tabu search). Overfill
weighs more the longer it takes. Bounded by ``steps``: pairs of hosts compared. Reach and limits hold in every placement
made.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from .grid import Grid, Layout
from .lead import SLIGHT, share

PARTNERS = 10  # hosts that one overfull host is compared with before the best exchange is made
PAIRS_A_STEP = 1000  # pairs of guests that count as one step
PRICE = 2.0  # of a byte of overfill, in bytes sent, to begin with
PATIENCE = 8  # pairs per host after which that price doubles
TABU_STEPS = 10
NOBODY = -1


class Exchange(NamedTuple):
    """``give`` goes to the other host for ``take`` (or nobody); ``change`` is the price of what gets worse."""

    change: float
    give: int
    take: int


class Packing:
    """A layout with its way back: what was moved, what is away from home, what that costs. Lives in one search."""

    __slots__ = (
        "ample_memory",
        "barred",
        "bytes",
        "grid",
        "home",
        "hosts",
        "journal",
        "layout",
        "open",
        "per_vcpu",
        "price",
        "rng",
        "spent",
        "stray",
    )

    def __init__(self, grid: Grid, hosts: Iterable[int], at: Iterable[int] | None = None) -> None:
        self.grid, self.home, self.layout = grid, grid.at, Layout(grid)
        filled = share(grid.vcpus, grid.room_vcpus)
        self.ample_memory = share(grid.memory, grid.room_memory) < SLIGHT * filled
        self.reopen(hosts)
        self.bytes, self.spent = 0, 0
        self.stray: set[int] = set()
        self.journal: list[tuple[int, int]] = []
        self.barred: dict[int, int] = {}
        self.price = PRICE
        self.rng = Random(7)
        for block, host in enumerate(grid.at if at is None else at):
            if host != grid.at[block]:
                self.move(block, host)

    def reopen(self, hosts: Iterable[int]) -> None:
        """Change the set of hosts to fill."""
        self.hosts = sorted(hosts)
        self.open = frozenset(self.hosts)
        vcpus = sum(self.grid.room_vcpus[host] for host in self.hosts)
        self.per_vcpu = sum(self.grid.room_memory[host] for host in self.hosts) / max(1, vcpus)

    def move(self, block: int, host: int) -> None:
        """Move the block, whether it fits or not."""
        source, home = self.layout.at[block], self.home[block]
        self.journal.append((block, source))
        if source == home:
            self.bytes += self.grid.cost[block]
            self.stray.add(block)
        elif host == home:
            self.bytes -= self.grid.cost[block]
            self.stray.discard(block)
        self.layout.put(block, host)

    def undo(self, mark: int) -> None:
        """Take back all moves since the journal was ``mark`` long."""
        for block, host in reversed(self.journal[mark:]):
            self.move(block, host)
        del self.journal[mark:]

    def overfull(self, host: int) -> bool:
        """Return whether the host holds more than it has."""
        return self.layout.memory[host] < 0 or self.layout.vcpus[host] < 0

    def overfill(self, host: int) -> float:
        """Return the price of what the host holds beyond its room."""
        memory, vcpus = self.layout.memory[host], self.layout.vcpus[host]
        return self.price * ((-memory if memory < 0 else 0) + (-vcpus * self.per_vcpu if vcpus < 0 else 0))

    def allowed(self, block: int, host: int, leaving: int = NOBODY) -> bool:
        """Return whether reach and limits let the block come to ``host`` while ``leaving`` goes from there."""
        grid, layout = self.grid, self.layout
        if not grid.reach[block][host]:
            return False
        for index in grid.limits_of[block] if grid.limits_of else ():
            limit = grid.limits[index]
            domain = limit.domain[host]
            if domain < 0 or domain == limit.domain[layout.at[block]]:
                continue
            gone = limit.weight.get(leaving, 0) if leaving >= 0 else 0
            if layout.used[index][domain] + limit.weight[block] - gone > limit.room[domain]:
                return False
        return True


def fill(packing: Packing, blocks: Iterable[int], steps: int) -> bool:
    """Move ``blocks`` to the open hosts and mend what that overfills; all is as it was if that does not succeed."""
    mark = len(packing.journal)
    if _place(packing, blocks) and repair(packing, packing.hosts, steps):
        return True
    packing.undo(mark)
    return False


def _place(packing: Packing, blocks: Iterable[int]) -> bool:
    grid, per_vcpu = packing.grid, packing.per_vcpu
    for block in sorted(blocks, key=lambda block: (-(grid.memory[block] + grid.vcpus[block] * per_vcpu), block)):
        host = _place_for(packing, block)
        if host is None:
            return False
        packing.move(block, host)
        packing.spent += 1 + len(packing.hosts) // 200  # about what that took
    return True


def _place_for(packing: Packing, block: int) -> int | None:
    """Return the host where the larger of what is left of memory and vCPUs is least; overfull ones come last."""
    grid, layout, per_vcpu = packing.grid, packing.layout, packing.per_vcpu
    free_memory, free_vcpus, reach = layout.memory, layout.vcpus, grid.reach[block]
    memory, vcpus = grid.memory[block], grid.vcpus[block]
    limited, ample = bool(grid.limits_of and grid.limits_of[block]), packing.ample_memory
    best, chosen = float("inf"), None
    for host in packing.hosts:
        left, left_vcpus = free_memory[host] - memory, (free_vcpus[host] - vcpus) * per_vcpu
        if (left >= 0 or not memory) and (left_vcpus >= 0 or not vcpus):
            score = left if left > left_vcpus and not ample else left_vcpus
        else:  # 1 EiB and what it is overfilled by
            score = 2.0**60 + (-left if left < 0 else 0) + (-left_vcpus if left_vcpus < 0 else 0)
        if score < best and reach[host] and not (limited and not packing.allowed(block, host)):
            best, chosen = score, host
    return chosen


def repair(packing: Packing, hosts: Iterable[int], steps: int) -> bool:
    """Exchange guests until none of ``hosts``, nor what that touches, is overfull; False when ``steps`` are spent."""
    overfull = [host for host in hosts if packing.overfull(host)]
    begin, patience = packing.spent, PATIENCE * len(packing.hosts)
    while overfull:
        spent = packing.spent - begin
        if spent >= steps:
            return False
        packing.price = PRICE * 2.0 ** min(10, spent // patience)
        host = overfull[int(packing.rng.random() * len(overfull))]
        other, exchange = _best_partner(packing, host)
        if exchange is None:
            continue
        exchange_guests(packing, host, other, exchange)
        if not packing.overfull(host):
            overfull.remove(host)
        if packing.overfull(other) and other not in overfull:
            overfull.append(other)
    return True


def _best_partner(packing: Packing, host: int) -> tuple[int, Exchange | None]:
    hosts = packing.hosts
    chosen, best = host, None
    packing.spent += 1  # also where nobody may move, so that the search ends
    for other in packing.rng.sample(hosts, min(len(hosts), PARTNERS)):
        if other == host:
            continue
        found = _best_exchange(packing, host, other)
        if found is not None and (best is None or found.change < best.change):
            chosen, best = other, found
            if best.change < 0:
                break
    return chosen, best


def _best_exchange(packing: Packing, host: int, other: int) -> Exchange | None:
    """Return the exchange of a guest of ``host`` for one or none of ``other`` that is worth most."""
    price, per_vcpu = packing.price, packing.price * packing.per_vcpu
    free_memory, free_vcpus = packing.layout.memory, packing.layout.vcpus
    memory, vcpus, other_memory, other_vcpus = (
        free_memory[host],
        free_vcpus[host],
        free_memory[other],
        free_vcpus[other],
    )
    now = packing.overfill(host) + packing.overfill(other)
    takes = [(0, 0, NOBODY, 0), *_movable(packing, source=other, dest=host)]
    gives = _movable(packing, source=host, dest=other)
    packing.spent += 1 + len(gives) * len(takes) // PAIRS_A_STEP
    limit, best, unlimited = float("inf"), None, not packing.grid.limits_of
    for give_memory, give_vcpus, give, give_bytes in gives:
        change = give_bytes - now
        memory_1, vcpus_1 = memory + give_memory, vcpus + give_vcpus
        memory_2, vcpus_2 = other_memory - give_memory, other_vcpus - give_vcpus
        for take_memory, take_vcpus, take, take_bytes in takes:
            worse = change + take_bytes
            left = memory_1 - take_memory
            worse -= left * price if left < 0 else 0
            left = vcpus_1 - take_vcpus
            worse -= left * per_vcpu if left < 0 else 0
            if worse >= limit:
                continue
            left = memory_2 + take_memory
            worse -= left * price if left < 0 else 0
            left = vcpus_2 + take_vcpus
            worse -= left * per_vcpu if left < 0 else 0
            if worse < limit and (unlimited or may_exchange(packing, host, other, give, take)):
                limit, best = worse, Exchange(worse, give, take)
    return best


def _movable(packing: Packing, source: int, dest: int) -> list[tuple[int, int, int, int]]:
    """Return memory, vCPUs, block and bytes (below zero: saved) of what may leave ``source``: one of each sort."""
    grid, home, barred, now = packing.grid, packing.home, packing.barred, packing.spent
    memory, vcpus, cost, limits_of = grid.memory, grid.vcpus, grid.cost, grid.limits_of
    found: dict[tuple[object, ...], tuple[int, int, int, int]] = {}
    for block in sorted(packing.layout.on[source]):
        if grid.reach[block][dest] and (block not in barred or barred[block] <= now):
            change = -cost[block] if home[block] == dest else cost[block] if home[block] == source else 0
            sort = (memory[block], vcpus[block], change, limits_of[block] if limits_of else ())
            found.setdefault(sort, (memory[block], vcpus[block], block, change))
    return list(found.values())


def may_exchange(packing: Packing, host: int, other: int, give: int, take: int) -> bool:
    """Return whether reach and limits let ``give`` go from ``host`` to ``other``, and ``take``, if any, come back."""
    return packing.allowed(give, other, take) and (take < 0 or packing.allowed(take, host, give))


def exchange_guests(packing: Packing, host: int, other: int, exchange: Exchange) -> None:
    """Make the exchange; where it was not worth it by itself, let it not be taken back at once."""
    packing.move(exchange.give, other)
    if exchange.take >= 0:
        packing.move(exchange.take, host)
    if exchange.change >= 0:
        for block in (exchange.give, exchange.take):
            packing.barred[block] = packing.spent + TABU_STEPS * packing.rng.randrange(1, 10)


def survives(packing: Packing, lost: int, on: list[int]) -> bool:
    """Return whether the guests of ``lost`` find room on the others: tried most free first, then least free first."""
    grid, layout, mark = packing.grid, packing.layout, len(packing.journal)
    blocks = sorted(layout.on[lost], key=lambda block: (-grid.memory[block], -grid.vcpus[block], block))
    others = [host for host in on if host != lost]
    for sign in (-1, 1):
        hosts = sorted(others, key=lambda host: sign * layout.memory[host])
        found = all(_move_to_first(packing, block, hosts) for block in blocks)
        packing.undo(mark)
        if found:
            return True
    return False


def _move_to_first(packing: Packing, block: int, hosts: Iterable[int]) -> bool:
    for host in hosts:
        if packing.layout.fits(block, host):
            packing.move(block, host)
            return True
    return False
