"""Base images of the hosts (one per release), made once and kept in the cache. It starts nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from .settings import Lab
from .shell import run

MIRROR_VARIABLE = "VIRTFLEET_LAB_MIRROR"
KERNEL = "linux-image-cloud-amd64"
KERNEL_FOLDER = "/usr/share/virtfleet-lab"

PACKAGES = (
    "busybox-static",
    "dbus",
    "glusterfs-client",
    "glusterfs-server",
    "iproute2",
    "iputils-ping",
    "kmod",
    "libvirt-clients",
    "libvirt-daemon-driver-storage-iscsi-direct",
    "libvirt-daemon-system",
    "openipmi",
    "openssh-server",
    "python3",
    "python3-libvirt",
    "qemu-block-extra",
    "qemu-system-x86",
    "qemu-utils",
    "systemd-sysv",
    "tgt",
    "udev",
)
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")

# Runs inside the image while apt still works there: guests boot this kernel, so it is fetched, not installed.
FETCH_KERNEL = f"""set -e
mkdir -p {KERNEL_FOLDER}
cd {KERNEL_FOLDER}
kernel=$(apt-cache depends {KERNEL} | sed -n 's/^ *|\\{{0,1\\}}Depends: \\(linux-image-[0-9].*\\)/\\1/p' | head -n 1)
apt-get download -o APT::Sandbox::User=root "$kernel"
mv linux-image-*.deb kernel.deb
"""


def path_of(lab: Lab, release: str) -> Path:
    recipe = "\n".join((release, FETCH_KERNEL, *PACKAGES, *LEFT_OUT, os.environ.get(MIRROR_VARIABLE, "")))
    return lab.cache / f"{release}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def build(lab: Lab, release: str) -> Path:
    """The image of a release, made now if the cache does not hold it. Other images of the release are dropped."""
    image = path_of(lab, release)
    if image.is_dir():
        return image
    for other in lab.cache.glob(f"*{release}-*"):
        shutil.rmtree(other)
    lab.cache.mkdir(parents=True, exist_ok=True)
    unfinished = lab.cache / f"unfinished-{image.name}"
    mirror = os.environ.get(MIRROR_VARIABLE)
    run(
        [
            "mmdebstrap",
            "--mode=root",
            "--variant=minbase",
            "--format=directory",
            "--dpkgopt=force-unsafe-io",
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
            f"--include={','.join(PACKAGES)}",
            f"--customize-hook=chroot \"$1\" sh -c '{FETCH_KERNEL_QUOTED}'",
            release,
            unfinished,
            *([mirror] if mirror else []),
        ],
        timeout=1200,
    )
    unfinished.rename(image)
    return image


FETCH_KERNEL_QUOTED = FETCH_KERNEL.replace("'", "'\\''")
