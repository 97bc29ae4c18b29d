"""How few hosts, and how few idle watts, could hold the blocks at all. Must not place anything.

Three kinds of lower bound, each over all hosts that may be used. Volume: the hosts left on must hold all memory and all
vCPUs, where rooms and blocks count in whole units only, rounded down: any unit gives a bound (a dual feasible function;
Fekete and Schepers, 2001), of the blocks' sizes and their greatest common divisor the best is taken. Big blocks:
two of more than half a host never share one (L2 of Martello and Toth, 1990, on the largest host, for each resource).
Limits: a rule such as anti-affinity needs so many domains, hence hosts. ``covers`` finds the sets of hosts of least
watts that meet these needs by branch and bound over kinds of alike hosts, pruned by the fractional bound for a few
weightings of the needs. Where it ends within ``NODES`` its watts are the bound, else the fractional ones are.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from math import ceil, gcd

from .grid import Grid

NODES = 4000
UNITS = 64  # units tried, smallest first
WEIGHTINGS = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.75, 0.25, 0.0), (0.5, 0.5, 0.0), (0.25, 0.75, 0.0))
Sizes = tuple[int, int, int]  # memory, vCPUs, hosts


@dataclass(frozen=True)
class Kind:
    """Hosts alike in room and watts, those first that it is best to keep on; ``kept`` sums what that is worth."""

    watts: int
    room: Sizes
    hosts: tuple[int, ...]
    kept: tuple[int, ...]


@dataclass(frozen=True)
class Cover:
    """A set of hosts that is large enough by volume, beside those that stay on anyway, and a bound on any such set."""

    hosts: frozenset[int]
    watts: int
    bound: int
    slack: float


@dataclass
class _Best:
    """The best branch so far; changed by one search."""

    watts: float = float("inf")
    kept: int = -1
    counts: tuple[int, ...] | None = None
    nodes: int = 0
    cut: bool = False
    suffixes: list[list[list[int]]] = field(default_factory=list)


def divisor_of(sizes: Iterable[int]) -> int:
    """Return the greatest common divisor of the sizes above zero, 1 where there are none."""
    return reduce(gcd, (size for size in sizes if size > 0), 0) or 1


def unit_of(sizes: Iterable[int], rooms: Iterable[int]) -> int:
    """Return the unit in which the sizes, rounded down, need the largest share of the rooms, rounded down."""
    counts = Counter(size for size in sizes if size > 0)
    available = Counter(room for room in rooms if room > 0)
    units = [divisor_of(counts), *sorted(counts)[:UNITS]]

    def share(unit: int) -> float:
        need = sum(size // unit * count for size, count in counts.items())
        room = sum(room // unit * count for room, count in available.items())
        return need / room if room else 0.0

    return max(units, key=lambda unit: (share(unit), -unit))


def least_hosts(grid: Grid, hosts: Sequence[int], blocks: Sequence[int], *, spare: bool = False) -> int:
    """Return a lower bound on the number of ``hosts`` that can hold ``blocks``, with ``spare`` after any loss too."""
    if not blocks:
        return 0
    bounds = [1, *(_limit_bound(grid, index, hosts, frozenset(blocks)) for index in range(len(grid.limits)))]
    for sizes, rooms in ((grid.memory, grid.room_memory), (grid.vcpus, grid.room_vcpus)):
        held = [sizes[block] for block in blocks if sizes[block]]
        unit = unit_of(held, (rooms[host] for host in hosts))
        whole = sorted((rooms[host] // unit for host in hosts), reverse=True)
        bounds.append(spare + _volume_bound(sum(size // unit for size in held), whole[spare:]))
        bounds.append(_big_bound(held, max(rooms[host] for host in hosts)))
    return max(bounds)


def _volume_bound(total: int, rooms: list[int]) -> int:
    for number, room in enumerate(rooms):
        if total <= 0:
            return number
        total -= room
    return len(rooms)


def _big_bound(sizes: list[int], room: int) -> int:
    """Return L2: blocks above half a host have one each, and what that leaves takes only some of the others."""
    if room <= 0:
        return 0
    big = [size for size in sizes if 2 * size > room]
    best = len(big)
    for least in sorted({size for size in sizes if 2 * size <= room}, reverse=True)[:64]:
        shared = [size for size in big if size <= room - least]
        small = sum(size for size in sizes if least <= size and 2 * size <= room)
        best = max(best, len(big) + ceil((small - (len(shared) * room - sum(shared))) / room))
    return best


def _limit_bound(grid: Grid, index: int, hosts: Sequence[int], blocks: frozenset[int]) -> int:
    limit = grid.limits[index]
    domains = {limit.domain[host] for host in hosts}
    if -1 in domains:  # some hosts hold any number of them
        return 0
    members = {block: weight for block, weight in limit.weight.items() if block in blocks}
    held = Counter[int]()
    for block, weight in members.items():
        held[limit.domain[grid.at[block]]] += weight
    rooms = sorted((max(limit.room[domain], held[domain]) for domain in domains), reverse=True)  # a breach may stay
    return _volume_bound(sum(members.values()), rooms)


def needs_of(grid: Grid, hosts: Sequence[int], blocks: Sequence[int]) -> Sizes:
    """Return the memory, vCPUs and number of hosts that ``blocks`` need at least."""
    return (
        sum(grid.memory[block] for block in blocks),
        sum(grid.vcpus[block] for block in blocks),
        least_hosts(grid, hosts, blocks),
    )


def kinds_of(grid: Grid, hosts: Iterable[int], blocks: Sequence[int], watts: Sequence[int]) -> list[Kind]:
    """Return the hosts by kind, the most efficient kind first, in each first those with most bytes to keep."""
    memory_unit = divisor_of(grid.memory[block] for block in blocks)
    vcpu_unit = divisor_of(grid.vcpus[block] for block in blocks)
    held: dict[int, int] = defaultdict(int)
    for block in blocks:
        held[grid.at[block]] += grid.cost[block]
    alike: dict[tuple[int, Sizes], list[int]] = defaultdict(list)
    for host in hosts:
        room = (
            max(0, grid.room_memory[host] // memory_unit * memory_unit),
            max(0, grid.room_vcpus[host] // vcpu_unit * vcpu_unit),
            1,
        )
        alike[watts[host], room].append(host)
    kinds = []
    for (power, room), members in alike.items():
        order = sorted(members, key=lambda host: (-held[host], host))
        kept = [0]
        for host in order:
            kept.append(kept[-1] + held[host])
        kinds.append(Kind(power, room, tuple(order), tuple(kept)))
    total = [max(1, sum(kind.room[k] * len(kind.hosts) for kind in kinds)) for k in range(2)]
    return sorted(kinds, key=lambda kind: (_per_room(kind, total), -kind.room[0], kind.hosts))


def _per_room(kind: Kind, total: list[int]) -> float:
    return kind.watts / max(1e-12, kind.room[0] / total[0] + kind.room[1] / total[1])


def least_cover(kinds: Sequence[Kind], needs: Sizes, slack: float = 0.0) -> Cover | None:
    """Return hosts of least watts, then most to keep, with room for ``1 + slack`` times the needs; None without any.

    ``Cover.bound`` is a lower bound on the watts of all such sets; ``Cover.slack`` is what the set really leaves.
    """
    wanted = (ceil(needs[0] * (1 + slack)), ceil(needs[1] * (1 + slack)), needs[2])
    best = _Best(suffixes=[_orders(kinds, first, wanted) for first in range(len(kinds) + 1)])
    unit = divisor_of(kind.watts for kind in kinds)
    floor = _fraction(kinds, best.suffixes[0], wanted, unit)
    _branch(kinds, wanted, unit, (), 0, best)
    if best.counts is None:
        return None
    hosts = [host for kind, count in zip(kinds, best.counts) for host in kind.hosts[:count]]
    room = [sum(kind.room[k] * count for kind, count in zip(kinds, best.counts)) for k in range(3)]
    spare = min(((room[k] / needs[k]) for k in range(2) if needs[k]), default=1.0) - 1
    watts = int(best.watts)
    return Cover(frozenset(hosts), watts, floor if best.cut else watts, spare)


def _orders(kinds: Sequence[Kind], first: int, wanted: Sizes) -> list[list[int]]:
    """Return for each weighting the kinds from ``first`` on, most room per watt first."""
    return [
        sorted(
            range(first, len(kinds)), key=lambda k: (-_value(kinds[k], weights, wanted) / max(kinds[k].watts, 1e-9), k)
        )
        for weights in WEIGHTINGS
    ]


def _value(kind: Kind, weights: tuple[float, ...], wanted: Sizes) -> float:
    return sum(weight * room / want for weight, room, want in zip(weights, kind.room, wanted) if weight and want)


def _fraction(kinds: Sequence[Kind], orders: list[list[int]], wanted: Sizes, unit: int) -> int:
    """Return a lower bound on the watts for ``wanted``: for each weighting, hosts taken in fractions, best first."""
    if max(wanted) <= 0:
        return 0
    base = tuple(max(1, want) for want in wanted)
    worst = 0.0
    for weights, order in zip(WEIGHTINGS, orders):
        rest = sum(weight for weight, want in zip(weights, wanted) if want > 0)
        if not rest:
            continue
        watts = 0.0
        for k in order:
            value = sum(w * room / b for w, room, b, want in zip(weights, kinds[k].room, base, wanted) if want > 0)
            taken = min(len(kinds[k].hosts), rest / value) if value else 0
            watts += taken * kinds[k].watts
            rest -= taken * value
            if rest <= 1e-12:
                break
        worst = max(worst, watts if rest <= 1e-9 else float("inf"))
    return ceil(worst / unit - 1e-6) * unit if worst < float("inf") else 1 << 60


def _branch(kinds: Sequence[Kind], wanted: Sizes, unit: int, counts: tuple[int, ...], watts: int, best: _Best) -> None:
    """Try all counts of the next kind, most first, that could still lead to a set as good as the best."""
    depth = len(counts)
    best.nodes += 1
    if best.nodes > NODES:
        best.cut = True
        return
    if max(wanted) <= 0 or depth == len(kinds):
        if max(wanted) <= 0:
            _leaf(kinds, counts, watts, best)
        return
    kind = kinds[depth]
    enough = max((ceil(want / room) for want, room in zip(wanted, kind.room) if want > 0 and room), default=0)
    for count in range(min(len(kind.hosts), enough), -1, -1):
        rest = (wanted[0] - count * kind.room[0], wanted[1] - count * kind.room[1], wanted[2] - count)
        spent = watts + count * kind.watts
        if spent + _fraction(kinds, best.suffixes[depth + 1], rest, unit) <= best.watts:
            _branch(kinds, rest, unit, (*counts, count), spent, best)


def _leaf(kinds: Sequence[Kind], counts: tuple[int, ...], watts: int, best: _Best) -> None:
    kept = sum(kind.kept[count] for kind, count in zip(kinds, counts))
    if (watts, -kept) < (best.watts, -best.kept):
        best.watts, best.kept, best.counts = watts, kept, counts
