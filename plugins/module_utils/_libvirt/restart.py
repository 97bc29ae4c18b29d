"""A guest that is shut down for its move and started again afterwards. Must not shut down one that can't be started."""
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


def start_again(domain: Any, active: bool) -> bool:
    """Start a guest that was shut down for its move; return whether it is active."""
    claim = notes_of(domain).claim
    if active or claim is None or not claim.restart:
        return active
    domain.create()
    return True
