"""A guest as libvirt describes it, reduced to what placement and migration need. Memory and sizes are in bytes."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from .guest_policy import GuestPolicy
from .rules import GuestRule


class GuestState(enum.Enum):
    """States of virDomainState that matter for a move; the rest is OTHER."""

    RUNNING = "running"
    PAUSED = "paused"
    SHUT_OFF = "shut_off"
    CRASHED = "crashed"
    OTHER = "other"


# not a set: members are compared by identity before they'd be hashed, which Python does slowly for enums
ACTIVE = (GuestState.RUNNING, GuestState.PAUSED, GuestState.OTHER)


class JobKind(enum.Enum):
    """What libvirt is doing with a guest at the moment."""

    OUTGOING = "outgoing_migration"
    INCOMING = "incoming_migration"
    OTHER = "other"


class DiskKind(enum.Enum):
    """How the guest's XML names the disk; NONE is an empty drive."""

    FILE = "file"
    BLOCK = "block"
    NETWORK = "network"
    VOLUME = "volume"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True)
class Layer:
    """An image below a disk's own; ``pool`` and ``volume`` as in Disk."""

    source: str
    format: Optional[str] = None
    pool: Optional[str] = None
    volume: Optional[str] = None


@dataclass(frozen=True)
class Disk:
    """One disk; ``pool`` and ``volume`` name the libvirt pool of the guest's host that holds it, if one does.

    ``backing`` is the image right below it, ``chain`` that one and all below it. ``transient``: what is written to it
    is lost at the guest's end.
    """

    target: str
    kind: DiskKind
    source: Optional[str] = None
    format: Optional[str] = None
    pool: Optional[str] = None
    volume: Optional[str] = None
    device: str = "disk"
    readonly: bool = False
    shareable: bool = False
    capacity: Optional[int] = None
    allocation: Optional[int] = None
    backing: Optional[str] = None
    chain: tuple[Layer, ...] = ()
    transient: bool = False


@dataclass(frozen=True)
class GuestCpu:
    """CPU that the guest was given: mode as in libvirt's XML (custom, host-model, host-passthrough, maximum, none).

    ``features`` it requires, ``disabled`` it must not see; ``check`` is how closely libvirt compares it with the host.
    """

    mode: str = "none"
    model: Optional[str] = None
    features: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    vendor: Optional[str] = None
    check: Optional[str] = None


@dataclass(frozen=True)
class Interface:
    """A network interface: kind as in libvirt's XML (network, bridge, ...), and the name of what it is plugged into."""

    kind: str
    source: Optional[str] = None


@dataclass(frozen=True)
class VolumeRef:
    """A storage volume by the name of its pool and its own name."""

    pool: str
    volume: str


@dataclass(frozen=True)
class MoveClaim:
    """Written in the guest before a move begins, so that whoever comes after a crash knows what is left of it.

    ``volumes`` are those made at the destination, ``copied`` those at the source that they replace. ``restart``: the
    guest is shut down for the move, and has to be started wherever it is found shut off.
    """

    source: str
    dest: str
    autostart: bool = False
    volumes: tuple[VolumeRef, ...] = ()
    copied: tuple[VolumeRef, ...] = ()
    restart: bool = False


@dataclass(frozen=True)
class Balanced:
    """That goal balance has begun to move the guest: when last (ISO 8601, UTC), and how many times in close order."""

    at: str
    times: int = 1


@dataclass(frozen=True)
class Notes:
    """What the collection keeps in the guest's own libvirt metadata; it travels with the guest."""

    home: Optional[str] = None
    claim: Optional[MoveClaim] = None
    labels: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[GuestRule, ...] = ()
    policy: GuestPolicy = GuestPolicy()
    balanced: Optional[Balanced] = None


@dataclass(frozen=True)
class Guest:
    """One guest on one host. ``usage_cpu_seconds`` is CPU time used since its start.

    ``dirty_rate`` is how many bytes of its memory it writes per second, where that was measured,
    ``held_memory`` how many bytes of it held something when it came here by its last move.
    ``usage_cpus`` is how many CPUs' worth of time it uses: a percentile over a window, or of the moment, as measured;
    ``forecast_cpus`` how many it is expected to use at most in the time to come, where its history is known.
    ``usage_memory`` is what its process holds of its host's memory, ``balloon_used`` what it needs itself, as its
    balloon driver tells. ``usage_disk`` (read and written) and ``usage_network`` (received and sent) are bytes per
    second, in the same time as ``usage_cpus``.
    ``hugepage_kib`` is the size of the huge pages that its memory must come from, ``numa_cells`` the only NUMA nodes of
    its host that may give it (strict binding).
    ``has_run``: its vCPUs have run since its process began on this host, by a start or by arriving.
    ``nvram`` is the file of its firmware's variables, ``loader`` that of the firmware itself, ``firmware`` the kind
    that libvirt is asked to find for it (efi, bios).
    ``host_devices`` are devices of its host that it uses, those too that libvirt lets it leave behind; ``tpm`` is the
    backend of its TPM. ``post_copy_broken``: part of its memory is on another host, with which the link broke.
    """

    uuid: str
    name: str
    state: GuestState
    memory: int
    vcpus: int
    persistent: bool = True
    autostart: bool = False
    has_run: bool = True
    arch: str = "x86_64"
    machine: Optional[str] = None
    virt_type: str = "kvm"
    cpu: GuestCpu = GuestCpu()
    disks: tuple[Disk, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    unmovable_devices: tuple[str, ...] = ()
    # kinds of the rules in its metadata that can't be read: as nobody can keep them, it is not moved
    unreadable_rules: tuple[str, ...] = ()
    snapshots: int = 0
    job: Optional[JobKind] = None
    notes: Notes = Notes()
    usage_memory: Optional[int] = None
    balloon_used: Optional[int] = None
    usage_cpu_seconds: Optional[float] = None
    usage_cpus: Optional[float] = None
    forecast_cpus: Optional[float] = None
    usage_disk: Optional[float] = None
    usage_network: Optional[float] = None
    dirty_rate: Optional[int] = None
    held_memory: Optional[int] = None
    hugepage_kib: Optional[int] = None
    numa_cells: tuple[int, ...] = ()
    nvram: Optional[str] = None
    loader: Optional[str] = None
    firmware: Optional[str] = None
    host_devices: tuple[str, ...] = ()
    tpm: Optional[str] = None
    post_copy_broken: bool = False

    @property
    def active(self) -> bool:
        """True where the guest has a process and holds memory."""
        return self.state in ACTIVE

    @property
    def memory_used(self) -> Optional[int]:
        """Bytes of memory in use: as the guest itself tells, else what its process holds; None where nobody tells."""
        return self.usage_memory if self.balloon_used is None else self.balloon_used

    @property
    def wanted_cpus(self) -> float:
        """CPUs to keep ready for it: the larger of usage and forecast, 0 where it has no process or nobody measured."""
        return max(self.usage_cpus or 0.0, self.forecast_cpus or 0.0) if self.active else 0.0
