"""The options of a test migration, and their way into settings. The documentation is in the module host_trial."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._model.errors import FleetError
from .._model.settings import MoveSettings, Transport, check_settings
from .._model.transfer import Compression, TransferOptions


def trial_spec() -> dict[str, Any]:
    """Return the options beside those of the fleet; of how guests are moved, those that decide whether a move works."""
    return {
        "name": {"type": "str", "required": True},
        "partners": {"type": "int", "default": 3},
        "timeout": {"type": "float", "default": 60},
        "transport": {"type": "str", "choices": ["p2p", "direct"], "default": "p2p"},
        "tls": {"type": "bool", "default": True},
        "parallel_connections": {"type": "int"},
        "zerocopy": {"type": "bool", "default": False},
        "compression": {"type": "str", "choices": [method.value for method in Compression]},
    }


def check_trial(params: Mapping[str, Any]) -> None:
    """Raise FleetError on options that make no sense, before anything is contacted."""
    if params["partners"] < 1:
        raise FleetError(f"partners is {params['partners']}", "Give 1 or more")
    if not params["timeout"] > 0:
        raise FleetError(f"timeout is {params['timeout']:g}", "Give seconds above zero")
    trial_settings(params)


def trial_settings(params: Mapping[str, Any]) -> MoveSettings:
    """Return how the guest is moved; raises FleetError on nonsense."""
    method = params["compression"]
    options = TransferOptions(
        parallel_connections=params["parallel_connections"],
        zerocopy=params["zerocopy"],
        compression=None if method is None else Compression(method),
    )
    return check_settings(MoveSettings(Transport(params["transport"]), params["tls"], transfer=options))
