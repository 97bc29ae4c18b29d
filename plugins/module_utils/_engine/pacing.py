"""The cut-over window: when a move may start, and how fast, so that its guest switches over in the window. Pure.

libvirt has no call that keeps a guest from switching over once its data is there. So what only sends memory starts with
the window, and what copies disks starts as late as its estimate allows, and is slowed down so that it takes until then.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from .._model.cut_over import CutOver
from .._model.hours import local_time
from .._model.plan import Move
from .._model.request import Method
from .ports import Failure
from .result import MoveResult, Outcome

MIB = 1024 * 1024
# copies begin so many times their estimate ahead of the window, and this much more: what is early waits, what is late
# makes the window shorter
HEADSTART = 1.5
HEADSTART_SECONDS = 60.0
# no limit to speak of, for a move that was slowed down until then
UNPACED_MIBS = 10_000
# what runs on while its disks are copied; who stands still or is shut down for its move starts with the window
_RUNS_ON = (Method.LIVE, Method.OFFLINE)


@dataclass(frozen=True)
class Windowed:
    """Moves that may start as far as the window goes, those that it is over for, and when the next one may start."""

    due: tuple[Move, ...]
    late: tuple[MoveResult, ...] = ()
    wake: Optional[float] = None


def windowed(moves: Sequence[Move], cut: Optional[CutOver], est_seconds: float, now: float) -> Windowed:
    """Return which moves may start, those under way already always; ``est_seconds`` is the estimate of all."""
    if cut is None:
        return Windowed(tuple(moves))
    if cut.end is not None and now >= cut.end:
        return Windowed(
            tuple(move for move in moves if move.adopt),
            tuple(MoveResult(move, Outcome.NOT_STARTED, failure=_over(cut.end)) for move in moves if not move.adopt),
        )
    starts = {move.id: _earliest(move, cut, est_seconds) for move in moves}
    ahead = [start for start in starts.values() if start > now]
    return Windowed(tuple(move for move in moves if starts[move.id] <= now), (), min(ahead, default=None))


def _earliest(move: Move, cut: CutOver, est_seconds: float) -> float:
    if cut.begin is None or move.adopt:
        return -math.inf
    return cut.begin - (HEADSTART * est_seconds + HEADSTART_SECONDS if _ahead(move) else 0.0)


def _ahead(move: Move) -> bool:
    return bool(move.copies) and move.method in _RUNS_ON


def pace(move: Move, remaining: int, cut: Optional[CutOver], now: float) -> Optional[int]:
    """Return MiB/s at which what remains takes until the window begins; None: the move is not slowed down at all."""
    if cut is None or cut.begin is None or not (_ahead(move) or move.adopt):
        return None
    left = cut.begin - now
    if left <= 0:
        return UNPACED_MIBS
    return min(UNPACED_MIBS, max(1, int(remaining / left / MIB)))


def counted_from(started: float, cut: Optional[CutOver]) -> float:
    """Return from when on the steps of a policy count: a copy that is slowed down until the window is not late."""
    return started if cut is None or cut.begin is None else max(started, cut.begin)


def is_over(cut: Optional[CutOver], now: float) -> bool:
    """Return whether the window has ended."""
    return cut is not None and cut.end is not None and now >= cut.end


def cut_off(cut: Optional[CutOver]) -> Failure:
    """Return why a move was aborted at the end of the window."""
    end = "" if cut is None or cut.end is None else f", which ended at {local_time(cut.end)}"
    return Failure(
        f"it had not switched over in the window{end}, and was aborted: the guest runs on at its source",
        "Give a later or longer window (cut_over) or more bandwidth, and run again",
    )


def _over(end: float) -> Failure:
    why = f"the window for the cut-over ended at {local_time(end)}, before it began"
    return Failure(why, "Give a later window (cut_over), and run again")
