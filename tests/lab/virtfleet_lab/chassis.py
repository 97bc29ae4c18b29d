"""The power of one host: starts its container, starts it again after a reboot inside, cuts it off.

A wish comes in as a file (written by the BMC's script or by lab.py), the state goes out as a file. It runs
inside the supervisor and must not block.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from .cgroup import born_in, kill_all
from .settings import HOST_GUEST_DIR, HOST_PACKAGES_DIR, HOST_SERIAL_DIR, Host, Lab
from .shell import write

BRIDGE = "lab0"
REBOOT_INSIDE = 133
ON, OFF, RESET, SOFT_OFF = "1", "0", "reset", "soft"


class Chassis:
    """A resource: the container process of a host, and the files that say what is wished and what is."""

    def __init__(self, lab: Lab, host: Host, guest_files: Path, cgroup: Path) -> None:
        self._argv = _container_command(lab, host, guest_files)
        self._environment = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "SYSTEMD_LOG_LEVEL": "notice"}
        self._cgroup = cgroup
        self._console = lab.log_dir / f"{host.name}-console.log"
        self._wish = lab.power_dir / f"{host.name}.wish"
        self._state = lab.power_dir / f"{host.name}.state"
        self._container: subprocess.Popen[bytes] | None = None
        write(self._state, OFF)
        write(self._wish, ON)

    @property
    def pid(self) -> int | None:
        return self._container.pid if self._container else None

    def step(self) -> None:
        """Looks once at the container and at the wish, and acts."""
        if self._container is not None and (code := self._container.poll()) is not None:
            self._container = None
            kill_all(self._cgroup)
            if code != REBOOT_INSIDE and self._wished() != RESET:
                self._settle(OFF)
        self._obey(self._wished())

    def _obey(self, wish: str) -> None:
        if self._container is None:
            if wish in (ON, RESET):
                self._switch_on()
            elif wish == SOFT_OFF:
                self._settle(OFF)
        elif wish in (OFF, RESET):
            kill_all(self._cgroup)
        elif wish == SOFT_OFF:
            self._container.send_signal(signal.SIGTERM)
            write(self._wish, ON)

    def _wished(self) -> str:
        return self._wish.read_text(encoding="ascii").strip()

    def _settle(self, state: str) -> None:
        write(self._wish, state)
        write(self._state, state)

    def _switch_on(self) -> None:
        with self._console.open("ab") as console, born_in(self._cgroup):
            self._container = subprocess.Popen(
                self._argv,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        self._settle(ON)


def _container_command(lab: Lab, host: Host, guest_files: Path) -> list[str]:
    return [
        "systemd-nspawn",
        "--quiet",
        "--boot",
        "--register=no",
        "--keep-unit",
        "--console=pipe",
        "--capability=all",
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        f"--network-bridge={BRIDGE}",
        f"--machine={host.name}",
        f"--directory={lab.host_dir(host.name) / 'root'}",
        "--bind=/dev/fuse",
        "--bind=/dev/net/tun",
        f"--bind={_escaped(lab.serial_dir(host.name))}:{HOST_SERIAL_DIR}",
        f"--bind-ro={_escaped(guest_files)}:{HOST_GUEST_DIR}",
        f"--bind-ro={_escaped(lab.packages)}:{HOST_PACKAGES_DIR}",
    ]


def _escaped(path: Path) -> str:
    """nspawn splits its bind arguments at colons."""
    return str(path).replace(":", "\\:")
