"""Copy the disks of a shut-off guest by its stand-in, and end stand-ins. What one is says offline_copy.py."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from .._engine.ports import Cost, DriverError, Failure
from .._model.plan import Move
from .._model.request import Method
from . import volumes
from .binding import libvirt
from .connection import Fleet
from .job_stats import cost_of
from .offline_copy import stand_in_move, stand_in_uuid, stand_in_xml

# It ended by itself meanwhile, as at the destination of a copy that came to nothing.
_GONE = ("VIR_ERR_NO_DOMAIN", "VIR_ERR_OPERATION_INVALID")


def moving_uuid(move: Move) -> str:
    """Return the UUID of what libvirt moves: the guest, or what carries its disks."""
    return stand_in_uuid(move.guest) if move.method is Method.OFFLINE and move.copies else move.guest


def copy_disks(fleet: Fleet, move: Move, domain: Any, send: Callable[[Move, Any], None]) -> Cost:
    """Copy the disks of ``domain`` into the volumes made for them; no stand-in is left on either end.

    Raises DriverError where somebody starts the guest meanwhile: then its disks have changed since.
    """
    for host in (move.source, move.dest):
        end(fleet, host, move.guest)
    xml = stand_in_xml(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), move)
    send(stand_in_move(move), domain.connect().createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED))
    arrived = fleet.control(move.dest).lookupByUUIDString(stand_in_uuid(move.guest))
    cost = cost_of(arrived.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED))
    end(fleet, move.dest, move.guest)
    if domain.isActive():
        raise DriverError(Failure("the guest was started while its disks were copied", "Run again"))
    size = volumes.allocated(fleet.control(move.dest), move.copies)
    return dataclasses.replace(cost, sent_bytes=size, downtime_ms=None, disk_bytes=size)


def end(fleet: Fleet, host: str, guest: str) -> None:
    """End the stand-in of a guest on a host, if there is one; its QEMU writes out what it holds before it goes."""
    try:
        fleet.control(host).lookupByUUIDString(stand_in_uuid(guest)).destroyFlags(libvirt.VIR_DOMAIN_DESTROY_GRACEFUL)
    except libvirt.libvirtError as error:
        if error.get_error_code() not in [getattr(libvirt, name) for name in _GONE]:
            raise
