"""What a host tells about itself after work on it: does libvirt answer, does it need a reboot. Values only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional


@dataclass(frozen=True)
class Identity:
    """What tells machines apart. Copies of an image may share ``machine_id``; a container has the boot of its host."""

    machine_id: str
    boot_id: str
    container: bool = False


def goes_down_with(here: Identity, there: Identity) -> bool:
    """Return whether what runs ``here`` ends when ``there`` reboots: it is that machine, or a container on it."""
    if here.boot_id != there.boot_id:
        return False
    return not there.container or (bool(here.machine_id) and here.machine_id == there.machine_id)


@dataclass(frozen=True)
class Boot:
    """The running system: its boot, what asks for another one, and daemons that run what is no longer on the disk.

    ``reasons``: why a reboot is needed. ``packages_newer``: packages were changed since the boot.
    """

    boot_id: str
    booted: float
    reasons: tuple[str, ...] = ()
    packages_newer: bool = False
    outdated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Libvirt:
    """What libvirt on a host tells. ``error``: why it does not answer. Idle ones should be active and are not.

    ``active_guests``: names of guests that run, or are paused; None where it does not answer.
    """

    error: Optional[str] = None
    idle_pools: tuple[str, ...] = ()
    idle_networks: tuple[str, ...] = ()
    active_guests: Optional[tuple[str, ...]] = None


class UnfitCode(enum.Enum):
    """Why a host is not fit to take guests."""

    DAEMON_SILENT = "daemon_silent"
    POOL_IDLE = "pool_idle"
    NETWORK_IDLE = "network_idle"
    CLOCK_OFF = "clock_off"
    PEERS_REFUSE = "peers_refuse"
    PORTS_BLOCKED = "ports_blocked"
    PORTS_TAKEN = "ports_taken"
    CERTIFICATE_MISSING = "certificate_missing"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_INVALID = "certificate_invalid"


@dataclass(frozen=True)
class Unfit:
    """One thing that keeps a host from being fit."""

    code: UnfitCode
    facts: Mapping[str, str] = field(default_factory=dict)
