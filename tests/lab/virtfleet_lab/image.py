"""Base images of the hosts (one per release, and bare ones), made once and kept in the cache. It starts nothing."""
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
    "python3-apt",
    "python3-libvirt",
    "qemu-block-extra",
    "qemu-system-x86",
    "qemu-utils",
    "systemd-sysv",
    "tgt",
    "udev",
)
BARE = "-bare"  # ends the name of a release whose host has nothing but ssh and Python
BARE_PACKAGES = ("dbus", "iproute2", "iputils-ping", "kmod", "openssh-server", "python3", "systemd-sysv", "udev")
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")


def path_of(lab: Lab, release: str) -> Path:
    made_by = [
        hook.read_text(encoding="utf-8") for hook in (*_hooks(lab, release), lab.source / "image" / "emulator.pl")
    ]
    recipe = "\n".join((release, *made_by, *_packages(release), *LEFT_OUT, os.environ.get(MIRROR_VARIABLE, "")))
    return lab.cache / f"{release}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def _packages(release: str) -> tuple[str, ...]:
    return BARE_PACKAGES if release.endswith(BARE) else PACKAGES


def _hooks(lab: Lab, release: str) -> tuple[Path, ...]:
    names = ("divert",) if release.endswith(BARE) else ("finish", "divert")
    return tuple(lab.source / "image" / name for name in names)


def build(lab: Lab, release: str) -> Path:
    """The image of a release, made now if the cache does not hold it. Other images of the release are dropped."""
    image = path_of(lab, release)
    if image.is_dir():
        return image
    for prefix in ("", "unfinished-"):
        for other in lab.cache.glob(f"{prefix}{release}-{'[0-9a-f]' * 12}"):
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
            f"--include={','.join(_packages(release))}",
            *(f"--customize-hook={hook}" for hook in _hooks(lab, release)),
            release.removesuffix(BARE),
            unfinished,
            *([mirror] if mirror else []),
        ],
        timeout=1200,
    )
    unfinished.rename(image)
    return image
