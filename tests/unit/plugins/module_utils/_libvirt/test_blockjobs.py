"""Block jobs are found where libvirt runs them, and a guest that left meanwhile is no error. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import blockjobs, connection
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Disk,
    DiskKind,
    Guest,
    GuestState,
    JobKind,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot


class LibvirtError(Exception):
    """Like libvirt's, with a code."""

    def __init__(self, code):
        super().__init__("said by libvirt")
        self._code = code

    def get_error_code(self):
        return self._code


@pytest.fixture(autouse=True)
def _binding(monkeypatch):
    binding = SimpleNamespace(VIR_ERR_NO_DOMAIN=42, VIR_ERR_OPERATION_INVALID=55, libvirtError=LibvirtError)
    monkeypatch.setattr(blockjobs, "libvirt", binding)
    monkeypatch.setattr(connection, "libvirt", binding)


def guest(**changes):
    disks = (Disk("vda", DiskKind.FILE), Disk("sda", DiskKind.NONE))
    return Guest(
        **{"uuid": "u", "name": "web", "state": GuestState.RUNNING, "memory": 1, "vcpus": 1, **changes}, disks=disks
    )


def looked(answer, **changes):
    """Return the guest after the look; ``answer`` is libvirt's for a disk, or what it raises."""
    asked = []

    def job_info(target, _flags):
        asked.append(target)
        if isinstance(answer, Exception):
            raise answer
        return answer

    control = SimpleNamespace(lookupByUUIDString=lambda _uuid: SimpleNamespace(blockJobInfo=job_info))
    fleet = SimpleNamespace(control=lambda _host: control, timeout=5)
    snapshot = Snapshot("", (Host("hv1", HostState.SCHEDULABLE, guests=(guest(**changes),)),))
    (found,) = blockjobs.with_block_jobs(fleet, snapshot).hosts[0].guests
    return found, asked


def test_a_guest_with_a_block_job_is_busy():
    found, asked = looked({"type": 1, "cur": 1, "end": 2})
    assert found.job is JobKind.OTHER
    assert asked == ["vda"], "an empty drive has no jobs"


def test_one_without_is_not():
    assert looked({})[0].job is None


@pytest.mark.parametrize("changes", [{"state": GuestState.SHUT_OFF}, {"job": JobKind.OUTGOING}])
def test_guests_that_can_have_none_are_not_asked(changes):
    found, asked = looked({"type": 1}, **changes)
    assert (found.job, asked) == (changes.get("job"), [])


@pytest.mark.parametrize("code", [42, 55])
def test_a_guest_that_left_meanwhile_is_no_error(code):
    assert looked(LibvirtError(code))[0].job is None


def test_a_host_that_is_gone_is_one():
    with pytest.raises(FleetError, match="hv1: said by libvirt"):
        looked(LibvirtError(38))


def test_disks_with_a_medium_are_those_of_the_xml():
    xml = """<domain><devices><disk><source file='/a'/><target dev='vda'/></disk>
    <disk device='cdrom'><target dev='sda'/></disk></devices></domain>"""
    assert blockjobs.targets_of(SimpleNamespace(XMLDesc=lambda _flags: xml)) == ("vda",)
