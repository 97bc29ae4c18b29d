"""What became of hosts that were to be switched, from what the role power noted of each. Pure; switches nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from .standby import Notes, merged, with_notes

Variables = Mapping[str, Any]

ON, OFF, UNKNOWN, NO_BMC = "on", "off", "unknown", "none"


def power_result(names: Sequence[str], group: Sequence[str], hostvars: Mapping[str, Variables]) -> dict[str, Any]:
    """Return the state of every host of the group, and of the named ones who is on or off as wished, or failed."""
    status = {name: str(hostvars[name].get("virtfleet_power_state", UNKNOWN)) for name in sorted(group)}
    outcomes = {name: hostvars[name].get("power_outcome") or {} for name in sorted(names)}
    # a host of which nothing is noted was lost on the way: Ansible goes on without it
    failed = {
        name: str(outcome.get("failed", "Ansible lost it"))
        for name, outcome in outcomes.items()
        if "power" not in outcome
    }
    done = {name: str(outcome["power"]) for name, outcome in outcomes.items() if "power" in outcome}
    return {
        "status": status,
        "on": [name for name, power in done.items() if power == ON],
        "off": [name for name, power in done.items() if power == OFF],
        "failed": failed,
        "watts": measured_watts(group, hostvars),
    }


def measured_watts(names: Iterable[str], hostvars: Mapping[str, Variables]) -> dict[str, float]:
    """Return what the BMCs of hosts that are on measure, by name, without those that measure nothing."""
    told = {
        name: watts_told(hostvars[name].get("virtfleet_watts"))
        for name in sorted(names)
        if hostvars[name].get("virtfleet_power_state") == ON
    }
    return {name: watts for name, watts in told.items() if watts is not None}


def power_notes(names: Sequence[str], group: Sequence[str], hostvars: Mapping[str, Variables], now: str) -> Notes:
    """Return the notes that every host of the group should have: what they have told, and what is due about the named.

    The same notes for all, times too, so that the next run finds nothing to write.
    """
    due = {name: dict(hostvars[name]["power_note"]) for name in sorted(names) if hostvars[name].get("power_note")}
    return with_notes(standby_notes(group, hostvars), due, now)


def note_keepers(names: Sequence[str], group: Sequence[str], hostvars: Mapping[str, Variables]) -> list[str]:
    """Return the hosts of the group that stay on and have told their notes: they remember who was switched off."""
    others = sorted(set(group) - set(names))
    return [name for name in others if "notes" in (hostvars[name].get("virtfleet_standby_notes") or {})]


def standby_notes(names: Iterable[str], hostvars: Mapping[str, Variables]) -> dict[str, Any]:
    """Return the newest note about each host, of those that the named hosts have told."""
    return merged(_told(hostvars[name]) for name in sorted(names))


def _told(variables: Variables) -> Notes:
    told = variables.get("virtfleet_standby_notes") or {}
    if "notes" in told:
        return told["notes"] or {}
    return (variables.get("ansible_local") or {}).get("virtfleet_standby") or {}


def watts_told(value: Any) -> Optional[float]:
    """Return the watts that a BMC measures, None where it does not; some of Ansible's versions hand on text."""
    try:
        watts = float(value)
    except (TypeError, ValueError):
        return None
    return watts if 0 < watts < math.inf else None


def redfish_watts(answer: Mapping[str, Any]) -> Optional[float]:
    """Return what all chassis of a Redfish BMC draw, None where none is measured; ``answer``: of redfish_info."""
    told = (answer.get("redfish_facts") or {}).get("chassis_power") or {}
    measured = [watts_told(entry.get("PowerConsumedWatts")) for entry in told.get("entries") or []]
    known = [watts for watts in measured if watts is not None]
    return sum(known) if known else None


def redfish_power(answer: Mapping[str, Any], system: str = "") -> str:
    """Return what a Redfish BMC says of the system, the only one where none is named; ``answer``: of redfish_info."""
    found = ((answer.get("redfish_facts") or {}).get("system") or {}).get("entries") or []
    systems = [entry[1] for entry in found if len(entry) == 2]
    named = [each for each in systems if not system or str(each.get("Id")) == system]
    if len(named) != 1 or not named[0].get("PowerState"):
        return UNKNOWN
    # a system that is on its way up or down may run something
    return OFF if named[0]["PowerState"] == "Off" else ON
