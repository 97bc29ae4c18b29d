"""Looks on hosts with sensible findings, so that a test states only what is wrong with one."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any, Optional

from ansible_collections.virtfleet.migration.plugins.module_utils._model.host_check import (
    Certificate,
    Certificates,
    HostCheck,
    Mount,
    PeerCheck,
)

NOW = 1_800_000_000.0
DAY = 86_400
ALL = ("hv1", "hv2", "hv3")


def shown(path: str, days: int = 900, signer: str = "ca") -> Certificate:
    return Certificate(path, names=ALL, not_after=NOW + days * DAY, signer=signer)


def look(*peers: str, days: int = 900, signer: str = "ca", blocked: Optional[str] = None, **changes: Any) -> HostCheck:
    """Return a look at a host that has looked at ``peers``; its certificates expire in ``days``."""
    certificates = tuple(
        Certificates(use, shown(f"/{use}/s", days, signer), shown(f"/{use}/c", days, signer), f"/{use}/ca", ("ca",))
        for use in ("libvirt", "qemu")
    )
    values = {"mounts": (Mount("/", "ext4"), Mount("/srv/shared", "fuse.glusterfs")), **changes}
    seen = tuple(
        PeerCheck(name, f"qemu+tls://{name}/system", address="192.0.2.2", addresses=("192.0.2.2",), blocked=blocked)
        for name in peers
    )
    return HostCheck(NOW, seen, certificates, **values)
