"""When a post-copy that broke is resumed, and when that is left to people. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import Optional

from .._model.plan import Move
from .ports import Failure, Whereabouts

# The first try comes at once, the others ever later. libvirt's daemons lose one another after half a minute, QEMU's own
# connection lives on for a quarter of an hour: until then it can go on by itself, and libvirt refuses to resume it.
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0
GIVE_UP_SECONDS = 1200.0


class Turn(enum.Enum):
    """What to do about a broken post-copy now."""

    WAIT = "wait"
    RESUME = "resume"
    GIVE_UP = "give_up"


@dataclass(frozen=True)
class Recovery:
    """What has been tried for one move. Seconds since the epoch; ``since`` is None while nothing is broken."""

    since: Optional[float] = None
    tries: int = 0
    next_try: float = 0.0


def broken(recovery: Recovery, now: float) -> Recovery:
    """Return the recovery of a move that is found broken at ``now``."""
    return recovery if recovery.since is not None else replace(recovery, since=now, next_try=now)


def turn(recovery: Recovery, where: Whereabouts, interrupted: bool, now: float) -> Turn:
    """Return what to do now; nothing is tried while an end is silent, and nothing new once the user interrupts."""
    if interrupted or now - (now if recovery.since is None else recovery.since) >= GIVE_UP_SECONDS:
        return Turn.GIVE_UP
    return Turn.WAIT if where.silent or now < recovery.next_try else Turn.RESUME


def tried(recovery: Recovery, now: float) -> Recovery:
    """Return the recovery after one more try."""
    pause = min(FIRST_PAUSE_SECONDS * 2**recovery.tries, LONGEST_PAUSE_SECONDS)
    return replace(recovery, tries=recovery.tries + 1, next_try=now + pause)


def healed(recovery: Recovery, now: float) -> Recovery:
    """Return the recovery of a move that gets on; a try that has just begun may still come to nothing."""
    return recovery if now < recovery.next_try else Recovery()


def given_up(move: Move, recovery: Recovery, failure: Optional[Failure]) -> Failure:
    """Return what a person has to know of a guest that stands still between two hosts."""
    why = f" ({failure.message})" if failure else ""
    times = "once" if recovery.tries == 1 else f"{recovery.tries} times"
    return Failure(
        f"the link broke in post-copy, and resuming it failed, tried {times}{why}; "
        f"the guest's memory is partly on {move.source}, partly on {move.dest}",
        "Destroy neither copy. Mend the link between the two hosts, then run again to resume",
    )
