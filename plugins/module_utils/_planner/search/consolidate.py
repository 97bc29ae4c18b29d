"""Choose hosts to empty so that the least idle watts stay on, then the fewest bytes are sent. Orders no moves.

Method: hosts between which blocks can get at all form parts, each done apart. For a part, take the cheapest set of
hosts that is large enough by volume (search_bounds), fill it (search_fill), and if that fails take larger sets, about
twice the slack each time, then smaller ones between. Where the bound is not reached so, hosts are emptied one at a
time, those with least on them first. What was found is improved in bytes and then searched again from there until
nothing better turns up, so that a run on its own result does nothing. Each such round is bounded by ``steps`` (pairs of
hosts compared) and each takes watts off, so they end. A host that is overfull to begin with is left as it is; one with
a block that can go nowhere else stays on.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .bounds import Cover, Kind, Sizes, kinds_of, least_cover, least_hosts, needs_of
from .bytes import send_less
from .fill import Packing, fill, survives
from .grid import Grid, Layout
from .lead import led_by_cpu
from .small import best_small

TRIES = 8  # sets of hosts that one round tries to fill
FIRST_SLACK = 0.002


@dataclass(frozen=True)
class Consolidation:
    """``targets`` has the blocks that move; ``on`` the hosts that must stay on, ``emptied`` those that need not."""

    targets: dict[int, int]
    emptied: tuple[int, ...]
    on: tuple[int, ...]
    watts: int
    bytes: int
    least_hosts: int
    least_watts: int

    @property
    def hosts_above_bound(self) -> int:
        """Return how many more hosts stay on than the bound proves necessary."""
        return len(self.on) - self.least_hosts


@dataclass(frozen=True)
class Wish:
    """What consolidation is asked: watts by host, hosts that stay on anyway, whether to survive a loss, effort."""

    watts: tuple[int, ...]
    keep_on: frozenset[int]
    survive_loss: bool
    steps: int


@dataclass(frozen=True)
class Part:
    """Hosts between which blocks can get, and their blocks; ``must`` stay on; ``left`` are overfull, not touched."""

    hosts: tuple[int, ...]
    must: frozenset[int]
    left: tuple[int, ...]


def default_steps(grid: Grid) -> int:
    """Return an effort of about a quarter of a second for 40 hosts, ten to twenty seconds for 1,000."""
    return 1200 + 42 * len(grid.hosts)


def consolidate(
    grid: Grid,
    idle_watts: Sequence[int],
    keep_on: Iterable[int] = (),
    min_on: int = 0,
    survive_loss: bool = False,
    steps: int | None = None,
) -> Consolidation:
    """Return where blocks should go so that hosts can be switched off.

    ``keep_on`` hosts stay on whatever they hold, and at least ``min_on`` in all; with ``survive_loss`` only a placement
    is taken in which the guests of any one host that is left on find room on the others.
    """
    grid = led_by_cpu(grid)
    steps = default_steps(grid) if steps is None else steps
    wish = Wish(tuple(idle_watts), frozenset(keep_on), survive_loss, steps)
    parts = _parts(grid, wish.keep_on)
    at = _settle(grid, parts, wish)
    more = wish
    while spare := _to_keep(grid, more, at, min_on):
        more = replace(more, keep_on=more.keep_on | spare)
        at = _settle(grid, _parts(grid, more.keep_on), more)
    on = set(at) | more.keep_on
    return _result(grid, wish, parts, at, on)


def _to_keep(grid: Grid, wish: Wish, at: Sequence[int], min_on: int) -> frozenset[int]:
    """Return hosts not to empty so that ``min_on`` stay on, those of least watts."""
    on = frozenset(at) | wish.keep_on
    spare = sorted(set(grid.at) - on, key=lambda host: (wish.watts[host], host))
    return frozenset(spare[: max(0, min_on - len(on))])


def _result(grid: Grid, wish: Wish, parts: list[Part], at: Sequence[int], on: set[int]) -> Consolidation:
    targets = {block: host for block, host in enumerate(at) if host != grid.at[block]}
    least = [_least(grid, wish, part) for part in parts]
    return Consolidation(
        targets=targets,
        emptied=tuple(sorted(set(grid.at) - on)),
        on=tuple(sorted(on)),
        watts=sum(wish.watts[host] for host in on),
        bytes=sum(grid.cost[block] for block in targets),
        least_hosts=sum(hosts for hosts, _watts in least),
        least_watts=sum(watts for _hosts, watts in least),
    )


def _least(grid: Grid, wish: Wish, part: Part) -> tuple[int, int]:
    """Return lower bounds on hosts and watts that stay on in the part."""
    blocks = _blocks_on(grid.at, part.hosts)
    fixed = part.must | frozenset(part.left)
    cover = _covers(grid, wish, part, 0.0)
    now = _watts_on(grid.at, part, wish)
    hosts = len(part.left) + least_hosts(grid, part.hosts, blocks, spare=wish.survive_loss)
    return (  # never above what is there: it may stay although it survives no loss
        min(max(len(fixed), hosts), len(_open(part, grid.at) | fixed)),
        sum(wish.watts[host] for host in fixed) + (now if cover is None else min(now, cover.bound)),
    )


def _parts(grid: Grid, keep_on: frozenset[int]) -> list[Part]:
    """Return the hosts in sets between which no block can get."""
    part_of = list(range(len(grid.hosts)))
    for row in sorted(set(grid.reach)):
        reached = [host for host, may in enumerate(row) if may]
        joined = {part_of[host] for host in reached}
        if len(joined) > 1:
            least = min(joined)
            part_of = [least if part in joined else part for part in part_of]
    layout = Layout(grid)
    stuck = {host for host, row in zip(grid.at, grid.reach) if sum(row) == 1}
    parts = []
    for part in sorted(set(part_of)):
        hosts = [host for host, other in enumerate(part_of) if other == part]
        left = tuple(host for host in hosts if layout.memory[host] < 0 or layout.vcpus[host] < 0)
        rest = tuple(host for host in hosts if host not in left)
        parts.append(Part(rest, frozenset(host for host in rest if host in stuck or host in keep_on), left))
    return parts


def _settle(grid: Grid, parts: list[Part], wish: Wish) -> tuple[int, ...]:
    """Return the placement from which no round finds a better one."""
    at, again = grid.at, True
    while again:
        again = False
        for part in parts:
            better = _fewer_watts(replace(grid, at=at), part, wish)
            if better is not None:
                at, again = _fewer_bytes(grid, part, wish, better), True
    return at


def _fewer_watts(grid: Grid, part: Part, wish: Wish) -> tuple[int, ...] | None:
    """Return a placement that leaves less idle watts on than that of ``grid``, None where none is found."""
    present = _watts_on(grid.at, part, wish)
    least = _covers(grid, wish, part, 0.0)
    if least is None or present <= least.bound:
        return None
    at = _by_cover(grid, part, wish, present)
    now = present if at is None else _watts_on(at, part, wish)
    if now > least.bound:
        at = _one_by_one(grid, part, wish, at) or at
        now = present if at is None else _watts_on(at, part, wish)
    if now > least.bound:
        at = _small(grid, part, wish, grid.at, (now, 0)) or at
    return at


def _small(grid: Grid, part: Part, wish: Wish, at: tuple[int, ...], known: tuple[int, int]) -> tuple[int, ...] | None:
    """Return the best placement of a part small enough to try all, None where that is no better than ``known``."""
    watts = {host: 0 if host in part.must else wish.watts[host] for host in part.hosts}

    def holds(found: tuple[int, ...]) -> bool:
        return not wish.survive_loss or _holds(Packing(grid, part.hosts, found), part, wish)

    return best_small(grid, watts, _blocks_on(at, part.hosts), at, known, holds)


def _open(part: Part, at: Sequence[int]) -> frozenset[int]:
    """Return the hosts that the placement leaves on."""
    used = set(at)
    return part.must | {host for host in part.hosts if host in used}


def _watts_on(at: Sequence[int], part: Part, wish: Wish) -> int:
    used = set(at)
    return sum(wish.watts[host] for host in part.hosts if host in used and host not in part.must)


def _by_cover(grid: Grid, part: Part, wish: Wish, present: int) -> tuple[int, ...] | None:
    """Fill the cheapest set of hosts that can be filled: doubling the slack, then halving what is left between."""
    slack, failed, best, at = 0.0, 0.0, None, None
    for _try in range(TRIES):
        cover = _reached_cover(grid, wish, part, slack)
        if cover is None or cover.watts >= (present if best is None else best.watts):
            break
        filled = _fill(grid, part, wish, cover)
        if filled is not None:
            best, at = cover, filled
        else:
            failed = max(cover.slack, slack)
        if best is None:
            slack = max(failed + 1e-9, 2 * slack, FIRST_SLACK)
        elif best.slack > 1.5 * failed > 0:
            slack = (best.slack + failed) / 2
        else:
            break
    return at


def _reached_cover(grid: Grid, wish: Wish, part: Part, slack: float) -> Cover | None:
    """Return a cheap set of hosts of which each block can reach one: hosts that most of the others reach are added."""
    blocks, added = _blocks_on(grid.at, part.hosts), part
    while True:
        cover = _covers(grid, wish, added, slack)
        if cover is None:
            return None
        hosts = cover.hosts | added.must
        lost = [block for block in blocks if not any(grid.reach[block][host] for host in hosts)]
        extra = added.must - part.must
        if not lost:
            return replace(cover, hosts=hosts, watts=cover.watts + sum(wish.watts[host] for host in extra))
        rest = [host for host in part.hosts if host not in hosts]
        best = max(rest, key=lambda host: (sum(grid.reach[block][host] for block in lost), -wish.watts[host], -host))
        added = replace(added, must=added.must | {best})


def _covers(grid: Grid, wish: Wish, part: Part, slack: float) -> Cover | None:
    """Return the cheapest set of hosts beside ``part.must``, with room left for the loss of its largest if asked."""
    blocks = _blocks_on(grid.at, part.hosts)
    kinds = kinds_of(grid, (host for host in part.hosts if host not in part.must), blocks, wish.watts)
    needs = needs_of(grid, part.hosts, blocks)
    room = [sum(max(0, rooms[host]) for host in part.must) for rooms in (grid.room_memory, grid.room_vcpus)]
    rest = (needs[0] - room[0], needs[1] - room[1], needs[2] - len(part.must))
    if not wish.survive_loss or not blocks:
        return least_cover(kinds, rest, slack)
    return _spared_cover(grid, part, kinds, rest, slack)


def _spared_cover(grid: Grid, part: Part, kinds: list[Kind], rest: Sizes, slack: float) -> Cover | None:
    """Return the cheapest set that is large enough without any one of its hosts."""
    largest = max((grid.room_memory[host] for host in part.must), default=0)
    sizes = sorted({kind.room[0] for kind in kinds} | {largest})
    found = []
    for size in sizes:
        if size < largest:
            continue
        usable = [kind for kind in kinds if kind.room[0] <= size]
        vcpus = min((kind.room[1] for kind in usable if kind.room[0] == size), default=0)
        cover = least_cover(usable, (rest[0] + size, rest[1] + vcpus, rest[2] + 1), slack)
        if cover is not None:
            found.append(cover)
    if not found:
        return None
    best = min(found, key=lambda cover: (cover.watts, -cover.slack))
    return replace(best, bound=min(cover.bound for cover in found))


def _fill(grid: Grid, part: Part, wish: Wish, cover: Cover) -> tuple[int, ...] | None:
    packing = Packing(grid, cover.hosts | part.must)
    blocks = [block for block in _blocks_on(grid.at, part.hosts) if grid.at[block] not in packing.open]
    if not fill(packing, blocks, wish.steps // 2) or not _holds(packing, part, wish):
        return None
    return tuple(packing.layout.at)


def _one_by_one(grid: Grid, part: Part, wish: Wish, at: Sequence[int] | None) -> tuple[int, ...] | None:
    """Empty single hosts into the others that are on, those with the least on them for their watts first."""
    at = grid.at if at is None else at
    emptied = False
    packing = Packing(grid, _open(part, at), at)
    for host in _emptiest(packing, part, wish):
        if packing.spent > wish.steps:
            break
        blocks = sorted(packing.layout.on[host])
        others = packing.open - {host}
        if not others or not _large_enough(packing, others, blocks):
            continue
        mark = len(packing.journal)
        packing.reopen(others)
        if fill(packing, blocks, min(wish.steps // 8, 8 * len(others))) and _holds(packing, part, wish):
            emptied = True
        else:
            packing.undo(mark)
            packing.reopen(others | {host})
    return tuple(packing.layout.at) if emptied else None


def _emptiest(packing: Packing, part: Part, wish: Wish) -> list[int]:
    held = {host: sum(packing.grid.cost[block] for block in packing.layout.on[host]) for host in packing.hosts}
    hosts = [host for host in packing.hosts if host not in part.must and wish.watts[host] > 0]
    return sorted(hosts, key=lambda host: (held[host] / wish.watts[host], host))


def _large_enough(packing: Packing, others: Iterable[int], blocks: Iterable[int]) -> bool:
    grid, layout = packing.grid, packing.layout
    free = [sum(room[host] for host in others) for room in (layout.memory, layout.vcpus)]
    need = [sum(sizes[block] for block in blocks) for sizes in (grid.memory, grid.vcpus)]
    return need[0] <= free[0] and need[1] <= free[1]


def _fewer_bytes(grid: Grid, part: Part, wish: Wish, at: tuple[int, ...]) -> tuple[int, ...]:
    """Return the placement with fewer bytes sent from that of ``grid``, on the same hosts."""
    packing = Packing(grid, _open(part, at), at)
    kinds = {
        host: (wish.watts[host], grid.room_memory[host], grid.room_vcpus[host])
        for host in part.hosts
        if host not in part.must
    }
    send_less(packing, wish.steps, kinds)
    at = tuple(packing.layout.at) if _holds(packing, part, wish) else at
    blocks = _blocks_on(at, part.hosts)
    sent = sum(grid.cost[block] for block in blocks if at[block] != grid.at[block])
    return _small(grid, part, wish, at, (_watts_on(at, part, wish), sent)) or at


def _holds(packing: Packing, part: Part, wish: Wish) -> bool:
    """Return whether the hosts that will be on hold the guests of any one of them, if that is asked."""
    if not wish.survive_loss:
        return True
    hosts = [host for host in packing.hosts if host in part.must or packing.layout.on[host]]
    return all(survives(packing, host, hosts) for host in hosts)


def _blocks_on(at: Sequence[int], hosts: Iterable[int]) -> list[int]:
    wanted = frozenset(hosts)
    return [block for block, host in enumerate(at) if host in wanted]
