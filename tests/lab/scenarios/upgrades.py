"""What a lab host runs and has pending, and packages that a vendor releases for it, good ones and bad ones."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterable

from labview import on_host
from mishaps import LIBVIRTD_CONF, append, put, replace

VENDOR = "/srv/vendor"
# Data that libvirt and QEMU do without.
VENDOR_PACKAGE = "iso-codes"
BAD_LUCK = "the vendor's package can't be configured"
NONSENSE = "a line that says nothing"
CONTROL = """Package: {name}
Version: {version}
Architecture: all
Multi-Arch: foreign
Maintainer: A vendor <vendor@example.com>
Description: data, as a vendor packs it
"""
RELEASE = """set -e
cd {folder}
chmod 755 tree/DEBIAN/postinst
dpkg-deb --build tree {name}.deb
dpkg-deb --field {name}.deb > Packages
echo "Filename: ./{name}.deb" >> Packages
echo "Size: $(stat --format=%s {name}.deb)" >> Packages
echo "SHA256: $(sha256sum {name}.deb | cut --delimiter=' ' --fields=1)" >> Packages
echo "deb [trusted=yes] file:{folder} ./" > /etc/apt/sources.list.d/vendor.list
"""


def release(host: str, version: int, *, broken: bool) -> None:
    """Let the host's apt find a new version of a package; a broken one fails when it is configured."""
    on_host(host, "mkdir", "--parents", f"{VENDOR}/tree/DEBIAN")
    put(host, f"{VENDOR}/tree/DEBIAN/control", CONTROL.format(name=VENDOR_PACKAGE, version=version))
    script = f'echo "{BAD_LUCK}" >&2; exit 1' if broken else "exit 0"
    put(host, f"{VENDOR}/tree/DEBIAN/postinst", f"#!/bin/sh\n{script}\n")
    on_host(host, "sh", "-c", RELEASE.format(folder=VENDOR, name=VENDOR_PACKAGE))


def spoil_daemon(host: str) -> None:
    """Let libvirt's daemon fail the next time that it starts; the one that runs does not notice."""
    append(host, LIBVIRTD_CONF, NONSENSE)


def mend_daemon(host: str) -> None:
    """Take the nonsense out again, and start what systemd has given up."""
    replace(host, LIBVIRTD_CONF, NONSENSE, "")
    on_host(host, "systemctl", "reset-failed")
    on_host(host, "systemctl", "start", *(f"libvirtd{kind}.socket" for kind in ("", "-ro", "-admin", "-tls")))
    on_host(host, "systemctl", "start", "libvirtd.service")


def versions(host: str) -> tuple[str, str]:
    """Return the versions of the libvirt daemon that answers and of the QEMU that it starts."""
    lines = on_host(host, "virsh", "version", "--daemon").splitlines()
    libvirt = next(line for line in lines if line.startswith("Running against daemon:"))
    qemu = next(line for line in lines if line.startswith("Running hypervisor:"))
    return libvirt.split()[-1], qemu.split()[-1]


def boot_of(host: str) -> str:
    return on_host(host, "cat", "/proc/sys/kernel/random/boot_id").strip()


def in_order_of_boot(hosts: Iterable[str]) -> list[str]:
    """Return hosts as they came up last; they share the clock of the machine."""
    show = ("systemctl", "show", "--property=UserspaceTimestampMonotonic", "--value")
    return sorted(hosts, key=lambda host: int(on_host(host, *show)))


def half_upgraded(host: str) -> bool:
    """Whether packages of the host are unpacked or configured in part, as in the middle of an upgrade."""
    return on_host(host, "dpkg", "--audit").strip() != ""


def left(host: str, boot: str) -> bool:
    """Whether the host has left this boot: it does not answer, or is up again already."""
    try:
        return boot_of(host) != boot
    except RuntimeError:
        return True
