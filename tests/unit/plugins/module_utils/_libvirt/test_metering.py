"""Hosts are asked once where the earlier readings serve, and twice where they do not."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import connection as connecting
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import counters, metering
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.metering import Kind, Subject

NOON = 1_764_590_400.0
GUEST, HOST = Subject(Kind.GUEST, "uuid-web"), Subject(Kind.HOST, "hv1")


class LibvirtError(Exception):
    """What libvirt raises."""

    def get_error_code(self):
        return 3 if "not supported" in str(self) else 38


class FakeClock:
    """Time that passes only where somebody sleeps."""

    def __init__(self):
        self.now = NOON

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class FakeHost:
    """A host with one guest that uses half a CPU; the host itself uses 0.6."""

    def __init__(self, clock, broken=False, bare=False):
        self.clock, self.broken, self.bare, self.asked, self.id = clock, broken, bare, 0, 3

    def getAllDomainStats(self, _groups, _flags):  # noqa: N802
        if self.broken:
            raise LibvirtError("cannot connect")
        self.asked += 1
        name, uuid, number = "web", "uuid-web", self.id
        domain = SimpleNamespace(name=lambda: name, UUIDString=lambda: uuid, ID=lambda: number)
        spent = int((self.clock.now - NOON + 1000) * 0.5e9)
        disk = {"block.count": 1, "block.0.rd.bytes": spent // 1000, "block.0.wr.bytes": 0}
        return [(domain, {"state.state": 1, "cpu.time": spent, "balloon.rss": 2048, "net.count": 1, **disk})]

    def getCPUStats(self, _cpu, _flags):  # noqa: N802
        if self.bare:
            raise LibvirtError("this function is not supported by the connection driver")
        spent = int((self.clock.now - NOON + 1000) * 0.2e9)
        return {"kernel": spent, "user": 2 * spent, "idle": 7, "iowait": 1}

    def getMemoryStats(self, _cell, _flags):  # noqa: N802
        return {"total": 1000, "free": 300, "buffers": 50, "cached": 150}


@pytest.fixture
def clock(monkeypatch):
    found = FakeClock()
    constants = SimpleNamespace(
        VIR_DOMAIN_STATS_STATE=1,
        VIR_DOMAIN_STATS_CPU_TOTAL=2,
        VIR_DOMAIN_STATS_BALLOON=4,
        VIR_DOMAIN_STATS_BLOCK=8,
        VIR_DOMAIN_STATS_INTERFACE=16,
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE=1,
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT=2,
        VIR_NODE_CPU_STATS_ALL_CPUS=-1,
        VIR_NODE_MEMORY_STATS_ALL_CELLS=-1,
        VIR_DOMAIN_RUNNING=1,
        VIR_ERR_NO_SUPPORT=3,
        libvirtError=LibvirtError,
    )
    monkeypatch.setattr(metering, "libvirt", constants)
    monkeypatch.setattr(counters, "libvirt", constants)
    monkeypatch.setattr(connecting, "libvirt", constants)
    monkeypatch.setattr(metering, "time", found)
    return found


def fleet_of(own_counters=True, **hosts):
    entries = {
        name: SimpleNamespace(name=name, standby=host is None, own_counters=own_counters)
        for name, host in hosts.items()
    }
    return SimpleNamespace(entries=entries, timeout=5, control=hosts.__getitem__)


def cpus(measured):
    return {use.subject: use.cpus and round(use.cpus, 3) for use in measured.sample.uses}


def test_the_first_time_all_are_looked_at_twice(clock):
    host = FakeHost(clock)
    measured = metering.measure(fleet_of(hv1=host), {}, 2)
    assert (measured.looked_twice, host.asked) == (("hv1",), 2)
    assert cpus(measured) == {GUEST: 0.5, HOST: 0.6}
    assert measured.sample.at == NOON
    assert measured.readings[GUEST].moment == NOON + 2


def test_later_on_once_is_enough(clock):
    host = FakeHost(clock)
    earlier = metering.measure(fleet_of(hv1=host), {}, 2).readings
    clock.now += 300
    measured = metering.measure(fleet_of(hv1=host), earlier, 2)
    assert (measured.looked_twice, host.asked) == ((), 3)
    assert cpus(measured) == {GUEST: 0.5, HOST: 0.6}


def test_a_guest_that_was_started_again_is_looked_at_twice(clock):
    host = FakeHost(clock)
    earlier = metering.measure(fleet_of(hv1=host), {}, 2).readings
    clock.now += 300
    host.id = 4
    assert metering.measure(fleet_of(hv1=host), earlier, 2).looked_twice == ("hv1",)


def test_without_a_second_look_use_is_unknown_and_memory_is_not(clock):
    measured = metering.measure(fleet_of(hv1=FakeHost(clock)), {}, 0)
    assert cpus(measured) == {GUEST: None, HOST: None}
    assert {use.subject: use.memory for use in measured.sample.uses} == {GUEST: 2048 * 1024, HOST: 500 * 1024}


def test_a_silent_host_is_named_and_the_others_are_recorded(clock):
    measured = metering.measure(fleet_of(hv1=FakeHost(clock), hv2=FakeHost(clock, broken=True)), {}, 2)
    assert measured.silent == {"hv2": "cannot connect"}
    assert set(cpus(measured)) == {GUEST, HOST}


def test_where_nobody_answers_nothing_is_recorded(clock):
    with pytest.raises(FleetError, match="none of 1 hosts answers, among them hv1: cannot connect"):
        metering.measure(fleet_of(hv1=FakeHost(clock, broken=True)), {}, 2)


def test_hosts_on_standby_are_not_asked(clock):
    measured = metering.measure(fleet_of(hv1=FakeHost(clock), hv2=None), {}, 2)
    assert set(cpus(measured)) == {GUEST, HOST}


def test_a_look_that_takes_for_ever_is_refused(clock):
    with pytest.raises(FleetError, match="measure_usage_seconds is 601"):
        metering.measure(fleet_of(hv1=FakeHost(clock)), {}, 601)


def test_a_host_whose_driver_tells_nothing_of_itself_tells_of_its_guests(clock):
    measured = metering.measure(fleet_of(hv1=FakeHost(clock, bare=True)), {}, 2)
    assert cpus(measured) == {GUEST: 0.5, HOST: None}


def test_throughput_is_told_where_something_counts_it(clock):
    host = FakeHost(clock)
    earlier = metering.measure(fleet_of(hv1=host), {}, 2).readings
    clock.now += 300
    (use,) = (use for use in metering.measure(fleet_of(hv1=host), earlier, 2).sample.uses if use.subject == GUEST)
    assert (round(use.disk), use.network) == (500_000, None), "its network card is one that nobody counts for"


def test_of_a_host_that_is_a_container_only_the_guests_are_measured(clock):
    measured = metering.measure(fleet_of(own_counters=False, hv1=FakeHost(clock)), {}, 2)
    assert cpus(measured) == {GUEST: 0.5, HOST: None}
    assert next(use for use in measured.sample.uses if use.subject == HOST).memory is None
