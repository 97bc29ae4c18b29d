"""Takes blocks off overloaded hosts until they are no longer, by the fewest moves. Empties no host, orders no moves.

For each overloaded host, the most overloaded first: the block that is cheapest to send of those that are enough alone,
else the largest one, and again. Largest first is the fewest, as nothing else counts than the sum that goes. It goes
where the least of the marks is left free (best fit), so that what room there is stays in one piece; hosts that would
have to be woken come last. Nobody steps aside for it: where no place is found the host stays as it is.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from .grid import Grid, Layout


@dataclass(frozen=True)
class Marks:
    """What is too much: by block its ``load``, by host the ``most`` load and the ``memory`` beyond its room, in bytes.

    ``memory`` is what headroom keeps free of arrivals: guests that are there already may have it. ``spread``: who
    leaves goes to where most is left, not to where least is.
    """

    load: tuple[int, ...]
    most: tuple[int, ...]
    memory: tuple[int, ...]
    spread: bool = False


@dataclass(frozen=True)
class Budget:
    """How many guests may move and how many bytes be sent, None: as many as there are."""

    guests: Optional[int] = None
    bytes: Optional[int] = None

    def allows(self, grid: Grid, block: int) -> bool:
        """Return whether the block may still go."""
        few = self.guests is None or len(grid.blocks[block]) <= self.guests
        return few and (self.bytes is None or grid.cost[block] <= self.bytes)

    def less(self, grid: Grid, block: int) -> Budget:
        """Return what is left of it once the block goes."""
        guests = None if self.guests is None else self.guests - len(grid.blocks[block])
        return Budget(guests, None if self.bytes is None else self.bytes - grid.cost[block])


@dataclass(frozen=True)
class Relief:
    """``targets`` has the blocks that move, ``left`` the hosts that are overloaded still."""

    targets: dict[int, int]
    left: tuple[int, ...]


def overloaded(grid: Grid, marks: Marks) -> tuple[int, ...]:
    """Return the hosts above their mark or overfull in memory, the worst first."""
    layout = Layout(grid)
    loads = _loads(layout, marks)
    worst = {host: max(_excess(layout, loads, marks, host)) for host in range(len(grid.hosts))}
    return tuple(sorted((host for host in worst if worst[host] > 0), key=lambda host: (-worst[host], host)))


def relieve(grid: Grid, marks: Marks, woken: Collection[int], budget: Budget) -> Relief:
    """Return who leaves overloaded hosts and where to, within the budget; ``woken`` hosts take whom no other does."""
    targets: dict[int, int] = {}
    left: tuple[int, ...] = overloaded(grid, marks)
    progress = bool(left)
    while left and progress:  # hosts that are relieved by now may take guests of those that are not yet
        at = tuple(targets.get(block, host) for block, host in enumerate(grid.at))
        more, budget = _pass(replace(grid, at=at), marks, woken, budget, left)
        targets.update(more)
        at = tuple(targets.get(block, host) for block, host in enumerate(grid.at))
        left, progress = overloaded(replace(grid, at=at), marks), bool(more)
    return Relief(targets, left)


def _pass(
    grid: Grid, marks: Marks, woken: Collection[int], budget: Budget, hot: Collection[int]
) -> tuple[dict[int, int], Budget]:
    """Return who leaves the ``hot`` hosts for others."""
    layout, targets = Layout(grid), {}
    loads = _loads(layout, marks)
    open_hosts = [host for host in range(len(grid.hosts)) if host not in hot]
    for host in hot:
        while max(excess := _excess(layout, loads, marks, host)) > 0:
            found = _next(layout, loads, marks, host, excess, open_hosts, woken)
            if found is None or not budget.allows(grid, found[0]):
                break
            block, dest = found
            budget = budget.less(grid, block)
            targets[block] = dest
            layout.put(block, dest)
            loads[host] -= marks.load[block]
            loads[dest] += marks.load[block]
    return targets, budget


def _loads(layout: Layout, marks: Marks) -> list[int]:
    return [sum(marks.load[block] for block in blocks) for blocks in layout.on]


def _excess(layout: Layout, loads: Sequence[int], marks: Marks, host: int) -> tuple[int, int]:
    """Return load and memory above what the host may have, below zero where there is room."""
    return loads[host] - marks.most[host], -layout.memory[host] - marks.memory[host]


def _next(
    layout: Layout,
    loads: Sequence[int],
    marks: Marks,
    host: int,
    excess: tuple[int, int],
    hosts: Sequence[int],
    woken: Collection[int],
) -> Optional[tuple[int, int]]:
    """Return the block that leaves the host next and where it goes, None where none that would help can go."""
    grid, (load, memory) = layout.grid, excess
    helps = [
        block for block in layout.on[host] if (load > 0 and marks.load[block]) or (memory > 0 and grid.memory[block])
    ]
    enough = [block for block in helps if marks.load[block] >= load and grid.memory[block] >= memory]
    cheapest = sorted(enough, key=lambda block: (grid.cost[block], marks.load[block], block))
    weight = marks.load if load > 0 else grid.memory
    largest = sorted(set(helps).difference(enough), key=lambda block: (-weight[block], grid.cost[block], block))
    for block in (*cheapest, *largest):
        dest = _place(layout, loads, marks, block, hosts, woken)
        if dest is not None:
            return block, dest
    return None


def _place(
    layout: Layout, loads: Sequence[int], marks: Marks, block: int, hosts: Sequence[int], woken: Collection[int]
) -> Optional[int]:
    """Return the host that takes the block and is fullest with it, one that is on before one that is woken."""
    sign = -1 if marks.spread else 1

    def rank(host: int) -> tuple[bool, int, int, int]:
        return (host in woken, sign * (marks.most[host] - loads[host]), sign * layout.memory[host], host)

    fits = [host for host in hosts if loads[host] + marks.load[block] <= marks.most[host] and layout.fits(block, host)]
    return min(fits, key=rank, default=None)
