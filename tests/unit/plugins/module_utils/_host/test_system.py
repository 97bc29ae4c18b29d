"""Ports, switches, file systems and devices are read from the kernel's own files."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._host import system
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host_check import Mount


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_a_port_on_which_somebody_listens_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert system.free_ports(port, port) == 0
    assert system.free_ports(port, port) == 1


@pytest.mark.parametrize(
    ("user", "switch", "allowed"),
    [
        ("libvirt-qemu", "0", False),
        ("", "0", False),
        ("libvirt-qemu", "1", True),
        ("root", "0", True),
        ("+0", "0", True),
        ("libvirt-qemu", None, True),
    ],
)
def test_post_copy_needs_the_switch_or_root(tmp_path: Path, user: str, switch: str | None, allowed: bool) -> None:
    if switch is not None:
        put(tmp_path, "proc/sys/vm/unprivileged_userfaultfd", f"{switch}\n")
    assert system.may_userfaultfd(user, tmp_path) is allowed


def test_file_systems_that_could_hold_disks_are_listed(tmp_path: Path) -> None:
    lines = ["/dev/vda / ext4 rw 0 0", "proc /proc proc rw 0 0", "old /srv/my\\040vol xfs rw 0 0"]
    put(tmp_path, "proc/mounts", "\n".join([*lines, "nas:/vol /srv/my\\040vol nfs4 rw 0 0"]))
    assert system.mounts(tmp_path) == (Mount("/", "ext4"), Mount("/srv/my vol", "nfs4"))


@pytest.mark.parametrize(
    ("enforce", "switch", "allowed"), [("1", "0 0", False), ("1", "1 1", True), ("0", "0 0", None), (None, None, None)]
)
def test_selinux_speaks_only_where_it_enforces(
    tmp_path: Path, enforce: str | None, switch: str | None, allowed: bool | None
) -> None:
    if enforce is not None:
        put(tmp_path, "sys/fs/selinux/enforce", enforce)
        put(tmp_path, "sys/fs/selinux/booleans/virt_use_nfs", switch or "")
    assert system.nfs_allowed(tmp_path) is allowed


def test_mtus_are_read_by_device(tmp_path: Path) -> None:
    put(tmp_path, "sys/class/net/br0/mtu", "9000\n")
    put(tmp_path, "sys/class/net/lo/mtu", "65536\n")
    assert system.mtus(tmp_path) == {"br0": 9000, "lo": 65536}
