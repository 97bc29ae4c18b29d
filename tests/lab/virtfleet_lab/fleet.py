"""libvirt connections from the machine to the lab's hosts. It opens, waits and closes; it changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import libvirt

from .settings import TLS_PORT, Host, Lab
from .shell import LabError

libvirt.registerErrorHandler(lambda *_: None, None)


def uri(lab: Lab, host: Host) -> str:
    return f"qemu+tls://{host.address}/system?pkipath={lab.pki / 'conductor'}"


def listens(host: Host, timeout: float = 1.0, port: int = TLS_PORT) -> bool:
    """Whether something answers there: libvirt itself would wait far longer for a host that is off."""
    try:
        socket.create_connection((host.address, port), timeout).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def connection(lab: Lab, host: Host, readonly: bool = False) -> Iterator[libvirt.virConnect]:
    if not listens(host):
        raise LabError(f"Host {host.name} does not answer at {host.address}: `lab.py power {host.name} status`.")
    address = uri(lab, host)
    try:
        opened = libvirt.openReadOnly(address) if readonly else libvirt.open(address)
    except libvirt.libvirtError as error:
        raise LabError(f"libvirt of host {host.name} does not answer: {error}") from error
    try:
        yield opened
    finally:
        opened.close()
