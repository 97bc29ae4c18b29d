"""Reads the PlanetLab day of the energy benchmark as fleet and trace, places guests as CloudSim does. Judges nothing.

Setting of the consolidation literature (Beloglazov and Buyya, CloudSim's power package): 800 hosts, half of them HP
ProLiant ML110 G4 and half G5 in turn, four types of guests. One "CPU" here is 10 MIPS, as production knows no speed of
a CPU: a G4 has 372 of them, a G5 532.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
import tarfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState, PowerModel
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.values import Trace

MIB = 1024 * 1024
MIPS = 10  # of one CPU
HOSTS = 800
STEP_SECONDS = 300
AMPLE = 1 << 40
TAKEN_AT = "2011-03-03T00:00:00Z"


@dataclass(frozen=True)
class HostType:
    """MIPS of one core, of which it has two, and SPECpower's watts at 0, 10 ... 100 % load."""

    core: int
    watts: tuple[float, ...]


@dataclass(frozen=True)
class GuestType:
    """MIPS of its one vCPU, and memory in MiB."""

    mips: int
    memory_mib: int


G4 = HostType(1860, (86.0, 89.4, 92.6, 96.0, 99.5, 102.0, 106.0, 108.0, 112.0, 114.0, 117.0))
G5 = HostType(2660, (93.7, 97.0, 101.0, 105.0, 110.0, 116.0, 121.0, 125.0, 129.0, 133.0, 135.0))
HOST_MEMORY_MIB = 4096
GUESTS = (GuestType(2500, 870), GuestType(2000, 1740), GuestType(1000, 1740), GuestType(500, 613))


@dataclass(frozen=True)
class Day:
    """A day's fleet, its guests placed, and what they want."""

    name: str
    snapshot: Snapshot
    trace: Trace


def read_rows(archive: Path) -> list[tuple[float, ...]]:
    """Return the percentages of each file of the archive, sorted by name: 288 each."""
    with tarfile.open(archive) as tar:
        files = sorted((member for member in tar if member.isfile()), key=lambda member: Path(member.name).name)
        texts = [file.read().decode() for member in files if (file := tar.extractfile(member)) is not None]
    return [tuple(float(word) for word in text.split()) for text in texts]


def resampled(rows: Sequence[Sequence[float]], seed: int) -> list[tuple[float, ...]]:
    """Return another day of the same kind: guests drawn with replacement, each turned round the clock by a random time.

    A day turned so begins at another hour, and guests no longer rise together as they did on the recorded one.
    """
    draw = random.Random(seed)
    found = []
    for _guest in rows:
        row, turn = rows[draw.randrange(len(rows))], draw.randrange(len(rows[0]))
        found.append((*row[turn:], *row[:turn]))
    return found


def day_of(name: str, rows: Sequence[Sequence[float]], *, memory: bool, removal: bool = False) -> Day:
    """Return the day; without ``memory`` hosts have more of it than anybody needs, once the guests are placed.

    ``removal``: a guest is gone for good as soon as its trace shows 0, as CloudSim has it.
    """
    types = [GUESTS[index // -(-len(rows) // len(GUESTS))] for index in range(len(rows))]
    guests = [_guest(index, kind) for index, kind in enumerate(types)]
    wanted = {
        guest.uuid: tuple(percent / 100 * kind.mips / MIPS for percent in row)
        for guest, kind, row in zip(guests, types, rows)
    }
    ends = {guest.uuid: first for guest, row in zip(guests, rows) if removal and (first := _first_zero(row))}
    trace = Trace(STEP_SECONDS, len(rows[0]), wanted, ends)
    return Day(name, _fleet(guests, _static(types), memory=memory), trace)


def booting(day: Day, boot_seconds: float, shutdown_seconds: float) -> Day:
    """Return the day on hosts that take their time to be switched on and off."""
    hosts = tuple(
        replace(host, power=replace(host.power, boot_seconds=boot_seconds, shutdown_seconds=shutdown_seconds))
        for host in day.snapshot.hosts
        if host.power is not None
    )
    return replace(day, snapshot=replace(day.snapshot, hosts=hosts))


def host_type(index: int) -> HostType:
    """Return what the host of that number is: G4 and G5 in turn."""
    return (G4, G5)[index % 2]


def _first_zero(row: Sequence[float]) -> int:
    """Return the step at which the guest is gone: CloudSim looks a moment after a value, between it and the next."""
    pairs = zip(row, row[1:])
    return next((step for step, pair in enumerate(pairs) if step and pair == (0, 0)), 0)


def _static(types: Sequence[GuestType]) -> list[int]:
    """Return each guest's host: the first with a core as fast, and with MIPS and memory left for all it may want."""
    mips = [2 * host_type(index).core for index in range(HOSTS)]
    memory = [HOST_MEMORY_MIB] * HOSTS
    at = []
    for kind in types:
        host = next(
            index
            for index in range(HOSTS)
            if host_type(index).core >= kind.mips and mips[index] >= kind.mips and memory[index] >= kind.memory_mib
        )
        mips[host] -= kind.mips
        memory[host] -= kind.memory_mib
        at.append(host)
    return at


def _guest(index: int, kind: GuestType) -> Guest:
    name = f"g{index:04d}"
    return Guest(
        uuid=str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        name=name,
        state=GuestState.RUNNING,
        memory=kind.memory_mib * MIB,
        vcpus=1,
    )


def _fleet(guests: Sequence[Guest], at: Sequence[int], *, memory: bool) -> Snapshot:
    on_host: dict[int, list[Guest]] = {}
    for guest, host in zip(guests, at):
        on_host.setdefault(host, []).append(guest)
    hosts = tuple(_host(index, tuple(on_host.get(index, ())), memory) for index in range(HOSTS))
    return Snapshot(TAKEN_AT, hosts)


def _host(index: int, guests: tuple[Guest, ...], memory: bool) -> Host:
    kind = host_type(index)
    name = f"h{index:03d}"
    size = HOST_MEMORY_MIB * MIB if memory else AMPLE
    return Host(
        name=name,
        # CloudSim has hosts without guests switched off
        state=HostState.SCHEDULABLE if guests else HostState.STANDBY,
        uuid=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"host {name}")),
        memory=size,
        allocatable_memory=size,
        cpus=2 * kind.core // MIPS,
        allocatable_vcpus=len(guests) + 100,
        virt_types=("kvm",),
        power=PowerModel(kind.watts[0], kind.watts[-1], kind.watts, 0.0, 0.0, 0.0),
        guests=guests,
    )
