"""Use is told from two looks at what libvirt counts, and unknown where a look missed something."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import counters, usage
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.usage import Counted, Look
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fleet import HostEntry
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState

SECOND = 1_000_000_000


def told(before, after):
    """Return what web used in two seconds, counted so at both ends; None: that look missed it."""
    web = Guest("u", "web", GuestState.RUNNING, 1, 1)
    first, second = ({} if found is None else {"u": found} for found in (before, after))
    (found,) = usage.with_usage((web,), Look(10.0, first), Look(12.0, second))
    return found.usage_cpus, found.usage_disk, found.usage_network


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Counted(SECOND, 1000, 0), Counted(4 * SECOND, 5000, 3), (1.5, 2000.0, 1.5)),
        (Counted(5, 7, 7), Counted(5, 7, 7), (0.0, 0.0, 0.0)),
        (None, Counted(5, 5, 5), (None, None, None)),
        (Counted(5, 5, 5), None, (None, None, None)),
    ],
)
def test_use_is_what_was_counted_by_time_and_unknown_where_a_look_missed_the_guest(before, after, expected):
    assert told(before, after) == expected


def test_a_guest_that_began_anew_meanwhile_has_used_nothing_that_can_be_told():
    assert told(Counted(5, 5, 5), Counted(4, 9, 9)) == (None, None, None)


def test_a_disk_that_was_taken_away_meanwhile_leaves_the_rest_known():
    assert told(Counted(0, 500, 0), Counted(SECOND, 400, 100)) == (0.5, None, 50.0)


def test_what_nobody_counts_is_unknown_and_not_nothing():
    assert told(Counted(0), Counted(SECOND)) == (0.5, None, None)


@pytest.mark.parametrize(
    ("stats", "disk", "network"),
    [
        ({}, None, None),
        ({"block.count": 0, "net.count": 0}, 0, 0),
        ({"block.count": 1, "block.0.name": "vda", "net.count": 1, "net.0.name": "hostdev"}, None, None),
        (
            {
                "block.count": 2,
                "block.0.rd.bytes": 1,
                "block.0.wr.bytes": 2,
                "block.1.rd.bytes": 4,
                "net.count": 2,
                "net.0.rx.bytes": 8,
                "net.1.tx.bytes": 16,
            },
            7,
            24,
        ),
    ],
)
def test_bytes_are_those_of_all_devices_that_are_counted(stats, disk, network):
    assert (counters.disk_bytes(stats), counters.network_bytes(stats)) == (disk, network)


@pytest.mark.parametrize(
    ("stats", "used"),
    [
        ({"balloon.current": 1000, "balloon.rss": 900}, None),
        ({"balloon.current": 1000, "balloon.unused": 300}, 700 * 1024),
        ({"balloon.current": 1000, "balloon.unused": 300, "balloon.usable": 600}, 400 * 1024),
        ({"balloon.current": 1000, "balloon.unused": 1200}, 0),
    ],
)
def test_memory_that_a_guest_needs_is_told_by_its_balloon_driver_alone(stats, used):
    assert counters.balloon_used(stats) == used


class FakeHost:
    """A host whose CPUs have done something for three seconds; it counts how often it is asked."""

    def __init__(self):
        self.bulk_calls = 0

    def getAllDomainStats(self, wanted, _flags):  # noqa: N802
        assert wanted == 2 | 8 | 16
        self.bulk_calls += 1
        stats = {"cpu.time": 5, "block.count": 0, "net.count": 1, "net.0.rx.bytes": 9}
        return [(SimpleNamespace(UUIDString=lambda: "u"), stats)]

    def getCPUStats(self, _cpu, _flags):  # noqa: N802
        return {"kernel": SECOND, "user": 2 * SECOND, "idle": 7 * SECOND}


@pytest.fixture
def host(monkeypatch):
    constants = SimpleNamespace(
        VIR_DOMAIN_STATS_CPU_TOTAL=2,
        VIR_DOMAIN_STATS_BLOCK=8,
        VIR_DOMAIN_STATS_INTERFACE=16,
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE=1,
        VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT=2,
        VIR_NODE_CPU_STATS_ALL_CPUS=-1,
    )
    for module in (usage, counters):
        monkeypatch.setattr(module, "libvirt", constants)
    return FakeHost()


def test_a_look_asks_once_for_all_guests(host):
    found = usage.look(host, HostEntry("hv1", "qemu+tls://hv1/system"))
    assert (dict(found.guests), found.host_cpu_ns, host.bulk_calls) == ({"u": Counted(5, 0, 9)}, 3 * SECOND, 1)


def test_a_host_uses_what_all_of_it_was_busy_with():
    assert usage.host_cpus(Look(10.0, {}, SECOND), Look(12.0, {}, 4 * SECOND)) == 1.5


def test_of_a_container_the_host_is_not_measured(host):
    found = usage.look(host, HostEntry("hv1", "qemu+tls://hv1/system", own_counters=False))
    assert found.host_cpu_ns is None
    assert usage.host_cpus(found, found) is None
