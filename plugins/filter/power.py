"""The filters of the role power: what its hosts have told, put together. Small; the deciding is in _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Optional

from ..module_utils._model import power_state, standby


def power_result(names: Sequence[str], hostvars: Mapping[str, Any], group: Sequence[str]) -> dict[str, Any]:
    """Return who is on, who is off and who failed of the named hosts, and the state of the whole group."""
    return power_state.power_result(names, group, hostvars)


def note_keepers(names: Sequence[str], hostvars: Mapping[str, Any], group: Sequence[str]) -> list[str]:
    """Return the hosts that remember the named ones."""
    return power_state.note_keepers(names, group, hostvars)


def power_notes(
    names: Sequence[str], hostvars: Mapping[str, Any], group: Sequence[str], now: datetime
) -> dict[str, Any]:
    """Return the notes that every host of the group should have; ``now`` in UTC."""
    stamp = now.replace(tzinfo=timezone.utc).isoformat(timespec="seconds")
    return dict(power_state.power_notes(names, group, hostvars, stamp))


def standby_notes(names: Sequence[str], hostvars: Mapping[str, Any]) -> dict[str, Any]:
    """Return the newest note about each host, of those that the named hosts have told."""
    return power_state.standby_notes(names, hostvars)


def standby_mark(mark: Any) -> bool:
    """Return whether a maintenance mark, or none, is that of a host that was switched off on purpose."""
    return standby.is_standby_mark(mark or None)


def redfish_power(answer: Mapping[str, Any], system: str = "") -> str:
    """Return what a Redfish BMC says of its system."""
    return power_state.redfish_power(answer, system)


def redfish_watts(answer: Mapping[str, Any]) -> Optional[float]:
    """Return what a Redfish BMC measures of its chassis, None where it measures nothing."""
    return power_state.redfish_watts(answer)


class FilterModule:
    """The filters of this file, as Ansible looks for them."""

    def filters(self) -> dict[str, Any]:
        return {
            "note_keepers": note_keepers,
            "power_notes": power_notes,
            "power_result": power_result,
            "redfish_power": redfish_power,
            "redfish_watts": redfish_watts,
            "standby_mark": standby_mark,
            "standby_notes": standby_notes,
        }
