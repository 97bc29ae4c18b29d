"""Scenario: each module by itself, in check mode, for real and again, with every transport and with odd names."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from conductor import COLLECTION, FLEET, Task, on_fleet, play, restoration
from labview import (
    INVENTORY,
    MARK,
    initial_world,
    lab,
    on_host,
    once_again_well,
    places,
    status,
    unexplained_holes,
    world,
)

# how long a connection to a host that is silent takes to fail, if nobody ends that before
TCP_PATIENCE_SECONDS = 120
LONG = "the-guest-with-the-longest-name-of-the-whole-lab-60-characte"


def move(folder: Path, *moves: tuple[str, str], variables: dict[str, Any] | None = None, **options: Any) -> list[Any]:
    """Move guests to hosts for real, check that they are there and well, and return the module's results."""
    arguments = {"journal_dir": str(folder / "journal"), **options}
    tasks = [on_fleet("guest_migration", guest=guest, host=host, **arguments) for guest, host in moves]
    run, results = play(folder, tasks, **(variables or {}))
    assert run.status == 0, run.output
    judged = once_again_well(run.began)
    assert judged["ok"], judged["problems"]
    now, before = places(judged), initial_world().places
    assert {guest: now[guest] for guest, _host in moves} == {
        guest: ((host, before[guest][0][1]),) for guest, host in moves
    }
    assert unexplained_holes(judged, [entry for result in results for entry in result["report"]["moves"]]) == []
    return results


def test_guest_migration_checked_done_checked_again_and_done_again(tmp_path: Path) -> None:
    before, journals = world(), tmp_path / "journal"
    task = on_fleet("guest_migration", guest="cache1", host="hv3", journal_dir=str(journals))
    run, (foreseen,) = play(tmp_path, [task], "--check", "--diff")
    assert (run.status, foreseen["changed"]) == (0, True), run.output
    assert world() == before
    assert not journals.exists()
    run, (real,) = play(tmp_path, [task], "--diff")
    assert (run.status, real["changed"]) == (0, True), run.output
    assert world().places["cache1"] == (("hv3", "running"),)
    assert foreseen["diff"] == real["diff"]
    assert "cache1" in real["diff"]["before"]["hv1"]
    assert "cache1" in real["diff"]["after"]["hv3"]
    assert foreseen["report"].keys() == real["report"].keys()
    for flags in (["--check"], []):
        run, (again,) = play(tmp_path, [task], *flags)
        assert (run.status, again["changed"]) == (0, False), run.output
    judged = once_again_well(run.began)
    assert judged["ok"], judged["problems"]
    (back,) = move(tmp_path, ("cache1", "hv1"))
    assert back["changed"] is True


def test_method_paused_suspends_while_it_moves_and_resumes(tmp_path: Path) -> None:
    (result,) = move(tmp_path, ("cache1", "hv2"), method="paused")
    assert result["report"]["moves"][0]["method"] == "paused"
    move(tmp_path, ("cache1", "hv1"))


@pytest.mark.parametrize("tls", [True, False], ids=["with tls", "without tls"])
def test_the_conductor_drives_a_direct_move(tmp_path: Path, tls: bool) -> None:
    move(tmp_path, ("cache1", "hv2" if tls else "hv1"), transport="direct", tls=tls)


def test_daemons_reach_one_another_by_ssh(tmp_path: Path) -> None:
    for host in ("hv2", "hv1"):
        move(tmp_path, ("cache1", host), tls=False, variables={"virtfleet_peer_transport": "ssh"})


def test_guests_with_odd_names_move(tmp_path: Path) -> None:
    homes = {guest: initial_world().places[guest][0][0] for guest in ("zürich", LONG, "o'brien's guest", "cache 2")}
    results = move(tmp_path, *[(guest, "hv3") for guest in homes])
    assert [result["report"]["moves"][0]["name"] for result in results] == list(homes)
    move(tmp_path, *homes.items())


@pytest.fixture
def autostarted() -> Iterator[str]:
    on_host("hv1", "virsh", "-q", "autostart", "cache1")
    yield "cache1"
    on_host("hv1", "virsh", "-q", "autostart", "--disable", "cache1")


def test_autostart_goes_along(tmp_path: Path, autostarted: str) -> None:
    for host in ("hv2", "hv1"):
        move(tmp_path, (autostarted, host))
        assert autostarted in on_host(host, "virsh", "-q", "list", "--autostart", "--name").splitlines()


def test_fleet_info_reports_a_host_that_refuses(tmp_path: Path) -> None:
    own = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))["hypervisors"]["hosts"]["hv1"]
    nobody = str(ipaddress.ip_interface(f"{own['ansible_host']}/24").network[250])
    more = tmp_path / "more.yml"
    absent = {**own, "ansible_host": nobody, "virtfleet_peer_name": "hv9", "virtfleet_migration_address": nobody}
    more.write_text(json.dumps({"hypervisors": {"hosts": {"hv9": absent}}}), encoding="utf-8")
    run, (found,) = play(tmp_path, [on_fleet("fleet_info")], "-i", str(more))
    assert run.status == 0, run.output
    assert found["changed"] is False
    assert list(found["unreachable_hosts"]) == ["hv9"]
    assert "No route to host" in found["unreachable_hosts"]["hv9"]
    placement = {host: initial_world().guests_on(host) for host in ("hv1", "hv2", "hv3")}
    assert {host: found["placement"][host] for host in placement} == placement


def test_fleet_info_waits_for_a_silent_host_no_longer_than_told(tmp_path: Path) -> None:
    lab("link", "hv3", "down")
    try:
        run, (found,) = play(tmp_path, [on_fleet("fleet_info", connect_timeout=6)])
    finally:
        lab("link", "hv3", "up")
    assert run.status == 0, run.output
    assert found["unreachable_hosts"] == {"hv3": "no answer within 6 s"}
    assert found["placement"]["hv1"] == initial_world().guests_on("hv1")
    assert run.seconds < TCP_PATIENCE_SECONDS


def test_a_silent_host_can_be_made_a_failure(tmp_path: Path) -> None:
    hosts = f"{{{{ {FLEET[2:-2]} + [{{'name': 'hv9', 'uri': 'qemu+tls://127.0.0.1:1/system'}}] }}}}"
    run, (found,) = play(tmp_path, [Task(f"{COLLECTION}.fleet_info", {"hosts": hosts, "fail_on_unreachable": True})])
    assert run.status != 0
    assert found["msg"].startswith("1 hosts do not answer, among them hv9: ")
    assert "Traceback" not in run.output


def test_fleet_info_sees_what_plans_need(tmp_path: Path) -> None:
    run, (found,) = play(tmp_path, [on_fleet("fleet_info")])
    assert run.status == 0, run.output
    (host,) = [host for host in found["snapshot"]["hosts"] if host["name"] == "hv1"]
    assert host["qemu_version"] >= 7002000
    assert host["allocatable_memory"] == 2048 * 2**20
    assert {pool["name"] for pool in host["pools"] if pool["active"]} == {"local", "iscsi", "gluster"}
    guests = {guest["name"]: guest for guest in host["guests"]}
    assert guests["db1"]["memory"] == 128 * 2**20
    assert [(disk["pool"], disk["volume"]) for disk in guests["db1"]["disks"]] == [("local", "db1.qcow2")]
    assert [disk["pool"] for disk in guests["web1"]["disks"]] == ["iscsi"]
    assert [disk["pool"] for disk in guests["web2"]["disks"]] == ["gluster"]
    assert (guests["frozen"]["state"], guests["archive"]["state"]) == ("paused", "shut_off")


def mark(check: bool = False, **options: Any) -> Task:
    return Task(f"{COLLECTION}.host_maintenance", options, on="hv3", keywords={"check_mode": check, "diff": True})


def test_host_maintenance_is_idempotent_and_keeps_its_reason(tmp_path: Path) -> None:
    tasks = [
        mark(reason="memory module 3", check=True),
        mark(reason="memory module 3"),
        mark(),
        mark(reason="fan 2", check=True),
        mark(reason="fan 2"),
    ]
    run, results = play(tmp_path, tasks)
    assert run.status == 0, run.output
    assert [result["changed"] for result in results] == [True, True, False, True, True]
    since = results[1]["maintenance"]["since"]
    assert results[2]["maintenance"] == {"reason": "memory module 3", "since": since}
    assert results[4]["maintenance"] == {"reason": "fan 2", "since": since}
    assert results[4]["diff"] == {
        "before": {"maintenance": {"reason": "memory module 3", "since": since}},
        "after": {"maintenance": {"reason": "fan 2", "since": since}},
    }
    assert world().marks == {"hv3": "fan 2"}
    tasks = [mark(state="absent", check=True), mark(state="absent"), mark(state="absent"), mark(state="unchanged")]
    run, results = play(tmp_path, tasks)
    assert run.status == 0, run.output
    assert [result["changed"] for result in results] == [True, True, False, False]
    assert world().marks == {}
    assert results[1]["maintenance"] is None
    # read by the module, and in the short way of a mark that is only read: the same kernel tells the same
    told, read = (result["pressure"] for result in results[2:])
    assert {kind: percent is None for kind, percent in told.items()} == {
        kind: percent is None for kind, percent in read.items()
    }
    assert all(percent is None or 0 <= percent <= 100 for percent in read.values())


def test_host_maintenance_in_check_mode_writes_nothing(tmp_path: Path) -> None:
    run, _results = play(tmp_path, [mark(reason="never", check=True)])
    assert run.status == 0, run.output
    assert world().marks == {}
    assert json.loads(on_host("hv3", "cat", MARK)).keys() == set()


def test_a_return_that_is_refused_puts_the_mark_back_with_its_time(tmp_path: Path) -> None:
    old = {"reason": "fan 2", "since": "2026-01-02T03:04:05+00:00"}
    run, _results = play(tmp_path, [mark(**old)])
    assert run.status == 0, run.output
    refused = restoration("hv3", tmp_path, bandwidth_mibs=-1).run()
    assert "bandwidth_mibs is -1" in refused.output
    assert json.loads(on_host("hv3", "cat", MARK)) == {"maintenance": old}
    run, (unchanged, _gone) = play(tmp_path, [mark(state="unchanged"), mark(state="absent")])
    assert run.status == 0, run.output
    assert (unchanged["changed"], unchanged["maintenance"]) == (False, old)


@pytest.fixture
def hostile() -> Iterator[str]:
    """A shut-off guest whose name is markup."""
    name = "<img src=x onerror=alert(1)>&\"'{{ 7 * 7 }}"
    lab("guest", "add", name, "--host", "hv2", "--state", "shutoff")
    yield name
    lab("guest", "remove", name)


def test_a_hostile_name_is_only_text(tmp_path: Path, hostile: str) -> None:
    (uuid,) = [guest["uuid"] for guest in status()["guests"] if guest["name"] == hostile]
    report = {"report_result": "{{ result_0 }}", "report_dir": str(tmp_path / "report")}
    tasks = [
        on_fleet("guest_migration", guest=uuid, host="hv3"),
        Task("ansible.builtin.include_role", {"name": f"{COLLECTION}.report"}, keywords={"vars": report}),
    ]
    run, (result,) = play(tmp_path, tasks)
    assert run.status == 0, run.output
    assert result["report"]["moves"][0]["name"] == hostile
    assert world().places[hostile] == (("hv3", "shutoff"),)
    (page,) = (tmp_path / "report").glob("*.html")
    text = page.read_text(encoding="utf-8")
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;&amp;" in text
    assert "{{ 7 * 7 }}" in text


def of_guest(guest: str, **options: Any) -> Task:
    return replace(on_fleet("guest_rules", guest=guest, **options), keywords={"diff": True})


def test_labels_and_rules_are_set_travel_with_their_guest_and_are_removed(tmp_path: Path) -> None:
    policy = {"max_downtime_ms": 500, "fallback": "may_pause", "priority": 7}
    wanted = {"labels": {"app": "<shop>"}, "rules": [{"kind": "ban", "hosts": ["hv9"]}], **policy}
    task = of_guest("cache1", **wanted)
    run, (foreseen,) = play(tmp_path, [task], "--check")
    assert (run.status, foreseen["changed"]) == (0, True), run.output
    assert "&lt;shop&gt;" not in on_host("hv1", "virsh", "dumpxml", "cache1")
    run, (real, again) = play(tmp_path, [task, task])
    assert run.status == 0, run.output
    assert [real["changed"], again["changed"]] == [True, False]
    assert foreseen["diff"] == real["diff"]
    for flag in ([], ["--inactive"]):
        assert "&lt;shop&gt;" in on_host("hv1", "virsh", "dumpxml", "cache1", *flag)
    try:
        for host in ("hv2", "hv1"):
            move(tmp_path, ("cache1", host))
            run, (kept,) = play(tmp_path, [task])
            assert (run.status, kept["changed"], kept["guest"]["host"]) == (0, False, host), run.output
            assert "&lt;shop&gt;" in on_host(host, "virsh", "dumpxml", "cache1", "--inactive")
    finally:
        run, (gone, nothing) = play(tmp_path, [of_guest("cache1", state="absent")] * 2)
    assert run.status == 0, run.output
    assert [gone["changed"], nothing["changed"]] == [True, False]
    assert gone["diff"]["before"]["labels"] == {"app": "<shop>"}
    assert gone["diff"]["before"]["policy"] == {"policy": None, **policy}


def test_a_shut_off_guest_with_a_hostile_name_has_labels_too(tmp_path: Path, hostile: str) -> None:
    (uuid,) = [guest["uuid"] for guest in status()["guests"] if guest["name"] == hostile]
    run, (done, again) = play(tmp_path, [of_guest(uuid, labels={"owner": "ana"})] * 2)
    assert run.status == 0, run.output
    assert [done["changed"], again["changed"], done["guest"]["name"]] == [True, False, hostile]


USES = ("usage_cpus", "usage_disk", "usage_network")


def test_usage_is_measured_on_request_only(tmp_path: Path) -> None:
    tasks = [on_fleet("fleet_info"), on_fleet("fleet_info", measure_usage_seconds=2)]
    # the inventory of the lab says otherwise, as its hosts are containers
    run, (fast, slow) = play(tmp_path, tasks, virtfleet_own_counters=True)
    assert run.status == 0, run.output

    def used(found: dict[str, Any], what: str) -> dict[str, float | None]:
        return {guest["name"]: guest[what] for host in found["snapshot"]["hosts"] for guest in host["guests"]}

    assert {use for what in USES for use in used(fast, what).values()} == {None}
    assert {host["usage_cpus"] for host in fast["snapshot"]["hosts"]} == {None}
    assert [used(slow, what)["archive"] for what in USES] == [None, None, None]
    usage = used(slow, "usage_cpus")
    assert usage["db1"] is not None
    assert 0 <= usage["db1"] <= 2
    disk, network = used(slow, "usage_disk"), used(slow, "usage_network")
    assert (disk["cache1"], network["cache1"], network["db1"]) == (0, 0, 0), "they have no disk, no network card"
    assert disk["db1"] is not None
    assert network["web1"] is not None
    assert all(host["usage_cpus"] > 0 for host in slow["snapshot"]["hosts"])


# one line for each guest of a host: the file of its process number, and what the kernel says of the process
SPENT = (
    "cd /run/libvirt/qemu && for file in *.pid; do "
    '[ "$file" = driver.pid ] || echo "$file $(cat /proc/$(cat "$file")/stat)"; done'
)


@dataclass(frozen=True)
class Spent:
    """CPU seconds that the process of each guest has taken, read between two moments of the clock."""

    began: float
    seconds: dict[str, float]
    ended: float


def spent() -> Spent:
    began, found = time.monotonic(), {}
    for line in (line for host in ("hv1", "hv2", "hv3") for line in on_host(host, "sh", "-c", SPENT).splitlines()):
        name, (user, system) = line.split(".pid ")[0], line.rpartition(")")[2].split()[11:13]
        found[name] = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return Spent(began, found, time.monotonic())


def spent_more(than: Spent, seconds: float) -> Spent:
    """Wait until all guests together have taken so much more CPU time."""
    end = time.monotonic() + 300
    while sum((now := spent()).seconds.values()) < sum(than.seconds.values()) + seconds:
        assert time.monotonic() < end, "the guests take no CPU time"
        time.sleep(1)
    return now


def test_plans_are_made_on_recorded_use_which_is_what_the_guests_took(tmp_path: Path) -> None:
    path = tmp_path / "history" / "history.sqlite"
    record = on_fleet("fleet_record", path=str(path), measure_usage_seconds=0)
    guests = sum(found[0][1] in ("running", "paused") for found in world().places.values())
    a = spent()
    run, (foreseen,) = play(tmp_path, [replace(record, keywords={"check_mode": True})])
    assert (run.status, foreseen["changed"], path.parent.exists()) == (0, True, False), run.output
    run, (first,) = play(tmp_path, [record], virtfleet_own_counters=True)
    b = spent()
    assert run.status == 0, run.output
    assert {**first["sample"], "at": 0, "host_memory": 0, "guest_memory": 0} == {
        "at": 0,
        "hosts": 3,
        "guests": guests,
        "looked_twice": 0,
        "unmeasured": 3 + guests,
        "unmeasured_disk": guests,
        "unmeasured_network": guests,
        "guest_cpus": 0.0,
        "guest_memory": 0,
        "guest_disk": 0.0,
        "guest_network": 0.0,
        "host_cpus": 0.0,
        "host_memory": 0,
    }
    c = spent_more(b, 2)
    question = {"goal": "explain", "guests": ["web1"], "max_cpu_percent": 0.01, "history": {"path": str(path)}}
    tasks = [record, on_fleet("migration_plan", **question)]
    run, (second, told) = play(tmp_path, tasks, virtfleet_own_counters=True)
    d = spent()
    assert run.status == 0, run.output
    sample = second["sample"]
    assert (sample["unmeasured"], second["history"]["samples"]) == (0, 2)
    assert (sample["unmeasured_disk"], sample["unmeasured_network"]) == (0, 0)
    # each of the three hosts counts the whole machine; guests with a disk read and write it with each tick
    assert sample["host_cpus"] > sample["guest_cpus"]
    assert sample["guest_disk"] > 0
    assert told["usage"] == {
        "source": "history",
        "guests": guests,
        "with_history": guests,
        "without_history": 0,
        "unmeasured": 0,
        "samples": 2,
        "newest": second["sample"]["at"],
    }
    refusals = [refusal for host in told["explanation"][0]["hosts"] for refusal in host["refusals"]]
    needs = {float(each["message"].split()[3]) for each in refusals if each["code"] == "cpu_usage"}
    # the samples were taken between a and b, and between c and d
    longest, shortest = d.began - a.ended, c.ended - b.began
    for names, use in ((list(a.seconds), second["sample"]["guest_cpus"]), (["web1"], needs.pop())):
        most = sum(d.seconds[name] - a.seconds[name] for name in names) / shortest
        least = sum(c.seconds[name] - b.seconds[name] for name in names) / longest
        assert least - 0.01 <= use <= most + 0.01, (names, least, use, most)
    assert needs == set()
