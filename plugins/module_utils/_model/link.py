"""A link between sites as the inventory describes it: speed by the hour, hours of use, cost, ways. Reads no clock."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, fields
from typing import Optional

from .errors import FleetError
from .hours import UTC, next_opening, span, within, zone
from .transfer import MOST_MIBS, NOT_BITS, Compression


class PostCopyOver(enum.Enum):
    """Whether guests may go on in post-copy over a link: while it is broken such a guest stands still."""

    ALLOW = "allow"
    REFUSE = "refuse"


@dataclass(frozen=True)
class HourlyBandwidth:
    """MiB/s that migrations may use in these hours of the link's time zone, in place of the link's own."""

    hours: str
    bandwidth_mibs: float


@dataclass(frozen=True)
class Link:
    """What the hosts of two sites (or of one, where both are the same) have between them for migrations.

    ``hours``: no move starts over it outside of these; none: it is always open. Of ``bandwidth_by_hour`` the first
    that has the hour counts. ``tls_required``: nothing goes over it unencrypted. ``policy``, ``compression`` and
    ``parallel_connections`` are those of moves over it; None: those of the run.
    """

    sites: tuple[str, ...]
    bandwidth_mibs: float
    latency_ms: Optional[float] = None
    cost_per_gib: Optional[float] = None
    tls_required: bool = False
    hours: tuple[str, ...] = ()
    bandwidth_by_hour: tuple[HourlyBandwidth, ...] = ()
    timezone: str = UTC
    policy: Optional[str] = None
    compression: Optional[Compression] = None
    parallel_connections: Optional[int] = None
    post_copy: PostCopyOver = PostCopyOver.ALLOW

    @property
    def name(self) -> str:
        """The link as people call it."""
        return " and ".join(sorted({*self.sites}))

    def bandwidth_at(self, moment: Optional[float]) -> float:
        """Return MiB/s at that moment (seconds since the epoch); None: at no moment in particular."""
        if moment is not None:
            for each in self.bandwidth_by_hour:
                if within((each.hours,), moment, self.timezone):
                    return each.bandwidth_mibs
        return self.bandwidth_mibs

    def opening(self, moment: float) -> Optional[float]:
        """Return when a move may start over it: ``moment`` if it is open, None if that is never so."""
        return next_opening(self.hours, moment, self.timezone)


def check_link(link: Link) -> Link:
    """Return the link; raises FleetError on hours, zones and amounts that make no sense."""
    try:
        zone(link.timezone)
        for text in (*link.hours, *(each.hours for each in link.bandwidth_by_hour)):
            span(text)
    except FleetError as error:
        raise FleetError(f"the link of {link.name}: {error.message}", error.remedy) from None
    amounts = {
        "latency_ms": link.latency_ms,
        "cost_per_gib": link.cost_per_gib,
        "parallel_connections": link.parallel_connections,
    }
    speeds = (link.bandwidth_mibs, *(each.bandwidth_mibs for each in link.bandwidth_by_hour))
    if not max(speeds) <= MOST_MIBS:
        raise FleetError(f"the link of {link.name} has {max(speeds):g} MiB/s, more than {MOST_MIBS}", NOT_BITS)
    for label, value in amounts.items():
        if value is not None and not 0 <= value < math.inf:
            raise FleetError(f"{label} of the link of {link.name} is {value}", "Give zero or more")
    for each in link.bandwidth_by_hour:
        if not 0 < each.bandwidth_mibs < math.inf:
            raise FleetError(
                f"the link of {link.name} has {each.bandwidth_mibs:g} MiB/s at {each.hours}",
                "Give what migrations may use of it then; where no move is to start, write hours instead",
            )
    return link


def differences(one: Link, other: Link) -> tuple[str, ...]:
    """Return the names of what the two say differently, sites apart."""
    return tuple(
        each.name
        for each in fields(Link)
        if each.name != "sites" and getattr(one, each.name) != getattr(other, each.name)
    )
