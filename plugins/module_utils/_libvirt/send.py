"""libvirt's call that moves a guest: one for every guest, those of test migrations too. Decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from .._model.plan import Move
from .._model.settings import MoveSettings, Transport
from .connection import Fleet
from .definitions import definitions
from .flags import parameters_of


def send(fleet: Fleet, transport: Transport, move: Move, settings: MoveSettings, domain: Any, flags: int) -> None:
    """Move the guest, which takes as long as that takes; ``domain`` is it at its source, on a lane of its own."""
    dest = fleet.entries[move.dest]
    parameters = {**parameters_of(move, settings, dest), **definitions(domain, move)}
    if transport is Transport.P2P:
        domain.migrateToURI3(dest.peer_uri, parameters, flags)
        return
    with fleet.lane(move.dest) as dest_lane:
        domain.migrate3(dest_lane, parameters, flags)
