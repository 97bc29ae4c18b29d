"""Options of a simulation, and their way into values. The documentation is in the module fleet_simulation."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .._model.errors import FleetError
from .._model.host import HostState
from .._model.request import Goal
from .._model.settings import Wanted
from .._model.snapshot import Snapshot, read_snapshot
from .._whatif.fleet_list import fleet_of
from .._whatif.planned import Practice
from .._whatif.values import Moving
from .arguments import POWER_OPTIONS, slots_of
from .history import WINDOW_OPTIONS, window_of
from .links import links_of, with_links
from .request import request_of
from .shell import read_text

MIB = 1024 * 1024

_HOST_OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "cpus": {"type": "int", "required": True},
    "memory_mib": {"type": "int", "required": True},
    "cpu_overcommit": {"type": "float", "default": 4.0},
    "standby": {"type": "bool", "default": False},
    "site": {"type": "str"},
    "rack": {"type": "str"},
    "labels": {"type": "dict", "default": {}},
    "power": {"type": "dict", "required": True, "options": POWER_OPTIONS},
}
_GUEST_OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "host": {"type": "str", "required": True},
    "vcpus": {"type": "int", "required": True},
    "memory_mib": {"type": "int", "required": True},
    "labels": {"type": "dict", "default": {}},
}


def simulation_spec() -> dict[str, Any]:
    """Return the options beside those of a request."""
    fleet = {
        "hosts": {"type": "list", "elements": "dict", "required": True, "options": _HOST_OPTIONS},
        "guests": {"type": "list", "elements": "dict", "default": [], "options": _GUEST_OPTIONS},
    }
    return {
        "fleet": {"type": "dict", "options": fleet},
        "snapshot_file": {"type": "path"},
        "trace_file": {"type": "path"},
        "history_file": {"type": "path"},
        "step_minutes": {"type": "int", "default": 15},
        "every_minutes": {"type": "int", "default": 60},
        "relief_minutes": {"type": "int", "default": 5},
        **WINDOW_OPTIONS,
        "migration_mib_per_second": {"type": "float", "default": 100.0},
        "lost_percent": {"type": "float", "default": 10.0},
    }


def fleet_in(params: Mapping[str, Any]) -> Snapshot:
    """Return the fleet that the user gave; raises FleetError where a host is silent or has no power model."""
    if params["fleet"] is not None:
        snapshot = fleet_of(_without_nones(params["fleet"]))
    else:
        what = f"snapshot file {params['snapshot_file']}"
        snapshot = read_snapshot(read_text(params["snapshot_file"], what), what)
    for host in snapshot.hosts:
        if host.state is HostState.UNREACHABLE:
            raise FleetError(f"host {host.name} did not answer when the snapshot was taken", "Take one where all do")
        if host.power is None:
            raise FleetError(f"host {host.name} has no power model", "Give it virtfleet_power_model (watts)")
        if host.cpus < 1:
            raise FleetError(f"host {host.name} has {host.cpus} CPUs", "Give 1 or more")
    return with_links(snapshot, links_of(params))


def step_of(params: Mapping[str, Any]) -> int:
    """Return the seconds of a step; raises FleetError on nonsense."""
    if params["step_minutes"] < 1:
        raise FleetError(f"step_minutes is {params['step_minutes']}", "Give 1 or more")
    return int(params["step_minutes"]) * 60


def practice_of(params: Mapping[str, Any]) -> Practice:
    """Return how the fleet is run; raises FleetError on nonsense."""
    for name, least in (("every_minutes", 1), ("relief_minutes", 0)):
        if params[name] < least:
            raise FleetError(f"{name} is {params[name]}", f"Give {least} or more")
    window = window_of(params)
    request = request_of(params, Wanted(), Goal.CONSOLIDATE)
    return Practice(request, window, params["every_minutes"], params["relief_minutes"])


def moving_of(params: Mapping[str, Any]) -> Moving:
    """Return how guests move; raises FleetError on nonsense."""
    speed, lost = params["migration_mib_per_second"], params["lost_percent"]
    if not 0 < speed < math.inf:
        raise FleetError(f"migration_mib_per_second is {speed:g}", "Give MiB/s above zero")
    if not 0 <= lost <= 100:
        raise FleetError(f"lost_percent is {lost:g}", "Give 0 to 100")
    return Moving(speed * MIB, fixed_seconds=1.5, lost_share=lost / 100, slots=slots_of(params))


def _without_nones(value: Any) -> Any:
    """Return the options without those that were not given, which arrive as None."""
    if isinstance(value, Mapping):
        return {key: _without_nones(item) for key, item in value.items() if item is not None}
    return [_without_nones(item) for item in value] if isinstance(value, list) else value
