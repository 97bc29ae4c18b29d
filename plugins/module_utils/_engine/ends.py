"""How moves ended that the run itself did not bring to their end: by others, or nobody knows how. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from .._model.plan import Move
from .._model.request import Method
from .ports import Failure, Off, Place
from .result import Outcome
from .situation import Situation

_WENT_OFF: Mapping[Off, str] = {
    Off.SHUT_DOWN: "the guest was shut down while it moved",
    Off.DESTROYED: "somebody switched the guest off while it moved",
    Off.CRASHED: "the guest's process died while it moved",
    Off.OTHER: "the guest went off while it moved",
}


@dataclass(frozen=True)
class End:
    """What is to be reported of a move."""

    outcome: Outcome
    failure: Failure


def end_by_others(move: Move, found: Optional[Place], failure: Optional[Failure]) -> Optional[End]:
    """Return the end where somebody else, or the guest itself, brought it about; ``found`` is the guest at its source.

    A guest that went off is left off: whoever shut it down wants it so, and one that crashed is for people to look at.
    """
    if found is not None and not found.active and move.method not in (Method.OFFLINE, Method.RESTART):
        text = f"{_WENT_OFF[found.off or Off.OTHER]}, and is left off on {move.source}"
        return End(Outcome.WENT_OFF, Failure(text, "Start it there if it should run; then run again"))
    if failure is not None and failure.cancelled:
        text = f"somebody aborted the move on {move.source}, where the guest runs on ({failure.message})"
        return End(Outcome.ABORTED, Failure(text, "Run again when you want it moved"))
    return None


def unclear(move: Move, case: Situation, failure: Optional[Failure]) -> Failure:
    """Return what is to be said of a move after which the two ends give no clear picture."""
    found = {
        Situation.UNKNOWN: "one of its two hosts does not answer",
        Situation.TWICE: "it runs on both hosts",
        Situation.MOVING: "both hosts hold a copy, and nothing moves it on",
        Situation.NOWHERE: "neither host knows it",
    }
    text = f"it is not known what became of the guest: {found.get(case, case.value)}"
    remedy = f"Look at it on {move.source} and {move.dest} before anything else; then run again"
    return Failure(f"{text} ({failure.message})" if failure else text, remedy)
