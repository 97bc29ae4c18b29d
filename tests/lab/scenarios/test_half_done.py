"""Scenario: guests that are not whole on one host are shown, refused, and mended when that is asked for and proven.

One is left paused at its source: its conductor dies while the destination's daemon hangs, between the last byte and the
word that it has arrived. One has an incoming copy on another host to which nothing moves; one is defined on two hosts.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from conductor import Task, on_fleet, play
from faults import kill_daemon, moving_to, started, state_of
from labview import initial_world, on_host, once_again_well, world
from mishaps import define, put

LEFT, HAUNTED, TWICE = "cache1", "cache 2", "web1"
RUN_NANOSECONDS = 200_000_000
COPY, IMAGE = "/root/copy-of-a-scenario.xml", "/root/copy-of-a-scenario.save"


def until(reached: Callable[[], bool], what: str, patience: float = 120) -> None:
    end = time.monotonic() + patience
    while not reached():
        assert time.monotonic() < end, f"never came to this: {what}"
        time.sleep(0.2)


def has_run(guest: str) -> bool:
    """Return whether the guest's vCPUs have used more than setting them up takes; one that has just arrived has not."""
    stats = on_host("hv1", "virsh", "domstats", "--vcpu", guest).splitlines()
    return any(int(line.partition("=")[2]) > RUN_NANOSECONDS for line in stats if ".time=" in line)


def no_migration(guest: str) -> bool:
    """Return whether hv1 has forgotten that the guest was on its way."""
    return "None" in on_host("hv1", "virsh", "domjobinfo", guest)


@contextmanager
def hung_daemon(host: str) -> Iterator[None]:
    """Let a host's libvirt accept everything and answer nothing for a while, at whose end it is killed."""
    on_host(host, "systemctl", "kill", "--kill-who=main", "--signal=STOP", "libvirtd")
    try:
        yield
    finally:
        kill_daemon(host)


def leave_paused(folder: Path) -> None:
    """Have the guest paused at hv1 by a migration of which nothing is left."""
    until(lambda: has_run(LEFT), "that it has run")
    with started(folder, moving_to("hv2", LEFT, transport="direct")) as faulty:
        faulty.until_sending(LEFT)
        with hung_daemon("hv2"):
            on_host("hv1", "virsh", "-q", "migrate-setspeed", LEFT, "1000")
            status_file = f"/run/libvirt/qemu/{LEFT}.xml"
            until(lambda: "phase='perform3_done'" in on_host("hv1", "cat", status_file), "all memory sent")
            faulty.run.kill_everything()
            until(lambda: no_migration(LEFT), "no migration any more")
    until(lambda: LEFT not in on_host("hv2", "virsh", "-q", "list", "--all", "--name").splitlines(), "no other copy")
    assert state_of("hv1", LEFT) == "paused (migrating)"


def start_another_paused() -> None:
    """Have a second copy of the guest on hv2, whose vCPUs never run: as if somebody had started it paused."""
    put("hv2", COPY, on_host("hv1", "virsh", "dumpxml", "--migratable", HAUNTED))
    on_host("hv2", "virsh", "-q", "create", "--paused", COPY)


def make_it_a_ghost() -> None:
    """Have that copy paused by libvirt as it pauses what comes in, not by a person."""
    on_host("hv2", "virsh", "-q", "save", HAUNTED, IMAGE)
    on_host("hv2", "virsh", "-q", "restore", "--paused", IMAGE)
    on_host("hv2", "rm", COPY, IMAGE)
    assert state_of("hv2", HAUNTED) == "paused (migrating)"


def whole(guest: str, *, mend: bool = True, check: bool = False) -> Task:
    task = on_fleet("guest_migration", guest=guest, host="hv1", mend=mend)
    return replace(task, keywords={"check_mode": check, "diff": True})


def deeds(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["action"], each["host"]) for each in result["mended"]]


def test_guests_that_are_not_whole_are_shown_refused_and_mended(tmp_path: Path) -> None:
    began = time.time()
    leave_paused(tmp_path)
    start_another_paused()
    run, (refused,) = play(tmp_path, [whole(HAUNTED)])
    assert refused["refusal"]["code"] == "own_state", run.output
    assert "its copy on hv2 was paused by somebody" in refused["msg"]
    assert state_of("hv2", HAUNTED) == "paused (user)"

    make_it_a_ghost()
    define("hv3", on_host("hv1", "virsh", "dumpxml", "--inactive", TWICE))
    run, (seen, refused) = play(tmp_path, [on_fleet("fleet_info"), whole(HAUNTED, mend=False)])
    assert run.status != 0
    assert [(each["name"], each["kind"], each["hosts"]) for each in seen["anomalies"]] == [
        (HAUNTED, "ghost", ["hv1", "hv2"]),
        (LEFT, "left_paused", ["hv1"]),
        (TWICE, "defined_twice", ["hv1", "hv3"]),
    ]
    assert "hv2 has a paused incoming copy of it to which nothing moves" in refused["msg"]
    assert "mend: true" in refused["remedy"]

    guests = (LEFT, HAUNTED, TWICE)
    mending = [whole(guest) for guest in guests]
    run, results = play(tmp_path, [whole(HAUNTED, check=True), *mending, *mending, on_fleet("fleet_info")])
    assert run.status == 0, run.output
    foreseen, done, again, after = results[0], results[1:4], results[4:7], results[7]
    assert [deeds(result) for result in done] == [
        [("resume", "hv1")],
        [("destroy", "hv2")],
        [("undefine", "hv3")],
    ]
    for key in ("mended", "diff", "changed"):
        assert foreseen[key] == done[1][key]
    assert done[1]["diff"]["before"][f"copies of {HAUNTED}"]["hv2"] == "paused by a migration, not defined"
    assert [result["changed"] for result in (*done, *again)] == [True] * 3 + [False] * 3
    assert f"{HAUNTED}: the paused copy on hv2 is destroyed" in run.output
    assert after["anomalies"] == []
    judged = once_again_well(began)
    assert judged["ok"], judged["problems"]
    assert world() == initial_world()
