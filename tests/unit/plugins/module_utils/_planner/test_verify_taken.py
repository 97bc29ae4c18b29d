"""A plan that takes a disk away from shared storage is refused where somebody else needs it, or may."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Disk, GuestState, Layer
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState, Maps, Pool
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Change, ChangeKind, Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import verify
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

SAN = Pool("san", "netfs", True, "/srv/san", "gluster://north/guests", 100 * build.GIB, 50 * build.GIB)
VAULT = replace(SAN, name="vault", path="/srv/vault", identity="gluster://south/guests")
DISK = build.disk("web", "san", source="/srv/san/web-vda.qcow2")
ABOVE = build.disk(
    "clone", "san", chain=(Layer(DISK.source or "", "qcow2", "san", DISK.volume),), backing=DISK.source, format="qcow2"
)


def broken(beside: Host) -> Optional[str]:
    """Return the rule that a move of web to the other site breaks, with this host beside its own."""
    change = Change(ChangeKind.FILE, "vda", "/srv/vault/web-vda.qcow2")
    move = build.move(dest="hv3", copies=(build.copy_of(DISK, "vault"),), changes=(change,))
    fleet = build.snapshot(
        build.host("hv1", build.guest(disks=(DISK,)), site="north", pools=(SAN,)),
        beside,
        build.host("hv3", site="south", pools=(VAULT,), maps=Maps(pools={"san": "vault"})),
    )
    found = verify.first_unsafe_step(fleet, Plan("id", build.evacuate("hv1"), (move,)))
    return found.rule if found is not None else None


def neighbour(*disks: Disk) -> Host:
    guest = build.guest("clone", state=GuestState.SHUT_OFF, disks=disks)
    return build.host("hv2", guest, site="north", pools=(SAN,))


def silent(site: Optional[str]) -> Host:
    return build.host("hv2", site=site, state=HostState.UNREACHABLE, error="no route to host", pools=())


@pytest.mark.parametrize("beside", [neighbour(), neighbour(build.disk("clone", "san")), silent("south")])
def test_a_disk_that_nobody_else_needs_may_be_taken_away(beside: Host) -> None:
    assert broken(beside) is None


@pytest.mark.parametrize("beside", [neighbour(replace(DISK)), neighbour(ABOVE), silent("north"), silent(None)])
def test_a_disk_that_somebody_else_needs_or_may_need_stays(beside: Host) -> None:
    assert broken(beside) == "disk of nobody else"
