"""The filter fleet_hosts: inventory variables to the option hosts of every module. Small, pure, and decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional
from urllib.parse import quote, urlencode

from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._model.power_state import standby_notes
from ..module_utils._model.standby import Note, is_standby_mark, sleeping

# Inventory variable to option, for those that are handed over as they are.
_AS_IS = {
    "virtfleet_allocatable_memory_mib": "allocatable_memory_mib",
    "virtfleet_reserve_memory_mib": "reserve_memory_mib",
    "virtfleet_allocatable_vcpus": "allocatable_vcpus",
    "virtfleet_cpu_overcommit": "cpu_overcommit",
    "virtfleet_shared_pools": "shared_pools",
    "virtfleet_migration_address": "migration_address",
    "virtfleet_listen_address": "listen_address",
    "virtfleet_labels": "labels",
    "virtfleet_site": "site",
    "virtfleet_rack": "rack",
    "virtfleet_latency_ms": "latency_ms",
    "virtfleet_power_model": "power",
    "virtfleet_power_since": "power_since",
    "virtfleet_own_counters": "own_counters",
    "virtfleet_standby_like": "standby_like",
    "virtfleet_memory_mib": "memory_mib",
    "virtfleet_cpus": "cpus",
    "virtfleet_max_guests": "max_guests",
    "virtfleet_bridge_map": "bridge_map",
    "virtfleet_network_map": "network_map",
    "virtfleet_pool_map": "pool_map",
    "virtfleet_path_map": "path_map",
    "virtfleet_reuse_images": "reuse_images",
    "virtfleet_missing_media": "missing_media",
    "virtfleet_links": "links",
    "virtfleet_migration_bandwidth_mibs": "migration_bandwidth_mibs",
    "virtfleet_migration_policy": "migration_policy",
}

# A host that may be in maintenance takes no guests.
_UNKNOWN = {"reason": "Ansible could not read its mark, so it may be marked", "since": ""}


def fleet_hosts(
    names: Sequence[str], hostvars: Mapping[str, Any], unmarked: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return one entry per host name, sorted, ``unmarked`` as without marks; raises AnsibleFilterError on no hosts."""
    if not names:
        raise AnsibleFilterError("the group of hosts is empty: add hypervisors to it, or name another group")
    fleet = {name: hostvars[name] for name in sorted(set(names))}
    marks_read = any(_mark_known(variables) for variables in fleet.values())
    notes = standby_notes(fleet, fleet)
    entries = [_entry(name, variables, marks_read, notes.get(name)) for name, variables in fleet.items()]
    return [_without_mark(entry) if entry["name"] in unmarked else entry for entry in entries]


def _without_mark(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {option: value for option, value in entry.items() if option != "maintenance"}


def _entry(name: str, variables: Mapping[str, Any], marks_read: bool, note: Optional[Note]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "uri": variables.get("virtfleet_uri") or _ssh_uri(name, variables)}
    entry["peer_uri"] = variables.get("virtfleet_peer_uri") or _peer_uri(name, variables)
    entry.update({option: variables[key] for key, option in _AS_IS.items() if variables.get(key) is not None})
    if _flag(name, variables, "virtfleet_own_counters", True):
        entry.update(_pressed(variables))
    if note is not None and note.get("since") and "power_since" not in entry:
        entry["power_since"] = note["since"]
    if sleeping(note, _answers(variables), str(variables.get("virtfleet_power_state", ""))):
        return {**entry, **_noted(note or {}, variables)}
    # of a host that was just woken the inventory may still say that it sleeps
    woken = variables.get("virtfleet_power_state") == "on" and _answers(variables)
    standby = _flag(name, variables, "virtfleet_standby", False) and not woken
    if standby:
        entry["standby"] = True
    # a host that is switched off can't tell its mark, and is not suspected for it
    mark = _UNKNOWN if marks_read and not standby and not _mark_known(variables) else _mark(variables)
    return entry if mark is None else {**entry, "maintenance": mark}


def _noted(note: Note, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the note of a host on standby says. One that failed to wake is left alone by every plan.

    The mark that it had when it was switched off is of no account, one of another reason is.
    """
    mark = _mark(variables)
    if note.get("failure"):
        mark = {"reason": f"it failed to wake: {note['failure']}", "since": str(note.get("since", ""))}
    found: dict[str, Any] = {"standby": True}
    if note.get("known"):
        found["known"] = note["known"]
    return found if mark is None or is_standby_mark(mark) else {**found, "maintenance": mark}


def _flag(name: str, variables: Mapping[str, Any], variable: str, default: bool) -> bool:
    """Return whether the variable is set to true; an INI inventory says so in words."""
    value = variables.get(variable)
    try:
        return default if value is None else bool(boolean(value))
    except TypeError as error:
        raise AnsibleFilterError(f"{variable} of host {name} is {value!r}: use true or false") from error


def _ssh_uri(name: str, variables: Mapping[str, Any]) -> str:
    """Return the URI by which Ansible's own way to the host serves libvirt too; ssh checks the host's key strictly."""
    user = variables.get("ansible_user")
    port = variables.get("ansible_port")
    authority = (f"{quote(str(user))}@" if user else "") + _bracketed(str(variables.get("ansible_host") or name))
    authority += f":{port}" if port else ""
    query = {"no_tty": "1"}
    if variables.get("ansible_ssh_private_key_file"):
        query["keyfile"] = str(variables["ansible_ssh_private_key_file"])
    if variables.get("ansible_ssh_executable"):
        query["command"] = str(variables["ansible_ssh_executable"])
    return f"qemu+ssh://{authority}/system?{urlencode(query, quote_via=quote)}"


def _peer_uri(name: str, variables: Mapping[str, Any]) -> str:
    """Return the URI by which other hosts' daemons reach this one."""
    transport = str(variables.get("virtfleet_peer_transport") or "tls")
    if transport not in ("tls", "ssh"):
        raise AnsibleFilterError(f"virtfleet_peer_transport of host {name} is {transport!r}: use tls or ssh")
    peer = _bracketed(str(variables.get("virtfleet_peer_name") or variables.get("ansible_host") or name))
    return f"qemu+tls://{peer}/system" if transport == "tls" else f"qemu+ssh://root@{peer}/system?no_tty=1"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _answers(variables: Mapping[str, Any]) -> bool:
    """Return whether Ansible has reached the host in this play; facts may be of an earlier one."""
    told = variables.get("virtfleet_mark")
    return "maintenance" in told if told else "ansible_local" in variables


def _mark_known(variables: Mapping[str, Any]) -> bool:
    """Return whether the host has told its mark, or that it has none."""
    return "maintenance" in (variables.get("virtfleet_mark") or {}) or "ansible_local" in variables


def _pressed(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the pressure that the host has told with its mark, as far as its kernel knows it."""
    told = (variables.get("virtfleet_mark") or {}).get("pressure") or {}
    known = {kind: percent for kind, percent in told.items() if percent is not None}
    return {"pressure": known} if known else {}


def _mark(variables: Mapping[str, Any]) -> Optional[dict[str, str]]:
    """Return the maintenance mark that the host has told, if it has one; the newer word first."""
    told = variables.get("virtfleet_mark") or {}
    if "maintenance" not in told:
        told = (variables.get("ansible_local") or {}).get("virtfleet") or {}
    mark = told.get("maintenance")
    return {"reason": str(mark.get("reason", "")), "since": str(mark.get("since", ""))} if mark else None


class FilterModule:
    """The filters of this file, as Ansible looks for them."""

    def filters(self) -> dict[str, Any]:
        return {"fleet_hosts": fleet_hosts}
