"""Packages for hosts that have no way out: downloaded once with all they need, kept in the cache. It starts nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .settings import HOST_PACKAGES_DIR, Lab
from .shell import LabError, run, write

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True)
class Offer:
    """What a repository for hosts of a release holds: these packages, the last of the suites first, and what the
    release's image lacks of all that they need."""

    release: str
    suites: tuple[str, ...]
    packages: tuple[str, ...]


OFFERS = {
    # what the role hypervisor installs on a host that has nothing but ssh and Python
    "hypervisor": Offer(
        release="bookworm-bare",
        suites=("bookworm",),
        packages=(
            "glusterfs-client",
            "gnutls-bin",
            "libvirt-clients",
            "libvirt-daemon-driver-storage-iscsi-direct",
            "libvirt-daemon-system",
            "nfs-common",
            "openssh-client",
            "python3-apt",
            "python3-cryptography",
            "python3-libvirt",
            "qemu-block-extra",
            "qemu-system-x86",
            "qemu-utils",
        ),
    ),
    # the hypervisor of the next release
    "upgrade": Offer(
        release="bookworm",
        suites=("bookworm", "bookworm-backports"),
        packages=(
            "libvirt-clients",
            "libvirt-daemon-driver-storage-iscsi-direct",
            "libvirt-daemon-system",
            "qemu-block-extra",
            "qemu-system-x86",
            "qemu-utils",
        ),
    ),
}


def source_line(repository: Path) -> str:
    """The line that makes a host's apt see the repository; nothing is seen without it."""
    return f"deb [trusted=yes] file:{HOST_PACKAGES_DIR}/{repository.name} ./\n"


def build(lab: Lab, name: str, image: Path) -> Path:
    """The repository of an offer for hosts of this image, made now if the cache does not hold it."""
    offer = OFFERS[name]
    recipe = repr((offer, image.name))
    repository = lab.packages / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    if repository.is_dir():
        return repository
    for other in lab.packages.glob(f"*{name}-*"):
        shutil.rmtree(other)
    unfinished = repository.with_name(f"unfinished-{repository.name}")
    work = unfinished / "work"
    work.mkdir(parents=True)
    _download(offer, image, work)
    write(unfinished / "Packages", _index(_renamed(work / "archives", unfinished)))
    shutil.rmtree(work)
    unfinished.rename(repository)
    return repository


def _download(offer: Offer, image: Path, work: Path) -> None:
    """Lets the machine's apt resolve what the image lacks; neither of the two is changed by it."""
    mirror = _mirror_of(image)
    sources = "".join(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in offer.suites)
    write(work / "sources.list", sources)
    options = {
        "APT::Architectures": "amd64",
        "APT::Architecture": "amd64",
        "APT::Default-Release": offer.suites[-1],
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Debug::NoLocking": "true",
        "Dir::Cache": str(work),
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::Etc::sourcelist": str(work / "sources.list"),
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::extended_states": str(image / "var/lib/apt/extended_states"),
        "Dir::State::lists": str(work / "lists"),
        "Dir::State::status": str(image / "var/lib/dpkg/status"),
    }
    for partial in ("archives/partial", "lists/partial"):
        (work / partial).mkdir(parents=True)
    apt = ["apt-get", "--quiet=2", "--yes", *(f"--option={key}={value}" for key, value in options.items())]
    run([*apt, "update"], timeout=300)
    run([*apt, "--download-only", "install", *offer.packages], timeout=900)


def _mirror_of(image: Path) -> str:
    """The mirror that the image was made from, whoever has chosen it."""
    for line in (image / "etc/apt/sources.list").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[:1] == ["deb"]:
            return next(word for word in words if "://" in word)
    raise LabError(f"{image}/etc/apt/sources.list names no mirror.")


def _renamed(archives: Path, folder: Path) -> list[Path]:
    """apt writes a version's colon as %3a, which it would take for a colon again in the name of a file."""
    found = [file.rename(folder / file.name.replace("%3a", "_")) for file in sorted(archives.glob("*.deb"))]
    if not found:
        raise LabError(f"apt has downloaded no package to {archives}.")
    return found


def _index(files: Sequence[Path]) -> str:
    return "\n".join(_entry(file) for file in files)


def _entry(file: Path) -> str:
    fields = run(["dpkg-deb", "--field", file])
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{fields}Filename: ./{file.name}\nSize: {file.stat().st_size}\nSHA256: {digest}\n"
