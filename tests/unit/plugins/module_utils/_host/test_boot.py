"""The running system is read from the kernel, from package databases and from what packages leave behind."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._host.boot import look_at_boot

BOOTED = 2_000_000_000
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A container that was booted 100 s after its machine."""
    put(tmp_path, "proc/sys/kernel/random/boot_id", "4c1b1f2e\n")
    put(tmp_path, "proc/stat", f"cpu 1 2\nbtime {BOOTED - 100}\n")
    put(tmp_path, "proc/1/stat", f"1 (a (name) S {' '.join(['0'] * 18)} {100 * TICKS} 0 0\n")
    return tmp_path


def put(root: Path, path: str, text: str, changed: float | None = None) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    if changed is not None:
        os.utime(file, (changed, changed))
    return file


def silent(_command: Sequence[str]) -> tuple[int, str, str]:
    return 0, "", ""


def process(root: Path, number: int, program: str, maps: str = "") -> None:
    put(root, f"proc/{number}/maps", maps)
    (root / f"proc/{number}/exe").symlink_to(program)


def test_a_container_was_booted_when_its_first_process_began(root: Path) -> None:
    found = look_at_boot(silent, None, root)
    assert found.boot_id == "4c1b1f2e"
    assert found.booted == BOOTED
    assert (found.reasons, found.packages_newer, found.outdated) == ((), False, ())


@pytest.mark.parametrize(("changed", "newer"), [(BOOTED - 1, False), (BOOTED + 1, True)])
@pytest.mark.parametrize("database", ["var/lib/dpkg/status", "usr/lib/sysimage/rpm/rpmdb.sqlite"])
def test_packages_are_newer_where_their_database_is(root: Path, database: str, changed: int, newer: bool) -> None:
    put(root, database, "", changed)
    assert look_at_boot(silent, None, root).packages_newer is newer


def test_a_package_that_asks_for_a_reboot_is_named(root: Path) -> None:
    put(root, "run/reboot-required", "")
    assert look_at_boot(silent, None, root).reasons == ("a package asks for it in /run/reboot-required",)
    put(root, "run/reboot-required.pkgs", "libc6\ndbus\nlibc6\n")
    assert look_at_boot(silent, None, root).reasons == ("dbus, libc6 asks for it in /run/reboot-required",)


def test_a_kernel_that_was_installed_since_the_boot_is_a_reason(root: Path) -> None:
    put(root, "boot/vmlinuz-6.1.0-32-amd64", "")
    assert look_at_boot(silent, None, root).reasons == ()  # the file was made long before this boot, which is in 2033
    put(root, "proc/stat", "btime 100\n")
    assert look_at_boot(silent, None, root).reasons == ("kernel 6.1.0-32-amd64 was installed since the boot",)


@pytest.mark.parametrize(("status", "reasons"), [(0, ()), (1, ("needs-restarting says so",)), (2, ())])
def test_needs_restarting_is_asked_where_it_is(root: Path, status: int, reasons: tuple[str, ...]) -> None:
    asked: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        asked.append(command)
        return status, "", ""

    assert look_at_boot(run, "/usr/bin/needs-restarting", root).reasons == reasons
    assert asked == [["/usr/bin/needs-restarting", "-r"]]


def test_daemons_of_libvirt_that_run_what_was_replaced_are_named(root: Path) -> None:
    process(root, 10, "/usr/sbin/virtqemud (deleted)")
    process(root, 11, "/usr/sbin/libvirtd", "7f00 r-xp /usr/lib/libvirt.so.0.9000.0 (deleted)\n")
    process(root, 12, "/usr/sbin/virtnetworkd", "7f00 r-xp /usr/lib/libvirt.so.0.9000.0\n7f01 rw-p /tmp/x (deleted)\n")
    process(root, 13, "/usr/bin/qemu-system-x86_64 (deleted)")
    assert look_at_boot(silent, None, root).outdated == ("libvirtd", "virtqemud")
