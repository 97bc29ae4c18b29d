"""Scenario: hosts of two releases side by side. Guests go both ways, but none to a QEMU older than its machine type.

The last scenarios by name are of this profile: they take the lab down and leave another one.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor import evacuation, on_fleet, play
from labview import initial_world, lab, on_host, once_again_well, unexplained_holes, world

PROFILE = "mixed"
HOSTS = 5
NEW_MACHINE = "pc-q35-10.0"


@pytest.fixture(scope="module")
def modern() -> Iterator[str]:
    """A guest on the newer host that the older ones can't run."""
    lab("guest", "add", "modern", "--host", "hv4", "--machine", NEW_MACHINE)
    yield "modern"
    lab("guest", "remove", "modern")


def test_the_hosts_are_of_two_releases() -> None:
    versions = {host: on_host(host, "qemu-system-x86_64", "--version").splitlines()[0] for host in ("hv1", "hv4")}
    assert "version 7.2" in versions["hv1"]
    assert "version 10.0" in versions["hv4"]


def test_an_older_qemu_is_refused_before_anything_moves(tmp_path: Path, modern: str) -> None:
    before = world()
    run = evacuation("hv4", tmp_path).run("--check")
    assert run.status != 0, run.output
    assert "Traceback" not in run.output
    (stay,) = run.report["stays"]
    assert stay["name"] == modern
    assert [(refusal["host"], refusal["code"]) for refusal in stay["refusals"]] == [
        ("hv1", "machine_type"),
        ("hv2", "machine_type"),
        ("hv3", "machine_type"),
    ]
    for refusal in stay["refusals"]:
        assert refusal["message"].startswith(f"{refusal['host']} (QEMU 7.2")
        assert refusal["message"].endswith(f"does not know machine type {NEW_MACHINE}")
        assert refusal["message"] in run.output
    assert world() == before


def test_one_guest_to_an_older_qemu_is_refused(tmp_path: Path, modern: str) -> None:
    before = world()
    run, _results = play(tmp_path, [on_fleet("guest_migration", guest=modern, host="hv1")])
    assert run.status != 0, run.output
    assert f"does not know machine type {NEW_MACHINE}; upgrade QEMU there" in run.output
    assert world() == before


def test_guests_go_to_the_newer_release_and_back(tmp_path: Path) -> None:
    before = initial_world().places["web1"]
    for host in ("hv4", "hv1"):
        run, results = play(tmp_path, [on_fleet("guest_migration", guest="web1", host=host)])
        assert run.status == 0, run.output
        assert world().places["web1"] == ((host, "running"),)
        judged = once_again_well(run.began)
        assert judged["ok"], judged["problems"]
        assert unexplained_holes(judged, results[0]["report"]["moves"]) == []
    assert world().places["web1"] == before
