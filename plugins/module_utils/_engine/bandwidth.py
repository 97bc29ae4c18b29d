"""How the moves under way share what hosts and links leave to migrations: max-min fair, in whole MiB/s. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

from .._model.plan import Move
from .._model.snapshot import Snapshot

# what moves share: what a host may send, what it may receive, the link between two sites
Line = tuple[str, ...]


@dataclass(frozen=True)
class Limits:
    """MiB/s of each line that has a limit, and each host's site."""

    lines: Mapping[Line, int] = field(default_factory=dict)
    sites: Mapping[str, Optional[str]] = field(default_factory=dict)

    def of(self, move: Move) -> tuple[Line, ...]:
        """Return the limited lines that the move goes over."""
        link = ("link", *sorted((self.sites.get(move.source) or "", self.sites.get(move.dest) or "")))
        lines: tuple[Line, ...] = (("out", move.source), ("in", move.dest), link)
        return tuple(line for line in lines if line in self.lines)


def limits_of(snapshot: Snapshot) -> Limits:
    """Return what the inventory leaves to migrations."""
    lines: dict[Line, int] = {}
    for host in snapshot.hosts:
        if host.migration_bandwidth_mibs is not None:
            lines["out", host.name] = lines["in", host.name] = host.migration_bandwidth_mibs
    for link in snapshot.links:
        first, second = sorted((link.sites[0], link.sites[-1]))
        lines["link", first, second] = max(1, int(link.bandwidth_mibs))
    return Limits(lines, {host.name: host.site for host in snapshot.hosts})


def shares(moves: Sequence[Move], limits: Limits, own: Mapping[str, Optional[int]]) -> dict[str, Optional[int]]:
    """Return MiB/s by id of the move, None where nothing limits it; ``own``: the limit of each move alone.

    All shares grow together; one stops where a line that it goes over is full or its own limit is reached. What whole
    numbers leave over goes one by one to those that can still take it, in the order of the moves. A move has 1 at the
    least, as 0 means no limit to libvirt.
    """
    ways = {move.id: limits.of(move) for move in moves}
    found = {move.id: 1 for move in moves if ways[move.id] or own.get(move.id)}
    free = {line: limit - sum(line in ways[key] for key in found) for line, limit in limits.lines.items()}
    growing = list(found)
    while growing:
        for key in list(growing):
            if all(free[line] > 0 for line in ways[key]) and found[key] < (own.get(key) or found[key] + 1):
                found[key] += 1
                for line in ways[key]:
                    free[line] -= 1
            else:
                growing.remove(key)
    return {move.id: found.get(move.id) for move in moves}
