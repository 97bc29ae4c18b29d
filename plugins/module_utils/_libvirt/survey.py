"""Look at every host of a fleet at the same time and return a snapshot. Changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import datetime
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from .._engine.ports import DriverError
from .._model.errors import FleetError
from .._model.fleet import MIB, HostEntry, as_told, links_of
from .._model.guest import Disk, Guest, JobKind
from .._model.host import Host, HostState, Pool
from .._model.snapshot import Snapshot
from .._model.trial import is_trial
from . import cpus, guest_xml, host_xml
from .advice import remedy_for
from .asleep import allocatable, asleep, vcpus
from .binding import libvirt
from .connection import Fleet, error_text
from .dirty_rate import check_seconds, with_dirty_rates
from .images import chain_of, images_of, wanted_names
from .offline_copy import is_stand_in
from .post_copy import is_broken
from .usage import host_cpus, look, with_usage
from .xml import parse, text_of

# A survey is of one moment; whoever wants an hour's average has a monitoring system.
_LONGEST_LOOK = 600
# ends of guests' own network cards, which nobody plugs anything into
_OF_GUESTS = ("vnet", "macvtap", "tap")
# pools of shared file systems, from which a disk can be copied to another site
_FILES = ("netfs", "dir", "fs")


def survey(fleet: Fleet, measure_usage_seconds: float = 0, measure_dirty_rate_seconds: int = 0) -> Snapshot:
    """Return the fleet as it is now; a host that does not answer in time is in it as unreachable, with the reason.

    ``measure_usage_seconds``: look twice, that far apart, to tell what guests and hosts use. Hosts on standby are
    not asked. ``measure_dirty_rate_seconds``: sample for so long how fast each running guest writes to its memory.
    """
    check_seconds(measure_dirty_rate_seconds)
    if not 0 <= measure_usage_seconds <= _LONGEST_LOOK:
        raise FleetError(
            f"measure_usage_seconds is {measure_usage_seconds:g}", f"Give a number from 0 to {_LONGEST_LOOK}"
        )
    awake = [entry for entry in fleet.entries.values() if not entry.standby]
    known = _asked(
        fleet,
        awake,
        fleet.timeout + measure_usage_seconds + measure_dirty_rate_seconds,
        lambda entry: _host(fleet.control(entry.name), entry, measure_usage_seconds, measure_dirty_rate_seconds),
    )
    known = _with_images(fleet, _compared(fleet, known))
    sleeping = [asleep(entry, known.get(entry.standby_like or "")) for entry in fleet.entries.values() if entry.standby]
    taken_at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    hosts = sorted((*known.values(), *sleeping), key=lambda host: host.name)
    return Snapshot(taken_at, tuple(hosts), links_of(tuple(fleet.entries.values())))


def _asked(
    fleet: Fleet, entries: Sequence[HostEntry], seconds: float, ask: Callable[[HostEntry], Host]
) -> dict[str, Host]:
    """Return what all hosts answer, asked at the same time; one that does not in time is unreachable."""
    found: dict[str, Host] = {}
    threads = [threading.Thread(target=_into, args=(found, entry, ask), daemon=True) for entry in entries]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    answered = dict(found)
    late = f"no answer within {fleet.timeout:g} s"
    return {entry.name: answered.get(entry.name) or _unreachable(entry, late) for entry in entries}


def _into(found: dict[str, Host], entry: HostEntry, ask: Callable[[HostEntry], Host]) -> None:
    try:
        found[entry.name] = ask(entry)
    except (libvirt.libvirtError, DriverError, FleetError) as error:
        text = error_text(error)
        found[entry.name] = _unreachable(entry, ". ".join(filter(None, (text.rstrip("."), remedy_for(text)))))


def _compared(fleet: Fleet, known: Mapping[str, Host]) -> dict[str, Host]:
    """Return the hosts with what each lacks for the CPUs of all guests, as its own libvirt says."""
    kinds = cpus.kinds_of(guest for host in known.values() for guest in host.guests)
    asked = [fleet.entries[name] for name, host in known.items() if host.state is not HostState.UNREACHABLE]
    if not kinds:
        return dict(known)
    told = _asked(
        fleet, asked, fleet.timeout, lambda entry: cpus.with_lacks(fleet.control(entry.name), known[entry.name], kinds)
    )
    return {**known, **told}


def _with_images(fleet: Fleet, known: Mapping[str, Host]) -> dict[str, Host]:
    """Return the hosts with the images that guests of any of them stand on or read; without such, nobody asks."""
    names = wanted_names(known.values())
    asked = [fleet.entries[name] for name, host in known.items() if host.state is not HostState.UNREACHABLE]

    def ask(entry: HostEntry) -> Host:
        host = known[entry.name]
        return dataclasses.replace(host, images=images_of(fleet.control(entry.name), host.pools, names))

    return {**known, **_asked(fleet, asked, fleet.timeout, ask)} if names else dict(known)


def _unreachable(entry: HostEntry, error: str) -> Host:
    return as_told(Host(entry.name, HostState.UNREACHABLE, error=error), entry)


def _host(connection: Any, entry: HostEntry, measure_usage_seconds: float, dirty_seconds: int = 0) -> Host:
    first = look(connection, entry) if measure_usage_seconds else None
    capabilities = host_xml.capabilities_of(connection.getCapabilities())
    virt_type = capabilities.virt_types[0] if capabilities.virt_types else None
    domain_capabilities = connection.getDomainCapabilities(None, capabilities.arch, None, virt_type, 0)
    info = connection.getInfo()
    memory, cpus = info[1] * MIB, info[2]
    pools = tuple(sorted((_pool(p, entry) for p in connection.listAllStoragePools(0)), key=lambda p: p.name))
    networks = [host_xml.network_of(net.XMLDesc(0), bool(net.isActive())) for net in connection.listAllNetworks(0)]
    guests = _guests(connection, pools, capabilities)
    free_pages = {cell.id: _free_pages(connection, cell, capabilities) for cell in capabilities.cells}
    room, interfaces, used = allocatable(memory, entry), _interfaces(connection), None
    if first is not None:
        time.sleep(max(0.0, first.moment + measure_usage_seconds - time.monotonic()))
        second = look(connection, entry)
        guests, used = with_usage(guests, first, second), host_cpus(first, second)
    if dirty_seconds:
        guests = with_dirty_rates(connection, guests, dirty_seconds)
    host = Host(
        name=entry.name,
        state=HostState.MAINTENANCE if entry.maintenance is not None else HostState.SCHEDULABLE,
        uuid=capabilities.uuid,
        libvirt_version=connection.getLibVersion(),
        qemu_version=connection.getVersion(),
        memory=memory,
        allocatable_memory=room,
        usage_memory=sum(guest.usage_memory or 0 for guest in guests),
        usage_cpus=used,
        cpus=cpus,
        allocatable_vcpus=vcpus(cpus, entry),
        cpu=host_xml.cpu_of(capabilities, domain_capabilities),
        virt_types=capabilities.virt_types,
        machine_types=capabilities.machine_types,
        deprecated_machine_types=capabilities.deprecated,
        pools=pools,
        networks=tuple(sorted(networks, key=lambda net: net.name)),
        bridges=_bridges(connection, interfaces),
        numa_cells=host_xml.numa_cells_of(capabilities, memory, room, free_pages),
        mtus=_mtus(interfaces),
        emulates_tpm=host_xml.emulates_tpm(domain_capabilities),
        guests=guests,
    )
    return as_told(host, entry)


def _free_pages(connection: Any, cell: host_xml.Cell, capabilities: host_xml.Capabilities) -> Mapping[int, int]:
    """Return the free huge pages of a cell; a host without any is not asked."""
    sizes = [size for size in capabilities.hugepage_sizes if cell.pages.get(size)]
    free = connection.getFreePages(sizes, cell.id, 1) if sizes else {}
    return {size: count for pages in free.values() for size, count in pages.items()}


def _pool(pool: Any, entry: HostEntry) -> Pool:
    return host_xml.pool_of(pool.XMLDesc(0), bool(pool.isActive()), entry.shared_pools)


def _guests(connection: Any, pools: tuple[Pool, ...], host: host_xml.Capabilities) -> tuple[Guest, ...]:
    groups = (
        libvirt.VIR_DOMAIN_STATS_STATE
        | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
        | libvirt.VIR_DOMAIN_STATS_BALLOON
        | libvirt.VIR_DOMAIN_STATS_VCPU
        | libvirt.VIR_DOMAIN_STATS_BLOCK
    )
    # a guest in the middle of a job must not hold up the survey
    flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    found = [_guest(domain, stats, pools, host) for domain, stats in connection.getAllDomainStats(groups, flags)]
    guests = (guest for guest in found if guest is not None)
    return tuple(sorted(guests, key=lambda guest: (guest.name, guest.uuid)))


def _guest(
    domain: Any, stats: Mapping[str, Any], pools: tuple[Pool, ...], host: host_xml.Capabilities
) -> Optional[Guest]:
    name, uuid = domain.name(), domain.UUIDString()
    if is_stand_in(name, uuid) or is_trial(name, uuid):
        return None  # no guest of anybody's: it only carries the disks of one, or tries a host
    try:
        persistent = bool(domain.isPersistent())
        state, reason = int(stats["state.state"]), int(stats["state.reason"])
        facts = guest_xml.Facts(
            stats=stats,
            persistent=persistent,
            autostart=bool(persistent and domain.autostart()),
            snapshots=domain.snapshotNum(0),
            job=job_of(domain, state, reason) if is_active(state) else None,
            page_kib=host.page_kib,
            hugepage_kib=host.hugepage_kib,
            post_copy_broken=is_broken((state, reason)),
        )
        guest = guest_xml.guest_of(domain.XMLDesc(0), facts, pools)
    except libvirt.libvirtError as error:
        # it went away between two calls: a migration has just ended, another host has it
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise
    return guest if guest.active else _with_sizes(guest, domain.connect(), pools)


def is_active(state: int) -> bool:
    """Return what isActive() would ask the daemon, from a state that it has just told."""
    return state not in (libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_CRASHED)


def job_of(domain: Any, state: int, reason: int) -> Optional[JobKind]:
    """Return what libvirt is doing with an active guest in that state, None where nothing."""
    try:
        stats = domain.jobStats(0)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_OPERATION_UNSUPPORTED:  # only a migration's source has statistics
            return JobKind.INCOMING
        raise
    operation = stats.get("operation", libvirt.VIR_DOMAIN_JOB_OPERATION_UNKNOWN)
    if operation == libvirt.VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN or (
        # libvirt has no statistics of an incoming migration before its first pass
        state == libvirt.VIR_DOMAIN_PAUSED
        and reason in (libvirt.VIR_DOMAIN_PAUSED_MIGRATION, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP)
        and operation != libvirt.VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT
    ):
        return JobKind.INCOMING
    if stats.get("type", 0) == libvirt.VIR_DOMAIN_JOB_NONE:
        return None
    return JobKind.OUTGOING if operation == libvirt.VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT else JobKind.OTHER


def _with_sizes(guest: Guest, connection: Any, pools: tuple[Pool, ...]) -> Guest:
    """Return a shut-off guest with the sizes of its volumes, which only its pool knows.

    Those of shared file systems too: another site may have to take a copy.
    """
    kinds = {pool.name: pool for pool in pools if pool.active}
    disks = []
    for disk in guest.disks:
        pool = kinds.get(disk.pool or "")
        if not disk.volume or pool is None or (pool.identity is not None and pool.kind not in _FILES):
            disks.append(disk)
        elif pool.identity is None:
            disks.append(_sized(disk, connection, pools))
        else:
            known = _sized(disk, connection, pools)
            # what another host has made there, libvirt here may not have seen
            disks.append(dataclasses.replace(disk, capacity=known.capacity, allocation=known.allocation))
    return dataclasses.replace(guest, disks=tuple(disks))


def _sized(disk: Disk, connection: Any, pools: tuple[Pool, ...]) -> Disk:
    try:
        volume = connection.storagePoolLookupByName(disk.pool).storageVolLookupByName(disk.volume)
        chain = chain_of(connection, volume, pools)
        capacity, allocation = volume.info()[1:3]
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_VOL:
            return dataclasses.replace(disk, volume=None)
        raise
    backing = chain[0].source if chain else None
    return dataclasses.replace(disk, capacity=capacity, allocation=allocation, backing=backing, chain=chain)


def _bridges(connection: Any, interfaces: Sequence[Any]) -> tuple[str, ...]:
    """Return the host's network devices; guests are plugged into bridges, bonds and Open vSwitch alike.

    Where no udev tells libvirt's driver for devices what comes later, only the one for interfaces knows of it.
    """
    devices = connection.listAllDevices(libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET)
    names = {text_of(parse(device.XMLDesc(0)), "capability/interface") or "" for device in devices}
    return tuple(sorted(names.union(interface.name() for interface in interfaces) - {""}))


def _interfaces(connection: Any) -> list[Any]:
    """Return the host's interfaces, none where libvirt's driver for them is not installed."""
    try:
        found = connection.listAllInterfaces(0)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT:
            return []
        raise
    return [interface for interface in found if not interface.name().startswith(_OF_GUESTS)]


def _mtus(interfaces: Sequence[Any]) -> Mapping[str, int]:
    """Return the MTU of each interface that has one."""
    found = {}
    for interface in interfaces:
        try:
            name, mtu = host_xml.mtu_of(interface.XMLDesc(0))
        except libvirt.libvirtError as error:
            # it went away meanwhile
            if error.get_error_code() == libvirt.VIR_ERR_NO_INTERFACE:
                continue
            raise
        if mtu is not None:
            found[name] = mtu
    return found
