"""How the moves under way share what hosts and links leave to migrations: max-min fair, in whole MiB/s. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Optional

from .._model.link import Link
from .._model.plan import Move
from .._model.snapshot import Snapshot

# what moves share: what a host may send, what it may receive, the link between two sites
Line = tuple[str, ...]

# a limit that falls with the hour is kept to so many seconds before, as it takes a moment until all are told
LEAD_SECONDS = 2.0


@dataclass(frozen=True)
class Limits:
    """MiB/s of each line that has a limit, each host's site, and the links whose limit follows the hour."""

    lines: Mapping[Line, int] = field(default_factory=dict)
    sites: Mapping[str, Optional[str]] = field(default_factory=dict)
    links: Mapping[Line, Link] = field(default_factory=dict)

    def of(self, move: Move) -> tuple[Line, ...]:
        """Return the limited lines that the move goes over."""
        lines: tuple[Line, ...] = (("out", move.source), ("in", move.dest), self._way(move))
        return tuple(line for line in lines if line in self.lines)

    def link_of(self, move: Move) -> Optional[Link]:
        """Return the link that the move goes over, None where the inventory names none."""
        return self.links.get(self._way(move))

    def at(self, moment: float) -> Limits:
        """Return the limits at that moment (seconds since the epoch)."""
        by_hour = {line: link for line, link in self.links.items() if link.bandwidth_by_hour}
        if not by_hour:
            return self
        now = {line: min(_mibs(link, moment), _mibs(link, moment + LEAD_SECONDS)) for line, link in by_hour.items()}
        return replace(self, lines={**self.lines, **now})

    def _way(self, move: Move) -> Line:
        return ("link", *sorted((self.sites.get(move.source) or "", self.sites.get(move.dest) or "")))


def limits_of(snapshot: Snapshot) -> Limits:
    """Return what the inventory leaves to migrations."""
    lines: dict[Line, int] = {}
    for host in snapshot.hosts:
        if host.migration_bandwidth_mibs is not None:
            lines["out", host.name] = lines["in", host.name] = host.migration_bandwidth_mibs
    links: dict[Line, Link] = {("link", *sorted((link.sites[0], link.sites[-1]))): link for link in snapshot.links}
    lines.update({line: _mibs(link, None) for line, link in links.items()})
    return Limits(lines, {host.name: host.site for host in snapshot.hosts}, links)


def _mibs(link: Link, moment: Optional[float]) -> int:
    return max(1, int(link.bandwidth_at(moment)))


def shares(
    moves: Sequence[Move],
    limits: Limits,
    own: Mapping[str, Optional[int]],
    held: Optional[Mapping[str, int]] = None,
) -> dict[str, Optional[int]]:
    """Return MiB/s by id of the move, None where nothing limits it; ``own``: the limit of each move alone.

    ``held``: what moves have that can't be told otherwise now; the others share what that leaves.
    All shares grow together; one stops where a line that it goes over is full or its own limit is reached. What whole
    numbers leave over goes one by one to those that can still take it, in the order of the moves. A move has 1 at the
    least, as 0 means no limit to libvirt.
    """
    ways = {move.id: limits.of(move) for move in moves}
    kept = held or {}
    found = {move.id: kept.get(move.id, 1) for move in moves if ways[move.id] or own.get(move.id)}
    free = {
        line: limit - sum(share for key, share in found.items() if line in ways[key])
        for line, limit in limits.lines.items()
    }
    growing = [key for key in found if key not in kept]
    while growing:
        for key in list(growing):
            if all(free[line] > 0 for line in ways[key]) and found[key] < (own.get(key) or found[key] + 1):
                found[key] += 1
                for line in ways[key]:
                    free[line] -= 1
            else:
                growing.remove(key)
    return {move.id: found.get(move.id) for move in moves}
