"""QEMU is found whoever started it; daemons that are held are let go whatever goes wrong. systemd is a stand-in."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._host import quiet
from ansible_collections.virtfleet.migration.plugins.module_utils._host.quiet import Unit
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError

LISTED = """libvirtd.service loaded active running Virtualization daemon
libvirtd-admin.socket loaded inactive dead Libvirt admin socket
libvirtd.socket loaded active listening Libvirt local socket
virtqemud.service not-found inactive dead virtqemud.service
"""
UNITS = (Unit("libvirtd.service", True), Unit("libvirtd-admin.socket", False), Unit("libvirtd.socket", True))
NAMES = [unit.name for unit in UNITS]


def process(root: Path, number: int, program: str, *words: str) -> None:
    folder = root / "proc" / str(number)
    folder.mkdir(parents=True)
    (folder / "exe").symlink_to(program)
    (folder / "cmdline").write_bytes("\0".join((program, *words, "")).encode())


def test_every_qemu_is_found_and_no_helper(tmp_path: Path) -> None:
    process(tmp_path, 1, "/lib/systemd/systemd")
    process(tmp_path, 20, "/usr/bin/qemu-system-x86_64", "-name", "guest=web,debug-threads=on")
    process(tmp_path, 21, "/usr/libexec/qemu-kvm (deleted)", "-name", "db")
    process(tmp_path, 22, "/usr/bin/qemu-system-aarch64", "-m", "1024")
    process(tmp_path, 23, "/usr/bin/qemu-img", "convert")
    process(tmp_path, 24, "/usr/bin/qemu-ga")
    (tmp_path / "proc" / "30").mkdir()  # a thread of the kernel has no program
    (tmp_path / "proc" / "meminfo").write_text("")
    assert quiet.emulators(tmp_path) == ("db", "qemu-system-aarch64 (process 22)", "web")


class Systemd:
    """Answers as systemctl does, and remembers what it was asked. ``broken``: a verb that fails."""

    def __init__(self, broken: str = "", stubborn: bool = False) -> None:
        self.asked: list[list[str]] = []
        self._broken, self._stubborn = broken, stubborn

    def __call__(self, argv: Sequence[str]) -> tuple[int, str, str]:
        self.asked.append(list(argv))
        if argv[1] == self._broken:
            return 1, "", "it will not"
        if argv[1] == "list-units":
            return 0, LISTED, ""
        if argv[1] == "is-active":
            return 3, "\n".join(["active" if self._stubborn else "inactive"] * len(argv[2:])), ""
        return 0, "", ""

    def verbs(self) -> list[str]:
        return [argv[1] for argv in self.asked]


def test_the_daemons_are_those_that_are_loaded() -> None:
    assert quiet.daemons(Systemd()) == UNITS


def test_held_daemons_are_stopped_sockets_first_and_masked_only_then() -> None:
    systemd = Systemd()
    quiet.hold(systemd, UNITS)
    names = ["libvirtd-admin.socket", "libvirtd.socket", "libvirtd.service"]
    assert systemd.asked[:2] == [["systemctl", "stop", *names], ["systemctl", "mask", "--runtime", *names]]
    assert "unmask" not in systemd.verbs()


def test_only_what_was_active_is_started_again_sockets_first() -> None:
    systemd, why = Systemd(), FleetError("web runs")
    assert quiet.let_go(systemd, UNITS, why) is why
    assert systemd.asked == [
        ["systemctl", "unmask", "--runtime", *NAMES],
        ["systemctl", "start", "libvirtd.socket"],
        ["systemctl", "start", "libvirtd.service"],
    ]


def test_what_does_not_start_again_is_told_beside_the_reason() -> None:
    told = quiet.let_go(Systemd(broken="start"), UNITS, FleetError("web runs"))
    assert str(told).startswith("web runs; and what was stopped for a look does not start: systemctl start")


@pytest.mark.parametrize(
    ("systemd", "why"),
    [(Systemd(broken="stop"), "it will not"), (Systemd(stubborn=True), "libvirtd-admin.socket does not stop")],
)
def test_daemons_that_do_not_stop_are_let_go_and_named(systemd: Systemd, why: str) -> None:
    with pytest.raises(FleetError, match=why):
        quiet.hold(systemd, UNITS)
    assert systemd.verbs()[-2:] == ["start", "start"]
