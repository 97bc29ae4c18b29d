"""The record of ticks is read from the moment that is asked for, however long it has grown."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from virtfleet_lab.settings import Lab
from virtfleet_lab.tickrecord import newest_in_serial_files, ticks_since
from virtfleet_lab.ticks import Tick

LONG = 4_000


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(tmp_path, ipaddress.IPv4Network("10.213.77.0/24"))
    lab.dir.mkdir(parents=True)
    return lab


@pytest.mark.parametrize("since", [0, 1, 777, LONG - 1, LONG, LONG + 5])
def test_exactly_the_ticks_from_that_moment_on_are_found(lab: Lab, since: int):
    ticks = [Tick(float(second), "hv1", "uuid", second, "aaaaaaaa", "01234567", "ok") for second in range(LONG)]
    lab.ticks.write_text("".join(one.as_line() for one in ticks), encoding="ascii")
    found = ticks_since(lab, since).get("uuid", [])
    assert [one.number for one in found] == list(range(since, LONG))


def test_a_guest_silent_for_long_is_known_by_its_serial_file(lab: Lab):
    for host in ("hv1", "hv2"):
        lab.serial_dir(host).mkdir(parents=True)
    text = "Booting\ntick 1 boot=aaaaaaaa md5=- disk=none\ntick 2 boot=aaaaaaaa md5=- disk=none\ntick 3 bo"
    (lab.serial_dir("hv2") / "uuid").write_text(text, encoding="ascii")
    (lab.serial_dir("hv1") / "uuid").write_text("", encoding="ascii")
    assert [(one.host, one.number) for one in newest_in_serial_files(lab, "uuid")] == [("hv2", 2)]
    assert newest_in_serial_files(lab, "nobody") == []
