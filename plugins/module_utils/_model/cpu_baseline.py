"""The CPU that hosts of a fleet share, who holds it back, and which guests do not fit it. Values; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Optional

from .guest import GuestCpu


@dataclass(frozen=True)
class CpuGroup:
    """Hosts that can be asked for one shared CPU: those of an architecture that run guests of this type."""

    arch: str
    virt_type: str
    hosts: tuple[str, ...]
    machine: Optional[str] = None


@dataclass(frozen=True)
class HostKind:
    """Hosts that are the same to guests: their QEMU gives the same CPU, of the same releases. One speaks for all."""

    hosts: tuple[str, ...]
    cpu: GuestCpu
    libvirt_version: int
    qemu_version: int

    @property
    def speaker(self) -> str:
        """The host that is asked for all of them."""
        return self.hosts[0]


@dataclass(frozen=True)
class Computed:
    """What libvirt on ``host`` says that CPUs have in common; ``cpu`` is None where it could not, and ``error`` why."""

    host: str
    call: str
    cpu: Optional[GuestCpu] = None
    error: Optional[str] = None


@dataclass(frozen=True)
class Refused:
    """A host that does not accept the shared CPU after all, with libvirt's words."""

    host: str
    said: str


@dataclass(frozen=True)
class HeldBack:
    """Hosts without which the others could share more: what model, and which features beyond the shared CPU's."""

    hosts: tuple[str, ...]
    model: Optional[str]
    gained: tuple[str, ...]


@dataclass(frozen=True)
class Baseline:
    """The shared CPU of a group. ``features`` are all that it has, those of its model included.

    ``left_out`` are hosts of the group that offer no CPU that could be compared, with the reason.
    """

    group: CpuGroup
    kinds: tuple[HostKind, ...]
    computed: Computed
    features: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def cpu(self) -> Optional[GuestCpu]:
        """The CPU itself, None where there is none that all hosts accept."""
        return None if self.refused else self.computed.cpu


class Misfit(enum.Enum):
    """Why a guest's CPU does not let it go to every host."""

    FEATURES = "cpu_features"
    OWN_HOST = "cpu_of_its_host"
    AT_START = "cpu_chosen_at_start"


@dataclass(frozen=True)
class Lack:
    """Hosts that miss the same features for a guest; none are named where its CPU differs otherwise."""

    hosts: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class GuestFit:
    """Whether a guest's CPU lets it go to every host of its group; ``lacks`` where it does not."""

    guest: str
    name: str
    host: str
    group: CpuGroup
    cpu: GuestCpu
    active: bool
    misfit: Optional[Misfit] = None
    lacks: tuple[Lack, ...] = ()


@dataclass(frozen=True)
class Definition:
    """The CPU that a guest's definition should have, as XML, and whether it is there already."""

    xml: str
    there: bool
