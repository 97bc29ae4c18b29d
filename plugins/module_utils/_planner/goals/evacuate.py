"""Goal evacuate: no guest is left on the given hosts, shut-off ones included. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..._model.plan import Request
from ..._model.snapshot import Located, Snapshot
from ..find import candidates, residents
from ..placement import Wish


def wishes(snapshot: Snapshot, request: Request) -> tuple[Wish, ...]:
    """Return a wish for every guest on the hosts of the request; those hosts are no candidates."""
    leaving = set(request.hosts)
    return tuple(_wish(place, snapshot, request) for place in residents(snapshot) if place.host in leaving)


def _wish(place: Located, snapshot: Snapshot, request: Request) -> Wish:
    others = tuple(name for name in candidates(snapshot, request) if name not in request.hosts)
    return Wish(place, others, f"{place.host} is evacuated", request.method)
