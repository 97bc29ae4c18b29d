"""A plan that takes a disk away from shared storage is refused where somebody else needs it, or may."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Disk, GuestState, Layer
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState, Maps, Pool
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Change, ChangeKind, Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import verify
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

SAN = Pool("san", "netfs", True, "/srv/san", "gluster://north/guests", 100 * build.GIB, 50 * build.GIB)
VAULT = replace(SAN, name="vault", path="/srv/vault", identity="gluster://south/guests")
DISK = build.disk("web", "san", source="/srv/san/web-vda.qcow2")
ABOVE = build.disk(
    "clone", "san", chain=(Layer(DISK.source or "", "qcow2", "san", DISK.volume),), backing=DISK.source, format="qcow2"
)


def case(beside: Host) -> tuple[Snapshot, Plan]:
    """The legal one where nobody beside its own host needs its disk: web goes to the other site."""
    change = Change(ChangeKind.FILE, "vda", "/srv/vault/web-vda.qcow2")
    move = build.move(dest="hv3", copies=(build.copy_of(DISK, "vault"),), changes=(change,))
    fleet = build.snapshot(
        build.host("hv1", build.guest(disks=(DISK,)), site="north", pools=(SAN,)),
        beside,
        build.host("hv3", site="south", pools=(VAULT,), maps=Maps(pools={"san": "vault"})),
    )
    return fleet, Plan("id", build.evacuate("hv1"), (move,))


def neighbour(*disks: Disk) -> Host:
    guest = build.guest("clone", state=GuestState.SHUT_OFF, disks=disks)
    return build.host("hv2", guest, site="north", pools=(SAN,))


def poolless() -> Host:
    stray = replace(DISK, pool=None, volume=None)
    return build.host("hv2", build.guest("clone", state=GuestState.SHUT_OFF, disks=(stray,)), site="north", pools=())


def silent(site: Optional[str]) -> Host:
    return build.host("hv2", site=site, state=HostState.UNREACHABLE, error="no route to host", pools=())


RULE = "disk of nobody else"
BROKEN = [
    ("another guest has the disk", RULE, lambda: case(neighbour(DISK))),
    ("another guest's disk stands on it", RULE, lambda: case(neighbour(ABOVE))),
    ("another guest's host has no pool for it", RULE, lambda: case(poolless())),
    ("a host of the site did not answer", RULE, lambda: case(silent("north"))),
    ("a host of no site did not answer", RULE, lambda: case(silent(None))),
]


@pytest.mark.parametrize("beside", [neighbour(), neighbour(build.disk("clone", "san")), silent("south")])
def test_a_disk_that_nobody_else_needs_may_be_taken_away(beside: Host) -> None:
    assert verify.first_unsafe_step(*case(beside)) is None


@pytest.mark.parametrize(("rule", "make"), [pytest.param(*each[1:], id=each[0]) for each in BROKEN])
def test_a_disk_that_somebody_else_needs_or_may_need_stays(rule: str, make: Callable[[], Any]) -> None:
    found = verify.first_unsafe_step(*make())
    assert found is not None
    assert found.rule == rule
