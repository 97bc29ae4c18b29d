"""What goal balance goes by: the table of aggressiveness, weights, cooldown, why a guest stays. Plans nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Optional

from .energy import moment
from .errors import FleetError
from .guest import Balanced
from .refusal import Refusal


@dataclass(frozen=True)
class Level:
    """What one level of aggressiveness asks for.

    ``evens_out``: guests move for evenness too, not only to mend rules and relieve hosts. ``threshold``: the imbalance
    that is good enough. ``min_gain``: what a move must even out of one host's room. ``payback_hours``: how long what
    it evens out is expected to last, which has to outweigh what the move costs.
    """

    evens_out: bool
    threshold: float
    min_gain: float
    payback_hours: float


# documented in doc_fragments/goals.py and docs/design/balance.md
LEVELS: Mapping[int, Level] = {
    1: Level(False, math.inf, math.inf, 0.0),
    2: Level(True, 0.20, 0.05, 0.5),
    3: Level(True, 0.10, 0.02, 1.0),
    4: Level(True, 0.05, 0.01, 2.0),
    5: Level(True, 0.0, 0.005, 4.0),
}
DEFAULT_AGGRESSIVENESS = 3

# what a signal's spread counts for; None: as the fleet is overcommitted, so that vCPUs count per core
WEIGHTS: Mapping[str, Optional[float]] = {
    "memory": 1.0,
    "memory_used": 0.0,
    "vcpus": None,
    "cpu": 1.0,
    "disk": 0.0,
    "network": 0.0,
}

# longest cooldown, as a multiple of cooldown_minutes, and how often it has doubled by then
DOUBLINGS = 4
MOST_TIMES = 2**DOUBLINGS
# what is beyond these is a slip of the pen, or somebody's joke in a guest's metadata
_MOST_WEIGHT = 1000
_LEAST_WEIGHT = 1e-6
_LAST_YEAR = 9000
CLOCKS_DIFFER = timedelta(minutes=5)


class AsIfStarted(enum.Enum):
    """Which shut-off guests a host must have room for: none, those with autostart, or all."""

    NONE = "none"
    AUTOSTART = "autostart"
    ALL = "all"


class NotMovedWhy(enum.Enum):
    """Why a guest on a host that is fuller than the mean stays. Codes are stable: playbooks may test them.

    COOLDOWN: it was moved lately. REFUSED: no host takes it, or it can't move at all. SMALL_GAIN: moving it would even
    out too little, or nothing. BUDGET: it would pay, but no more moves or bytes are left. CONSOLIDATION: it would pay,
    but a consolidation would then switch other hosts off. EVEN_ENOUGH: the imbalance is within the threshold.
    NOT_ASKED: the aggressiveness evens out nothing. LOSS: the fleet could not lose a host any more.
    """

    COOLDOWN = "cooldown"
    REFUSED = "refused"
    SMALL_GAIN = "small_gain"
    BUDGET = "budget"
    CONSOLIDATION = "consolidation"
    EVEN_ENOUGH = "even_enough"
    NOT_ASKED = "not_asked"
    LOSS = "loss"


@dataclass(frozen=True)
class NotMoved:
    """A guest that stays on a host that is fuller than the mean. ``facts`` go with ``why``; see prose_balance."""

    guest: str
    name: str
    host: str
    why: NotMovedWhy
    facts: Mapping[str, str] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()


def level_of(aggressiveness: int, threshold: Optional[float], min_gain: Optional[float]) -> Level:
    """Return what to go by: the level of the table, with what the user gave in its place."""
    level = LEVELS[aggressiveness]
    if threshold is not None:
        level = replace(level, threshold=threshold)
    # who says what a move must bring has weighed its cost
    return level if min_gain is None else replace(level, min_gain=min_gain, payback_hours=math.inf)


def check_weights(weights: Mapping[str, float]) -> None:
    """Raise FleetError on a signal that is none, and on a weight that can't be."""
    for name, weight in weights.items():
        if name not in WEIGHTS:
            raise FleetError(f"weights has {name!r}, which is no signal", f"Known are: {', '.join(WEIGHTS)}")
        if weight != 0 and not _LEAST_WEIGHT <= weight <= _MOST_WEIGHT:
            raise FleetError(f"the weight of {name} is {weight:g}", f"Give 0, or {_LEAST_WEIGHT:g} to {_MOST_WEIGHT}")


def check_level(aggressiveness: int) -> None:
    """Raise FleetError on a level that is not in the table."""
    if aggressiveness not in LEVELS:
        raise FleetError(f"aggressiveness is {aggressiveness}", f"Give {min(LEVELS)} to {max(LEVELS)}")


def stays_until(noted: Balanced, cooldown_minutes: float, now: datetime) -> Optional[datetime]:
    """Return until when a guest stays where balance has moved it; None where the note names no moment up to now.

    One that lies ahead of ``now`` by more than clocks differ is somebody's slip, and would keep the guest for good.
    """
    at = moment(noted.at)
    if at is None or at.year > _LAST_YEAR or at > now + CLOCKS_DIFFER:
        return None
    return at + timedelta(minutes=cooldown_minutes * 2 ** min(DOUBLINGS, max(0, noted.times - 1)))


def noted_move(before: Optional[Balanced], taken_at: str, cooldown_minutes: float) -> Balanced:
    """Return what a guest is given to note when balance moves it now.

    A move within twice the last cooldown counts on; one that comes later begins anew.
    """
    now = moment(taken_at)
    until = stays_until(before, cooldown_minutes, now) if before is not None and now is not None else None
    if before is None or now is None or until is None:
        return Balanced(taken_at, 1)
    begun = moment(before.at) or now
    again = now < until + (until - begun)
    return Balanced(taken_at, before.times + 1 if again else 1)
