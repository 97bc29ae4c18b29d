"""The option host_checks and its way into a snapshot, and how guests would be moved. The docs are in doc_fragments."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._model.errors import FleetError
from .._model.host import Host, HostState
from .._model.host_check import read_checks
from .._model.settings import Transport, Wanted
from .._model.snapshot import Snapshot


def checks_spec() -> dict[str, Any]:
    """Return the option ``host_checks``."""
    return {"host_checks": {"type": "dict", "default": {}}}


def wanted_spec() -> dict[str, Any]:
    """Return the options that say how guests would be moved, for modules that move none."""
    return {
        "transport": {"type": "str", "choices": ["p2p", "direct"], "default": "p2p"},
        "tls": {"type": "bool", "default": True},
        "post_copy": {"type": "bool", "default": False},
    }


def wanted_of(params: Mapping[str, Any]) -> Wanted:
    """Return how guests would be moved."""
    return Wanted(Transport(params["transport"]), params["tls"], params["post_copy"])


def with_checks(snapshot: Snapshot, params: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot with the looks that were given, in place of those that it has; raises FleetError on others.

    A host that the fleet does not have is a slip: most likely the looks are of another fleet.
    """
    checks = read_checks(params["host_checks"])
    strangers = sorted(set(checks) - {host.name for host in snapshot.hosts})
    if strangers:
        raise FleetError(
            f"host_checks has {strangers[0]!r}, which is not in hosts", "Give what was found on the hosts of this fleet"
        )
    return replace(snapshot, host_checks=checks) if checks else snapshot


def unchecked_lines(snapshot: Snapshot) -> list[str]:
    """Return a sentence for each host that was not looked at though others were."""
    return [
        f"host {host.name} itself was not looked at, so its certificates, ports and names are unknown to the plan"
        for host in snapshot.hosts
        if snapshot.host_checks and host.name not in snapshot.host_checks and _matters(host)
    ]


def _matters(host: Host) -> bool:
    """Return whether guests may come to the host, or go from it."""
    return host.state is HostState.SCHEDULABLE or (host.state is HostState.MAINTENANCE and bool(host.guests))
