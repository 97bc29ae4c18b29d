"""The lab's control groups: each host's processes are kept together so that they can be ended together."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from .shell import run

MOUNT = Path("/sys/fs/cgroup")


def show_unified() -> None:
    """Has the unified hierarchy at its usual place, in a mount namespace of one's own.

    One that the machine has mounted is shown there again: a fresh mount would reset its options for the machine.
    """
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    existing = [mount[1] for mount in mounts if mount[2] == "cgroup2"]
    if str(MOUNT) in existing:
        return
    if existing:
        run(["mount", "--bind", existing[0], MOUNT])
    else:
        run(["mount", "-t", "cgroup2", "cgroup2", MOUNT])


def join(group: Path) -> None:
    """Moves the calling process into the group."""
    (group / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


@contextlib.contextmanager
def born_in(group: Path) -> Iterator[None]:
    """Processes started within belong to the group; the calling process is back in its own afterwards."""
    own = MOUNT / Path("/proc/self/cgroup").read_text(encoding="ascii").rpartition("::/")[2].strip()
    join(group)
    try:
        yield
    finally:
        join(own)


def kill_all(group: Path) -> None:
    """Ends every process of the group and below, at once and without asking."""
    for procs in group.rglob("cgroup.procs"):
        for pid in procs.read_text(encoding="ascii").split():
            with contextlib.suppress(ProcessLookupError):
                if int(pid) > 0:  # 0 stands for a process outside this namespace
                    os.kill(int(pid), signal.SIGKILL)


def remove(group: Path) -> None:
    """Removes a group whose processes have ended, with the groups below it."""
    if group.is_dir():
        for folder, _names, _files in os.walk(group, topdown=False):
            Path(folder).rmdir()
