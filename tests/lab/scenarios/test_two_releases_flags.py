"""Scenario: what only newer hosts can do, between two of them, and refused where one of two is old.

Runs after test_two_releases.py, on the lab of the same profile.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from conductor import COLLECTION, Task, on_fleet, play
from daemonlog import Heard, heard, listening
from labview import hosts, lab, once_again_well, unexplained_holes, world
from libvirtflags import differences, marked, unheard

PROFILE = "mixed"
HOSTS = 5
NEW = ("hv4", "hv5")
MIB = 1024 * 1024


@pytest.fixture(scope="module", autouse=True)
def modern() -> Iterator[str]:
    """A guest with a disk of its own on the first of the newer hosts, whose daemons tell what they hear."""
    lab("guest", "add", "modern", "--host", "hv4", "--disk", "local")
    with listening(NEW):
        yield "modern"
    lab("guest", "remove", "modern")


@pytest.fixture(autouse=True)
def told(request: pytest.FixtureRequest) -> Iterator[list[Heard]]:
    """What each play of a test was heard to do; afterwards all that the test's mark names must be in it."""
    heard(NEW)
    found: list[Heard] = []
    yield found
    assert unheard(marked(request.node), found) == []


def sent(told: list[Heard], folder: Path, *tasks: Task) -> Heard:
    """Carry out tasks that move guests, and return what was heard. Ticks and disks are judged."""
    run, results = play(folder, tasks)
    assert run.status == 0, run.output
    judged = once_again_well(run.began)
    assert judged["ok"], judged["problems"]
    assert unexplained_holes(judged, [move for result in results for move in result["report"]["moves"]]) == []
    told.append(heard(NEW))
    return told[-1]


def from_the_newer_host(options: Mapping[str, Any]) -> Task:
    """Return a task for which the first of the newer hosts, with a newer binding, is the conductor."""
    uris = {host: f"qemu+tls://{host}/system" for host in NEW}
    fleet = [{"name": host, "uri": uri, "peer_uri": uri} for host, uri in uris.items()]
    return Task(f"{COLLECTION}.guest_migration", {"hosts": fleet, "guest": "modern", **options}, on="hv4")


@pytest.mark.migrates_with("COMPRESSED", "compression", "bandwidth.avail.switchover", "migrate_disks_detect_zeroes")
@pytest.mark.migrates_with("compression.zlib.level", "compression.zstd.level")
def test_compressed_streams_and_zeroes_looked_for(tmp_path: Path, told: list[Heard]) -> None:
    options = {"parallel_connections": 2, "compression": "zstd", "switchover_bandwidth_mibs": 100}
    task = on_fleet("guest_migration", guest="modern", host="hv5", detect_zeroes=True, **options)
    found = sent(told, tmp_path, task)
    assert "zstd" in found.qemu["multifd-compression"]
    assert 100 * MIB in found.qemu["avail-switchover-bandwidth"]
    assert found.calls[0].parameters["migrate_disks_detect_zeroes"] == ["vda"]
    levels = {"zlib": (7, "hv4"), "zstd": (15, "hv5")}
    tasks = [
        from_the_newer_host({"host": dest, "parallel_connections": 2, "compression": name, "compression_level": level})
        for name, (level, dest) in levels.items()
    ]
    found = sent(told, tmp_path, *tasks)
    for name, (level, _dest) in levels.items():
        assert name in found.qemu["multifd-compression"]
        assert level in found.qemu[f"multifd-{name}-level"]


def test_an_older_end_is_refused_by_name(tmp_path: Path) -> None:
    before = world()
    options = {"parallel_connections": 2, "compression": "zstd"}
    run, results = play(tmp_path, [on_fleet("guest_migration", guest="web1", host="hv4", **options)])
    assert run.status != 0
    (move,) = results[0]["report"]["moves"]
    assert (move["outcome"], move["error"]) == (
        "refused",
        "compression zstd needs libvirt 9.4.0, and hv1 has libvirt 9.0.0",
    )
    assert world() == before


def test_the_table_is_that_of_both_releases() -> None:
    assert [line for host in hosts() for line in differences(host)] == []
