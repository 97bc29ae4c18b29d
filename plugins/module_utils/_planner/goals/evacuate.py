"""Goal evacuate: no guest is left on the given hosts, shut-off ones included. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence

from ..._model.plan import Request
from ..._model.snapshot import Located, Snapshot, by_uuid
from ..compat import unfinished_source
from ..find import candidates, residents
from ..placement import Wish


def wishes(snapshot: Snapshot, request: Request) -> tuple[Wish, ...]:
    """Return a wish for every guest on the hosts of the request; those hosts are no candidates."""
    copies = by_uuid(snapshot)
    return tuple(
        _wish(place, snapshot, request)
        for home in residents(snapshot)
        for place in _leaving(home, copies[home.guest.uuid], request)
    )


def _leaving(home: Located, copies: Sequence[Located], request: Request) -> list[Located]:
    """Return the guest if it lives on a host to empty, else its copies there that nothing takes away: to be named."""
    if home.host in request.hosts:
        return [home]
    mended = unfinished_source(copies)
    return [place for place in copies if place.host in request.hosts and place != mended]


def _wish(place: Located, snapshot: Snapshot, request: Request) -> Wish:
    others = tuple(name for name in candidates(snapshot, request) if name not in request.hosts)
    return Wish(place, others, f"{place.host} is evacuated", request.method)
