"""A guest as one host knows it at this moment, read from its domain. Changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from .._engine.ports import Off, Place
from .._model.guest import GuestState
from .guest_xml import STATES
from .survey import is_active, job_of

# virDomainShutoffReason: 1 shut down by itself, 2 destroyed, 3 crashed.
_OFF = {1: Off.SHUT_DOWN, 2: Off.DESTROYED, 3: Off.CRASHED}
# (virDomainState, its reason), libvirt 8.5 and newer: at the destination running, or paused on its side.
_BROKEN = frozenset({(1, 11), (3, 13)})
_POST_COPY = frozenset({(1, 10), (3, 12)}) | _BROKEN


def place_of(domain: Any) -> Place:
    """Return the place; libvirt's error where the domain is gone meanwhile."""
    state, reason = state_of(domain)
    active, known = is_active(state), STATES.get(state, GuestState.OTHER)
    if active:
        job = job_of(domain, state, reason)
        return Place(known, bool(domain.isPersistent()), job, broken=is_broken((state, reason)))
    return Place(known, bool(domain.isPersistent()), off=_OFF.get(reason, Off.OTHER))


def state_of(domain: Any) -> tuple[int, int]:
    """Return virDomainState and its reason."""
    state, reason = domain.state()
    return state, reason


def is_post_copy(state: tuple[int, int]) -> bool:
    """Return whether a move in that state is past the point at which it could be aborted."""
    return state in _POST_COPY


def is_broken(state: tuple[int, int]) -> bool:
    """Return whether a post-copy has lost its other end."""
    return state in _BROKEN
