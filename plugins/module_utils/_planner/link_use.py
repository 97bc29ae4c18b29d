"""What the moves of a plan send over each link, for how long, and what that costs. Pure; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Optional

from .._model.crossing import LinkUse
from .._model.energy import moment
from .._model.link import Link
from .._model.plan import Move
from .._model.snapshot import Snapshot

GIB = 1024**3

# seconds from the plan's beginning at which each move starts and ends, by its id
Spans = Mapping[str, tuple[float, float]]


def link_uses(snapshot: Snapshot, moves: Sequence[Move], spans: Spans) -> tuple[LinkUse, ...]:
    """Return the use of each link that a move goes over, in order of their sites."""
    if not snapshot.links:
        return ()
    hosts = {host.name: host for host in snapshot.hosts}
    over: dict[tuple[str, ...], tuple[Link, list[Move]]] = {}
    for move in moves:
        link = snapshot.link(hosts.get(move.source), hosts.get(move.dest))
        if link is not None:
            over.setdefault(tuple(sorted(link.sites)), (link, []))[1].append(move)
    taken = moment(snapshot.taken_at)
    when = taken.timestamp() if taken else None
    return tuple(_use(*over[sites], spans, when) for sites in sorted(over))


def _use(link: Link, moves: Sequence[Move], spans: Spans, when: Optional[float]) -> LinkUse:
    size = sum(move.est_bytes for move in moves)
    begins, ends = zip(*(spans.get(move.id, (0.0, move.est_seconds)) for move in moves))
    return LinkUse(
        sites=link.sites,
        moves=len(moves),
        est_bytes=size,
        est_seconds=round(max(ends) - min(begins), 1),
        bandwidth_mibs=link.bandwidth_at(when),
        est_cost=None if link.cost_per_gib is None else round(link.cost_per_gib * size / GIB, 2),
        opens=_opens(link, when),
    )


def _opens(link: Link, when: Optional[float]) -> Optional[str]:
    opens = link.opening(when) if when is not None else when
    if opens == when:
        return None
    return "" if opens is None else datetime.fromtimestamp(opens, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
