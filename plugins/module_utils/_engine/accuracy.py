"""How far off the estimates of a run were. Pure; estimates are made in _planner."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .._model.request import Method
from .result import MoveResult, Outcome

# no memory moves, so that there is nothing to be off by
_UNSEEN = (Method.OFFLINE, Method.RESTART)


def accuracy(results: Sequence[MoveResult]) -> dict[str, Any]:
    """Return of how many moves it can be told, and the median of how far off seconds and bytes were, in percent.

    ``measured``: how many of them were predicted from a measured dirty rate.
    """
    told = [
        result
        for result in results
        if result.outcome is Outcome.MOVED and result.move.method not in _UNSEEN and not result.move.adopt
    ]
    seconds = [_off(result.move.est_seconds, result.cost.seconds) for result in told]
    sent = [_off(result.move.est_bytes, result.cost.sent_bytes) for result in told]
    return {
        "moves": len(told),
        "measured": sum(1 for result in told if result.move.expected is not None),
        "seconds_off_percent": _median(seconds),
        "bytes_off_percent": _median(sent),
    }


def accuracy_lines(found: Mapping[str, Any]) -> list[str]:
    """Return a line for people, none where nothing was predicted from measurements: the rest are only upper guesses."""
    if not found["measured"] or found["seconds_off_percent"] is None or found["bytes_off_percent"] is None:
        return []
    off = f"{found['seconds_off_percent']:.0f} % of the seconds and {found['bytes_off_percent']:.0f} % of the bytes"
    return [f"Estimates of {found['moves']} moves were off by {off} (median)"]


def _off(estimate: float, real: Optional[float]) -> Optional[float]:
    return None if not real else 100 * abs(estimate - real) / real


def _median(values: Sequence[Optional[float]]) -> Optional[float]:
    known = [value for value in values if value is not None]
    return round(statistics.median(known), 1) if known else None
