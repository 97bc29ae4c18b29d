"""A plan against a newer snapshot: what is done, what has changed, what can still be carried out. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

from .._model.errors import FleetError
from .._model.guest import JobKind
from .._model.plan import Move, Plan, method_fits
from .._model.snapshot import Located, Snapshot, by_uuid, residence
from .._planner.planner import leftovers
from .._planner.verify import first_violation


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
    done, stale, left = [], [], []
    for move in plan.moves:
        doable = _current(move, places[move.guest])
        if doable is not None:
            left.append(doable)
        elif residence(places[move.guest]).host == move.dest:
            done.append(move)
        else:
            stale.append(move)
    gone = {move.id for move in (*done, *stale)}
    rest = tuple(replace(move, after=tuple(other for other in move.after if other not in gone)) for move in left)
    # what was left over then may be mended by now, and a second definition be the only one
    current = replace(plan, moves=rest, leftovers=leftovers(snapshot, plan.request))
    fresh = Freshened(current, tuple(done), tuple(stale))
    violation = first_violation(snapshot, fresh.plan)
    if violation is not None:
        raise FleetError(f"the plan no longer fits the fleet: {violation}", "Plan again from a fresh survey")
    return fresh


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
