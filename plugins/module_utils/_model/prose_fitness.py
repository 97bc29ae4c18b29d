"""Why a host is not fit to take guests, in words: what it is and what mends it. Must decide nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping

from .fitness import Unfit, UnfitCode

_C = UnfitCode

_TEXTS: Mapping[UnfitCode, tuple[str, str]] = {
    _C.DAEMON_SILENT: (
        "libvirt does not answer: {error}",
        "look at its log there (journalctl -u libvirtd, or virtqemud)",
    ),
    _C.POOL_IDLE: ("storage pool {name} starts by itself and is not active", "try virsh pool-start {name} there"),
    _C.NETWORK_IDLE: ("network {name} starts by itself and is not active", "try virsh net-start {name} there"),
    _C.CLOCK_OFF: ("its clock is {seconds} s off the conductor's", "see to its time synchronisation"),
    _C.PEERS_REFUSE: (
        "it reaches the libvirt of no other host; {name}: {error}",
        "try virsh -c {uri} hostname as root there",
    ),
    _C.PORTS_BLOCKED: (
        "it gets through to no other host's ports for migrations; {name}: {error}",
        "open those ports, or look at its network",
    ),
    _C.PORTS_TAKEN: ("none of its ports {ports} for migrations is free", "find out who listens on them"),
    _C.CERTIFICATE_MISSING: ("certificate {path} is missing: {why}", "put it there"),
    _C.CERTIFICATE_EXPIRED: ("certificate {path} has expired", "renew it"),
    _C.CERTIFICATE_INVALID: ("certificate {path} is not valid: {why}", "put a valid one there"),
}


def describe_unfit(unfit: Unfit) -> dict[str, str]:
    """Return the reason as modules give it back."""
    message, remedy = (text.format_map(unfit.facts) for text in _TEXTS[unfit.code])
    return {"code": unfit.code.value, "message": message, "remedy": remedy}
