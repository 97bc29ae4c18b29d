"""What is asked of the goal relocate and makes no sense, refused before anything is planned. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math

from .._model.errors import FleetError
from .._model.request import Goal, Request
from .._model.snapshot import Snapshot
from .find import guest_named, similar
from .select import labels_of

_CAN_BE_WHOLE = frozenset({Goal.EVACUATE, Goal.RESTORE, Goal.MOVE, Goal.RELOCATE})


def check_relocation(request: Request, dests: bool) -> None:
    """Raise FleetError where it is not said who goes, or where to; or where another goal is given what it can't honour.

    ``dests``: hosts are allowed by name, by site or by labels.
    """
    goal = request.goal
    if request.all_or_none and goal not in _CAN_BE_WHOLE:
        raise FleetError(
            f"all_or_none means nothing to the goal {goal.value}", "It wants nobody in particular elsewhere"
        )
    if (request.max_latency_ms is None) != (request.near is None):
        given, other = ("near", "max_latency_ms") if request.near is not None else ("max_latency_ms", "near")
        raise FleetError(
            f"{given} is given without {other}", "Say to which users, and how many milliseconds are enough"
        )
    if goal is not Goal.RELOCATE:
        for label in ("dest_of", "near"):
            if getattr(request, label):
                raise FleetError(f"{label} means nothing to the goal {goal.value}", "Leave it out")
        return
    if not (dests or request.dest_of or request.near is not None):
        raise FleetError("no destination is given", "Say where to: dests, dest_sites, dest_labels, dest_of or near")
    if not (request.guests or request.labels or request.hosts or request.sites or request.dest_of):
        raise FleetError("nothing is given that is to go", "Say which: guests, labels, hosts, sites or dest_of")


def check_places(snapshot: Snapshot, request: Request) -> None:
    """Raise FleetError on a guest, a label, a place or users that nobody knows."""
    if request.dest_of:
        _check_map(snapshot, request)
    most = request.max_latency_ms
    if most is not None and (most < 0 or not math.isfinite(most)):
        raise FleetError(f"max_latency_ms is {most:g}", "Give zero or more")
    users = {name for host in snapshot.hosts for name in host.latency_ms}
    if request.near is not None and request.near not in users:
        known = f"Known are: {', '.join(sorted(users))}" if users else "Say in the inventory: virtfleet_latency_ms"
        raise FleetError(f"no host has a latency to {request.near!r}", similar(request.near, sorted(users)) or known)


def _check_map(snapshot: Snapshot, request: Request) -> None:
    places = {host.name for host in snapshot.hosts} | {host.site for host in snapshot.hosts if host.site is not None}
    guests = [place.guest for place in snapshot.residents]
    labels = {label for guest in guests for label in labels_of(guest)}
    names = {guest.name for guest in guests}
    for who, where in sorted(request.dest_of.items()):
        if "=" not in who or who in names:
            guest_named(who, snapshot.residents, snapshot)
        elif who not in labels:
            known = similar(who, labels) or "Set it with guest_rules, or correct dest_of"
            raise FleetError(f"no guest on the hosts that answered has the label {who} of dest_of", known)
        if where not in places:
            known = similar(where, sorted(places)) or f"Known are: {', '.join(sorted(places))}"
            raise FleetError(f"dest_of sends {who} to {where!r}, which is no host and no site", known)
