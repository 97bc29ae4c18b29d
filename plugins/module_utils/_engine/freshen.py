"""A plan against a newer snapshot: what is done, what has changed, what can still be carried out. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from .._model.balance import noted_move
from .._model.errors import FleetError
from .._model.guest import JobKind
from .._model.plan import Move, Plan
from .._model.request import method_fits
from .._model.snapshot import Located, Snapshot, by_uuid, residence
from .._planner.planner import leftovers
from .._planner.verify.verify import first_unsafe_step


@dataclass(frozen=True)
class Freshened:
    """``plan`` holds what is left to do; ``done`` are moves whose guest has arrived since, ``stale`` the rest."""

    plan: Plan
    done: tuple[Move, ...] = ()
    stale: tuple[Move, ...] = ()


def freshen(plan: Plan, snapshot: Snapshot) -> Freshened:
    """Compare plan and fleet; raises FleetError where the plan was made for another fleet or is no longer legal."""
    _check_hosts(plan, snapshot)
    places = by_uuid(snapshot)
    strangers = [move for move in plan.moves if move.guest not in places]
    if strangers:
        raise FleetError(
            f"the plan moves {strangers[0].name!r} ({strangers[0].guest}), which no host that answers knows",
            "It was made from another snapshot; plan again",
        )
    fates = _fates(plan, places)
    done, stale, left = (tuple(fates[move.id].move for move in plan.moves if fates[move.id].now is now) for now in _Now)
    gone = {move.id for move in (*done, *stale)}
    rest = tuple(_noted(_without(move, gone), places, plan, snapshot) for move in left)
    # what was left over then may be mended by now, and a second definition be the only one
    current = replace(plan, moves=rest, leftovers=leftovers(snapshot, plan.request))
    fresh = Freshened(current, done, stale)
    violation = first_unsafe_step(snapshot, fresh.plan)
    if violation is not None:
        raise FleetError(f"the plan no longer fits the fleet: {violation}", "Plan again from a fresh survey")
    return fresh


def _without(move: Move, gone: Collection[str]) -> Move:
    """Return the move as it waits for those that are left."""
    after = tuple(other for other in move.after if other not in gone)
    return replace(move, after=after, once_over=tuple(other for other in move.once_over if other not in gone))


def _noted(move: Move, places: Mapping[str, tuple[Located, ...]], plan: Plan, snapshot: Snapshot) -> Move:
    """Return the move with what its guest is to note of it now: a plan may be applied long after it was made."""
    if move.balanced is None:
        return move
    before = residence(places[move.guest]).guest.notes.balanced
    return replace(move, balanced=noted_move(before, snapshot.taken_at, plan.request.cooldown_minutes))


class _Now(enum.Enum):
    DONE = "done"
    STALE = "stale"
    LEFT = "left"


@dataclass(frozen=True)
class _Fate:
    """What has become of a move; one that is left, as it can be done now."""

    now: _Now
    move: Move


def _fates(plan: Plan, places: Mapping[str, tuple[Located, ...]]) -> dict[str, _Fate]:
    by_guest: dict[str, list[Move]] = {}
    for move in plan.moves:
        by_guest.setdefault(move.guest, []).append(move)
    found: dict[str, _Fate] = {}
    there_and_back = {guest for guest, moves in by_guest.items() if moves[0].source == moves[-1].dest}
    for guest, moves in by_guest.items():
        if guest not in there_and_back:
            found.update(_of_guest(moves, places[guest]))
    # a guest that is back where it began has been away if all others have arrived
    over = bool(found) and all(fate.now is _Now.DONE for fate in found.values())
    for guest in sorted(there_and_back):
        moves = by_guest[guest]
        found.update({move.id: _Fate(_Now.DONE, move) for move in moves} if over else _of_guest(moves, places[guest]))
    return found


def _of_guest(moves: Sequence[Move], places: tuple[Located, ...]) -> dict[str, _Fate]:
    """Return the fates of one guest's moves, of which the later ones go on from where the earlier ones end."""
    for number, move in enumerate(moves):
        doable = _current(move, places)
        if doable is not None:
            before = {other.id: _Fate(_Now.DONE, other) for other in moves[:number]}
            after = {other.id: _Fate(_Now.LEFT, other) for other in moves[number + 1 :]}
            return {**before, doable.id: _Fate(_Now.LEFT, doable), **after}
    now = _Now.DONE if residence(places).host == moves[-1].dest else _Now.STALE
    return {move.id: _Fate(now, move) for move in moves}


def _check_hosts(plan: Plan, snapshot: Snapshot) -> None:
    known = {host.name for host in snapshot.hosts}
    for move in plan.moves:
        for name in (move.source, move.dest):
            if name not in known:
                raise FleetError(
                    f"the plan speaks of host {name!r}, which is not in hosts",
                    "It was made from another snapshot; plan again",
                )


def _current(move: Move, places: tuple[Located, ...]) -> Optional[Move]:
    """Return the move as it can be done now, adopted where it is under way; None where its guest has changed."""
    at_source = next((place for place in places if place.host == move.source), None)
    if at_source is None or residence(places).host != move.source:
        return None
    under_way = any(place.host == move.dest and place.guest.job is JobKind.INCOMING for place in places)
    if not under_way and not method_fits(move.method, at_source.guest.state):
        return None
    return replace(move, adopt=under_way)
