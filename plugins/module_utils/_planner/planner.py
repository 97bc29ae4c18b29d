"""Request in, verified plan out: the one door of this room. Pure; no plan leaves it that verify has not replayed."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Optional

from .._model.codec import digest
from .._model.errors import FleetError
from .._model.guest import Guest, JobKind
from .._model.plan import Goal, Leftover, Move, Plan, Request, Stay
from .._model.settings import check_slots
from .._model.snapshot import Located, Snapshot, by_uuid, residence
from .assign import assign, method_for
from .compat import blockers, in_flight, unfinished_source
from .estimate import makespan, move_bytes, move_seconds
from .find import check_request
from .goals import evacuate, move, restore
from .placement import Assignment, Placement, Wish
from .verify import first_violation

GoalFunction = Callable[[Snapshot, Request], "tuple[Wish, ...]"]

_GOALS: Mapping[Goal, GoalFunction] = {
    Goal.EVACUATE: evacuate.wishes,
    Goal.RESTORE: restore.wishes,
    Goal.MOVE: move.wishes,
}


def make_plan(snapshot: Snapshot, request: Request) -> Plan:
    """Return a plan that fulfils the request as far as possible; what it can't move is in ``stays`` with reasons.

    Raises FleetError on a request that makes no sense for this snapshot.
    """
    check_slots(request.slots)
    check_request(snapshot, request)
    placement = _place(snapshot, _GOALS[request.goal](snapshot, request))
    moves = tuple(
        _move(assignment, number, request.goal) for number, assignment in enumerate(_in_order(placement), start=1)
    )
    plan = Plan(
        plan_id=digest(snapshot, request),
        request=request,
        moves=moves,
        stays=tuple(sorted(placement.stays, key=lambda stay: (stay.name, stay.guest))),
        leftovers=leftovers(snapshot, request),
        est_seconds=makespan(moves, request.slots),
        est_bytes=sum(move.est_bytes for move in moves),
    )
    violation = first_violation(snapshot, plan)
    if violation is not None:
        raise FleetError(f"the plan broke its own rule: {violation}", "This is a defect: report snapshot and request")
    return plan


def _place(snapshot: Snapshot, wishes: Sequence[Wish]) -> Placement:
    """Adopt what is under way, set aside what can't move at all, place the rest."""
    places = by_uuid(snapshot)
    adopted = [found for found in (_adopted(wish, places[wish.place.guest.uuid]) for wish in wishes) if found]
    taken = {assignment.place.guest.uuid for assignment in adopted}
    free = [wish for wish in wishes if wish.place.guest.uuid not in taken]
    blocked = [stay for stay in (_blocked(wish, places[wish.place.guest.uuid]) for wish in free) if stay]
    stuck = {stay.guest for stay in blocked}
    placed = assign(snapshot, [wish for wish in free if wish.place.guest.uuid not in stuck])
    return Placement((*adopted, *placed.assignments), (*blocked, *placed.stays))


def _adopted(wish: Wish, places: Sequence[Located]) -> Optional[Assignment]:
    dest = in_flight(places)
    # one that goes where the goal does not want it is like any other job: to be waited for
    if dest not in wish.candidates or wish.place.guest.job is JobKind.INCOMING:
        return None
    method = method_for(wish.place.guest, wish.method)
    return Assignment(wish.place, dest, method, f"already migrating to {dest}", adopt=True)


def _blocked(wish: Wish, places: Sequence[Located]) -> Optional[Stay]:
    refusals = blockers(places, wish.place)
    return Stay(wish.place.guest.uuid, wish.place.guest.name, wish.place.host, refusals) if refusals else None


def _in_order(placement: Placement) -> list[Assignment]:
    """Return adopted moves first, then the longest first: what takes longest should not start last."""
    return sorted(
        placement.assignments,
        key=lambda item: (
            not item.adopt,
            -move_bytes(item.place.guest, item.method, item.copies),
            item.place.guest.name,
            item.place.guest.uuid,
        ),
    )


def _move(assignment: Assignment, number: int, goal: Goal) -> Move:
    guest = assignment.place.guest
    size = move_bytes(guest, assignment.method, assignment.copies)
    return Move(
        id=f"m{number:04d}",
        guest=guest.uuid,
        name=guest.name,
        source=assignment.place.host,
        dest=assignment.dest,
        method=assignment.method,
        copies=assignment.copies,
        adopt=assignment.adopt,
        home=_home(guest, assignment.place.host, goal),
        est_seconds=move_seconds(size),
        est_bytes=size,
        reason=assignment.reason,
    )


def _home(guest: Guest, source: str, goal: Goal) -> Optional[str]:
    """Return the home to note before the guest leaves: an evacuated guest came from somewhere, others keep theirs."""
    return guest.notes.home or (source if goal is Goal.EVACUATE else None)


def leftovers(snapshot: Snapshot, request: Request) -> tuple[Leftover, ...]:
    """Return what interrupted moves from or to the concerned hosts left behind."""
    found = []
    for places in by_uuid(snapshot).values():
        home = residence(places)
        claims = [place.guest.notes.claim for place in (home, *places)]
        claim = next((claim for claim in claims if claim is not None), None)
        if claim is None or in_flight(places) or home.host not in (claim.source, claim.dest):
            continue
        if {claim.source, claim.dest} & set(request.hosts):
            left = unfinished_source(places)
            found.append(Leftover(home.guest.uuid, home.guest.name, home.host, claim, left.host if left else None))
    return tuple(sorted(found, key=lambda item: (item.name, item.guest)))
