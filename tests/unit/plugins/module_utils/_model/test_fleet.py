"""The list of hosts that users give: read where it makes sense, refused with one clear message where it does not."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fleet import (
    HostEntry,
    links_of,
    parse_hosts,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import Link


def entry(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "uri": f"qemu+tls://{name}/system", **more}


def test_hosts_are_sorted_by_name() -> None:
    assert [host.name for host in parse_hosts([entry("hv2"), entry("hv1")])] == ["hv1", "hv2"]


def test_what_is_not_given_takes_its_default() -> None:
    (host,) = parse_hosts([entry("hv1", peer_uri=None, cpu_overcommit=None)])
    assert host == HostEntry("hv1", "qemu+tls://hv1/system")


def test_a_nested_mark_is_read() -> None:
    (host,) = parse_hosts([entry("hv1", maintenance={"reason": "disk"}, shared_pools=["a", "b"], labels={"x": "y"})])
    assert host.maintenance is not None
    assert host.maintenance.reason == "disk"
    assert host.shared_pools == ("a", "b")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "the list of hosts is empty. Check the inventory group (default: hypervisors)"),
        ([entry("hv1"), entry("hv2"), entry("hv1")], "host hv1 is given twice. Give each host once"),
        ([{"uri": "qemu:///system"}], "hosts[0].name: missing. Check the variables of that host in the inventory"),
        ([entry("hv1"), {"name": "hv2"}], "hosts[1].uri: missing. Check the variables of that host in the inventory"),
        ([entry("")], "hosts[0] has an empty name. Give each host its inventory name"),
        (["hv1"], 'hosts[0]: expected a mapping, found "hv1". Check the variables of that host in the inventory'),
        (
            [entry("hv1", colour="red")],
            "hosts[0].colour: not a known key. Check the variables of that host in the inventory",
        ),
        (
            [entry("hv1", allocatable_vcpus="many")],
            'hosts[0].allocatable_vcpus: expected a whole number, found "many". '
            "Check the variables of that host in the inventory",
        ),
        (
            [entry("hv1", maintenance={"reason": 1})],
            "hosts[0].maintenance.reason: expected text, found 1. Check the variables of that host in the inventory",
        ),
        (
            [entry("hv1", allocatable_memory_mib=-1)],
            "allocatable_memory_mib of host hv1 is negative (-1). Give zero or more",
        ),
        ([entry("hv1", allocatable_vcpus=-2)], "allocatable_vcpus of host hv1 is negative (-2). Give zero or more"),
        ([entry("hv1", reserve_memory_mib=-3)], "reserve_memory_mib of host hv1 is negative (-3). Give zero or more"),
        ([entry("hv1", cpu_overcommit=-0.5)], "cpu_overcommit of host hv1 is negative (-0.5). Give zero or more"),
        (
            [{"name": "hv1", "uri": "hv1.example.org"}],
            "uri of host hv1 is not a libvirt URI: 'hv1.example.org'. Write e.g. qemu+tls://NAME/system",
        ),
        ([{"name": "hv1", "uri": ""}], "uri of host hv1 is not a libvirt URI: ''. Write e.g. qemu+tls://NAME/system"),
        (
            [entry("hv1", peer_uri="hv1")],
            "peer_uri of host hv1 is not a libvirt URI: 'hv1'. Write e.g. qemu+tls://NAME/system",
        ),
        (
            [{"name": "hv1", "uri": "qemu+tls://[fe80::1/system"}],
            "uri of host hv1 is not a libvirt URI: 'qemu+tls://[fe80::1/system'. Write e.g. qemu+tls://NAME/system",
        ),
        (
            [entry("hv1"), {"name": "hv2", "uri": "qemu+tls://hv1/system"}],
            "hosts hv1 and hv2 have the same uri qemu+tls://hv1/system. One of them is wrong",
        ),
        (
            [entry("hv1", peer_uri="qemu+tls://x/system"), entry("hv2", peer_uri="qemu+tls://x/system")],
            "hosts hv1 and hv2 have the same peer_uri qemu+tls://x/system. One of them is wrong",
        ),
    ],
)
def test_nonsense_is_refused_with_cause_and_remedy(data: list[Any], message: str) -> None:
    with pytest.raises(FleetError) as caught:
        parse_hosts(data)
    assert str(caught.value) == message


def test_a_host_says_what_it_draws_and_that_it_is_on_standby() -> None:
    power = {"idle_watts": 90, "full_watts": 300, "table": [90, 100, 120, 140, 160, 180, 200, 220, 250, 280, 300]}
    hosts = parse_hosts([entry("hv1", power=power), entry("hv2", standby=True, standby_like="hv1")])
    assert hosts[0].power is not None
    assert (hosts[0].power.full_watts, len(hosts[0].power.table)) == (300.0, 11)
    assert (hosts[0].standby, hosts[1].standby) == (False, True)


def test_figures_of_its_own_do_for_a_host_on_standby() -> None:
    parse_hosts([entry("hv1", standby=True, memory_mib=4096, cpus=8)])
    parse_hosts([entry("hv1", standby=True, allocatable_memory_mib=4096, allocatable_vcpus=8)])


def test_what_was_known_of_a_host_does_too() -> None:
    (host,) = parse_hosts([entry("hv1", standby=True, known={"name": "hv1", "state": "schedulable", "cpus": 8})])
    assert host.known is not None
    assert host.known.cpus == 8


def link(*sites: str, speed: float = 100) -> dict[str, Any]:
    return {"sites": list(sites), "bandwidth_mibs": speed}


def test_each_link_is_known_once_whoever_names_it() -> None:
    hosts = parse_hosts(
        [entry("hv1", links=[link("south", "north")]), entry("hv2", links=[link("north", "south"), link("north")])]
    )
    assert links_of(hosts) == (Link(("north", "north"), 100.0), Link(("north", "south"), 100.0))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([entry("hv1", power={"idle_watts": -1, "full_watts": 2})], "the power model of host hv1 has watts"),
        (
            [entry("hv1", power={"idle_watts": 1, "full_watts": float("nan")})],
            "the power model of host hv1 has watts",
        ),
        (
            [entry("hv1", power={"idle_watts": 3, "full_watts": 2})],
            "host hv1 draws 2 W at full load, less than its 3 W",
        ),
        (
            [entry("hv1", power={"idle_watts": 1, "full_watts": 2, "boot_seconds": -1})],
            "the power model of host hv1 has seconds",
        ),
        ([entry("hv1", power_since="yesterday")], "power_since of host hv1 is 'yesterday'"),
        ([entry("hv1", pressure={"io": 101})], "pressure.io of host hv1 is 101"),
        (
            [entry("hv1", power={"idle_watts": 1, "full_watts": 2, "table": [1, 2]})],
            "the table of the power model of host hv1",
        ),
        ([entry("hv1", power={"idle_watts": 1})], "hosts[0].power.full_watts: missing"),
        ([entry("hv1", cpus=-1)], "cpus of host hv1 is negative (-1)"),
        ([entry("hv1", memory_mib=-1)], "memory_mib of host hv1 is negative (-1)"),
        ([entry("hv1", max_guests=-1)], "max_guests of host hv1 is negative (-1)"),
        ([entry("hv1", cpu_overcommit=float("inf"))], "cpu_overcommit of host hv1 is no number (inf)"),
        ([entry("hv1", standby=True, cpus=4)], "host hv1 is on standby, and its memory_mib is not given"),
        ([entry("hv1", standby=True, memory_mib=4)], "host hv1 is on standby, and its cpus is not given"),
        ([entry("hv1", standby=True, standby_like="hv1")], "standby_like of host hv1 is 'hv1', no host"),
        ([entry("hv1", standby=True, standby_like="hv7")], "standby_like of host hv1 is 'hv7', no host"),
        ([entry("hv1", links=[link()])], "a link of host hv1 is not one or two sites"),
        ([entry("hv1", links=[link("a", "b", "c")])], "a link of host hv1 is not one or two sites"),
        ([entry("hv1", links=[link("a", speed=0)])], "a link of host hv1 is not one or two sites"),
        (
            [entry("hv1", links=[link("a", "b")]), entry("hv2", links=[link("b", "a", speed=5)])],
            "the bandwidth_mibs of the link of a and b is 100 as hv1 has it, and 5 as hv2 has it",
        ),
    ],
)
def test_figures_that_can_not_be_are_refused_by_the_name_of_their_host(data: list[Any], message: str) -> None:
    with pytest.raises(FleetError) as caught:
        parse_hosts(data)
    assert str(caught.value).startswith(message)
