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
KERNEL_PACKAGE = Path("usr/share/virtfleet-lab/kernel.deb")  # inside the image, where image/finish puts it

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


def path_of(lab: Lab, release: str) -> Path:
    finish = (lab.source / "image" / "finish").read_text(encoding="utf-8")
    recipe = "\n".join((release, finish, *PACKAGES, *LEFT_OUT, os.environ.get(MIRROR_VARIABLE, "")))
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
            *("unshare", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child"),
            "mmdebstrap",
            "--mode=root",
            "--variant=minbase",
            "--format=directory",
            "--dpkgopt=force-unsafe-io",
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
            f"--include={','.join(PACKAGES)}",
            f"--customize-hook={lab.source / 'image' / 'finish'}",
            release,
            unfinished,
            *([mirror] if mirror else []),
        ],
        timeout=1200,
    )
    unfinished.rename(image)
    return image
