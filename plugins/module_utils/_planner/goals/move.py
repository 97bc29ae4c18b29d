"""Goal move: the named guests are on the given host. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..._model.plan import Request
from ..._model.snapshot import Snapshot
from ..find import guest_named, residents
from ..placement import Wish


def wishes(snapshot: Snapshot, request: Request) -> tuple[Wish, ...]:
    """Return a wish for every guest of the request that is elsewhere; raises FleetError on an unknown guest."""
    (dest,) = request.hosts
    places = residents(snapshot)
    wanted = {guest_named(name, places, snapshot).guest.uuid for name in request.guests}
    return tuple(
        Wish(place, (dest,), f"asked to be on {dest}", request.method)
        for place in places
        if place.guest.uuid in wanted and place.host != dest
    )
