"""What a plan says of the way between sites: groups that go as a whole, and the use of links. Values only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class MoveGroup:
    """Guests that belong together: those of ``moves``, and ``there``, UUIDs of those at a destination already.

    ``name`` is the value of their label. ``est_split_seconds``: from the first arrival to the last, or from the
    beginning where a part of it is there, or on its way, already.
    """

    name: str
    moves: tuple[str, ...]
    there: tuple[str, ...] = ()
    est_split_seconds: float = 0.0


@dataclass(frozen=True)
class LinkUse:
    """What the moves send over a link of the inventory, and from the first to the last of them for how long.

    ``bandwidth_mibs`` is that of the hour at which the fleet was looked at. ``opens`` (ISO 8601, UTC): when moves may
    start over it; None: at that hour; empty: never.
    """

    sites: tuple[str, ...]
    moves: int
    est_bytes: int
    est_seconds: float
    bandwidth_mibs: float
    est_cost: Optional[float] = None
    opens: Optional[str] = None
