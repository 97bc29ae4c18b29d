"""Rounds of a run: what one has left is planned again, for other hosts, and at the end as the guests' fallback allows.

Pure. What a later round may do follows from the results of those before and from the guests' own policy, nothing else.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from glob import escape
from typing import Optional

from .._model.errors import FleetError
from .._model.guest_policy import Fallback
from .._model.plan import Move, Plan
from .._model.request import Request
from .._model.rules import Rule, RuleKind
from .._model.snapshot import Snapshot, by_uuid, residence
from .result import ARRIVED, MoveResult, Outcome

# The move itself has come to nothing, so the next one goes elsewhere, or otherwise.
FAULTS = frozenset({Outcome.FAILED, Outcome.TIMED_OUT, Outcome.REFUSED})
_METHODS = {Fallback.MAY_PAUSE: "paused", Fallback.MAY_SHUT_DOWN: "restart"}


@dataclass(frozen=True)
class History:
    """Results of the rounds so far, oldest first, and where the guests are after the last of them."""

    rounds: tuple[tuple[MoveResult, ...], ...]
    fleet: Snapshot

    @property
    def last(self) -> Mapping[str, MoveResult]:
        """The result of each guest's last move, by UUID."""
        return {result.move.guest: result for results in self.rounds for result in results}

    @property
    def failed(self) -> tuple[Move, ...]:
        """The moves that came to nothing by themselves."""
        return tuple(result.move for results in self.rounds for result in results if result.outcome in FAULTS)


def check_rounds(most: int) -> int:
    """Return the number of rounds; raises FleetError where nothing would ever be planned."""
    if most < 1:
        raise FleetError(f"rounds is {most}", "Give 1 or more")
    return most


def next_request(first: Request, history: History, most: int) -> Optional[Request]:
    """Return what the next round is asked for, None where the run is over. ``most``: rounds before the fallback."""
    left = {guest: result for guest, result in history.last.items() if result.outcome not in ARRIVED}
    number = len(history.rounds)
    again = {guest for guest, result in left.items() if _may_try_again(result)} if number < most else set()
    otherwise = {guest for guest, result in left.items() if _fallback(result)} if number == most else set()
    if not again | otherwise:
        return None
    label = _labels(result.move for result in left.values())
    rules = [_not_again(left[guest].move, label, history.fleet) for guest in left if guest not in again | otherwise]
    rules += [_method(left[guest], label) for guest in left if guest in otherwise]
    rules += _elsewhere([move for move in history.failed if move.guest in again | otherwise], label)
    # once somebody has gone the others follow as far as they can: that there is room for all was proven before
    whole = first.all_or_none and not _gone(history)
    return replace(first, all_or_none=whole, rules=(*first.rules, *sorted(rules, key=lambda rule: rule.name)))


def _gone(history: History) -> bool:
    """Return whether a move that a round has begun came to its end; one that it only watched was begun before it."""
    return any(result.outcome in ARRIVED and not result.move.adopt for results in history.rounds for result in results)


def _may_try_again(result: MoveResult) -> bool:
    """Return whether the same may be tried once more: not where somebody aborted it, or where guest or link say no."""
    if result.outcome in (Outcome.ABORTED, Outcome.LINK_CLOSED):
        return False
    return not (result.outcome in FAULTS and result.move.policy.fallback is Fallback.LEAVE)


def _fallback(result: MoveResult) -> bool:
    return result.outcome in FAULTS and result.move.policy.fallback in _METHODS


def _labels(moves: Iterable[Move]) -> Callable[[Move], str]:
    """Return what gives a guest's name, with its UUID where several have that name: names of rules are unique."""
    names = Counter(move.name for move in moves)
    return lambda move: move.name if names[move.name] == 1 else f"{move.name} ({move.guest})"


def _not_again(move: Move, label: Callable[[Move], str], fleet: Snapshot) -> Rule:
    places = by_uuid(fleet).get(move.guest)
    host = residence(places).host if places else move.source
    return Rule(f"{label(move)} is not tried again", RuleKind.PIN, guests=(move.guest,), hosts=(escape(host),))


def _method(result: MoveResult, label: Callable[[Move], str]) -> Rule:
    move, fallback = result.move, result.move.policy.fallback
    method = _METHODS[fallback] if fallback is not None else ""
    name = f"{label(move)} could not be moved otherwise"
    return Rule(name, RuleKind.METHODS, guests=(move.guest,), methods=(method,))


def _elsewhere(failed: Iterable[Move], label: Callable[[Move], str]) -> list[Rule]:
    """Return rules by which guests avoid where they could not go; soft, since one more try is better than none."""
    pairs = {(move.guest, move.dest): move for move in failed}
    return [
        Rule(
            f"{label(move)} could not go to {move.dest}",
            RuleKind.BAN,
            guests=(move.guest,),
            hosts=(escape(move.dest),),
            hard=False,
        )
        for move in pairs.values()
    ]


def in_round(plan: Plan, number: int, first: Request) -> Plan:
    """Return the plan of a later round: ids that no other round has, and of breaches only those of the user's rules."""
    ours = {rule.name for rule in plan.request.rules} - {rule.name for rule in first.rules}

    def renamed(ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(f"r{number}{each}" for each in ids)

    moves = (
        replace(move, id=f"r{number}{move.id}", after=renamed(move.after), once_over=renamed(move.once_over))
        for move in plan.moves
    )
    groups = (replace(group, moves=renamed(group.moves)) for group in plan.groups)
    return replace(
        plan,
        moves=tuple(moves),
        critical_path=renamed(plan.critical_path),
        groups=tuple(groups),
        breaches=tuple(breach for breach in plan.breaches if breach.rule not in ours),
    )
