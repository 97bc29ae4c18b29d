"""The options that say how memory and disks are sent, and their way into values. Documentation: doc_fragments."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from .._model.errors import FleetError
from .._model.fleet import HostEntry
from .._model.settings import MoveSettings
from .._model.snapshot import Snapshot
from .._model.transfer import Compression, TransferOptions


def transfer_spec() -> dict[str, Any]:
    """Return the options that hold for every move of a run."""
    return {
        "parallel_connections": {"type": "int"},
        "zerocopy": {"type": "bool", "default": False},
        "compression": {"type": "str", "choices": [method.value for method in Compression]},
        "compression_level": {"type": "int"},
        "xbzrle_cache_mib": {"type": "int"},
        "auto_converge_initial": {"type": "int"},
        "auto_converge_increment": {"type": "int"},
        "post_copy_bandwidth_mibs": {"type": "int"},
        "switchover_bandwidth_mibs": {"type": "int"},
        "abort_on_error": {"type": "bool", "default": False},
        "storage_synchronous_writes": {"type": "bool", "default": False},
        "detect_zeroes": {"type": "bool", "default": False},
        "allow_unsafe": {"type": "bool", "default": False},
    }


def one_guest_spec() -> dict[str, Any]:
    """Return the options that make sense for one guest and one destination only."""
    return {
        "new_name": {"type": "str"},
        "tls_destination": {"type": "str"},
        "migration_port": {"type": "int"},
        "disks_port": {"type": "int"},
        "disks_uri": {"type": "str"},
        "graphics_uri": {"type": "str"},
    }


def transfer_of(params: Mapping[str, Any]) -> TransferOptions:
    """Return the options; those of one guest are missing where a module plans for many."""
    single = {name: params.get(name) for name in one_guest_spec()}
    common = {name: params[name] for name in transfer_spec() if name != "compression"}
    method = params["compression"]
    return TransferOptions(compression=None if method is None else Compression(method), **common, **single)


def check_address(settings: MoveSettings, dest: Optional[HostEntry]) -> None:
    """Raise FleetError where a port is given and no address that it could belong to."""
    if settings.transfer.migration_port is None or dest is None or dest.migration_address or dest.peer_uri:
        return
    raise FleetError(
        f"migration_port is given, and neither migration_address nor peer_uri of host {dest.name}",
        "Say at which address that port is",
    )


def guest_of(snapshot: Snapshot, wanted: str, host: str, new_name: Optional[str]) -> str:
    """Return the guest to move: the one wanted, or its UUID where an earlier run has moved and renamed it already.

    Raises FleetError where it is at the destination under its old name, since a guest is renamed as it moves.
    """
    if new_name is None or new_name == wanted:
        return wanted
    found = next((home for home in snapshot.residents if wanted in (home.guest.name, home.guest.uuid)), None)
    if found is None:
        done = next((home for home in snapshot.residents if (home.guest.name, home.host) == (new_name, host)), None)
        return wanted if done is None else done.guest.uuid
    if found.host == host and found.guest.name != new_name:
        raise FleetError(
            f"guest {found.guest.name} is on {host} already, and a guest is renamed only as it moves",
            "Leave new_name out, or move the guest to another host",
        )
    return wanted
