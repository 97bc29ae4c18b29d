"""Scenario: every option of how guests are sent, on real hosts; what reached libvirt and QEMU is read from their logs.

The mark ``migrates_with`` names flags and parameters of libvirt; each test must have been heard to use those it names.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conductor import COLLECTION, Task, on_fleet, play
from daemonlog import Heard, heard, listening
from labview import hosts, initial_world, on_host, once_again_well, unexplained_holes, world
from libvirtflags import FLAGS, differences, marked, unheard

OWN_ADDRESS = {
    "virtfleet_migration_address": "{{ ansible_host }}",
    "virtfleet_listen_address": "{{ ansible_host }}",
}


@pytest.fixture(scope="module", autouse=True)
def ears() -> Iterator[None]:
    with listening(hosts()):
        yield


@pytest.fixture(autouse=True)
def marks(request: pytest.FixtureRequest) -> Iterator[list[Heard]]:
    """What each move of a test told, for the test to look at; afterwards all that its mark names must be in it."""
    heard(hosts())
    told: list[Heard] = []
    yield told
    assert unheard(marked(request.node), told) == []


def sent(folder: Path, task: Task, **variables: Any) -> tuple[dict[str, Any], Heard]:
    """Carry out one task that moves a guest; return its result and what was heard. Ticks and disks are judged."""
    run, results = play(folder, [task], **variables)
    assert run.status == 0, run.output
    judged = once_again_well(run.began)
    assert judged["ok"], judged["problems"]
    (result,) = results
    assert [move["outcome"] for move in result["report"]["moves"]] == ["moved"], run.output
    assert unexplained_holes(judged, result["report"]["moves"]) == []
    return result, heard(hosts())


def guest(name: str, host: str, **options: Any) -> Task:
    return on_fleet("guest_migration", guest=name, host=host, **options)


@pytest.mark.migrates_with("LIVE", "PEER2PEER", "PERSIST_DEST", "UNDEFINE_SOURCE", "TLS", "PARALLEL")
@pytest.mark.migrates_with("ABORT_ON_ERROR", "UNSAFE", "migrate_uri", "parallel.connections", "tls.destination")
def test_several_connections_encrypted_to_a_port_of_ones_own(tmp_path: Path, marks: list[Heard]) -> None:
    options = {"parallel_connections": 3, "abort_on_error": True, "allow_unsafe": True}
    options |= {"tls_destination": "hv2", "migration_port": 49350}
    _result, told = sent(tmp_path, guest("cache1", "hv2", **options))
    marks.append(told)
    assert "multifd" in told.capabilities
    assert told.qemu["multifd-channels"][0] == 3
    assert told.qemu["tls-hostname"][0] == "hv2"
    assert told.parameters["migrate_uri"] == ["tcp://hv2:49350"]
    assert max(report["ram"].get("multifd-bytes", 0) for report in told.reports) > 0


@pytest.mark.migrates_with("CHANGE_PROTECTION", "ZEROCOPY", "PARALLEL", "bandwidth")
def test_zero_copy_of_a_plan_driven_by_the_conductor_in_the_clear(tmp_path: Path, marks: list[Heard]) -> None:
    options = {"zerocopy": True, "parallel_connections": 2, "tls": False, "bandwidth_mibs": 200}
    plan = {"goal": "move", "goal_hosts": ["hv1"], "guests": ["cache1"], "transport": "direct"}
    _result, told = sent(tmp_path, on_fleet("migration_apply", **plan, **options))
    marks.append(told)
    assert {"multifd", "zero-copy-send"} <= told.capabilities
    assert not told.flags & (FLAGS["TLS"] | FLAGS["PEER2PEER"])
    assert told.qemu["max-bandwidth"] == [200 * 1024 * 1024]


@pytest.mark.migrates_with("COMPRESSED", "AUTO_CONVERGE", "compression", "compression.xbzrle.cache", "listen_address")
@pytest.mark.migrates_with("auto_converge.initial", "auto_converge.increment", "migrate_uri", "graphics_uri")
def test_compressed_slowed_down_and_on_a_network_of_its_own(tmp_path: Path, marks: list[Heard]) -> None:
    options = {"compression": "xbzrle", "xbzrle_cache_mib": 32, "tls": False, "graphics_uri": "spice://proxy:5930"}
    options |= {"auto_converge": True, "auto_converge_initial": 35, "auto_converge_increment": 15}
    _result, told = sent(tmp_path, guest("cache1", "hv2", **options), **OWN_ADDRESS)
    marks.append(told)
    assert {"xbzrle", "auto-converge"} <= told.capabilities
    assert told.qemu["cpu-throttle-initial"] == [35]
    assert told.qemu["cpu-throttle-increment"] == [15]
    # QEMU's own count shows that it kept pages and looked them up
    caches = [report["xbzrle-cache"] for report in told.reports if "xbzrle-cache" in report]
    assert caches[-1]["cache-size"] == 32 * 1024 * 1024
    assert caches[-1]["cache-miss"] > 0
    (address,) = told.parameters["listen_address"]
    assert told.parameters["migrate_uri"] == [f"tcp://{address}"]
    assert address in on_host("hv2", "ip", "-brief", "address")


@pytest.mark.migrates_with("POSTCOPY", "bandwidth.postcopy", "bandwidth")
def test_post_copy_at_a_speed_of_its_own(tmp_path: Path, marks: list[Heard]) -> None:
    options = {"timeout": 2, "timeout_action": "post_copy", "bandwidth_mibs": 4, "post_copy_bandwidth_mibs": 64}
    _result, told = sent(tmp_path, guest("cache1", "hv1", **options))
    marks.append(told)
    assert "postcopy-ram" in told.capabilities
    assert told.qemu["max-postcopy-bandwidth"] == [64 * 1024 * 1024]
    assert {report["status"] for report in told.reports} >= {"active", "postcopy-active"}


@pytest.mark.migrates_with("destination_name")
def test_a_guest_is_renamed_as_it_moves_and_back(tmp_path: Path, marks: list[Heard]) -> None:
    task = replace(guest("cache 2", "hv2", new_name="store & 2", tls=False), keywords={"diff": True})
    rehearsed = replace(task, keywords={"diff": True, "check_mode": True})
    run, (foreseen, done, again) = play(tmp_path, [rehearsed, task, task])
    assert run.status == 0, run.output
    marks.append(heard(hosts()))
    assert [result["changed"] for result in (foreseen, done, again)] == [True, True, False]
    assert foreseen["diff"] == done["diff"]
    assert "store & 2" in on_host("hv2", "virsh", "-q", "list", "--name", "--persistent").splitlines()
    assert "cache 2" not in on_host("hv1", "virsh", "-q", "list", "--name", "--all").splitlines()
    refused, _results = play(tmp_path, [guest("store & 2", "hv1", new_name="cache1")])
    assert refused.status != 0
    assert "hv1 already has another guest of that name" in refused.output
    sent(tmp_path, guest("store & 2", "hv1", new_name="cache 2"))


@pytest.mark.migrates_with("PAUSED", "OFFLINE", "PARALLEL", "destination_name")
def test_paused_and_shut_off_guests_take_the_same_options(tmp_path: Path, marks: list[Heard]) -> None:
    options = {"parallel_connections": 2, "auto_converge": True, "auto_converge_initial": 35, "tls": False}
    options |= {"timeout": 60, "abort_on_error": True, "storage_synchronous_writes": True}
    for name, more in (("frozen", {}), ("archive", {"new_name": "archive 2"})):
        _result, told = sent(tmp_path, guest(name, "hv3", **options, **more))
        marks.append(told)
        assert not told.flags & (FLAGS["LIVE"] | FLAGS["AUTO_CONVERGE"])
        assert "auto_converge.initial" not in told.parameters
    assert marks[1].parameters == {"destination_name": ["archive 2"]}
    assert not marks[1].flags & (FLAGS["PARALLEL"] | FLAGS["ABORT_ON_ERROR"])
    sent(tmp_path, guest("archive 2", "hv1", new_name="archive", transport="direct"))
    # QEMU before 10.0 crashes a guest that moves again and has not run since it came
    on_host("hv3", "virsh", "resume", "frozen")
    on_host("hv3", "virsh", "suspend", "frozen")
    sent(tmp_path, guest("frozen", "hv1", transport="direct"))


@pytest.mark.migrates_with("NON_SHARED_DISK", "NON_SHARED_SYNCHRONOUS_WRITES", "migrate_disks")
@pytest.mark.migrates_with("disks_port", "disks_uri")
def test_a_disk_is_copied_to_a_port_or_an_address_of_ones_own(tmp_path: Path, marks: list[Heard]) -> None:
    _result, told = sent(tmp_path, guest("db1", "hv2", storage_synchronous_writes=True, disks_port=49401))
    marks.append(told)
    assert told.parameters["disks_port"] == ["49401"]
    assert told.parameters["migrate_disks"] == ["vda"]
    _result, told = sent(tmp_path, guest("db1", "hv1", disks_uri="tcp://hv1:49402"))
    marks.append(told)
    assert told.parameters["disks_uri"] == ["tcp://hv1:49402"]
    assert not told.flags & FLAGS["NON_SHARED_SYNCHRONOUS_WRITES"]


def test_hosts_too_old_for_an_option_are_refused_before_anything_moves(tmp_path: Path) -> None:
    before = world()
    options = {"parallel_connections": 2, "compression": "zstd", "compression_level": 3, "detect_zeroes": True}
    options |= {"switchover_bandwidth_mibs": 100, "timeout": 60, "timeout_action": "post_copy"}
    run, results = play(tmp_path, [guest("db1", "hv2", **options)])
    assert run.status != 0
    assert "Traceback" not in run.output
    (move,) = results[0]["report"]["moves"]
    assert move["outcome"] == "refused"
    for host in ("hv1", "hv2"):
        for option, needs, has in (
            ("compression zstd", "libvirt 9.4.0", "libvirt 9.0.0"),
            ("detect_zeroes", "libvirt 10.9.0", "libvirt 9.0.0"),
            ("switchover_bandwidth_mibs", "libvirt 11.1.0", "libvirt 9.0.0"),
            ("switchover_bandwidth_mibs", "QEMU 8.2.0", "QEMU 7.2."),
            ("parallel_connections together with post-copy", "QEMU 10.1.0", "QEMU 7.2."),
        ):
            assert f"{option} needs {needs}, and {host} has {has}" in move["error"]
    assert "compression_level needs libvirt-python 9.4.0, and the conductor has libvirt-python 9.0.0" in move["error"]
    assert heard(hosts()).flags == 0
    assert world() == before


def test_options_that_contradict_one_another_reach_no_host(tmp_path: Path) -> None:
    nowhere = [{"name": name, "uri": f"qemu+tls://{name}.invalid/system"} for name in ("hv1", "hv2")]
    options = {"zerocopy": True, "compression": "xbzrle", "compression_level": 3, "auto_converge_initial": 20}
    task = Task(
        f"{COLLECTION}.guest_migration",
        {"hosts": nowhere, "guest": "db1", "host": "hv2", "disks_port": 1, "disks_uri": "tcp://hv2:1", **options},
    )
    run, _results = play(tmp_path, [task])
    assert run.status != 0
    for sentence in (
        "zerocopy needs parallel_connections",
        "zerocopy sends memory as it is, and tls encrypts it",
        "zerocopy sends memory as it is, and compression xbzrle changes it",
        "compression_level needs compression zlib or zstd",
        "auto_converge_initial tunes auto_converge, which is off",
        "disks_port and disks_uri both say where disks go",
        "nothing was contacted",
    ):
        assert sentence in run.output
    assert "Traceback" not in run.output
    assert "does not answer" not in run.output


def test_a_daemon_that_insists_on_tls_says_so_with_a_remedy(tmp_path: Path) -> None:
    on_host("hv3", "sh", "-c", "echo migrate_tls_force=1 >> /etc/libvirt/qemu.conf && systemctl restart libvirtd")
    try:
        run, _results = play(tmp_path, [guest("build1", "hv1", tls=False)])
        assert run.status != 0
        assert "allows migration only with VIR_MIGRATE_TLS flag" in run.output
        assert "Use tls: true" in run.output
        assert once_again_well(run.began)["ok"]
    finally:
        on_host("hv3", "sh", "-c", "sed -i /migrate_tls_force/d /etc/libvirt/qemu.conf && systemctl restart libvirtd")


def test_the_table_is_that_of_the_hosts_libvirt() -> None:
    assert [line for host in hosts() for line in differences(host)] == []


def test_everything_is_back_where_it_was() -> None:
    assert world() == initial_world()
