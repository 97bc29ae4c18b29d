"""Scenario: guests that belong together go to another site over a narrow link, disks and all, and come home again.

The sites have storage, networks and bridges of their own. A whole site is to be drained for which the other one has no
room, the link is cut for half a minute, and the conductor dies.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conductor import Job, Run, on_fleet, play, restoration
from crossing import MIB, cut, narrow, watched
from labview import initial_world, on_host, once_again_well, unexplained_holes, world
from running import Running, running

PROFILE = "sites"
LAST = True  # the guests end in the south

CAP_MIBS = 8  # as the lab's inventory has it for every hour, where its link could do more
LONG_SECONDS = 20
CUT_SECONDS = 30
SHOP = {"shop-db": 5, "shop-web": 1, "shop-old": 0}  # with their priorities
WHAT = {"guest_labels": {"tenant": "shop"}, "dest_sites": "south", "slots": {"max_per_fleet": 2}}
DRAIN = {"hosts": "hv1", "guests": ["shop-old"], "dest_sites": "south", "drain": True, "reason": "the lease ends"}
NORTH, SOUTH = "/var/lib/libvirt/gluster", "/var/lib/libvirt/vault"
RING_BYTES = 65536


@pytest.fixture(scope="module", autouse=True)
def shop(fresh_lab: None, folder: Path) -> Iterator[None]:  # noqa: ARG001
    """The guests that belong together say so themselves; the link is as narrow as it is from here on."""
    told = [
        on_fleet("guest_rules", guest=guest, labels={"tenant": "shop", "group": "shop"}, priority=priority)
        for guest, priority in SHOP.items()
    ]
    run, _results = play(folder, told)
    assert run.status == 0, run.output
    with narrow():
        yield


@pytest.fixture(scope="module")
def disk(shop: None) -> str:  # noqa: ARG001
    """The checksum of a disk before anything has moved."""
    return untouched("hv1", f"{NORTH}/shop-web.raw")


def relocation(folder: Path) -> Job:
    return Job("relocate", "", folder, {})


def untouched(host: str, path: str) -> str:
    """Return a checksum of a disk beyond what its guest's ticks write."""
    return on_host(host, "sh", "-c", f"tail -c +{RING_BYTES + 1} '{path}' | md5sum").split()[0]


def plugs(host: str, guest: str) -> list[str]:
    """Return what the guest's interface is plugged into now, and after its next start."""
    told = [on_host(host, "virsh", "-q", "domiflist", *which, guest).split() for which in ((), ("--inactive",))]
    return [columns[2] for columns in told]


def started(job: Job) -> list[str]:
    """Return the guests in the order in which their moves have begun."""
    (path,) = job.journal_dir.glob("*.jsonl")
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [event["name"] for event in events if event["event"] == "move_started"]


def assert_each_once_and_well(since: float) -> dict[str, Any]:
    judged = once_again_well(since)
    assert judged["ok"], judged["problems"]
    assert [name for name, places in world().places.items() if len(places) != 1] == []
    return judged


def assert_in_the_south(since: float, disk: str) -> None:
    assert_each_once_and_well(since)
    now, before = world(), initial_world()
    there = {name: places for name, places in now.places.items() if places[0][0] == "hv3"}
    expected = {name: (("hv3", before.places[name][0][1]),) for name in (*SHOP, "office")}
    assert there == expected
    assert plugs("hv3", "shop-web") == ["office", "office"]
    assert plugs("hv3", "shop-db") == ["br-office", "br-office"]
    assert untouched("hv3", f"{SOUTH}/shop-web.raw") == disk
    assert on_host("hv1", "ls", NORTH).split() == []
    assert now.local_volumes == {**before.local_volumes, "hv1": (), "hv3": ("shop-db.qcow2",)}


def assert_home(run: Run, since: float, disk: str) -> None:
    assert run.status == 0, run.output
    assert_each_once_and_well(since)
    assert world() == initial_world()
    assert plugs("hv1", "shop-web") == ["lab", "lab"]
    assert plugs("hv1", "shop-db") == ["br-guests", "br-guests"]
    assert untouched("hv1", f"{NORTH}/shop-web.raw") == disk
    assert on_host("hv3", "ls", SOUTH).split() == []


def on_the_way(run: Running) -> None:
    run.until(lambda: bool(run.moving()), "guests on their way")


def test_a_site_for_which_the_other_has_no_room_is_not_drained_at_all(tmp_path: Path) -> None:
    job = relocation(tmp_path)
    run = job.run(sites="north", dest_sites="south", drain=True, reason="the lease ends")
    assert run.status != 0
    assert "Traceback" not in run.output
    assert world() == initial_world()
    stays = {stay["name"]: {refusal["code"] for refusal in stay["refusals"]} for stay in run.report["stays"]}
    assert stays.pop("lathe") == {"memory"}, run.output
    assert stays == {name: {"all_or_none"} for name in (*SHOP, "desk")}
    assert "lathe stays on hv2: hv3 has 352 MiB of allocatable memory left, the guest needs 384 MiB" in run.output
    assert "all or none are to go, and lathe can't" in run.output


def test_a_group_goes_live_with_its_disks_as_check_mode_has_said(tmp_path: Path, disk: str) -> None:
    job = relocation(tmp_path)
    predicted = job.run("--check", **WHAT)
    assert predicted.status == 0, predicted.output
    assert world() == initial_world()
    with watched(tmp_path / "link") as meter:
        run = job.run(**WHAT)
    assert run.status == 0, run.output
    assert_in_the_south(run.began, disk)
    assert predicted.moves() == run.moves()
    assert predicted.report["placement"] == run.report["placement"]
    assert sorted(run.moves()) == [
        ("shop-db", "hv1", "hv3", "live"),
        ("shop-old", "hv2", "hv3", "offline"),
        ("shop-web", "hv1", "hv3", "live"),
    ]
    assert started(job) == list(SHOP)
    assert [(group["name"], group["split"]) for group in run.report["groups"]] == [("shop", False)]
    judged = once_again_well(run.began)
    assert unexplained_holes(judged, run.report["moves"]) == []
    # what TLS and TCP add, and QEMU's first 16 MiB of a disk, for which it waits afterwards
    assert meter.seconds > LONG_SECONDS
    assert meter.over(CAP_MIBS, LONG_SECONDS) < 0.1 * CAP_MIBS * LONG_SECONDS * MIB
    once_more = job.run(**WHAT)
    assert (once_more.status, once_more.changed, once_more.moves()) == (0, 0, []), once_more.output


def test_they_come_home_though_the_link_is_cut_for_half_a_minute(tmp_path: Path, disk: str) -> None:
    job = restoration("hv1,hv2", tmp_path)
    with running(job.argv(), tmp_path / "first.log", job.journal_dir) as first:
        on_the_way(first)
        with cut():
            time.sleep(CUT_SECONDS)
        first.wait(400)
    assert_each_once_and_well(first.began)
    assert_home(job.run(), first.began, disk)


def test_a_drain_whose_conductor_was_killed_is_finished_by_the_same_command(tmp_path: Path, disk: str) -> None:
    job = relocation(tmp_path)
    with running(job.argv(**DRAIN), tmp_path / "first.log", job.journal_dir) as first:
        on_the_way(first)
        first.kill_everything()
    assert started(job) != []
    again = job.run(**DRAIN)
    assert again.status == 0, again.output
    assert world().marks == {"hv1": DRAIN["reason"]}
    assert_in_the_south(first.began, disk)
