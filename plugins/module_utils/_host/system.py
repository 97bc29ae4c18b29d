"""Ports, kernel switches, file systems and network devices of this host. Must change nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Optional

from .._model.host_check import Mount

_ROOT = frozenset({"root", "0", "+0"})
# file systems that hold no disks
_PSEUDO = frozenset(
    (
        *("autofs", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "fusectl", "hugetlbfs"),
        *("mqueue", "proc", "pstore", "ramfs", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs"),
    )
)


def free_ports(first: int, last: int) -> int:
    """Return how many ports of the range could be listened on right now."""
    return sum(1 for port in range(first, last + 1) if _is_free(port))


def _is_free(port: int) -> bool:
    family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            probe.bind(("", port))
            # two may bind with SO_REUSEADDR; only one may listen
            probe.listen(1)
        except OSError:
            return False
    return True


def may_userfaultfd(qemu_user: str, root: Path = Path("/")) -> bool:
    """Return whether QEMU may do what post-copy needs; kernels before 5.11 have no switch and allow it."""
    switch = _word(root / "proc/sys/vm/unprivileged_userfaultfd")
    return qemu_user in _ROOT or switch != "0"


def mounts(root: Path = Path("/")) -> tuple[Mount, ...]:
    """Return the mounted file systems that could hold disks; of several at one place the last, which is seen."""
    found: dict[str, Mount] = {}
    for line in _text(root / "proc/mounts").splitlines():
        _device, path, kind = line.split()[:3]
        if kind not in _PSEUDO:
            clear = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)
            found[clear] = Mount(clear, kind)
    return tuple(found[path] for path in sorted(found))


def nfs_allowed(root: Path = Path("/")) -> Optional[bool]:
    """Return whether SELinux lets guests use NFS; None where it does not enforce anything."""
    if _word(root / "sys/fs/selinux/enforce") != "1":
        return None
    return _word(root / "sys/fs/selinux/booleans/virt_use_nfs") != "0"


def mtus(root: Path = Path("/")) -> dict[str, int]:
    """Return the MTU of each network device."""
    found = {path.parent.name: _word(path) for path in sorted((root / "sys/class/net").glob("*/mtu"))}
    return {name: int(mtu) for name, mtu in found.items() if mtu.isdigit()}


def _word(path: Path) -> str:
    return next(iter(_text(path).split()), "")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
