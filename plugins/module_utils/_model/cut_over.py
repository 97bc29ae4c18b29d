"""The window in which guests may switch over to another host: its options as moments. Reads no clock."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .energy import moment
from .errors import FleetError


@dataclass(frozen=True)
class CutOver:
    """Seconds since the epoch. ``begin``: guests switch over from then on; ``end``: none does any more after that."""

    begin: Optional[float] = None
    end: Optional[float] = None


def cut_over(begin: Optional[str], end: Optional[str]) -> CutOver:
    """Return the window of the two texts in ISO 8601, UTC where they name no zone; raises FleetError on nonsense."""
    found = CutOver(_moment("from", begin), _moment("to", end))
    if found == CutOver():
        raise FleetError("cut_over has neither from nor to", "Give one of them, or leave cut_over out")
    if found.begin is not None and found.end is not None and found.end <= found.begin:
        raise FleetError(f"cut_over ends at {end}, not after {begin}", "Give a moment after from")
    return found


def _moment(label: str, text: Optional[str]) -> Optional[float]:
    if not text:
        return None
    found = moment(text.strip())
    if found is None:
        raise FleetError(
            f"{label} of cut_over is {text!r}, not a moment in ISO 8601", "Write e.g. 2026-11-27T22:00:00+01:00"
        )
    return found.timestamp()
