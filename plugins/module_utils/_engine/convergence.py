"""What to do with a move that is under way, from its settings, its age and its progress. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum

from .._model.settings import MoveSettings, TimeoutAction
from .ports import Phase, Progress


class Action(enum.Enum):
    """Each is taken at most once per move."""

    SET_MAX_DOWNTIME = "set_max_downtime"
    ABORT = "abort"
    PAUSE = "pause"
    POST_COPY = "post_copy"


_AT_TIMEOUT = {
    TimeoutAction.ABORT: Action.ABORT,
    TimeoutAction.PAUSE: Action.PAUSE,
    TimeoutAction.POST_COPY: Action.POST_COPY,
}


def due(settings: MoveSettings, seconds: float, progress: Progress, taken: frozenset[Action]) -> tuple[Action, ...]:
    """Return the actions that are due now and were not taken yet; after post-copy there is nothing but to wait."""
    if progress.phase is Phase.POST_COPY or progress.ended:
        return ()
    found = []
    if settings.max_downtime_ms is not None and progress.phase is Phase.MEMORY:
        found.append(Action.SET_MAX_DOWNTIME)
    if settings.timeout and seconds >= settings.timeout:
        found.append(_AT_TIMEOUT[settings.timeout_action])
    return tuple(action for action in found if action not in taken)
