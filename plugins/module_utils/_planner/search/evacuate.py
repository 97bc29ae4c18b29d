"""Where the guests go that have to leave, and who steps aside for them: least bytes. Knows neither Snapshot nor goals.

Method: the blocks that must move are first put, largest first, onto the emptiest hosts (which leaves the fleet
balanced), then where they fit best. If some find no place, a small exact search or search_displace finds one with
others stepping aside. What still finds none is left: as few blocks, then as little memory as the search can reach.
The order is sequence's, whose stops count in the bytes. That something stays is called proven where bounds say so or
the exact search has seen every placement. Bound: ``steps`` placements tried by each of these searches.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from . import sequence as ordering
from .displace import displaced
from .exact import exact, hopeless, must_stay, too_large
from .grid import Grid, Layout
from .limbo import Found, keeps, sizes, union, with_limbo

STEPS = 60_000
MANY = 48  # more blocks than these are not placed anew by the beam, only those that found no place
TRIES = 4  # numbers of blocks given up beforehand that are tried
FEW = 12  # so few blocks are placed by trying everything

Order = Callable[[Mapping[int, int]], ordering.Sequence]


class Why(enum.Enum):
    """NO_HOST: none that is allowed is large enough. NO_ROOM: not all fit. NO_ORDER: the way there is blocked."""

    NO_HOST = "no_host"
    NO_ROOM = "no_room"
    NO_ORDER = "no_order"


@dataclass(frozen=True)
class Left:
    """A block that stays though it should not."""

    block: int
    why: Why


@dataclass(frozen=True)
class Relocation:
    """Ordered moves, and what is ``left``. ``displaced`` are blocks that only step aside.

    ``least_left`` blocks are left by any plan: above zero it is proven that not all can go, and where it is the number
    of those left, that no fewer can stay. ``least``: no plan in which the same leave sends fewer bytes.
    """

    sequence: ordering.Sequence
    left: tuple[Left, ...]
    displaced: tuple[int, ...]
    least_left: int
    least: bool


def evacuate(
    grid: Grid,
    empty: frozenset[int],
    dests: Optional[bytes] = None,
    *,
    displace: bool = True,
    steps: int = STEPS,
    hop: Optional[ordering.Hop] = None,
) -> Relocation:
    """Return how all blocks leave the hosts in ``empty``; nobody goes there, and only to ``dests`` where given."""
    open_hosts = dests or bytes([1]) * len(grid.hosts)
    mask = bytes(0 if host in empty else allowed for host, allowed in enumerate(open_hosts))
    wishes = {block: mask for block, host in enumerate(grid.at) if host in empty}
    return relocate(grid, wishes, mask, displace=displace, steps=steps, hop=hop)


def relocate(
    grid: Grid,
    wishes: Mapping[int, bytes],
    aside: Optional[bytes] = None,
    *,
    displace: bool = True,
    steps: int = STEPS,
    hop: Optional[ordering.Hop] = None,
) -> Relocation:
    """Return how each block of ``wishes`` comes to one of its hosts (a byte each); one that is there already stays.

    ``aside``: the hosts that others may step aside to, and that stops may be made on (default: all).
    """
    open_hosts = aside or bytes([1]) * len(grid.hosts)
    movers = [block for block in sorted(wishes) if not wishes[block][grid.at[block]]]
    allowed = _allowed(grid, wishes, movers, open_hosts if displace else b"")
    lost = set(hopeless(grid, movers, allowed))
    asked = _Asked(movers, [block for block in movers if block not in lost], allowed)
    best: Optional[Relocation] = None

    def order(where: Mapping[int, int]) -> ordering.Sequence:
        return ordering.sequence(grid, where, hop=hop, parking=open_hosts, aside=displace)

    for candidate in _candidates(grid, asked, order, steps):
        made = _judged(grid, _without_vain(grid, candidate.where, frozenset(movers), order), asked, candidate)
        if best is None or _price(grid, made) < _price(grid, best):
            best = made
        if best.least or candidate.complete:
            break
    return best or Relocation(ordering.Sequence(()), (), (), 0, True)


def _price(grid: Grid, made: Relocation) -> tuple[int, int, int]:
    return len(made.left), sum(grid.memory[left.block] for left in made.left), made.sequence.cost(grid)


def _allowed(grid: Grid, wishes: Mapping[int, bytes], movers: Sequence[int], aside: bytes) -> list[bytes]:
    """Return the hosts that each block may be on; none for those that must not move."""
    known: dict[tuple[bytes, bytes], bytes] = {}
    moving = set(movers)

    def both(mask: bytes, reach: bytes) -> bytes:
        if (mask, reach) not in known:
            known[mask, reach] = bytes(map(int.__and__, mask, reach))
        return known[mask, reach]

    found = []
    for block, reach in enumerate(grid.reach):
        mask = both(wishes.get(block, aside) if aside or block in moving else b"", reach)
        others = mask.count(1) - (mask[grid.at[block]] if mask else 0)
        found.append(mask if others else b"")
    return found


@dataclass(frozen=True)
class _Asked:
    """Blocks that must move, those of them for which there is hope, and the hosts that each block may be on."""

    movers: list[int]
    pool: list[int]
    allowed: list[bytes]


@dataclass(frozen=True)
class _Candidate:
    """A placement to be tried. ``least_left`` as in Relocation; ``complete``: nothing better is left to be tried."""

    where: Mapping[int, int]
    least_left: int
    complete: bool = False


def _candidates(grid: Grid, asked: _Asked, order: Order, steps: int) -> Iterator[_Candidate]:
    """Yield placements, the plainest first."""
    pool, allowed = asked.pool, asked.allowed
    stay = must_stay(grid, pool, allowed)
    direct = [_direct(grid, pool, allowed, spread) for spread in (True, False)]
    yield from (_Candidate(found.where, stay) for found in direct if not found.left)
    items = {*pool, *(block for block, mask in enumerate(allowed) if mask)}
    if len(items) <= FEW:
        tried = exact(grid, frozenset(pool), allowed, lambda where: _cost(grid, pool, order(where)), steps)
        if tried.where is not None:
            yield _Candidate(tried.where, tried.least_left, tried.complete)
    yield from (_Candidate(_less_left(grid, pool, found, allowed), stay) for found in direct if found.left)
    largest = sorted(pool, key=lambda block: (-grid.memory[block], block))
    for number in range(stay, min(stay + TRIES, len(pool))):
        # a block that is given up from the start is in nobody's way, one that finds no place at the end may be
        found = _displaced(grid, sorted(largest[number:]), allowed, steps if number == 0 else steps // TRIES)
        if found is not None:
            left = tuple(block for block in pool if block not in found.where)
            yield _Candidate(_less_left(grid, pool, Found(found.where, left, found.cost), allowed), stay)
            if not found.left:
                return


def _cost(grid: Grid, pool: Sequence[int], sequence: ordering.Sequence) -> tuple[int, int, int]:
    """Return blocks left, their memory, and the bytes that others and stops on the way cost."""
    arrived = {step.block for step in sequence.steps if not step.parking}
    left = [block for block in pool if block not in arrived]
    needed = sum(grid.cost[block] for block in pool if block in arrived)
    return len(left), sum(grid.memory[block] for block in left), sequence.cost(grid) - needed


def _displaced(grid: Grid, pool: Sequence[int], allowed: Sequence[bytes], steps: int) -> Optional[Found]:
    movers = frozenset(pool)
    if len(pool) <= MANY:
        return displaced(grid, allowed, {}, pool, movers, steps)
    fit = _direct(grid, pool, allowed, spread=False)
    if not fit.left:
        return fit
    return displaced(grid, allowed, fit.where, fit.left, movers, steps)


def _less_left(grid: Grid, pool: Sequence[int], found: Found, allowed: Sequence[bytes]) -> Mapping[int, int]:
    """Let smaller blocks stay in place of those left where these then fit: as many are left, with less memory."""
    start, layout = Layout(grid), Layout(with_limbo(grid))
    where, limbo = dict(found.where), len(grid.hosts)
    for block, host in where.items():
        layout.put(block, host)

    def size(block: int) -> tuple[int, int]:
        return grid.memory[block], block

    for large in sorted(found.left, key=size, reverse=True):
        for small in sorted((block for block in pool if block in where and size(block) < size(large)), key=size):
            host = where[small]
            layout.put(small, limbo)
            home_again = keeps(start, layout, small)
            layout.put(small, grid.at[small])
            if home_again and allowed[large][host] and layout.fits(large, host):
                layout.put(large, host)
                where[large] = where.pop(small)
                break
            layout.put(small, host)
    return where


def _direct(grid: Grid, pool: Sequence[int], allowed: Sequence[bytes], spread: bool) -> Found:
    """Place the largest first: on the emptiest host, or where the least memory stays free."""
    layout = Layout(grid)
    memory, vcpus = layout.memory, layout.vcpus
    fill = [_fill(grid, layout, host) for host in range(len(grid.hosts))]
    size = sizes(grid, layout, union(allowed, pool))
    rank = fill.__getitem__ if spread else memory.__getitem__
    where: dict[int, int] = {}
    hosts = {mask: [host for host, open_ in enumerate(mask) if open_] for mask in {allowed[block] for block in pool}}
    for block in sorted(pool, key=lambda block: (-size[block], block)):
        need, cpus = grid.memory[block], grid.vcpus[block]
        room = [
            host
            for host in hosts[allowed[block]]
            if (need <= memory[host] or not need) and (cpus <= vcpus[host] or not cpus)
        ]
        if grid.limits:
            room = [host for host in room if layout.within_limits(block, host)]
        if room:
            source, dest = grid.at[block], min(room, key=rank)
            layout.put(block, dest)
            where[block] = dest
            fill[source], fill[dest] = _fill(grid, layout, source), _fill(grid, layout, dest)
    return Found(where, tuple(block for block in pool if block not in where), 0)


def _fill(grid: Grid, layout: Layout, host: int) -> float:
    """Return how full the host is, by what it has least of."""
    memory = 1 - layout.memory[host] / max(grid.room_memory[host], 1)
    return max(memory, 1 - layout.vcpus[host] / max(grid.room_vcpus[host], 1))


def _without_vain(grid: Grid, where: Mapping[int, int], movers: frozenset[int], order: Order) -> ordering.Sequence:
    """Return the moves, without those of blocks that would step aside for nothing."""
    best = order(where)
    stuck = {stuck.block for stuck in best.stuck}
    layout = Layout(grid)
    for block, host in where.items():
        if block not in stuck:
            layout.put(block, host)
    for block in sorted(set(where).difference(movers, stuck)):
        if layout.fits(block, grid.at[block]):
            fewer = {other: host for other, host in where.items() if other != block}
            tried = order(fewer)
            if len(tried.stuck) <= len(best.stuck) and tried.cost(grid) <= best.cost(grid):
                best, where = tried, fewer
                layout.put(block, grid.at[block])
    return best


def _judged(grid: Grid, moves: ordering.Sequence, asked: _Asked, candidate: _Candidate) -> Relocation:
    """Return the moves with what is left and why, and with what is proven."""
    stuck = {stuck.block for stuck in moves.stuck}
    arrived = {step.block for step in moves.steps if not step.parking}
    stay = [block for block in asked.movers if block not in arrived]
    large = set(too_large(grid, stay, asked.allowed))

    def why(block: int) -> Why:
        if block in stuck:
            return Why.NO_ORDER
        return Why.NO_HOST if block in large else Why.NO_ROOM

    aside = tuple(sorted(arrived.difference(asked.movers)))
    least_left = len(asked.movers) - len(asked.pool) + candidate.least_left
    plain = not any(step.parking for step in moves.steps) and (candidate.complete or not aside)
    left = tuple(Left(block, why(block)) for block in stay)
    return Relocation(moves, left, aside, least_left, plain and len(left) == least_left)
