"""How fast guests write to their memory, as QEMU samples it. Starts the samples and waits; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import time
from typing import Any, Optional

from .._model.errors import FleetError
from .._model.fleet import MIB
from .._model.guest import Guest, GuestState
from .binding import libvirt

LONGEST_SECONDS = 60
# QEMU answers a moment after its time is over.
_PATIENCE_SECONDS = 2.0
_MEASURED = 2
_PAGE_BYTES = 4096


def check_seconds(seconds: int) -> None:
    """Raise FleetError on a time that libvirt does not take; 0 is no measurement."""
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise FleetError(f"measure_dirty_rate_seconds is {seconds}", f"Give a whole number from 0 to {LONGEST_SECONDS}")


def with_dirty_rates(connection: Any, guests: tuple[Guest, ...], seconds: int) -> tuple[Guest, ...]:
    """Return the guests with the bytes per second that the running ones write, all of the host sampled at once.

    One that has a job or goes away meanwhile has none, and so has every guest of a libvirt older than 7.2.
    """
    asked = [guest for guest in guests if guest.state is GuestState.RUNNING and guest.job is None]
    started = [guest.uuid for guest in asked if _start(connection, guest.uuid, seconds)]
    if not started:
        return guests
    time.sleep(seconds)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        rates = _rates(connection)
        if all(uuid in rates for uuid in started) or time.monotonic() > deadline:
            return tuple(
                dataclasses.replace(guest, dirty_rate=rates.get(guest.uuid), held_memory=_held(connection, guest.uuid))
                if guest.uuid in started
                else guest
                for guest in guests
            )
        time.sleep(0.1)


def _held(connection: Any, uuid: str) -> Optional[int]:
    """Return the bytes of memory that were not empty when the guest's last move ended, None where it has made none."""
    flags = libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED | libvirt.VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED
    try:
        stats = connection.lookupByUUIDString(uuid).jobStats(flags)
    except libvirt.libvirtError as error:
        if error.get_error_code() in _unable():
            return None
        raise
    if not stats.get("memory_total") or "memory_constant" not in stats:
        return None
    empty = int(stats["memory_constant"]) * int(stats.get("memory_page_size", _PAGE_BYTES))
    return max(0, int(stats["memory_total"]) - empty)


def _unable() -> tuple[int, ...]:
    """Return the codes of errors that mean that this guest, or this libvirt, can't tell."""
    return (
        libvirt.VIR_ERR_NO_DOMAIN,
        libvirt.VIR_ERR_NO_SUPPORT,
        libvirt.VIR_ERR_OPERATION_INVALID,
        libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
        libvirt.VIR_ERR_OPERATION_TIMEOUT,
    )


def _start(connection: Any, uuid: str, seconds: int) -> bool:
    try:
        connection.lookupByUUIDString(uuid).startDirtyRateCalc(seconds, 0)
    except libvirt.libvirtError as error:
        if error.get_error_code() in _unable():
            return False
        raise
    return True


def _rates(connection: Any) -> dict[str, int]:
    flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    found: dict[str, int] = {}
    for domain, stats in connection.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_DIRTYRATE, flags):
        rate = _rate(stats)
        if rate is not None:
            found[domain.UUIDString()] = rate
    return found


def _rate(stats: Any) -> Optional[int]:
    if stats.get("dirtyrate.calc_status") != _MEASURED:
        return None
    return int(stats["dirtyrate.megabytes_per_second"]) * MIB
