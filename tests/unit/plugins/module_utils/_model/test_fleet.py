"""The list of hosts that users give: read where it makes sense, refused with one clear message where it does not."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.fleet import HostEntry, parse_hosts


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
