"""Running guests are sampled all at once; one that can't be is left without a rate, and nobody waits for it."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import dirty_rate
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestState, JobKind
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MIB = 1024 * 1024


class GoneError(Exception):
    """What stands for libvirtError; the code is that of a guest that is not there."""

    def get_error_code(self):
        return 42


CODES = ("NO_DOMAIN", "NO_SUPPORT", "OPERATION_INVALID", "OPERATION_UNSUPPORTED", "OPERATION_TIMEOUT")


@pytest.fixture
def measured(monkeypatch):
    """Measure guests, of which ``gone`` can't be; return their rates by name, and the seconds slept."""

    def run(*guests, gone=(), rates=(), job=None):
        slept = []
        names = {f"VIR_ERR_{code}": 42 for code in CODES}
        stats_flags = ("VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE", "VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT")
        job_flags = ("VIR_DOMAIN_JOB_STATS_COMPLETED", "VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED")
        flags = dict.fromkeys((*stats_flags, *job_flags), 0)
        fake = SimpleNamespace(libvirtError=GoneError, VIR_DOMAIN_STATS_DIRTYRATE=0, **names, **flags)
        monkeypatch.setattr(dirty_rate, "libvirt", fake)
        monkeypatch.setattr(dirty_rate, "time", SimpleNamespace(sleep=slept.append, monotonic=lambda: sum(slept)))
        started = []

        def look_up(uuid):
            if uuid in [build.uuid_of(name) for name in gone]:
                raise GoneError
            return SimpleNamespace(
                startDirtyRateCalc=lambda seconds, _flags: started.append((uuid, seconds)),
                jobStats=lambda _flags: job or {"type": 0},
            )

        def stats(_groups, _flags):
            for name, (status, rate) in dict(rates).items():
                facts = {"dirtyrate.calc_status": status, "dirtyrate.megabytes_per_second": rate}
                yield SimpleNamespace(UUIDString=lambda name=name: build.uuid_of(name)), facts

        connection = SimpleNamespace(lookupByUUIDString=look_up, getAllDomainStats=stats)
        found = dirty_rate.with_dirty_rates(connection, guests, 2)
        run.held = {guest.name: guest.held_memory for guest in found}
        return {guest.name: guest.dirty_rate for guest in found}, slept

    return run


def test_rates_are_in_bytes_and_all_guests_are_sampled_in_the_same_seconds(measured):
    web, db = build.guest("web"), build.guest("db")
    assert measured(web, db, rates={"web": (2, 7), "db": (2, 0)}) == ({"web": 7 * MIB, "db": 0}, [2])


def test_what_its_last_move_found_empty_is_not_held(measured):
    job = {"memory_total": 128 * MIB, "memory_constant": 4096, "memory_page_size": 4096}
    measured(build.guest("web"), rates={"web": (2, 7)}, job=job)
    assert measured.held == {"web": 112 * MIB}
    measured(build.guest("web"), rates={"web": (2, 7)})
    assert measured.held == {"web": None}


def test_one_that_is_gone_or_never_done_has_none(measured):
    web, db, old = build.guest("web"), build.guest("db"), build.guest("old")
    found, slept = measured(web, db, old, gone=("db",), rates={"web": (2, 7), "old": (1, 0)})
    assert found == {"web": 7 * MIB, "db": None, "old": None}
    assert 4.0 < sum(slept) < 4.5


def test_what_does_not_run_or_is_on_its_way_is_not_asked(measured):
    off, going = build.guest("off", state=GuestState.SHUT_OFF), build.guest("going", job=JobKind.OUTGOING)
    assert measured(off, going, gone=("off", "going")) == ({"off": None, "going": None}, [])


@pytest.mark.parametrize("seconds", [-1, 61])
def test_times_that_libvirt_does_not_take_are_refused(seconds):
    with pytest.raises(FleetError, match=f"^measure_dirty_rate_seconds is {seconds}"):
        dirty_rate.check_seconds(seconds)
