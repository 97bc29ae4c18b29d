"""Whether a move may go over its link: now, by its hours, and at all, by how it is sent. Pure; asks no host."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Optional

from .._model.hours import local_time
from .._model.link import Link
from .._model.plan import Move
from .._model.refusal import Refusal, RefusalCode
from .._model.request import Method
from .._model.settings import MoveSettings
from .bandwidth import Limits
from .events import Emit
from .ports import Failure
from .result import MoveResult, Outcome


@dataclass(frozen=True)
class Opening:
    """A link that moves wait for, and when it opens (seconds since the epoch)."""

    at: float
    link: Link


@dataclass(frozen=True)
class Turn:
    """Moves that start now, those given up as their link is closed, and the next opening that others wait for.

    ``wake``: when the next of those that wait for the cut-over window may start.
    """

    start: tuple[Move, ...] = ()
    closed: tuple[MoveResult, ...] = ()
    opens: Optional[Opening] = None
    wake: Optional[float] = None

    @property
    def next(self) -> Optional[float]:
        """The next moment at which one that waits may start."""
        moments = [each for each in (self.opens.at if self.opens else None, self.wake) if each is not None]
        return min(moments, default=None)


def turn(
    waiting: Sequence[Move],
    startable: Callable[[Sequence[Move]], Sequence[Move]],
    limits: Limits,
    now: float,
    patience: float,
    going_on: Collection[str] = (),
) -> Turn:
    """Return who starts now; ``startable``: which of those given may, links apart; ``patience`` is in seconds.

    Whose link is closed takes no slot from the others; what is under way already is not asked, nor are ``going_on``,
    IDs of moves that belong to it.
    """
    left = list(waiting)
    given_up: list[MoveResult] = []
    openings: list[Opening] = []
    while True:
        start = startable(left)
        shut = [(move, link) for move in start if move.id not in going_on for link in _shut(move, limits, now)]
        if not shut:
            return Turn(tuple(start), tuple(given_up), min(openings, key=lambda each: each.at, default=None))
        for move, link in shut:
            left.remove(move)
            opens = link.opening(now)
            if opens is None or opens - now > patience:
                given_up.append(_closed(move, link, opens))
            else:
                openings.append(Opening(opens, link))


def closed_too_long(moves: Sequence[Move], limits: Limits, now: float, patience: float) -> tuple[MoveResult, ...]:
    """Return the moves whose link is closed, and for longer than may be waited for it (seconds)."""
    shut = [(move, link, link.opening(now)) for move in moves for link in _shut(move, limits, now)]
    return tuple(_closed(move, link, at) for move, link, at in shut if at is None or at - now > patience)


def _shut(move: Move, limits: Limits, now: float) -> tuple[Link, ...]:
    """Return the link of the move where that is closed to it now."""
    link = limits.link_of(move)
    return () if link is None or move.adopt or link.opening(now) == now else (link,)


def told_waits(now: Turn, before: Turn, emit: Emit) -> Turn:
    """Tell the journal what moves wait for, once each; return the turn that it was told of."""
    if now.opens is not None and now.opens != before.opens:
        emit("link_closed", {"link": now.opens.link.name, "opens": local_time(now.opens.at, now.opens.link.timezone)})
    if now.wake is not None and now.wake != before.wake:
        emit("window_ahead", {"begins": local_time(now.wake)})
    return now


def _closed(move: Move, link: Link, opens: Optional[float]) -> MoveResult:
    when = "never opens" if opens is None else f"opens at {local_time(opens, link.timezone)}"
    why = f"the link of {link.name} is closed at this hour and {when}"
    remedy = "Run again then, or let moves wait for it (link_wait_minutes)"
    return MoveResult(move, Outcome.LINK_CLOSED, failure=Failure(why, remedy))


def link_refusals(settings: MoveSettings, link: Optional[Link], move: Move) -> tuple[Refusal, ...]:
    """Return a refusal where the move would go unencrypted over a link that takes nothing so.

    A definition alone goes over the connections of libvirt, which have their own encryption.
    """
    sends = move.method not in (Method.OFFLINE, Method.RESTART) or bool(move.copies)
    if link is None or not link.tls_required or settings.tls or not sends:
        return ()
    return (Refusal(RefusalCode.LINK_NEEDS_TLS, move.name, move.dest, {"link": link.name}),)
