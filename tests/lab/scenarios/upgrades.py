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
SOURCE = "/etc/apt/sources.list.d/vendor.list"
# A package of a vendor's own, on hosts of any release; its script says when it was set up, and asks for a reboot.
TOOL = "vendor-tool"
SET_UP = f"{VENDOR}/set-up"
ASK_FOR_REBOOT = f"date +%s.%N > {SET_UP}; echo {TOOL} >> /run/reboot-required.pkgs; touch /run/reboot-required"
HANG = "/etc/systemd/system/hang.service"
WANTED = "/etc/systemd/system/sysinit.target.wants/hang.service"
HANGING = f"""[Unit]
Description=A boot that hangs, once
DefaultDependencies=no
Before=systemd-networkd.service sysinit.target
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/sh -c 'rm {WANTED}; exec sleep infinity'
"""
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
echo "deb [trusted=yes] file:{folder} ./" > {source}
"""


def release(host: str, version: int, *, broken: bool) -> None:
    """Let the host's apt find a new version of a package; a broken one fails when it is configured."""
    _build(host, VENDOR_PACKAGE, version, f'echo "{BAD_LUCK}" >&2; exit 1' if broken else "exit 0")


def release_tool(host: str) -> None:
    """Have the vendor's own package on the host, and let apt find a newer version of it."""
    _build(host, TOOL, 1, "exit 0")
    on_host(host, "dpkg", "--install", f"{VENDOR}/{TOOL}.deb")
    _build(host, TOOL, 2, ASK_FOR_REBOOT)


def forget_tool(host: str) -> None:
    """Take the vendor's own package away again, with all that was made for it."""
    on_host(host, "dpkg", "--purge", TOOL)
    on_host(host, "rm", "--recursive", "--force", VENDOR, SOURCE, HANG, WANTED)


def set_up_at(host: str) -> float:
    """Return when the newer version of the vendor's own package was set up."""
    return float(on_host(host, "cat", SET_UP))


def _build(host: str, name: str, version: int, script: str) -> None:
    on_host(host, "mkdir", "--parents", f"{VENDOR}/tree/DEBIAN")
    put(host, f"{VENDOR}/tree/DEBIAN/control", CONTROL.format(name=name, version=version))
    put(host, f"{VENDOR}/tree/DEBIAN/postinst", f"#!/bin/sh\n{script}\n")
    on_host(host, "sh", "-c", RELEASE.format(folder=VENDOR, name=name, source=SOURCE))


def let_next_boot_hang(host: str) -> None:
    """Let the host hang when it boots next, before it has a network. Switched off and on, it boots as ever."""
    put(host, HANG, HANGING)
    on_host(host, "ln", "--symbolic", HANG, WANTED)


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
