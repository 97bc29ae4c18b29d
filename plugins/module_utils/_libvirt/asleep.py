"""A host on standby as the inventory describes it. Must not connect to it, nor call anything of libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
from typing import Optional

from .._model.fleet import MIB, HostEntry, as_told
from .._model.host import Host, HostState


def allocatable(memory: int, entry: HostEntry) -> int:
    """Return the bytes that guests may have of ``memory``."""
    if entry.allocatable_memory_mib is not None:
        return entry.allocatable_memory_mib * MIB
    return max(0, memory - entry.reserve_memory_mib * MIB)


def vcpus(cpus: int, entry: HostEntry) -> int:
    """Return the vCPUs that guests may have of ``cpus``."""
    return entry.allocatable_vcpus if entry.allocatable_vcpus is not None else int(cpus * entry.cpu_overcommit)


def asleep(entry: HostEntry, like: Optional[Host]) -> Host:
    """Return the host with the inventory's figures; ``like`` is a surveyed host of the same build, or None.

    Without one it is as it was known before it was switched off.

    What only that host tells: versions, CPU, machine types, networks, and pools of storage that is not its own.
    A host with a maintenance mark stays in maintenance, so that no plan wakes it.
    """
    itself = like is None and entry.known is not None
    twin = like or entry.known or Host(entry.name, HostState.STANDBY)
    memory = twin.memory if entry.memory_mib is None else entry.memory_mib * MIB
    cpus = twin.cpus if entry.cpus is None else entry.cpus
    return dataclasses.replace(
        as_told(twin, entry),
        name=entry.name,
        state=HostState.STANDBY if entry.maintenance is None else HostState.MAINTENANCE,
        error=None,
        uuid=None,
        memory=memory,
        allocatable_memory=allocatable(memory, entry),
        usage_memory=0,
        usage_cpus=None,
        pressure=None,
        cpus=cpus,
        allocatable_vcpus=vcpus(cpus, entry),
        pools=tuple(pool for pool in twin.pools if itself or pool.identity is not None),
        numa_cells=(),
        images=(),
        guests=(),
    )
