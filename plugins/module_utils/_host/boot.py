"""The running system of this host: since when, what asks for a reboot, which daemons are outdated. Changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from .._model.fitness import Boot
from .peers import Run

# libvirt's daemons, each with a unit of its name; virtlogd and virtlockd serve running guests and restart by themselves
DAEMONS = frozenset(
    (
        *("libvirtd", "virtproxyd", "virtqemud", "virtstoraged", "virtnetworkd", "virtnodedevd", "virtnwfilterd"),
        *("virtsecretd", "virtinterfaced"),
    )
)
# files that package managers write whenever they install or remove something
_DATABASES = (
    "var/lib/dpkg/status",
    *(
        f"{folder}/{name}"
        for folder in ("var/lib/rpm", "usr/lib/sysimage/rpm")
        for name in ("rpmdb.sqlite", "Packages")
    ),
)
_GONE = " (deleted)"
_BROKEN = 1  # what needs-restarting answers where a reboot is needed


def look_at_boot(run: Run, needs_restarting: Optional[str], root: Path = Path("/")) -> Boot:
    """Return what there is to know; ``needs_restarting`` is the path of dnf's command, None where it is not there."""
    booted = _booted(root)
    reasons = (*_asked_for(root), *_kernels(root, booted), *_told(run, needs_restarting))
    newest = max((path.stat().st_mtime for path in map(root.joinpath, _DATABASES) if path.exists()), default=0.0)
    return Boot(
        boot_id=(root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip(),
        booted=booted,
        reasons=reasons,
        packages_newer=newest > booted,
        outdated=tuple(sorted(_outdated(root))),
    )


def _booted(root: Path) -> float:
    """Return when process 1 began, which in a container is its own boot and not that of the machine."""
    lines = (root / "proc/stat").read_text(encoding="ascii").splitlines()
    machine = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    after_name = (root / "proc/1/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    # field 22 of proc(5), the 20th after the name
    return machine + int(after_name[19]) / os.sysconf("SC_CLK_TCK")


def _asked_for(root: Path) -> Iterator[str]:
    """Debian's packages say that they need a reboot by a file, and who they are in another."""
    if (root / "run/reboot-required").exists():
        names = root / "run/reboot-required.pkgs"
        who = sorted(set(names.read_text(encoding="utf-8").split())) if names.exists() else []
        yield f"{', '.join(who) or 'a package'} asks for it in /run/reboot-required"


def _kernels(root: Path, booted: float) -> Iterator[str]:
    """A kernel that was installed since the boot does not run yet. The time of the change is when it was installed."""
    for path in sorted((root / "boot").glob("vmlinuz-*")):
        if path.stat().st_ctime > booted:
            yield f"kernel {path.name.partition('-')[2]} was installed since the boot"


def _told(run: Run, needs_restarting: Optional[str]) -> Iterator[str]:
    if needs_restarting is not None and run([needs_restarting, "-r"])[0] == _BROKEN:
        yield "needs-restarting says so"


def _outdated(root: Path) -> Iterator[str]:
    """Yield the daemons that run a program or a library of libvirt that was replaced."""
    for process in (root / "proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            program = os.readlink(process / "exe")
            name = Path(program.removesuffix(_GONE)).name
            if name in DAEMONS and (program.endswith(_GONE) or _maps_replaced(process)):
                yield name
        except OSError:  # a thread of the kernel, or it has ended meanwhile
            continue


def _maps_replaced(process: Path) -> bool:
    maps = (process / "maps").read_text(encoding="utf-8", errors="replace").splitlines()
    return any(line.endswith(_GONE) and "/libvirt" in line for line in maps)
