"""libvirt's errors as failures: its own words, and what a person can do about them. The only table of such remedies."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Optional

from .._engine.ports import Failure

# The first pattern found in the message (case ignored, stable parts only) gives the remedy.
_REMEDIES: tuple[tuple[str, str], ...] = (
    (r"host key verification failed", "Put the host's key into known_hosts of the user that connects"),
    (r"certificate|TLS handshake|gnutls", "Check the certificates under /etc/pki on both ends: names, expiry, CA"),
    (r"permission denied|authentication failed|auth.* cancelled", "Check user, key or password of that connection"),
    (r"could not resolve|name or service not known|unable to resolve", "Check ansible_host, or the name's DNS entry"),
    (r"no route to host|network is unreachable", "Check that the host is up and its network"),
    (r"connection refused", "Check that libvirtd (or virtproxyd) runs there and listens, and the firewall"),
    (r"only with VIR_MIGRATE_TLS", "Use tls: true, or take migrate_tls_force out of qemu.conf there"),
    (r"unable to find an unused port", "Move fewer guests at once, or widen migration_port_min/max in qemu.conf"),
    (r"guest cpu doesn't match|cpu is incompatible|missing features", "Choose a CPU model that both hosts have"),
    (r"without shared storage|unsafe migration", "Put the disk on shared storage with cache none, or let it be copied"),
    (r"storage pool not found", "Define a pool on the destination whose path holds the disk"),
    (r"cannot access storage file|no such file", "Check that the destination reaches the disk under the same path"),
    (r"unsupported machine type|machine type", "Upgrade QEMU at the destination"),
    (r"cannot limit locked memory", "Leave zerocopy out, or let the daemon there raise limits (CAP_SYS_RESOURCE)"),
    (r"cannot allocate memory|cannot set up guest memory", "Free memory or hugepages at the destination"),
    (r"cannot acquire state change lock", "Another job holds the guest; wait for it, or restart the daemon there"),
    (r"same host", "Give each host its own host_uuid in libvirtd.conf"),
    (r"network not found|cannot get interface", "Define the guest's network or bridge at the destination"),
    (r"keepalive|socket is closed|end of file while reading", "Check the link to that host; then run again"),
    (r"closed the monitor", "QEMU died at one of the two; look into /var/log/libvirt/qemu there"),
    (r"lost connection to destination", "Check the daemon of the destination, and the link to it; then run again"),
    (r"no space left", "Free space in the destination's pool"),
    (r"userfaultfd", "Set vm.unprivileged_userfaultfd=1 at the destination"),
    (r"aborted|canceled by client|cancelled by client", "Run again when you want it moved"),
)

# libvirt's word for virDomainAbortJob, whoever called it
_CANCELLED = re.compile(r"cancell?ed by client", re.IGNORECASE)


def failure_of(message: str) -> Failure:
    """Return the failure for an error message of libvirt."""
    cancelled = _CANCELLED.search(message) is not None
    return Failure(message, remedy_for(message) or "Look into the libvirt log of both hosts", cancelled)


def remedy_for(message: str) -> Optional[str]:
    """Return what the table advises for an error message of libvirt, None where it knows nothing."""
    return next((remedy for pattern, remedy in _REMEDIES if re.search(pattern, message, re.IGNORECASE)), None)
