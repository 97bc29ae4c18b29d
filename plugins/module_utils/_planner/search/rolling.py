"""Plans a rolling upgrade: which hosts are emptied together, in which order, and where their guests go meanwhile.

Method: a guest that goes to a host that is done need not move again, so each wave is emptied into the hosts of the one
before, and the fleet shifts by one wave. Only the guests of the first wave move twice: it takes the hosts with the
fewest. rolling_wave.py empties a wave. Where the waves are more than a lower bound (or hosts are left), it is tried
again with memory and vCPUs weighed otherwise, then with other guests stepping aside (search_evacuate.py). "As many as
fit" is planned once more with as many hosts per wave as the number of waves needs: small first waves move less. With
``return_home`` guests come home after each wave, as Ganeti's hroller has it (two moves per guest). Bound: at most eight
plans, each of at most one wave per host; letting others step aside takes ``steps`` for each host tried.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Optional

from .bounds import unit_of
from .grid import Grid, Layout
from .pack import Hop, by_room, pack, weights
from .rolling_wave import Quota, Style, empty_some
from .sequence import Step, sequence

BALANCES = (1.0, 0.5, 2.0, 0.25, 4.0)
STEPS_ASIDE = 5_000  # to let others step aside
WORTH = 0.01  # of the fleet's blocks: so many moves to be saved are worth letting others step aside

# (block, host) -> a byte for each host: where the block may go from a host that is not its first one
ReachFrom = Callable[[int, int], bytes]


class Reason(enum.Enum):
    """Why a host was not emptied."""

    NO_WAY = "a guest can go to no other host at all, whatever else is there"
    NO_ROOM = "the other hosts together have less memory or vCPUs than all guests need"
    NOT_FOUND = "no places were found for all guests, which does not prove that there are none"


@dataclass(frozen=True)
class Left:
    """A host that could not be emptied, and the blocks that found no place."""

    host: int
    reason: Reason
    blocks: tuple[int, ...]


@dataclass(frozen=True)
class Wave:
    """Hosts upgraded together: steps that empty them, and steps home when they are back."""

    hosts: tuple[int, ...]
    steps: tuple[Step, ...]
    home: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Ends:
    """Hosts that come before, and hosts that come after all others."""

    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Rolling:
    """A plan. ``least_waves`` is a lower bound on the waves; ``away`` are blocks that could not come home."""

    waves: tuple[Wave, ...]
    left: tuple[Left, ...]
    least_waves: int
    concerned: int
    away: tuple[int, ...] = ()

    @property
    def moves(self) -> int:
        """Return how many moves there are in all."""
        return sum(len(wave.steps) + len(wave.home) for wave in self.waves)

    @property
    def moves_per_block(self) -> float:
        """Return the moves per block that was on a host to do; one is the least there can be."""
        return self.moves / self.concerned if self.concerned else 0.0


@dataclass(frozen=True)
class _Task:
    """What all attempts have in common."""

    grid: Grid
    hosts: frozenset[int]
    return_home: bool
    reach_from: Optional[ReachFrom]
    shared: tuple[bool, ...] = field(default=())  # by limit: whether a domain has several hosts
    stages: tuple[frozenset[int], ...] = ()  # each after all of the one before; all hosts at once where there are none


def rolling(
    grid: Grid,
    hosts_to_do: frozenset[int],
    quota: Quota,
    *,
    return_home: bool = False,
    reach_from: Optional[ReachFrom] = None,
    steps: int = STEPS_ASIDE,
    ends: Ends = Ends(),
) -> Rolling:
    """Return waves that empty each of ``hosts_to_do`` once. Without ``reach_from`` a block's reach stays as it is."""
    impossible = tuple(_impossible(grid, hosts_to_do))
    hosts = hosts_to_do - {left.host for left in impossible}
    shared = tuple(max(Counter(limit.domain).values()) > 1 for limit in grid.limits)
    stages = tuple(filter(None, (hosts & ends.first, hosts - ends.first - ends.last, (hosts & ends.last) - ends.first)))
    task = _Task(grid, hosts, return_home, reach_from, shared, stages)
    least = max(least_waves(grid, hosts, quota), len(stages))
    best = _best(task, quota, least, steps)
    concerned = sum(host in hosts_to_do for host in grid.at)
    left = tuple(sorted((*impossible, *best.left), key=lambda left: left.host))
    return replace(best, left=left, least_waves=least, concerned=concerned)


def _best(task: _Task, quota: Quota, least: int, steps: int) -> Rolling:
    if not task.hosts:
        return _attempt(task, quota, Style())
    dense = [Style(dense=True, balance=balance) for balance in BALANCES]
    plain = dense if quota.hosts is None else [Style(), *dense]
    best = _attempt(task, quota, plain[0])
    for style in plain[1:]:
        if _good(best, least):
            break
        best = min(best, _attempt(task, quota, style), key=_rank)
    waves = max(1, len(best.waves))
    if quota.hosts is None:
        best = min(best, _attempt(task, _sized(quota, task, waves), Style()), key=_rank)
    spare = best.moves - least_moves(task.grid, task.hosts, quota, waves, task.return_home)
    if steps and (not _good(best, least) or spare > WORTH * len(task.grid.blocks)):
        sized = _sized(quota, task, waves if _good(best, least) else least) if quota.hosts is None else quota
        best = min(best, _attempt(task, sized, Style(aside=steps)), key=_rank)
    return best


def _good(plan: Rolling, least: int) -> bool:
    return not plan.left and len(plan.waves) <= least


def _sized(quota: Quota, task: _Task, waves: int) -> Quota:
    return replace(quota, hosts=-(-len(task.hosts) // waves))


def _rank(plan: Rolling) -> tuple[int, int, int]:
    return len(plan.left), len(plan.waves), plan.moves


def _attempt(task: _Task, quota: Quota, style: Style) -> Rolling:
    layout, pending = Layout(task.grid), set(task.hosts)
    waves: list[Wave] = []
    away: set[int] = set()
    for stage in task.stages:
        while not pending.isdisjoint(stage):
            now = replace(quota, not_yet=frozenset(pending - stage))
            # letting others step aside makes the first wave larger; later ones find the same room again
            wave = _wave(task, layout, pending, now, replace(style, aside=0) if waves else style)
            if wave is None and waves and style.aside:
                wave = _wave(task, layout, pending, now, style)
            if wave is None:
                break
            waves.append(wave)
            pending.difference_update(wave.hosts)
            if task.return_home:
                away.update({step.block for step in wave.steps} - {step.block for step in wave.home})
    left = tuple(_not_found(layout, host) for host in sorted(pending))
    return Rolling(tuple(waves), left, 0, 0, tuple(sorted(away)))


def _wave(task: _Task, layout: Layout, pending: set[int], quota: Quota, style: Style) -> Optional[Wave]:
    """Make one wave on the layout: the largest for which an order is found."""
    while True:
        before = list(layout.at)
        hosts, hops = empty_some(layout, pending, quota, style)
        if not hosts:
            return None
        steps = _in_order(task, layout, before, hops)
        if steps is not None:
            _look_round(task, layout, steps)
            home = _home(task, layout, before, steps) if task.return_home else ()
            return Wave(tuple(sorted(hosts)), steps, home)
        for block in {hop.block for hop in hops}:
            layout.put(block, before[block])
        if len(hosts) == 1:
            return None
        quota = replace(quota, hosts=len(hosts) // 2)


def _in_order(task: _Task, layout: Layout, before: Sequence[int], hops: Sequence[Hop]) -> Optional[tuple[Step, ...]]:
    """Return the steps from where the blocks of ``hops`` were before to where they are; None if some can't be made."""
    blocks = [hop.block for hop in reversed(hops)]
    targets = {block: layout.at[block] for block in dict.fromkeys(blocks) if layout.at[block] != before[block]}
    apart = {before[block] for block in targets}.isdisjoint(targets.values())
    limits_of = layout.grid.limits_of
    if apart and not (limits_of and any(task.shared[limit] for block in targets for limit in limits_of[block])):
        # hosts that only receive have room for all that comes, in whatever order
        return tuple(Step(block, before[block], dest, ()) for block, dest in reversed(targets.items()))
    return _with_sequence(task, replace(layout.grid, at=tuple(before)), targets)


def _with_sequence(task: _Task, grid: Grid, targets: Mapping[int, int]) -> Optional[tuple[Step, ...]]:
    reach_from = task.reach_from
    hop = (lambda block, host, dest: bool(reach_from(block, host)[dest])) if reach_from else None
    found = sequence(grid, targets, hop=hop)
    return None if found.stuck else found.steps


def _look_round(task: _Task, layout: Layout, steps: Sequence[Step]) -> None:
    """Let the blocks that have moved reach what can be reached from where they are."""
    if task.reach_from:
        reach = list(layout.grid.reach)
        for block in {step.block for step in steps}:
            reach[block] = task.reach_from(block, layout.at[block])
        layout.grid = replace(layout.grid, reach=tuple(reach))


def _home(task: _Task, layout: Layout, before: Sequence[int], steps: Sequence[Step]) -> tuple[Step, ...]:
    """Bring the blocks that moved back to where they were, last first; those that can't go back stay."""
    there = list(layout.at)
    hops = []
    for block in dict.fromkeys(step.block for step in reversed(steps)):
        source, dest = there[block], before[block]
        # a host that was overfull took nobody, and does not take its own back
        if source != dest and layout.fits(block, dest):
            hops.append(Hop(block, source, dest))
            layout.put(block, dest)
    home = _in_order(task, layout, there, hops)
    if home is None:
        for hop in hops:
            layout.put(hop.block, hop.source)
    _look_round(task, layout, home or ())
    return home or ()


def least_waves(grid: Grid, hosts: frozenset[int], quota: Quota) -> int:
    """Return a lower bound on the waves: by the quota, and as all guests must fit on the hosts outside the wave."""
    if not hosts:
        return 0
    least = 1 if quota.hosts is None else -(-len(hosts) // quota.hosts)
    if quota.domain:
        sizes = Counter(quota.domain[host] for host in hosts if quota.domain[host] >= 0)
        least = max([least, *(-(-size // quota.per_domain) for size in sizes.values())])
    for rooms, spare in _in_units(grid):
        least = max(least, _least_by_room([rooms[host] for host in hosts], spare))
    return least


def _in_units(grid: Grid) -> Iterator[tuple[list[int], int]]:
    """Yield the hosts' rooms and what all of them have to spare, in whole units of memory, then of vCPUs.

    A host that is overfull from the start counts as having room for what is on it.
    """
    for sizes, rooms in ((grid.memory, grid.room_memory), (grid.vcpus, grid.room_vcpus)):
        unit = unit_of(sizes, rooms)
        used = [0] * len(rooms)
        for block, host in enumerate(grid.at):
            used[host] += sizes[block] // unit
        whole = [max(room // unit, taken) for room, taken in zip(rooms, used)]
        yield whole, sum(whole) - sum(used)


def least_moves(grid: Grid, hosts: frozenset[int], quota: Quota, waves: int, return_home: bool) -> int:
    """Return a lower bound on the moves in so many waves: one for each block, one more for those of the first wave."""
    blocks = Counter(host for host in grid.at if host in hosts)
    moves = sum(blocks.values())
    if return_home:
        return 2 * moves
    if len(hosts) < len(grid.hosts):
        return moves  # nobody need move twice: there are hosts that are not to be done
    first = 1 if quota.hosts is None else max(1, len(hosts) - quota.hosts * (waves - 1))
    return moves + sum(sorted(blocks[host] for host in hosts)[:first])


def _least_by_room(rooms: list[int], spare: int) -> int:
    """Return how many sets of hosts there must be, when no set may have more room than ``spare``."""
    if spare <= 0:
        return 1  # overfull from the start: says nothing
    together, taken = 0, 0
    for room in sorted(rooms):
        taken += room
        together += taken <= spare
    return max(-(-sum(rooms) // spare), -(-len(rooms) // max(1, together)))


def _impossible(grid: Grid, hosts: frozenset[int]) -> Iterator[Left]:
    """Yield the hosts that provably nobody can empty."""
    layout = Layout(grid)
    in_units = tuple(_in_units(grid))
    for host in sorted(hosts):
        fixed = tuple(block for block in sorted(layout.on[host]) if not _has_way(grid, block))
        if fixed:
            yield Left(host, Reason.NO_WAY, fixed)
        elif layout.on[host] and any(rooms[host] > spare for rooms, spare in in_units):
            yield replace(_not_found(layout, host), reason=Reason.NO_ROOM)


def _has_way(grid: Grid, block: int) -> bool:
    memory, vcpus, home, reach = grid.memory[block], grid.vcpus[block], grid.at[block], grid.reach[block]
    return any(
        reach[host] and memory <= grid.room_memory[host] and vcpus <= grid.room_vcpus[host] and host != home
        for host in range(len(grid.hosts))
    )


def _not_found(layout: Layout, host: int) -> Left:
    """Return the host with those of its blocks that find no place when the others are placed one by one."""
    trial = layout.copy()
    others = [other for other in range(len(layout.grid.hosts)) if other != host]
    weigh = weights(layout.grid, others)
    order = by_room(trial, others, weigh)
    blocks = sorted(trial.on[host], key=lambda block: (-layout.grid.memory[block], block))
    stay = [block for block in blocks if pack(trial, [block], [order], weigh) is None]
    # each may fit somewhere, and there be no order in which they get there
    return Left(host, Reason.NOT_FOUND, tuple(sorted(stay or blocks)))
