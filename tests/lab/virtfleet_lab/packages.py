"""What the lab needs from the machine's distribution: says it and installs what is missing. Nothing else."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shutil
import subprocess

from .shell import LabError

MACHINE_PACKAGES = (
    "cpio",
    "debian-archive-keyring",
    "gnutls-bin",
    "iproute2",
    "ipmitool",
    "libvirt-clients",
    "mmdebstrap",
    "openssh-client",
    "python3-cryptography",
    "python3-libvirt",
    "python3-pyghmi",
    "python3-yaml",
    "systemd-container",
    "util-linux",
)


def missing() -> list[str]:
    if shutil.which("dpkg-query") is None:
        raise LabError("The lab needs a Debian or Ubuntu machine: there is no dpkg here.")
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *MACHINE_PACKAGES]
    known = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    installed = {line.split()[0] for line in known.splitlines() if line.endswith(" installed")}
    return [package for package in MACHINE_PACKAGES if package not in installed]


def require() -> None:
    absent = missing()
    if absent:
        raise LabError(f"Packages are missing: {' '.join(absent)}. Run `lab.py packages` to install them.")


def install() -> None:
    absent = missing()
    if not absent:
        print("lab: all machine packages are installed:", " ".join(MACHINE_PACKAGES))
        return
    print("lab: installs with apt-get:", " ".join(absent), flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for argv in (
        ["apt-get", "update", "--quiet=2"],
        ["apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", *absent],
    ):
        done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            said = done.stdout.decode(errors="replace")[-2000:]
            raise LabError(f"`{' '.join(argv)}` failed: {said}")
