"""What the journal says of a move, as facts. Words for people are made of them in journal.py. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._model.plan import Move
from .ports import Progress
from .result import MoveResult

Emit = Callable[[str, Mapping[str, Any]], None]


def names(move: Move) -> dict[str, Any]:
    """Return which move an event is about."""
    return {"move": move.id, "guest": move.guest, "name": move.name, "source": move.source, "dest": move.dest}


def progress_facts(move: Move, progress: Progress, seconds: float) -> dict[str, Any]:
    """Return how far a move is, ``seconds`` after its start."""
    return {
        **names(move),
        "phase": progress.phase.value,
        "seconds": round(seconds, 1),
        "total": progress.total,
        "processed": progress.processed,
        "remaining": progress.remaining,
        "rate": progress.rate,
        "dirty_rate": progress.dirty_rate,
        "iteration": progress.iteration,
    }


def result_facts(result: MoveResult) -> dict[str, Any]:
    """Return how a move ended."""
    cost, failure = result.cost, result.failure
    return {
        **names(result.move),
        "outcome": result.outcome.value,
        "seconds": cost.seconds,
        "bytes": cost.sent_bytes,
        "downtime_ms": cost.downtime_ms,
        "error": failure.message if failure else None,
        "remedy": failure.remedy if failure else None,
    }
