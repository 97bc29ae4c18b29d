"""Guests that a move shuts down or pauses, and that run again afterwards. Must shut down none that can't be started."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time
from typing import Any

from .._engine.ports import DriverError, Failure
from .guest_notes import notes_of

# What a guest may take to shut down. A request to do so can't be taken back, so nothing cuts this short.
SHUT_DOWN_SECONDS = 180.0
_LOOK_SECONDS = 0.5
# (virDomainState, its reason): paused as anybody pauses it, a run of ours too; not by libvirt's migration.
_PAUSED_BY_USER = (3, 1)


def shut_down(domain: Any, stop: threading.Event) -> None:
    """Ask the guest to shut down, by its agent or its power button, and wait; raises DriverError where it does not."""
    if not domain.isPersistent():
        raise DriverError(Failure("the guest has no persistent definition and would be lost", "Define it first"))
    domain.shutdown()
    end = time.monotonic() + SHUT_DOWN_SECONDS
    while domain.isActive():
        if time.monotonic() > end:
            text = f"the guest was asked to shut down and runs on after {SHUT_DOWN_SECONDS:g} s"
            raise DriverError(Failure(text, "Look at it: it may still shut down, and is not started again then"))
        time.sleep(_LOOK_SECONDS)
    if stop.is_set():
        raise DriverError(Failure("the run was interrupted while the guest was shut down for its move", "Run again"))


def run_again(domain: Any, may_pause: bool) -> bool:
    """Let a guest run that an interrupted move has paused or shut down; return whether it is active."""
    state = tuple(domain.state())
    if may_pause and state == _PAUSED_BY_USER:
        domain.resume()
    return start_again(domain, bool(domain.isActive()))


def start_again(domain: Any, active: bool) -> bool:
    """Start a guest that was shut down for its move; return whether it is active."""
    claim = notes_of(domain).claim
    if active or claim is None or not claim.restart:
        return active
    domain.create()
    return True
