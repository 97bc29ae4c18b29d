"""Takes a lab of this checkout away, whatever state it is in. It must find what a killed run left behind."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import cgroup
from .settings import Lab
from .shell import run, wait_until


def down(lab: Lab) -> None:
    """Ends all processes, and with them their namespaces, mounts and bridge; then removes what outlives those."""
    for pid in _roots_of_processes(lab):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not _roots_of_processes(lab), 60, "The lab's processes do not end")
    subprocess.run(["ip", "link", "delete", lab.uplink], stderr=subprocess.DEVNULL, check=False)
    wait_until(lambda: not Path("/sys/class/net", lab.uplink).exists(), 60, f"{lab.uplink} does not go away")
    run(["unshare", "--mount", sys.executable, lab.source / "lab.py", "_remove-cgroups"])
    _remove_images(lab)
    _remove_tree(lab.dir)


def purge(lab: Lab) -> None:
    _remove_tree(lab.cache)
    lab.lock_file.unlink(missing_ok=True)


def _roots_of_processes(lab: Lab) -> list[int]:
    """The supervisor and image builds of this checkout, found by their command lines: a pid file may be lost.

    Each is the first of a process namespace, or waits for that one, so that everything below ends with it.
    """
    supervisor = [str(lab.source / "lab.py"), "_supervisor"]
    unfinished = str(lab.cache / "unfinished-")
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            if words[-2:] == supervisor or any(word.startswith(unfinished) for word in words):
                found.append(int(entry.name))
    return found


def remove_cgroups(lab: Lab) -> None:
    """Runs in a mount namespace of its own: the unified hierarchy is mounted at one known place there."""
    cgroup.show_unified()
    group = cgroup.MOUNT / lab.cgroup
    deadline = time.monotonic() + 20
    while True:
        try:
            return cgroup.remove(group)
        except OSError:  # a process that was just ended may still be counted
            if time.monotonic() > deadline:
                raise
            cgroup.kill_all(group)
            time.sleep(0.1)


def _remove_images(lab: Lab) -> None:
    """Image builds that were cut off; what they had mounted went with their namespace."""
    for unfinished in lab.cache.glob("unfinished-*"):
        _remove_tree(unfinished)


def _remove_tree(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
