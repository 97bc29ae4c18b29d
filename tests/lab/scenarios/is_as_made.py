"""Says by its exit status whether the lab is well and as `up` and `reset` make it: 0 yes, 1 no. Changes nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
import time

from labview import initial_world, status, world


def is_as_made(patience: float = 0) -> bool:
    """Return whether it is so, or becomes so within these seconds."""
    end = time.monotonic() + patience
    while not (status()["ok"] and world() == initial_world()):
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


if __name__ == "__main__":
    sys.exit(0 if is_as_made() else 1)
