"""The daemons of this host that can start guests, and the guests' processes: held back before a shutdown, or let go."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .._model.errors import FleetError
from .peers import Run

# Whatever starts a guest for somebody: the daemon for all, or the one for QEMU and the proxy before several.
_UNITS = tuple(
    f"{daemon}{unit}" for daemon in ("libvirtd", "virtqemud", "virtproxyd") for unit in (".service", "*.socket")
)
# QEMU as distributions name it; helpers such as qemu-ga, qemu-img and qemu-pr-helper run no guest
_EMULATOR = re.compile(r"(qemu-system-\w+|qemu-kvm|kvm)( \(deleted\))?$")
_NAME = re.compile(r"(?:^|,)(?:guest=)?([^,=]+)")
_GONE = " (deleted)"


@dataclass(frozen=True)
class Unit:
    """A unit of systemd that is loaded, and whether it is active."""

    name: str
    active: bool


def emulators(root: Path = Path("/")) -> tuple[str, ...]:
    """Return who runs in a QEMU here, by name where it has one: guests of libvirt, and of anybody else."""
    return tuple(sorted(_emulators(root)))


def _emulators(root: Path) -> Iterator[str]:
    for process in (root / "proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            program = Path(os.readlink(process / "exe").removesuffix(_GONE)).name
            if _EMULATOR.match(program):
                yield _guest(process) or f"{program} (process {process.name})"
        except OSError:  # a thread of the kernel, or it has ended meanwhile
            continue


def _guest(process: Path) -> str:
    words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    given = words[words.index("-name") + 1] if "-name" in words[:-1] else ""
    match = _NAME.search(given)
    return match[1] if match else ""


def daemons(run: Run) -> tuple[Unit, ...]:
    """Return the units that can start guests and are loaded here."""
    argv = ["systemctl", "list-units", "--all", "--plain", "--no-legend", "--no-pager", "--full", *_UNITS]
    rows = [line.split() for line in _must(run, argv).splitlines()]
    return tuple(Unit(row[0], row[2] == "active") for row in rows if len(row) >= 4 and row[1] == "loaded")


def hold(run: Run, units: Sequence[Unit]) -> None:
    """Stop the units, and let nobody start them before the next boot; raises FleetError, with all let go again.

    Sockets first, or one would start its daemon again. Masked after that: systemd forgets what a masked unit says of
    its processes (KillMode=process), and stopping it then would kill guests that were started by the daemon.
    """
    names = sorted((unit.name for unit in units), key=lambda name: name.endswith(".service"))
    try:
        _must(run, ["systemctl", "stop", *names])
        _must(run, ["systemctl", "mask", "--runtime", *names])
        active = [unit.name for unit in daemons_of(run, names) if unit.active]
        if active:
            raise FleetError(f"{active[0]} does not stop", "Look at it with systemctl status there")
    except FleetError as error:
        raise let_go(run, units, error) from error


def daemons_of(run: Run, names: Sequence[str]) -> tuple[Unit, ...]:
    """Return whether these units are active; one that is masked is still told of."""
    _status, out, _err = run(["systemctl", "is-active", *names])
    words = out.split()
    return tuple(Unit(name, word not in ("inactive", "failed")) for name, word in zip(names, words))


def let_go(run: Run, units: Sequence[Unit], because: FleetError) -> FleetError:
    """Put the units back as they were found; return what is to be told, which is more where that does not work.

    Sockets first: once its daemon runs, systemd refuses to start one that the daemon does not need.
    """
    active = [unit.name for unit in units if unit.active]
    try:
        _must(run, ["systemctl", "unmask", "--runtime", *(unit.name for unit in units)])
        for kind in (".socket", ".service"):
            names = [name for name in active if name.endswith(kind)]
            if names:
                _must(run, ["systemctl", "start", *names])
    except FleetError as error:
        return FleetError(f"{because}; and what was stopped for a look does not start: {error}", error.remedy)
    return because


def shut_down_soon(run: Run) -> None:
    """Have systemd shut the machine down in a second: until then whoever asked for it can be told."""
    _must(
        run,
        [
            *("systemd-run", "--quiet", "--collect", "--on-active=1", "--timer-property=AccuracySec=100ms"),
            *("systemctl", "poweroff"),
        ],
    )


def _must(run: Run, argv: Sequence[str]) -> str:
    status, out, err = run(argv)
    if status != 0:
        told = " ".join((err or out).split())
        raise FleetError(f"{' '.join(argv[:3])} failed: {told}", "Try it as root there")
    return out
