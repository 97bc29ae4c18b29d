"""Firmware of the machine types that guests name it for, from every host that knows them. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import connection as connection_file
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.firmware import firmware_in, firmware_of
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.machine_type import Firmware
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot

OVMF = "/usr/share/OVMF/OVMF_CODE.fd"
XML = f"""<domainCapabilities><os supported='yes'><enum name='firmware'><value>efi</value></enum>
<loader supported='yes'><value>{OVMF}</value><enum name='type'><value>rom</value></enum></loader></os>
</domainCapabilities>"""


class LibvirtError(Exception):
    """Like libvirt's."""


@pytest.fixture(autouse=True)
def _binding(monkeypatch):
    monkeypatch.setattr(connection_file, "libvirt", SimpleNamespace(libvirtError=LibvirtError))


def fleet(answers, standby=()):
    """Return a fleet whose hosts answer so, and the list of what they are asked."""
    asked = []

    def control(name):
        def capabilities(*arguments):
            asked.append((name, arguments))
            if isinstance(answers[name], Exception):
                raise answers[name]
            return answers[name]

        return SimpleNamespace(getDomainCapabilities=capabilities)

    entries = {name: SimpleNamespace(standby=name in standby) for name in answers}
    return SimpleNamespace(entries=entries, timeout=5, control=control), asked


def host(name, *guests, machines=("pc-q35-7.2",)):
    return Host(name, HostState.SCHEDULABLE, virt_types=("kvm",), machine_types=machines, guests=guests)


def guest(**changes):
    return Guest("u", "web", GuestState.RUNNING, 1, 1, machine="pc-q35-7.2", **changes)


def test_files_and_kinds_are_read():
    assert firmware_in(XML) == Firmware((OVMF,), ("efi",))
    assert firmware_in("<domainCapabilities/>") == Firmware()


def test_every_host_that_knows_the_machine_type_is_asked_for_it():
    world, asked = fleet(dict.fromkeys(("hv1", "hv2", "hv3", "hv4"), XML), standby=("hv4",))
    hosts = (host("hv1", guest(loader=OVMF)), host("hv2"), host("hv3", machines=("pc-q35-6.2",)), host("hv4"))
    found, silent = firmware_of(world, Snapshot("", hosts))
    offered = {"pc-q35-7.2": Firmware((OVMF,), ("efi",))}
    assert (found, silent) == ({"hv1": offered, "hv2": offered, "hv3": {}}, {})
    assert sorted(asked) == [(name, (None, "x86_64", "pc-q35-7.2", "kvm", 0)) for name in ("hv1", "hv2")]


def test_guests_without_firmware_of_their_own_cost_nothing():
    world, asked = fleet({"hv1": XML})
    assert firmware_of(world, Snapshot("", (host("hv1", guest()),))) == ({}, {})
    assert asked == []


def test_a_host_that_fails_meanwhile_is_told_and_the_others_are_kept():
    world, _asked = fleet({"hv1": XML, "hv2": LibvirtError("client socket is closed")})
    found, silent = firmware_of(world, Snapshot("", (host("hv1", guest(firmware="efi")), host("hv2"))))
    assert (list(found), silent) == (["hv1"], {"hv2": "client socket is closed"})
