"""What half-done moves have left, in words: what it means and what mends it. Must decide nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .anomaly import Anomaly, AnomalyKind
from .codec import to_json

_K = AnomalyKind
_RERUN = (
    "the next evacuation of {home}, or of {other}, removes it; so does guest_migration of this guest to either host"
)

_TEXTS: Mapping[AnomalyKind, tuple[str, str]] = {
    _K.RUNS_TWICE: (
        "{name} is active on {hosts} at the same time, and nothing moves it",
        "find out which copy is right and destroy the other; no run moves anything before",
    ),
    _K.GHOST: (
        "{name} is active on {home}, and {other} has a paused incoming copy of it to which nothing moves",
        "see that no migration of it is under way, then destroy the copy on {other} (virsh destroy)",
    ),
    _K.LEFTOVER_DEFINITION: (
        "{name} has arrived on {home}, but its old definition is still on {other}",
        _RERUN,
    ),
    _K.DEFINED_TWICE: (
        "{name} is defined on {hosts}, and no interrupted move of ours explains that",
        "undefine the copy that is not needed",
    ),
    _K.UNFINISHED: (
        "a move of {name} between {home} and {other} was interrupted{volumes}",
        _RERUN,
    ),
}


def describe_anomaly(anomaly: Anomaly) -> dict[str, Any]:
    """Return the anomaly as modules give it back."""
    home, other = anomaly.hosts[0], anomaly.hosts[-1]
    names = ", ".join(f"{ref.volume} in pool {ref.pool}" for ref in anomaly.volumes)
    volumes = f"; what was copied there is left: {names}" if names else ""
    fields = {
        "name": anomaly.name,
        "hosts": " and ".join(anomaly.hosts),
        "home": home,
        "other": other,
        "volumes": volumes,
    }
    meaning, remedy = (text.format_map(fields) for text in _TEXTS[anomaly.kind])
    return {**to_json(anomaly), "message": meaning, "remedy": remedy}
