"""From a move and its settings to libvirt's flags and typed parameters. A table; must call nothing of libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Optional
from urllib.parse import urlsplit

from .._model.fleet import HostEntry
from .._model.plan import Move
from .._model.request import Method
from .._model.settings import MoveSettings, Transport
from .flags_transfer import transfer_flags, transfer_parameters

# virDomainMigrateFlags by their names in the header, so that the table can be read without the binding.
LIVE = 1 << 0
PEER2PEER = 1 << 1
PERSIST_DEST = 1 << 3
UNDEFINE_SOURCE = 1 << 4
PAUSED = 1 << 5
NON_SHARED_DISK = 1 << 6
NON_SHARED_INC = 1 << 7
CHANGE_PROTECTION = 1 << 8
OFFLINE = 1 << 10
AUTO_CONVERGE = 1 << 13
POSTCOPY = 1 << 15
TLS = 1 << 16
POSTCOPY_RESUME = 1 << 19


def flags_of(move: Move, settings: MoveSettings, persistent: bool, was_paused: bool) -> int:
    """Return the flags. The source is undefined by its own daemon once the destination has confirmed the guest."""
    flags = PEER2PEER if settings.transport is Transport.P2P else CHANGE_PROTECTION
    if persistent:
        flags |= PERSIST_DEST | UNDEFINE_SOURCE
    if move.method is Method.OFFLINE:
        return flags | OFFLINE
    # libvirt keeps a guest paused that was paused before; a running one it suspends itself where LIVE is missing
    flags |= LIVE if move.method is Method.LIVE else 0
    flags |= PAUSED if was_paused else 0
    flags |= _storage_flag(move)
    flags |= TLS if settings.tls else 0
    if move.method is Method.LIVE:
        flags |= AUTO_CONVERGE if settings.auto_converge else 0
        flags |= POSTCOPY if settings.permit_post_copy else 0
    return flags | transfer_flags(move, settings.transfer)


def _storage_flag(move: Move) -> int:
    """Return how disks are copied: of none, of all everything, or of all what is above the images that they stand on.

    A disk that stands on nothing has all of it there, so both kinds can go together.
    """
    if any(copy.backing is not None for copy in move.copies):
        return NON_SHARED_INC
    return NON_SHARED_DISK if move.copies else 0


def parameters_of(move: Move, settings: MoveSettings, dest: HostEntry) -> dict[str, Any]:
    """Return the typed parameters of a move to ``dest``."""
    found = transfer_parameters(move, settings)
    if move.method is Method.OFFLINE:
        return found
    name = urlsplit(dest.peer_uri).hostname if dest.peer_uri else None
    address = dest.migration_address or (name if settings.transfer.migration_port is not None else None)
    if address:
        found["migrate_uri"] = _migrate_uri(address, settings.transfer.migration_port)
    expected = settings.transfer.tls_destination or (name if name != address else None)
    if settings.tls and expected and (address or settings.transfer.tls_destination):
        found["tls.destination"] = expected
    if dest.listen_address:
        found["listen_address"] = dest.listen_address
    if settings.bandwidth_mibs is not None:
        found["bandwidth"] = settings.bandwidth_mibs
    if move.copies:
        found["migrate_disks"] = [copy.target for copy in move.copies]
    return found


def _migrate_uri(address: str, port: Optional[int]) -> str:
    bracketed = f"[{address}]" if ":" in address else address
    return f"tcp://{bracketed}" if port is None else f"tcp://{bracketed}:{port}"
