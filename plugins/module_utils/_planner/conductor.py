"""The conductor as a guest of the fleet: its host is emptied last. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._model.request import Request
from .._model.snapshot import Snapshot


def with_conductor_last(snapshot: Snapshot, request: Request, uuids: Sequence[str]) -> tuple[Request, list[str]]:
    """Return the request with the guest last that the conductor is, if it is one, and a line that says so.

    ``uuids``: those that the conductor would have as a guest.
    """
    found = [place for place in snapshot.residents if place.guest.uuid in uuids]
    own = tuple(place.guest.uuid for place in found)
    told = [f"This conductor is the guest {place.guest.name} on {place.host}, which comes last" for place in found]
    return replace(request, last=(*request.last, *own)), told
