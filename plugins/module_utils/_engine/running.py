"""A move under way, as the engine remembers it from one look to the next. Values only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .._model.plan import Move
from .convergence import Seen
from .courses import Course
from .ports import Failure
from .recovery import Recovery

Emit = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Over:
    """The driver says, since then and without a break, that the move has ended; both ends have not confirmed it."""

    since: float
    failure: Optional[Failure]


@dataclass(frozen=True)
class Running:
    """``taken``: how many steps of the course are done or made up for. ``mibs``: the speed limit that it was told."""

    move: Move
    started: float
    course: Course
    taken: int = 0
    aborted: bool = False
    seen: Seen = Seen()
    mibs: Optional[int] = None
    over: Optional[Over] = None
    doubted: Optional[float] = None
    recovery: Recovery = Recovery()
