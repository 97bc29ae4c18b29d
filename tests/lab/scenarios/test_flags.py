"""Scenario: every option of how guests are sent, on real hosts; what reached libvirt and QEMU is read from their logs.

The mark ``migrates_with`` names flags and parameters of libvirt; each test must have been heard to use those it names.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conductor import COLLECTION, Task, on_fleet, play
from daemonlog import Heard, heard, listening
from labview import hosts, initial_world, on_host, once_again_well, unexplained_holes, world
from libvirtflags import FLAGS, differences, marked, unheard
from mishaps import QEMU_CONF, append, kept, restart_libvirtd

MIB = 1024 * 1024
CAP_SYS_RESOURCE = 24
# the lab's inventory has the same as virtfleet_migration_address
OWN_ADDRESS = {"virtfleet_listen_address": "{{ ansible_host }}"}


@pytest.fixture(scope="module", autouse=True)
def ears() -> Iterator[None]:
    with listening(hosts()):
        yield


@pytest.fixture(autouse=True)
def told(request: pytest.FixtureRequest) -> Iterator[list[Heard]]:
    """What each play of a test was heard to do; afterwards all that the test's mark names must be in it."""
    heard(hosts())
    found: list[Heard] = []
    yield found
    assert unheard(marked(request.node), found) == []


def sent(told: list[Heard], folder: Path, *tasks: Task, **variables: Any) -> tuple[list[dict[str, Any]], Heard]:
    """Carry out tasks that move guests; return their results and what was heard. Ticks and disks are judged."""
    run, results = play(folder, tasks, **variables)
    assert run.status == 0, run.output
    judged = once_again_well(run.began)
    assert judged["ok"], judged["problems"]
    moves = [move for result in results for move in result["report"]["moves"]]
    assert unexplained_holes(judged, moves) == []
    told.append(heard(hosts()))
    return results, told[-1]


def guest(name: str, host: str, **options: Any) -> Task:
    return on_fleet("guest_migration", guest=name, host=host, **options)


@pytest.mark.migrates_with("LIVE", "PEER2PEER", "PERSIST_DEST", "UNDEFINE_SOURCE", "TLS", "PARALLEL")
@pytest.mark.migrates_with("ABORT_ON_ERROR", "UNSAFE", "migrate_uri", "parallel.connections", "tls.destination")
@pytest.mark.migrates_with("COMPRESSED", "AUTO_CONVERGE", "compression", "compression.xbzrle.cache", "listen_address")
@pytest.mark.migrates_with("auto_converge.initial", "auto_converge.increment", "graphics_uri")
def test_streams_there_and_compressed_back_on_a_network_of_their_own(tmp_path: Path, told: list[Heard]) -> None:
    there = {"parallel_connections": 3, "abort_on_error": True, "allow_unsafe": True}
    there |= {"tls_destination": "hv2", "migration_port": 49350}
    back = {"compression": "xbzrle", "xbzrle_cache_mib": 32, "tls": False, "graphics_uri": "spice://proxy:5930"}
    # so slow that the guest ticks several times in the first pass: what a tick writes is sent again, and looked up then
    back |= {"auto_converge": True, "auto_converge_initial": 35, "auto_converge_increment": 15, "bandwidth_mibs": 20}
    tasks = guest("cache1", "hv2", **there), guest("cache1", "hv1", **back)
    _results, found = sent(told, tmp_path, *tasks, **OWN_ADDRESS)
    assert {"multifd", "xbzrle", "auto-converge"} <= found.capabilities
    expected = {"multifd-channels": 3, "tls-hostname": "hv2", "cpu-throttle-initial": 35, "cpu-throttle-increment": 15}
    assert {name: value for name, value in expected.items() if value not in found.qemu[name]} == {}
    # QEMU's own counts: memory went over the streams, and pages were kept and looked up to be compressed
    assert max(report["ram"].get("multifd-bytes", 0) for report in found.reports) > MIB
    caches = [report["xbzrle-cache"] for report in found.reports if "xbzrle-cache" in report]
    assert {cache["cache-size"] for cache in caches} == {32 * MIB}
    assert max(cache["cache-miss"] for cache in caches) > 0
    (first, second), hv2 = found.calls, on_host("hv2", "ip", "-brief", "address")
    (address,) = first.parameters["listen_address"]
    assert address in hv2
    assert first.parameters["migrate_uri"] == [f"tcp://{address}:49350"]
    assert not second.flags & (FLAGS["TLS"] | FLAGS["PARALLEL"])


@pytest.mark.migrates_with("POSTCOPY", "bandwidth.postcopy", "bandwidth", "CHANGE_PROTECTION")
def test_post_copy_at_a_speed_of_its_own_and_a_plan_by_the_conductor_back(tmp_path: Path, told: list[Heard]) -> None:
    # post-copy takes seconds at this speed, so that it is seen to be under way
    there = {"timeout": 2, "timeout_action": "post_copy", "bandwidth_mibs": 4, "post_copy_bandwidth_mibs": 16}
    back = {"goal": "move", "goal_hosts": ["hv1"], "guests": ["cache1"], "transport": "direct", "tls": False}
    tasks = guest("cache1", "hv2", **there), on_fleet("migration_apply", **back, bandwidth_mibs=200)
    _results, found = sent(told, tmp_path, *tasks)
    assert "postcopy-ram" in found.capabilities
    assert 16 * MIB in found.qemu["max-postcopy-bandwidth"]
    assert {4 * MIB, 200 * MIB} <= set(found.qemu["max-bandwidth"])
    assert {report["status"] for report in found.reports} >= {"active", "postcopy-active"}
    assert not found.calls[1].flags & (FLAGS["TLS"] | FLAGS["PEER2PEER"])


@pytest.mark.migrates_with("destination_name")
def test_a_guest_is_renamed_as_it_moves_and_back(tmp_path: Path, told: list[Heard]) -> None:
    task = replace(guest("cache 2", "hv2", new_name="store & 2", tls=False), keywords={"diff": True})
    rehearsed = replace(task, keywords={"diff": True, "check_mode": True})
    taken = replace(guest("cache 2", "hv2", new_name="zürich"), keywords={"check_mode": True})
    refused, _results = play(tmp_path, [taken])
    assert refused.status != 0
    assert "hv2 already has another guest of that name" in refused.output
    (foreseen, done, again), found = sent(told, tmp_path, rehearsed, task, task)
    assert [result["changed"] for result in (foreseen, done, again)] == [True, True, False]
    assert foreseen["diff"] == done["diff"]
    assert [call.parameters["destination_name"] for call in found.calls] == [["store & 2"]]
    assert "store & 2" in on_host("hv2", "virsh", "-q", "list", "--name", "--persistent").splitlines()
    assert "cache 2" not in on_host("hv1", "virsh", "-q", "list", "--name", "--all").splitlines()
    sent(told, tmp_path, guest("store & 2", "hv1", new_name="cache 2"))
    assert world().places == initial_world().places


@pytest.mark.migrates_with("PAUSED", "OFFLINE", "PARALLEL", "CHANGE_PROTECTION", "destination_name")
def test_paused_and_shut_off_guests_take_the_same_options(tmp_path: Path, told: list[Heard]) -> None:
    options = {"parallel_connections": 2, "auto_converge": True, "auto_converge_initial": 35, "tls": False}
    options |= {"timeout": 60, "abort_on_error": True, "storage_synchronous_writes": True}
    there = guest("frozen", "hv3", **options), guest("archive", "hv3", **options, new_name="archive 2")
    back = guest("archive 2", "hv1", new_name="archive", transport="direct")
    _results, found = sent(told, tmp_path, *there, back)
    # on the way back nothing is sent, and the conductor makes no call for it
    frozen, archive = found.calls
    assert frozen.flags & (FLAGS["PAUSED"] | FLAGS["PARALLEL"]) == FLAGS["PAUSED"] | FLAGS["PARALLEL"]
    assert not frozen.flags & (FLAGS["LIVE"] | FLAGS["AUTO_CONVERGE"])
    assert frozen.parameters["parallel.connections"] == ["2"]
    assert "auto_converge.initial" not in frozen.parameters
    assert archive.flags & FLAGS["OFFLINE"]
    assert not archive.flags & (FLAGS["PARALLEL"] | FLAGS["ABORT_ON_ERROR"] | FLAGS["LIVE"])
    assert archive.parameters["destination_name"] == ["archive 2"]
    assert "archive" in on_host("hv1", "virsh", "-q", "list", "--name", "--inactive").splitlines()
    # QEMU before 10.0 crashes a guest that moves again and has not run since it came
    on_host("hv3", "sh", "-c", "virsh resume frozen && sleep 1 && virsh suspend frozen")
    sent(told, tmp_path, guest("frozen", "hv1", transport="direct"))


@pytest.mark.migrates_with("NON_SHARED_DISK", "NON_SHARED_SYNCHRONOUS_WRITES", "migrate_disks")
@pytest.mark.migrates_with("disks_port", "disks_uri")
def test_a_disk_is_copied_to_a_port_or_an_address_of_ones_own(tmp_path: Path, told: list[Heard]) -> None:
    there = guest("db1", "hv2", storage_synchronous_writes=True, disks_port=49401)
    _results, found = sent(told, tmp_path, there, guest("db1", "hv1", disks_uri="tcp://hv1:49402"))
    first, second = found.calls
    assert (first.parameters["disks_port"], first.parameters["migrate_disks"]) == (["49401"], ["vda"])
    assert second.parameters["disks_uri"] == ["tcp://hv1:49402"]
    assert not second.flags & FLAGS["NON_SHARED_SYNCHRONOUS_WRITES"]


def may_lock_memory() -> bool:
    """Return whether this machine lets its daemons raise the limit of locked memory."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
    return bool(int(status["CapBnd"], 16) & 1 << CAP_SYS_RESOURCE)


@pytest.mark.migrates_with("ZEROCOPY", "PARALLEL")
def test_zero_copy_where_memory_may_be_locked_and_clear_words_where_not(tmp_path: Path, told: list[Heard]) -> None:
    options = {"zerocopy": True, "parallel_connections": 2, "tls": False}
    run, results = play(tmp_path, [guest("cache1", "hv2", **options)])
    told.append(heard(hosts()))
    (move,) = results[0]["report"]["moves"]
    if may_lock_memory():
        assert (run.status, move["outcome"]) == (0, "moved"), run.output
        assert "zero-copy-send" in told[0].capabilities
        sent(told, tmp_path, guest("cache1", "hv1"))
    else:
        assert move["outcome"] == "failed"
        assert "cannot limit locked memory" in move["error"]
        assert "Leave zerocopy out" in move["remedy"]
    assert once_again_well(run.began)["ok"]
    assert world().places["cache1"] == (("hv1", "running"),)


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
    assert heard(hosts()).calls == []
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


def test_the_table_is_that_of_the_hosts_libvirt() -> None:
    assert [line for host in hosts() for line in differences(host)] == []


def test_a_daemon_that_insists_on_tls_says_so_with_a_remedy(tmp_path: Path) -> None:
    with ExitStack() as mishaps:
        mishaps.callback(restart_libvirtd, "hv3")
        mishaps.enter_context(kept("hv3", QEMU_CONF))
        append("hv3", QEMU_CONF, "migrate_tls_force = 1")
        restart_libvirtd("hv3")
        run, _results = play(tmp_path, [guest("build1", "hv1", tls=False)])
        assert run.status != 0
        assert "allows migration only with VIR_MIGRATE_TLS flag" in run.output
        assert "Use tls: true" in run.output
    assert once_again_well(run.began)["ok"]
    assert world() == initial_world()
