"""Why goal balance moves a guest, and why it leaves another on a host that is fuller than the mean. Pure.

Words for why a guest stays are in _model/prose_balance.py; here are only figures and codes.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timezone
from typing import Optional

from ..._model.balance import Level, NotMoved, NotMovedWhy, stays_until
from ..._model.energy import moment
from ..._model.refusal import Refusal, RefusalCode
from ..._model.request import Request
from ..._model.snapshot import Located
from ..balance_signals import words_of
from ..board import Board
from ..outcome import Hop
from ..refuse import refusals_at
from ..scope import Scope
from ..search.balance import Outcome as Ended
from ..search.balance_polish import HAIR, Move
from ..search.balance_score import NOBODY, Signal, Spread
from ..search.grid import Layout
from .balance_before import for_arrivals

NEAR = 5  # emptiest hosts that are looked at for each guest
FULLER = 1.000001  # times the mean, so that rounding makes no host a fuller one
_WITHIN = (Ended.EVEN_ENOUGH, Ended.REACHED)


@dataclass(frozen=True)
class Curb:
    """What keeps from evening out more, apart from the budget: LOSS or CONSOLIDATION, and why in words."""

    why: NotMovedWhy
    words: str


@dataclass(frozen=True)
class Evened:
    """What the part that evens out was done on, and how it ended (None: it was not asked for).

    ``extra`` is by block of the scope, in hosts; ``request`` has the budget it had. ``torn``: by block of the board the
    affinity rule that was broken, for which the block is held.
    """

    scope: Scope
    signals: tuple[Signal, ...]
    extra: tuple[float, ...]
    level: Level
    ended: Optional[Ended]
    curb: Optional[Curb]
    request: Request
    torn: Mapping[int, str]


def cooling(board: Board) -> dict[int, str]:
    """Return the blocks of which a guest was moved so lately that it stays, with until when, in ISO 8601 (UTC)."""
    now = moment(board.snapshot.taken_at)
    found: dict[int, str] = {}
    for block, group in enumerate(board.members):
        for place in group:
            noted = place.guest.notes.balanced
            until = stays_until(noted, board.request.cooldown_minutes, now) if noted and now else None
            if until is not None and now is not None and now < until:
                utc = until.astimezone(timezone.utc)
                found[block] = max(found.get(block, ""), utc.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return found


def move_reasons(scope: Scope, signals: Sequence[Signal], moves: Sequence[Move]) -> dict[int, str]:
    """Return by block of the board which signal its move evens out most, and by how much on both hosts."""
    names, at = scope.grid.hosts, list(scope.grid.at)
    spread = Spread(signals, at, len(names))
    found = {}
    for block, source, dest in moves:
        before = spread.by_signal()
        was = [(spread.fill(index, source), spread.fill(index, dest)) for index in range(len(signals))]
        spread.shift(block, NOBODY, source, dest)
        # without their weights: a person looks at how full hosts are
        gains = [old - new for old, new in zip(before, spread.by_signal())]
        most = max(range(len(signals)), key=lambda index: (gains[index], -index))
        ends = zip((names[source], names[dest]), was[most], (spread.fill(most, source), spread.fill(most, dest)))
        words = ", ".join(f"{name} from {old * 100:.0f} to {new * 100:.0f} %" for name, old, new in ends)
        found[scope.blocks[block]] = f"evens out {words_of(signals[most])}: {words}"
    return found


def not_moved(board: Board, evened: Evened, cool: Mapping[int, str], hops: Sequence[Hop]) -> tuple[NotMoved, ...]:
    """Return why guests stay on hosts that are fuller than the mean, with all others as the plan leaves them."""
    look = _Look(board, evened, cool)
    moved = {hop.block for hop in hops}
    found = [
        reason
        for index, block in enumerate(evened.scope.blocks)
        if block not in moved and look.crowded(index)
        for place in board.members[block]
        if place.guest.active
        for reason in (look.why(index, place),)
    ]
    return tuple(sorted(found, key=lambda each: (each.name, each.guest)))


class _Look:
    """The scope after the plan. Never leaves this file."""

    def __init__(self, board: Board, evened: Evened, cool: Mapping[int, str]) -> None:
        self.board, self.evened, self.cool = board, evened, cool
        scope = evened.scope
        number = {host: index for index, host in enumerate(scope.hosts)}
        self.grid = replace(scope.grid, at=tuple(number[board.search.at[block]] for block in scope.blocks))
        self.layout, self.whole = Layout(self.grid), Layout(for_arrivals(board, board.search))
        self.spread = Spread(evened.signals, self.grid.at, len(scope.hosts))
        load = self.spread.load
        self.mean = sum(load) / len(load) * FULLER
        self.emptiest = sorted(range(len(load)), key=lambda host: (load[host], host))[:NEAR]

    def crowded(self, block: int) -> bool:
        """Return whether the block is on a host that is fuller than the mean."""
        return self.spread.load[self.grid.at[block]] > self.mean

    def why(self, block: int, place: Located) -> NotMoved:
        """Return why one guest of the block stays."""
        why, facts = self._plain(self.evened.scope.blocks[block], place)
        host = self.grid.hosts[self.grid.at[block]]
        told = NotMoved(place.guest.uuid, place.guest.name, host, why, facts)
        if why is NotMovedWhy.REFUSED:
            kept = Refusal(RefusalCode.RULE, place.guest.name, "any other host", facts)
            return replace(told, facts={}, refusals=self.board.stuck.get(place.guest.uuid, (kept,)))
        return told if why is not NotMovedWhy.SMALL_GAIN else self._by_gain(block, place, told)

    def _plain(self, block: int, place: Located) -> tuple[NotMovedWhy, dict[str, str]]:
        """Return the reason that needs no figures; where none does, that the gain is small."""
        if place.guest.uuid in self.board.stuck:
            return NotMovedWhy.REFUSED, {}
        if block in self.cool:
            return NotMovedWhy.COOLDOWN, {"until": self.cool[block]}
        if self.evened.ended is None:
            return NotMovedWhy.NOT_ASKED, {"aggressiveness": str(self.board.request.aggressiveness)}
        if block in self.evened.torn:
            why = "its guests were apart; nobody parts them again"
            return NotMovedWhy.REFUSED, {"rule": self.evened.torn[block], "why": why}
        if self.evened.ended in _WITHIN:
            numbers = {"imbalance": f"{self.spread.imbalance():.3f}", "threshold": f"{self.evened.level.threshold:g}"}
            return NotMovedWhy.EVEN_ENOUGH, numbers
        return NotMovedWhy.SMALL_GAIN, {}

    def _by_gain(self, block: int, place: Located, told: NotMoved) -> NotMoved:
        """Return what the best of the emptiest hosts says: too small a gain, no more budget, or no room."""
        hosts, now = len(self.grid.hosts), self.spread.imbalance()
        source = self.grid.at[block]
        gains = [
            ((now - self.spread.after(block, NOBODY, source, dest)) * hosts, dest)
            for dest in self.emptiest
            if dest != source
        ]
        asked = self.evened.level.min_gain + (self.evened.extra[block] if self.evened.extra else 0.0)
        paying = [(gain, dest) for gain, dest in gains if gain - asked > HAIR * hosts]
        fitting = [(gain, dest) for gain, dest in gains if self.layout.fits(block, dest)]
        if not paying or any(each in fitting for each in paying):
            best, dest = max(fitting or gains, key=lambda each: (each[0], -each[1]), default=(0.0, source))
            facts = {
                "gain": f"{max(0.0, best) * 100:.1f}",
                "asked": f"{asked * 100:.1f}",
                "dest": self.grid.hosts[dest],
            }
            curb = self.evened.curb
            if paying and curb is not None:
                return replace(told, why=curb.why, facts={**facts, "why": curb.words})
            return replace(told, why=NotMovedWhy.BUDGET if paying else NotMovedWhy.SMALL_GAIN, facts=facts)
        _best, dest = max(paying, key=lambda each: (each[0], -each[1]))
        return replace(told, why=NotMovedWhy.REFUSED, refusals=self._refusals(block, place, self.grid.hosts[dest]))

    def _refusals(self, block: int, place: Located, dest: str) -> tuple[Refusal, ...]:
        """Return what keeps the guest from the host, or those that go where it goes."""
        mates = self.board.members[self.evened.scope.blocks[block]]
        own = refusals_at(self.board, self.whole, place, dest)
        others = (self.board.stuck.get(m.guest.uuid) or refusals_at(self.board, self.whole, m, dest) for m in mates)
        return own or next(filter(None, others), ())
