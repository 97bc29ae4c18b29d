"""A simulated move whose guest writes faster than it is sent: pass after pass, until it may stand still. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass, replace

from .._model.guest import Guest
from .._model.plan import Move
from .._model.predict import SWITCHOVER_MS, held_by
from .._planner.estimate import DOWNTIME_MS, FIXED_SECONDS
from .ports import Phase, Progress


@dataclass(frozen=True)
class Restless:
    """Bytes, seconds and bytes per second. ``left``: of the present pass, ``length``: how long it has taken so far."""

    held: float
    dirty_rate: int
    fixed: float
    left: float
    length: float = 0.0
    iteration: int = 1
    sent: float = 0.0
    rate: float = 0.0
    allowed_ms: int = DOWNTIME_MS
    still: float = 0.0
    paused: bool = False
    aborted: bool = False
    over: bool = False


def restless(move: Move, guest: Guest) -> Restless:
    """Return such a move at its start; disks are sent before the memory."""
    allocation = {disk.target: disk.allocation or disk.capacity or 0 for disk in guest.disks}
    copied, held = sum(allocation[copy.target] for copy in move.copies), held_by(guest)
    return Restless(held, guest.dirty_rate or 0, FIXED_SECONDS, float(held + copied))


def go_on(item: Restless, seconds: float, speed: float) -> Restless:
    """Return the move some seconds later, sent at ``speed``."""
    while seconds > 0 and not item.over and not item.aborted:
        waited = min(item.fixed, seconds)
        spent = min(seconds - waited, item.left / speed)
        seconds -= waited + spent
        item = replace(
            item,
            fixed=item.fixed - waited,
            left=item.left - spent * speed,
            length=item.length + spent,
            sent=item.sent + spent * speed,
            rate=speed,
            still=item.still + (waited + spent if item.paused else 0.0),
        )
        if item.left <= 1:
            item = _next_pass(item, speed)
        elif seconds <= 0:
            break
    return item


def _next_pass(item: Restless, speed: float) -> Restless:
    written = 0.0 if item.paused else min(item.held, item.dirty_rate * item.length)
    if 1000 * written / speed <= item.allowed_ms:
        rest = written / speed + SWITCHOVER_MS / 1000
        return replace(item, left=0.0, sent=item.sent + written, still=item.still + rest, over=True)
    return replace(item, left=written, length=0.0, iteration=item.iteration + 1)


def progress_of(item: Restless) -> Progress:
    """Return what a driver says of such a move."""
    return Progress(
        Phase.MEMORY,
        total=int(item.held),
        processed=int(item.sent),
        remaining=int(item.left),
        rate=int(item.rate),
        dirty_rate=item.dirty_rate,
        iteration=0 if item.fixed > 0 else item.iteration,
        ended=item.over or item.aborted,
    )
