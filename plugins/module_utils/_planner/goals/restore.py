"""Goal restore: guests whose home is one of the given hosts come back to it. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..._model.plan import Request
from ..._model.snapshot import Snapshot
from ..find import residents
from ..placement import Wish


def wishes(snapshot: Snapshot, request: Request) -> tuple[Wish, ...]:
    """Return a wish for every guest that is away from a home among the hosts of the request."""
    return tuple(
        Wish(place, (home,), f"{home} is its home", request.method)
        for place in residents(snapshot)
        for home in (place.guest.notes.home,)
        if home in request.hosts and home is not None and home != place.host
    )
