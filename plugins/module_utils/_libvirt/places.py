"""A guest as one host knows it at this moment, read from its domain. Changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from .._engine.ports import Off, Place
from .._model.guest import GuestState
from .guest_xml import STATES
from .post_copy import is_broken
from .survey import is_active, job_of

# virDomainShutoffReason: 1 shut down by itself, 2 destroyed, 3 crashed.
_OFF = {1: Off.SHUT_DOWN, 2: Off.DESTROYED, 3: Off.CRASHED}


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
