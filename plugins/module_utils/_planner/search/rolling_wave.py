"""Chooses and empties, on the layout, the hosts of one wave of a rolling upgrade. Orders no steps, plans no next wave.

Method: first hosts whose guests all go to settled hosts (those done, or not to be done at all), where they can stay:
the one with the most room free comes first, as it brings the most room, and its guests stay together where they fit
into one host. Then, while the wave may be larger, hosts whose guests go to others still to be done and so move again:
those with the fewest guests, or (with no limit on the wave) the emptiest; the longest run of them that can be packed is
found by bisection, then the others are tried one at a time. Bound: some ten packings, and PATIENCE hosts in vain.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Optional

from .evacuate import evacuate
from .grid import Layout
from .pack import Hop, by_room, pack, pack_whole, undo, weights

PATIENCE = 50  # hosts beyond the size of the wave that are tried in vain before it is left as it is
CHOICE = 4  # hosts for which guests are let step aside, to take the one with the least moves


@dataclass(frozen=True)
class Quota:
    """How many hosts a wave may have: in all (None: as many as fit), and of one domain (a rack, a site; -1 is none).

    Those of ``not_yet`` wait for a later wave.
    """

    hosts: Optional[int] = None
    domain: tuple[int, ...] = ()
    per_domain: int = 1
    not_yet: frozenset[int] = frozenset()

    def full(self, chosen: Collection[int]) -> bool:
        """Return whether no host may join those chosen."""
        return self.hosts is not None and len(chosen) >= self.hosts

    def admits(self, chosen: Collection[int], host: int) -> bool:
        """Return whether ``host`` may join those chosen."""
        if self.full(chosen) or host in self.not_yet:
            return False
        domain = self.domain[host] if self.domain else -1
        return domain < 0 or sum(self.domain[other] == domain for other in chosen) < self.per_domain


@dataclass(frozen=True)
class Style:
    """How a wave is packed. ``dense``: as many hosts as possible rather than few moves; ``balance``: see weights.

    ``aside``: how many steps to spend on letting other guests step aside where nothing else empties a host.
    """

    dense: bool = False
    balance: float = 1.0
    aside: int = 0


class Emptied(NamedTuple):
    """The hosts that a wave has emptied, and what was brought where for it, in this order."""

    hosts: list[int]
    hops: list[Hop]


def empty_some(layout: Layout, pending: Collection[int], quota: Quota, style: Style) -> Emptied:
    """Empty hosts of ``pending`` on the layout, as many as the quota has room for and as can be."""
    settled = [host for host in range(len(layout.grid.hosts)) if host not in pending]
    wave = _into_settled(layout, pending, settled, quota, style)
    if quota.full(wave.hosts):
        return wave
    rest = _by_preference(layout, [host for host in pending if host not in set(wave.hosts)], style)
    wave = _longest_run(layout, wave, rest, settled, quota, style)
    if quota.full(wave.hosts):
        return wave
    return (_with_others_aside if style.aside else _one_by_one)(layout, wave, rest, settled, quota, style)


def _into_settled(
    layout: Layout, pending: Collection[int], settled: Sequence[int], quota: Quota, style: Style
) -> Emptied:
    wave, misses = Emptied([], []), 0
    weigh = weights(layout.grid, range(len(layout.grid.hosts)), style.balance)
    order = by_room(layout, settled, weigh)
    for _room, host in reversed(by_room(layout, pending, weigh)):
        if quota.full(wave.hosts) or misses > len(wave.hosts) + PATIENCE or not settled:
            break
        if not quota.admits(wave.hosts, host):
            continue
        hops = pack_whole(layout, host, order, weigh, empty=not style.dense)
        for spread in (False,) if style.dense else (True, False):
            if hops is None:
                hops = pack(layout, layout.on[host], [order], weigh, spread=spread)
        if hops is None:
            misses += 1
        else:
            wave.hosts.append(host)
            wave.hops.extend(hops)
    return wave


def _by_preference(layout: Layout, hosts: Iterable[int], style: Style) -> list[int]:
    grid = layout.grid
    if not style.dense:
        return sorted(
            hosts, key=lambda host: (len(layout.on[host]), sum(grid.cost[block] for block in layout.on[host]), host)
        )
    weigh = weights(grid, range(len(grid.hosts)), style.balance)

    def share_free(host: int) -> float:
        room = weigh.of(grid.room_memory[host], grid.room_vcpus[host])
        return weigh.of(layout.memory[host], layout.vcpus[host]) / (room or 1.0)

    return sorted(hosts, key=lambda host: (-share_free(host), host))


def _longest_run(
    layout: Layout, wave: Emptied, rest: list[int], settled: Sequence[int], quota: Quota, style: Style
) -> Emptied:
    """Empty the longest run from the start of ``rest`` that can be emptied together, as far as the quota goes."""
    run: list[int] = []
    for host in rest:
        if quota.admits([*wave.hosts, *run], host):
            run.append(host)
    low, high, found = 0, len(run), list[Hop]()
    count = (high + 1) // 2 if style.dense else high
    while low < high:
        leaving = set(run[:count])
        hops = _together(layout, leaving, [host for host in rest if host not in leaving], settled, style)
        if hops is None:
            high = count - 1
        else:
            undo(layout, hops)
            low, found = count, hops
        count = (low + high + 1) // 2
    for hop in found:
        layout.put(hop.block, hop.dest)
    return Emptied(wave.hosts + run[:low], wave.hops + found)


def _together(
    layout: Layout, leaving: Collection[int], staying: Sequence[int], settled: Sequence[int], style: Style
) -> Optional[list[Hop]]:
    weigh = weights(layout.grid, (*settled, *staying), style.balance)
    blocks = [block for host in leaving for block in layout.on[host]]
    for spread in (False,) if style.dense else (True, False):
        orders = [by_room(layout, settled, weigh), by_room(layout, staying, weigh)]
        hops = pack(layout, blocks, orders, weigh, spread=spread)
        if hops is not None:
            return hops
    return None


def _one_by_one(
    layout: Layout, wave: Emptied, rest: list[int], settled: Sequence[int], quota: Quota, style: Style
) -> Emptied:
    """Empty more hosts of ``rest``, where a host's guests may be some that the wave has brought there."""
    rest = [host for host in rest if host not in set(wave.hosts)]
    weigh = weights(layout.grid, (*settled, *rest), style.balance)
    known, others = by_room(layout, settled, weigh), by_room(layout, rest, weigh)
    misses = 0
    for host in rest:
        if quota.full(wave.hosts) or misses > len(wave.hosts) + PATIENCE:
            break
        if not quota.admits(wave.hosts, host):
            continue
        position = next(place for place, entry in enumerate(others) if entry[1] == host)
        entry = others.pop(position)
        hops = pack(layout, layout.on[host], [known, others], weigh)
        if hops is None:
            others.insert(position, entry)
            misses += 1
        else:
            wave = Emptied([*wave.hosts, host], wave.hops + hops)
    return wave


def _with_others_aside(
    layout: Layout, wave: Emptied, rest: list[int], _settled: Sequence[int], quota: Quota, style: Style
) -> Emptied:
    """Empty more hosts of ``rest``, others changing places for it: of a few hosts the one with the least moves."""
    while True:
        ways: list[tuple[int, int, list[Hop]]] = []
        for host in [host for host in rest if host not in wave.hosts and quota.admits(wave.hosts, host)]:
            hops = _aside(layout, {*wave.hosts, host}, style.aside)
            if hops is not None:
                undo(layout, hops)
                ways.append((len(hops), host, hops))
            if len(ways) == CHOICE or wave.hosts:
                break
        if not ways:
            return wave
        _count, host, hops = min(ways)
        for hop in hops:
            layout.put(hop.block, hop.dest)
        wave = Emptied([*wave.hosts, host], wave.hops + hops)


def _aside(layout: Layout, leaving: Collection[int], steps: int) -> Optional[list[Hop]]:
    if not _could_hold(layout, [host for host in range(len(layout.grid.hosts)) if host not in leaving]):
        return None
    now = replace(layout.grid, at=tuple(layout.at))
    made = evacuate(now, frozenset(leaving), steps=steps)
    if made.left:
        return None
    hops = [Hop(step.block, step.source, step.dest) for step in made.sequence.steps]
    for hop in hops:
        layout.put(hop.block, hop.dest)
    return hops


def _could_hold(layout: Layout, hosts: Iterable[int]) -> bool:
    grid = layout.grid
    hosts = tuple(hosts)
    return sum(grid.memory) <= sum(grid.room_memory[host] for host in hosts) and sum(grid.vcpus) <= sum(
        grid.room_vcpus[host] for host in hosts
    )
