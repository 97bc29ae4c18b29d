"""The room of pools that a plan copies into is that of this moment, and no others are asked. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import connection, rooms, volumes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import MoveClaim, Notes, VolumeRef
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan, Stay
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import Refusal, RefusalCode
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

GONE, INTERNAL = 38, 1
LEFT = VolumeRef("local", "web-vda.qcow2")
COPYING = build.move(copies=(build.copy_of(build.disk("web", "local")),))


class LibvirtError(Exception):
    """Like libvirt's, with a code."""

    def __init__(self, code, text="said by libvirt"):
        super().__init__(text)
        self._code = code

    def get_error_code(self):
        return self._code


@pytest.fixture(autouse=True)
def _binding(monkeypatch):
    binding = SimpleNamespace(libvirtError=LibvirtError, VIR_ERR_INTERNAL_ERROR=INTERNAL, VIR_ERR_NO_STORAGE_VOL=50)
    for module in (rooms, connection, volumes):
        monkeypatch.setattr(module, "libvirt", binding)


class Hypervisor:
    """A host with a pool that has ``stale`` bytes until it is read anew, then ``free``, and the volume LEFT in it."""

    def __init__(self, free, stale, error=None, left=None):
        self.free, self.shown, self.error, self.left, self.refreshed = free, stale, error, left, 0

    def refresh(self, _flags):
        self.refreshed += 1
        if self.error is not None:
            raise self.error
        self.shown = self.free

    def volume(self, _name):
        if self.left is None:
            raise LibvirtError(50)
        return SimpleNamespace(info=lambda: [0, 100, self.left])

    def pool(self, name):
        xml = f"<pool type='dir'><name>{name}</name><available>{self.shown}</available><target><path>/srv/local</path>"
        return SimpleNamespace(
            refresh=self.refresh,
            isActive=lambda: 1,
            XMLDesc=lambda _flags: f"{xml}</target></pool>",
            storageVolLookupByName=self.volume,
        )


def run(there, *moves, stale=100, need=50, notes=Notes()):  # noqa: B008
    """Return what is free in the plan's snapshot, and how often it was planned; a plan moves where there is room."""
    entry = SimpleNamespace(shared_pools=())
    fleet = SimpleNamespace(
        control=lambda _host: SimpleNamespace(storagePoolLookupByName=there.pool), entries={"hv2": entry}, timeout=5
    )
    pools = (replace(build.LOCAL, available=stale),)
    before = build.snapshot(build.host("hv1", build.guest(notes=notes)), build.host("hv2", pools=pools))
    asked = []

    def plan(snapshot):
        free = snapshot.host("hv2").pool("local").available
        asked.append(free)
        if free >= need:
            return Plan("id", build.evacuate("hv1"), tuple(moves))
        refusal = Refusal(RefusalCode.DISK_SPACE, "web", "hv2", {"pool": "local"})
        return Plan("id", build.evacuate("hv1"), (), (Stay("u", "web", "hv1", (refusal,)),))

    snapshot, made = rooms.planned(fleet, before, plan)
    return snapshot.host("hv2").pool("local").available, len(asked), len(made.moves)


def test_a_plan_that_copies_nothing_asks_nobody():
    there = Hypervisor(free=1, stale=100)
    assert run(there, build.move()) == (100, 1, 1)
    assert run(there, replace(COPYING, adopt=True)) == (100, 1, 1)
    assert there.refreshed == 0


def test_where_there_is_less_room_than_it_seemed_it_is_planned_again():
    assert run(Hypervisor(free=10, stale=100), COPYING) == (10, 2, 0)
    assert run(Hypervisor(free=60, stale=100), COPYING) == (60, 2, 1)


def test_where_there_is_more_room_than_it_seemed_a_guest_that_would_stay_goes():
    assert run(Hypervisor(free=60, stale=10), COPYING, stale=10) == (60, 2, 1)
    assert run(Hypervisor(free=20, stale=10), COPYING, stale=10) == (20, 2, 0)
    there = Hypervisor(free=10, stale=10)
    assert run(there, COPYING, stale=10) == (10, 1, 0)
    assert there.refreshed == 1


def test_a_pool_is_read_once_and_where_it_has_room_the_plan_stands():
    there = Hypervisor(free=150, stale=100)
    assert run(there, COPYING) == (150, 1, 1)
    assert there.refreshed == 1


def test_what_an_interrupted_move_left_there_is_room():
    claim = MoveClaim("hv1", "hv2", False, (LEFT,), (LEFT,))
    there = Hypervisor(free=30, stale=100, left=40)
    assert run(there, COPYING, notes=Notes(claim=claim)) == (70, 2, 1)
    assert run(there, COPYING, notes=Notes(claim=replace(claim, dest="hv3"))) == (30, 2, 0)
    there.left = None
    assert run(there, COPYING, notes=Notes(claim=claim)) == (30, 2, 0)


def test_a_pool_in_which_libvirt_just_makes_a_volume_keeps_its_figures():
    busy = LibvirtError(INTERNAL, "internal error: pool 'local' has asynchronous jobs running.")
    assert run(Hypervisor(free=10, stale=100, error=busy), COPYING) == (100, 1, 1)


@pytest.mark.parametrize("error", [LibvirtError(GONE), LibvirtError(INTERNAL)])
def test_a_host_that_is_gone_is_an_error(error):
    with pytest.raises(FleetError, match="free space of pool local of hv2: said by libvirt"):
        run(Hypervisor(free=10, stale=100, error=error), COPYING)
