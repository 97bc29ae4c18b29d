"""Files that make an image a certain host: what libvirt finds when it starts there."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import uuid
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

from virtfleet_lab import hostfiles
from virtfleet_lab.settings import Host, Lab

LAB = Lab(Path("/somewhere"), ipaddress.IPv4Network("10.213.77.0/24"))
HV1 = Host("hv1", 1, "bookworm", LAB.address(11), LAB.address(111), 2048, 8)
BARE = replace(HV1, name="hv2", number=2, release="bookworm-bare")


def definitions(host: Host) -> list[ET.Element]:
    files = hostfiles._libvirt_files(LAB, host)
    return [ET.fromstring(text) for path, text in sorted(files.items()) if path.endswith(".xml")]


def test_pools_and_the_network_keep_their_identity_when_a_daemon_starts_anew() -> None:
    found = [element.findtext("uuid") for host in (HV1, replace(HV1, name="hv3")) for element in definitions(host)]
    assert len(found) == 8
    assert len({uuid.UUID(text) for text in found}) == 8
    assert [element.findtext("uuid") for element in definitions(HV1)] == found[:4]


def test_a_bare_host_is_given_no_libvirt_but_is_reached_by_ssh(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hostfiles, "_lay_ssh", lambda _lab, _host, _hosts, over: (over / "ssh").touch())
    monkeypatch.setattr(hostfiles, "_lay_libvirt", lambda _lab, _host, over: (over / "libvirt").touch())
    for host, expected in ((BARE, {"ssh"}), (HV1, {"ssh", "libvirt"})):
        over = tmp_path / host.name
        hostfiles.lay(LAB, host, [HV1, BARE], over)
        assert {name for name in ("ssh", "libvirt") if (over / name).exists()} == expected
