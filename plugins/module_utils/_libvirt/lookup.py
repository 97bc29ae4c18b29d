"""A guest's domain on a host of the fleet, looked up anew each time; libvirt's errors become the port's."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Optional

from .._engine.ports import DriverError, Failure, Place
from .advice import failure_of
from .binding import libvirt
from .connection import Fleet, error_text
from .places import place_of


def find(fleet: Fleet, host: str, uuid: str) -> Any:
    """Return the domain, None where the host does not know it."""
    try:
        return fleet.control(host).lookupByUUIDString(uuid)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise DriverError(failure_of(error_text(error))) from error


def domain_on(fleet: Fleet, host: str, uuid: str) -> Any:
    """Return the domain; raises DriverError where the host does not know it."""
    domain = find(fleet, host, uuid)
    if domain is None:
        raise DriverError(Failure(f"the guest {uuid} is no longer on {host}", "Run again"))
    return domain


def place_on(fleet: Fleet, host: str, uuid: str) -> Optional[Place]:
    """Return the guest as the host knows it, None where it does not."""
    domain = find(fleet, host, uuid)
    if domain is None:
        return None
    try:
        return place_of(domain)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise DriverError(failure_of(error_text(error))) from error


def undefine(fleet: Fleet, host: str, uuid: str) -> None:
    """Remove a shut-off definition; storage is not touched, and NVRAM is kept for whoever runs the guest."""
    flags = libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    domain_on(fleet, host, uuid).undefineFlags(flags)
