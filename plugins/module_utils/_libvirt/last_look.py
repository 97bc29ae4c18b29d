"""What keeps a move from starting though it was planned, looked at right before. Changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from .._model.host import version_text
from .._model.plan import Move
from .._model.refusal import Refusal, RefusalCode
from .._model.request import Method
from .._model.settings import MoveSettings, Transport
from . import blockjobs, volumes
from .binding import libvirt
from .claims import claimed_volumes
from .connection import Fleet
from .flags import parameters_of
from .flags_transfer import TYPED_SINCE_9_4
from .lookup import find


def refusals_before(fleet: Fleet, move: Move, settings: MoveSettings) -> list[Refusal]:
    """Return what speaks against the move by now."""
    found = []
    if settings.transport is Transport.P2P and not fleet.entries[move.dest].peer_uri:
        found.append(Refusal(RefusalCode.NO_PEER_URI, move.name, move.dest))
    if move.method is not Method.OFFLINE and _has_block_job(fleet, move):
        found.append(Refusal(RefusalCode.BUSY, move.name))
    found += binding_too_old(move, parameters_of(move, settings, fleet.entries[move.dest]))
    if move.copies:
        ours = claimed_volumes(fleet, move)
        for ref in volumes.existing(fleet.control(move.dest), move.copies):
            if ref not in ours:
                facts = {"pool": ref.pool, "volume": ref.volume}
                found.append(Refusal(RefusalCode.DISK_EXISTS, move.name, move.dest, facts))
    return found


def binding_too_old(move: Move, parameters: dict[str, Any]) -> list[Refusal]:
    """Refuse what this Python's binding would send with a type that libvirt does not take."""
    if not TYPED_SINCE_9_4 & set(parameters) or hasattr(libvirt, "VIR_MIGRATE_PARAM_COMPRESSION_ZLIB_LEVEL"):
        return []
    has = f"libvirt-python {version_text(libvirt.getVersion())}"
    facts = {"option": "compression_level", "has": has, "needs": "libvirt-python 9.4.0"}
    return [Refusal(RefusalCode.OPTION_UNSUPPORTED, move.name, "the conductor", facts)]


def _has_block_job(fleet: Fleet, move: Move) -> bool:
    """Libvirt does not count it among the guest's jobs, so the survey may not have seen it."""
    domain = find(fleet, move.source, move.guest)
    if domain is None or not domain.isActive():  # gone since the survey, which the engine finds by itself
        return False
    return blockjobs.has_block_job(domain, blockjobs.targets_of(domain))
