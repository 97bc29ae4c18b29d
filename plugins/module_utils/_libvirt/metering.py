"""Read what hosts and guests have used so far, with few calls per host. Reads the clock; changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .._model.errors import FleetError
from .._model.fleet import HostEntry
from .._model.metering import Kind, Measured, Reading, Subject, by_subject, sample_of, unknown
from .binding import libvirt
from .connection import Fleet
from .counters import KIB, disk_bytes, groups, host_cpu_ns, network_bytes, offered
from .offline_copy import is_stand_in
from .together import ask_hosts

# a recorder that is slower than its schedule records nothing of use
LONGEST_LOOK = 600


def measure(fleet: Fleet, earlier: Mapping[Subject, Reading], seconds: float) -> Measured:
    """Return what the fleet uses; hosts on which the earlier readings do not serve for all are looked at twice.

    ``seconds``: how far apart; 0 looks once. Raises FleetError where no host answers.
    """
    if not 0 <= seconds <= LONGEST_LOOK:
        raise FleetError(f"measure_usage_seconds is {seconds:g}", f"Give a number from 0 to {LONGEST_LOOK}")
    awake = sorted(name for name, entry in fleet.entries.items() if not entry.standby)
    at = int(time.time())
    readings, silent = read_fleet(fleet, awake)
    if awake and len(silent) == len(awake):
        name, why = next(iter(silent.items()))
        raise FleetError(f"none of {len(awake)} hosts answers, among them {name}: {why}", "Nothing was recorded")
    first = by_subject(readings)
    again = sorted(unknown(earlier, first)) if seconds else []
    second: dict[Subject, Reading] = {}
    if again:
        # hosts were asked one after another where their connections were opened: none is looked at again too soon
        latest = max(reading.moment for reading in readings)
        time.sleep(max(0.0, min(seconds, latest + seconds - time.time())))
        second = by_subject(read_fleet(fleet, again)[0])
    return Measured(sample_of(at, earlier, first, second), {**first, **_newer(first, second)}, tuple(again), silent)


def _newer(first: Mapping[Subject, Reading], second: Mapping[Subject, Reading]) -> dict[Subject, Reading]:
    """Return what the second look adds; who came meanwhile is in the next sample only."""
    return {subject: reading for subject, reading in second.items() if subject in first}


def read_fleet(fleet: Fleet, hosts: Sequence[str]) -> tuple[tuple[Reading, ...], dict[str, str]]:
    """Return what these hosts tell of themselves and of their active guests, and of those that are silent the reason.

    All are asked at the same time.
    """
    known, silent = ask_hosts(hosts, fleet.timeout, lambda name: _host(fleet.control(name), fleet.entries[name]))
    return tuple(reading for name in sorted(known) for reading in known[name]), silent


def _host(connection: Any, entry: HostEntry) -> tuple[Reading, ...]:
    wanted = groups() | libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_BALLOON
    # a guest in the middle of a job must not hold up the look
    flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    itself = _itself(connection, entry)
    moment = time.time()
    found = connection.getAllDomainStats(wanted, flags)
    guests = (_guest(domain, stats, entry.name, moment) for domain, stats in found)
    return (itself, *(guest for guest in guests if guest is not None))


def _itself(connection: Any, entry: HostEntry) -> Reading:
    name, moment = entry.name, time.time()
    if not entry.own_counters:
        return Reading(Subject(Kind.HOST, name), name, name, 0, moment)
    cpu = host_cpu_ns(connection)
    memory = offered(lambda: connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS, 0))
    return Reading(Subject(Kind.HOST, name), name, name, 0, moment, cpu, _held(memory))


def _held(stats: Mapping[str, int]) -> Optional[int]:
    """Return bytes of memory that neither lie idle nor cache files."""
    if not {"total", "free"} <= set(stats):
        return None
    return KIB * (stats["total"] - stats["free"] - stats.get("buffers", 0) - stats.get("cached", 0))


def _guest(domain: Any, stats: Mapping[str, Any], host: str, moment: float) -> Optional[Reading]:
    name, uuid = domain.name(), domain.UUIDString()
    if is_stand_in(name, uuid):
        return None  # no guest: it only carries the disks of one
    memory = stats.get("balloon.rss")
    return Reading(
        subject=Subject(Kind.GUEST, uuid),
        name=name,
        host=host,
        # libvirt numbers the processes of a host's guests in the order of their start
        process=domain.ID(),
        moment=moment,
        cpu_ns=stats.get("cpu.time"),
        memory=None if memory is None else memory * KIB,
        running=stats.get("state.state") == libvirt.VIR_DOMAIN_RUNNING,
        disk=disk_bytes(stats),
        network=network_bytes(stats),
    )
