"""Argument blocks that several modules share, and their way into values. The documentation is in doc_fragments."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._model.cut_over import cut_over
from .._model.errors import FleetError
from .._model.fleet import HostEntry, check_entry, parse_hosts
from .._model.host import MissingMedia
from .._model.policy import Policy, Step, StepAction
from .._model.settings import MoveSettings, Slots, TimeoutAction, Transport, check_settings, check_slots
from .links import LINK_OPTIONS
from .transfer import transfer_of, transfer_spec

JOURNAL_DIR = "~/.local/state/virtfleet"

MEDIA = [each.value for each in MissingMedia]
MAPS = ("bridge_map", "network_map", "pool_map", "path_map")

# of a host's power model
POWER_OPTIONS: dict[str, Any] = {
    "idle_watts": {"type": "float", "required": True},
    "full_watts": {"type": "float", "required": True},
    "table": {"type": "list", "elements": "float", "default": []},
    "off_watts": {"type": "float", "default": 0.0},
    "boot_seconds": {"type": "float", "default": 180.0},
    "shutdown_seconds": {"type": "float", "default": 60.0},
}

_HOST_OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "uri": {"type": "str", "required": True},
    "peer_uri": {"type": "str"},
    "migration_address": {"type": "str"},
    "listen_address": {"type": "str"},
    "allocatable_memory_mib": {"type": "int"},
    "reserve_memory_mib": {"type": "int", "default": 1024},
    "allocatable_vcpus": {"type": "int"},
    "cpu_overcommit": {"type": "float", "default": 4.0},
    "shared_pools": {"type": "list", "elements": "str", "default": []},
    "maintenance": {
        "type": "dict",
        "options": {"reason": {"type": "str", "default": ""}, "since": {"type": "str", "default": ""}},
    },
    "labels": {"type": "dict", "default": {}},
    "site": {"type": "str"},
    "rack": {"type": "str"},
    "latency_ms": {"type": "dict", "default": {}},
    "power": {"type": "dict", "options": POWER_OPTIONS},
    "power_since": {"type": "str"},
    "pressure": {"type": "dict", "options": {name: {"type": "float"} for name in ("cpu", "memory", "io")}},
    "own_counters": {"type": "bool", "default": True},
    "standby": {"type": "bool", "default": False},
    "standby_like": {"type": "str"},
    "known": {"type": "dict"},
    "memory_mib": {"type": "int"},
    "cpus": {"type": "int"},
    "max_guests": {"type": "int"},
    **{name: {"type": "dict", "default": {}} for name in MAPS},
    "reuse_images": {"type": "bool", "default": True},
    "missing_media": {"type": "str", "choices": MEDIA, "default": "refuse"},
    "links": {"type": "list", "elements": "dict", "default": [], "options": LINK_OPTIONS},
    "migration_bandwidth_mibs": {"type": "int"},
    "migration_policy": {"type": "str"},
}
_STEP_OPTIONS: dict[str, Any] = {
    "action": {"type": "str", "choices": [action.value for action in StepAction], "required": True},
    "max_downtime_ms": {"type": "int"},
    "after": {"type": "float"},
    "after_per_gib": {"type": "float", "default": 0.0},
    "stalled": {"type": "int"},
    "iterations": {"type": "int"},
}
_POLICY_OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "max_downtime_ms": {"type": "int"},
    "auto_converge": {"type": "bool", "default": False},
    "bandwidth_mibs": {"type": "int"},
    "steps": {"type": "list", "elements": "dict", "required": True, "options": _STEP_OPTIONS},
}


def fleet_spec(required: bool = True) -> dict[str, Any]:
    """Return the options ``hosts`` and ``connect_timeout``."""
    return {
        "hosts": {"type": "list", "elements": "dict", "required": required, "options": _HOST_OPTIONS},
        "connect_timeout": {"type": "float", "default": 15},
    }


def slots_spec() -> dict[str, Any]:
    """Return the options that limit how many moves are under way at once."""
    return {
        "max_outbound_per_host": {"type": "int", "default": 6},
        "max_inbound_per_host": {"type": "int", "default": 6},
        "max_per_fleet": {"type": "int", "default": 16},
    }


def settings_spec() -> dict[str, Any]:
    """Return the options that say how guests are moved."""
    return {
        "transport": {"type": "str", "choices": ["p2p", "direct"], "default": "p2p"},
        "tls": {"type": "bool", "default": True},
        "auto_converge": {"type": "bool", "default": False},
        "bandwidth_mibs": {"type": "int"},
        "max_downtime_ms": {"type": "int"},
        "timeout": {"type": "int", "default": 0},
        "timeout_action": {"type": "str", "choices": ["abort", "pause", "post_copy"], "default": "abort"},
        **transfer_spec(),
        "policy": {"type": "str"},
        "policies": {"type": "list", "elements": "dict", "default": [], "options": _POLICY_OPTIONS},
        "link_wait_minutes": {"type": "float", "default": 0.0},
        "cut_over": {"type": "dict", "options": {"from": {"type": "str"}, "to": {"type": "str"}}},
    }


def prediction_spec() -> dict[str, Any]:
    """Return the option that has measured what estimates are made from."""
    return {"measure_dirty_rate_seconds": {"type": "int", "default": 0}}


def usage_spec() -> dict[str, Any]:
    """Return the option that has measured how busy guests are."""
    return {"measure_usage_seconds": {"type": "float", "default": 0}}


def journal_spec() -> dict[str, Any]:
    """Return the options that say where the journal of a run is kept."""
    return {
        "journal_dir": {"type": "path", "default": JOURNAL_DIR},
        "run_id": {"type": "str"},
    }


def hosts_of(params: Mapping[str, Any]) -> tuple[HostEntry, ...]:
    """Return the fleet of the option ``hosts``; raises FleetError on doubles and nonsense."""
    hosts = []
    for item in params["hosts"] or []:
        texts = {name: _texts(item[name]) for name in ("labels", *MAPS)}
        hosts.append({**item, **texts, "latency_ms": _milliseconds(item)})
    return parse_hosts(hosts)


def _milliseconds(item: Mapping[str, Any]) -> dict[str, float]:
    """Return the milliseconds from a host to users, by the inventory's name for them; raises FleetError on nonsense."""
    found = {}
    for users, given in item["latency_ms"].items():
        try:
            found[str(users)] = float(given)
        except (TypeError, ValueError) as error:
            raise FleetError(
                f"latency_ms of host {item['name']} has {given!r} for {users}", "Give milliseconds, zero or more"
            ) from error
        if not 0 <= found[str(users)] < float("inf"):
            raise FleetError(f"latency_ms of host {item['name']} has {given} for {users}", "Give zero or more")
    return found


def maps_spec() -> dict[str, Any]:
    """Return the options that say how a guest's definition changes at its destination."""
    return {
        **{name: {"type": "dict", "default": {}} for name in MAPS},
        "missing_media": {"type": "str", "choices": MEDIA},
    }


def with_maps(entries: tuple[HostEntry, ...], host: str, params: Mapping[str, Any]) -> tuple[HostEntry, ...]:
    """Return the fleet with the maps of the options added to those of ``host``, and what it does with missing media."""
    given = {name: _texts(params[name]) for name in MAPS}
    found = []
    for entry in entries:
        merged: dict[str, Any] = {name: {**getattr(entry, name), **given[name]} for name in MAPS}
        if params["missing_media"] is not None:
            merged["missing_media"] = MissingMedia(params["missing_media"])
        found.append(check_entry(replace(entry, **merged)) if entry.name == host else entry)
    return tuple(found)


def _texts(given: Mapping[Any, Any]) -> dict[str, str]:
    # YAML makes numbers and truth values of what people write
    return {str(key): str(value) for key, value in given.items()}


def settings_of(params: Mapping[str, Any]) -> MoveSettings:
    """Return how guests are moved; raises FleetError on nonsense."""
    return check_settings(
        MoveSettings(
            transport=Transport(params["transport"]),
            tls=params["tls"],
            auto_converge=params["auto_converge"],
            bandwidth_mibs=params["bandwidth_mibs"],
            max_downtime_ms=params["max_downtime_ms"],
            timeout=params["timeout"],
            timeout_action=TimeoutAction(params["timeout_action"]),
            transfer=transfer_of(params),
            policy=params["policy"] or None,
            policies=tuple(_policy(given) for given in params["policies"]),
            link_wait_minutes=params["link_wait_minutes"],
            cut_over=cut_over(params["cut_over"]["from"], params["cut_over"]["to"]) if params["cut_over"] else None,
        ),
        _named_policies(params.get("hosts") or ()),
    )


def _named_policies(hosts: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the policies that hosts and their links name."""
    links = (link for host in hosts for link in host.get("links") or ())
    return tuple(
        name
        for name in (*(host.get("migration_policy") for host in hosts), *(link.get("policy") for link in links))
        if name
    )


def _policy(given: Mapping[str, Any]) -> Policy:
    steps = (Step(**{**step, "action": StepAction(step["action"])}) for step in given["steps"])
    return Policy(**{**given, "steps": tuple(steps)})


def slots_of(params: Mapping[str, Any]) -> Slots:
    """Return the slots; raises FleetError on values below 1."""
    return check_slots(Slots(params["max_outbound_per_host"], params["max_inbound_per_host"], params["max_per_fleet"]))
