"""The whole look at the host that this runs on, put together. Must decide nothing; the judging is in _planner."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Callable, Optional

from .._model.fleet import HostEntry
from .._model.host_check import HostCheck
from . import certificates, conf, system
from .peers import Run, look_at_peers

_CONFIG = Path("/etc/libvirt")
# names of libvirt's daemons that listen for peers: the one for all, or the proxy before several
_DAEMONS = ("libvirtd.conf", "virtproxyd.conf")


def look(
    name: str,
    entries: Sequence[HostEntry],
    seconds: int,
    now: float,
    run: Run,
    advise: Callable[[str], Optional[str]],
) -> HostCheck:
    """Return the look at this host, which the inventory calls ``name``."""
    qemu = conf.read_settings(_CONFIG / "qemu.conf")
    daemon = conf.read_settings(*(_CONFIG / file for file in _DAEMONS))
    first, last = conf.number(qemu, "migration_port_min", 49152), conf.number(qemu, "migration_port_max", 49215)
    others = [entry for entry in entries if entry.name != name and not entry.standby]
    probed = sorted({first, (first + last) // 2, last})
    verifies = conf.number(qemu, "default_tls_x509_verify", 1)
    return HostCheck(
        time=now,
        peers=look_at_peers(others, probed, seconds, run, advise),
        certificates=(certificates.of_libvirt(daemon), certificates.of_qemu(qemu)),
        first_port=first,
        last_port=last,
        free_ports=system.free_ports(first, last),
        userfaultfd=system.may_userfaultfd(conf.text(qemu, "user")),
        tls_forced=bool(conf.number(qemu, "migrate_tls_force", 0)),
        verifies_clients=bool(conf.number(qemu, "migrate_tls_x509_verify", verifies)),
        migration_host=conf.text(qemu, "migration_host") or None,
        mounts=system.mounts(),
        shared_filesystems=conf.texts(qemu, "shared_filesystems"),
        nfs_allowed=system.nfs_allowed(),
        mtus=system.mtus(),
    )
