"""How one guest wants to be moved, as its own metadata says. Values and their check; must not know what is done."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Optional

from .errors import FleetError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
# QEMU's own limit of the downtime
_LONGEST_DOWNTIME_MS = 2_000_000
_HIGHEST_PRIORITY = 1000


class Fallback(enum.Enum):
    """What may be done with a guest that could not be moved live.

    LIVE_ONLY: nothing but to try another host. MAY_PAUSE: suspend it while it moves. MAY_SHUT_DOWN: shut it down, move
    it, start it again. LEAVE: not even another try.
    """

    LIVE_ONLY = "live_only"
    MAY_PAUSE = "may_pause"
    MAY_SHUT_DOWN = "may_shut_down"
    LEAVE = "leave"


@dataclass(frozen=True)
class GuestPolicy:
    """The guest's own wishes; None and 0 say nothing.

    ``policy`` names a convergence policy. Of moves that could start, that of the higher ``priority`` starts first.
    """

    policy: Optional[str] = None
    max_downtime_ms: Optional[int] = None
    fallback: Optional[Fallback] = None
    priority: int = 0


def check_guest_policy(wanted: GuestPolicy) -> GuestPolicy:
    """Return the policy; raises FleetError where it holds what no run could keep."""
    if wanted.policy is not None and not _NAME.fullmatch(wanted.policy):
        raise FleetError(f"policy {wanted.policy!r} is no name", "Give letters, digits, '_', '-' and '.', at most 64")
    downtime = wanted.max_downtime_ms
    if downtime is not None and not 1 <= downtime <= _LONGEST_DOWNTIME_MS:
        raise FleetError(f"max_downtime_ms is {downtime}", f"Give a whole number from 1 to {_LONGEST_DOWNTIME_MS}")
    if abs(wanted.priority) > _HIGHEST_PRIORITY:
        highest = _HIGHEST_PRIORITY
        raise FleetError(f"priority is {wanted.priority}", f"Give a whole number from -{highest} to {highest}")
    return wanted
