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

_MEND = "guest_migration of it with mend: true does so where the state of all copies proves it right, or says why not"

_TEXTS: Mapping[AnomalyKind, tuple[str, str]] = {
    _K.RUNS_TWICE: (
        "{name} is active on {hosts} at the same time, and nothing moves it",
        "find out which copy is right and destroy the other, no run moves anything before; " + _MEND,
    ),
    _K.GHOST: (
        "{name} is active on {home}, and {other} has a paused incoming copy of it to which nothing moves",
        "destroy the copy on {other} once no migration of it is under way; " + _MEND,
    ),
    _K.LEFTOVER_DEFINITION: (
        "{name} is on {home}, and {other} has a definition of it that a move has left there",
        _RERUN,
    ),
    _K.DEFINED_TWICE: (
        "{name} is defined on {hosts}, and no interrupted move of ours explains that",
        "undefine the copy that is not needed; " + _MEND,
    ),
    _K.UNFINISHED: (
        "a move of {name} between {home} and {other} was interrupted{volumes}",
        _RERUN,
    ),
    _K.LEFT_PAUSED: (
        "{name} runs nowhere: a migration that nobody drives any more has left it paused on {hosts}",
        "resume it on {home} if it has not gone on elsewhere meanwhile; " + _MEND,
    ),
    _K.POST_COPY_BROKEN: (
        "{name} stands still: the link between {hosts} broke in post-copy, and either has a part of its memory",
        "destroy neither copy; mend the link, then run guest_migration of it to {home}, or evacuate {other}: "
        "that resumes it",
    ),
    _K.POST_COPY_HALF: (
        "{name} stands still: its post-copy broke, {home} has a part of its memory, no host that answers has the rest",
        "bring the other host back, then run again; if its half is gone for good, so is what the guest held in memory: "
        "destroy what is left on {home} and start the guest anew",
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
