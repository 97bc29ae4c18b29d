"""A host with what it offers to guests, and the guests on it. Memory and sizes are in bytes."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from .guest import Guest, GuestCpu


class HostState(enum.Enum):
    """SCHEDULABLE takes guests; MAINTENANCE keeps its mark until it is taken off; UNREACHABLE did not answer.

    STANDBY is powered off on purpose: it takes guests once a plan has woken it. Its figures are those last known.
    """

    SCHEDULABLE = "schedulable"
    MAINTENANCE = "maintenance"
    STANDBY = "standby"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Pool:
    """A storage pool. ``identity`` names storage that other hosts can reach too; None is storage of this host alone."""

    name: str
    kind: str
    active: bool
    path: Optional[str] = None
    identity: Optional[str] = None
    capacity: int = 0
    available: int = 0


@dataclass(frozen=True)
class Image:
    """A volume of a local pool that guests elsewhere need as it is: a base image, or read-only media.

    ``length`` is that of its file in bytes, ``backing`` the path of the image below it.
    """

    pool: str
    volume: str
    format: str
    capacity: int
    length: int
    backing: Optional[str] = None


class MissingMedia(enum.Enum):
    """What becomes of media in a guest that comes here, where their image is not here.

    REFUSE the move. EJECT what is in a CD-ROM or floppy drive. COPY the image here first.
    """

    REFUSE = "refuse"
    EJECT = "eject"
    COPY = "copy"


@dataclass(frozen=True)
class Maps:
    """What names of the fleet are called on this host: what a guest uses elsewhere to what it uses here.

    ``paths`` are folders, and what is below them.
    """

    bridges: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, str] = field(default_factory=dict)
    pools: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Network:
    """A libvirt network and the bridge behind it, if it has one; ``mtu`` where its definition sets one."""

    name: str
    active: bool
    bridge: Optional[str] = None
    mtu: Optional[int] = None


@dataclass(frozen=True)
class CpuLack:
    """What the host's libvirt misses for a guest's CPU: names of features, none where the CPU differs otherwise."""

    cpu: GuestCpu
    virt_type: str
    missing: tuple[str, ...] = ()
    said: str = ""


@dataclass(frozen=True)
class HostCpu:
    """The host's CPU as libvirt sees it, and the named models that its QEMU can give to a guest.

    ``lacks`` has those CPUs of the fleet's guests that libvirt's own comparison finds wanting here.
    """

    arch: str = "x86_64"
    model: Optional[str] = None
    vendor: Optional[str] = None
    usable_models: tuple[str, ...] = ()
    lacks: tuple[CpuLack, ...] = ()

    def lack(self, cpu: GuestCpu, virt_type: str) -> Optional[CpuLack]:
        """Return what the host lacks for that CPU, None where nothing."""
        return next((each for each in self.lacks if (each.cpu, each.virt_type) == (cpu, virt_type)), None)


@dataclass(frozen=True)
class Maintenance:
    """The maintenance mark: why, and since when (ISO 8601)."""

    reason: str = ""
    since: str = ""


@dataclass(frozen=True)
class NumaCell:
    """A NUMA node: bytes of memory for guests, and free huge pages by size in KiB (as text, for JSON)."""

    id: int
    memory: int
    hugepages: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PowerModel:
    """Watts at rest and at full load; ``table`` refines it: watts at 0, 10 ... 100 % load, as SPECpower gives them.

    ``off_watts`` is what its BMC draws while it is off. It boots for ``boot_seconds`` and shuts down for
    ``shutdown_seconds``, and draws as much as at full load meanwhile, at most.
    """

    idle_watts: float
    full_watts: float
    table: tuple[float, ...] = ()
    off_watts: float = 0.0
    boot_seconds: float = 180.0
    shutdown_seconds: float = 60.0


@dataclass(frozen=True)
class Pressure:
    """Percent of the last minute in which something on the host waited for CPU, memory or storage (the kernel's PSI).

    Each as the line ``some``, avg60; None where its kernel does not tell.
    """

    cpu: Optional[float] = None
    memory: Optional[float] = None
    io: Optional[float] = None


@dataclass(frozen=True)
class Host:
    """A host as surveyed. Versions are libvirt's numbers: 1,000,000 * major + 1,000 * minor + release.

    ``images`` are volumes of its local pools that guests of other hosts may need. ``reuse_images``: disks that come
    here may stand on such a base image.
    ``deprecated_machine_types`` are those of its machine types that its QEMU will drop.
    ``mtus`` are those of its network devices, by name, where libvirt tells them. ``emulates_tpm``: swtpm is there;
    None where libvirt is too old to tell.
    ``migration_bandwidth_mibs``: what all moves together may send from it, and as much to it, in MiB/s.
    ``migration_policy``: the convergence policy of guests that leave it.
    ``usage_cpus``: how many CPUs' worth of time was used on it, by its guests and all else. ``pressure``: as the host
    itself told, None where nobody has asked it.
    ``power_since``: when it was last switched on or off (ISO 8601, UTC), None: long ago, as far as anybody knows.
    """

    name: str
    state: HostState
    error: Optional[str] = None
    uuid: Optional[str] = None
    libvirt_version: int = 0
    qemu_version: int = 0
    memory: int = 0
    allocatable_memory: int = 0
    usage_memory: int = 0
    usage_cpus: Optional[float] = None
    pressure: Optional[Pressure] = None
    cpus: int = 0
    allocatable_vcpus: int = 0
    cpu: HostCpu = HostCpu()
    virt_types: tuple[str, ...] = ()
    machine_types: tuple[str, ...] = ()
    deprecated_machine_types: tuple[str, ...] = ()
    pools: tuple[Pool, ...] = ()
    networks: tuple[Network, ...] = ()
    bridges: tuple[str, ...] = ()
    maintenance: Optional[Maintenance] = None
    labels: Mapping[str, str] = field(default_factory=dict)
    site: Optional[str] = None
    rack: Optional[str] = None
    # milliseconds to users, by the name that the inventory has for them
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    power: Optional[PowerModel] = None
    power_since: Optional[str] = None
    numa_cells: tuple[NumaCell, ...] = ()
    mtus: Mapping[str, int] = field(default_factory=dict)
    emulates_tpm: Optional[bool] = None
    # the most active guests, as the inventory has it; a hard rule of its own. None: no limit
    max_guests: Optional[int] = None
    migration_bandwidth_mibs: Optional[int] = None
    migration_policy: Optional[str] = None
    guests: tuple[Guest, ...] = ()
    images: tuple[Image, ...] = ()
    maps: Maps = Maps()
    reuse_images: bool = True
    missing_media: MissingMedia = MissingMedia.REFUSE

    def image(self, pool: Optional[str], volume: Optional[str]) -> Optional[Image]:
        """Return the image of that pool and name, or None."""
        return next((image for image in self.images if (image.pool, image.volume) == (pool, volume)), None)

    def pool(self, name: Optional[str]) -> Optional[Pool]:
        """Return the pool of that name, or None."""
        return next((pool for pool in self.pools if pool.name == name), None)


def version_text(number: int) -> str:
    """Return libvirt's version number as people write it: 7002000 as 7.2.0."""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
