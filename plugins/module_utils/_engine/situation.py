"""Read both ends of a move and say what is the case. Pure; the one place that interprets whereabouts."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum

from .._model.guest import GuestState, JobKind
from .ports import Whereabouts


class Situation(enum.Enum):
    """What the two ends of a move say when taken together."""

    AT_SOURCE = "at_source"
    AT_DEST = "at_dest"
    MOVING = "moving"
    BROKEN = "post-copy broken"
    TWICE = "twice"
    NOWHERE = "nowhere"
    UNKNOWN = "unknown"


def situation(where: Whereabouts) -> Situation:
    """Return the situation; UNKNOWN where an end that matters did not answer.

    BROKEN: part of the guest's memory is on either host, so that neither copy is a guest by itself.
    """
    if any(place is not None and place.broken for place in (where.source, where.dest)):
        return Situation.BROKEN
    if where.silent:
        return Situation.UNKNOWN
    source, dest = where.source, where.dest
    if source is None and dest is None:
        return Situation.NOWHERE
    if source is None or dest is None:
        return _one_end(where)
    if source.job is JobKind.OUTGOING or dest.job is JobKind.INCOMING:
        return Situation.MOVING
    if source.active and dest.active:
        # a paused copy beside a running one is a migration between two of its steps
        running = source.state is GuestState.RUNNING and dest.state is GuestState.RUNNING
        return Situation.TWICE if running else Situation.MOVING
    if source.active:
        return Situation.AT_SOURCE
    return Situation.AT_DEST if dest.active or dest.persistent else Situation.AT_SOURCE


def _one_end(where: Whereabouts) -> Situation:
    if where.source is not None:
        return Situation.AT_SOURCE
    if where.dest is not None and where.dest.job is JobKind.INCOMING:
        return Situation.MOVING
    return Situation.AT_DEST
