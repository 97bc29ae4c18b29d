"""What interrupted moves left behind on the hosts that a request is about. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from .._model.guest import JobKind
from .._model.plan import Leftover
from .._model.request import Request
from .._model.snapshot import Snapshot, by_uuid, residence
from .compat import in_flight, unfinished_copy
from .select import goal_hosts


def leftovers(snapshot: Snapshot, request: Request) -> tuple[Leftover, ...]:
    """Return what interrupted moves from or to the concerned hosts left behind; where none are named, on all."""
    concerned = goal_hosts(request, snapshot.hosts) or frozenset(host.name for host in snapshot.hosts)
    found = []
    for places in by_uuid(snapshot).values():
        home = residence(places)
        claims = [place.guest.notes.claim for place in (home, *places)]
        claim = next((claim for claim in claims if claim is not None), None)
        if claim is None or in_flight(places) or home.host not in (claim.source, claim.dest):
            continue
        if any(place.guest.job is JobKind.INCOMING for place in places):
            # it holds the volumes open, or may be all there is of the guest: the claim explains it until it is mended
            continue
        if {claim.source, claim.dest} & concerned:
            left = unfinished_copy(places)
            found.append(Leftover(home.guest.uuid, home.guest.name, home.host, claim, left.host if left else None))
    return tuple(sorted(found, key=lambda item: (item.name, item.guest)))
