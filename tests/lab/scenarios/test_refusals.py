"""Scenario: what a destination can't take is refused by name and reason before anything moves.

The older QEMU, which needs a host of another release, has a scenario of its own: two releases.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor import Job, Run, evacuation, on_fleet, play, restoration
from labview import initial_world, on_host, once_again_well, places, specs, status, world

# Room for the two guests that hv2 has and 64 MiB more, less than any guest needs.
FULL_MIB = 2 * 96 + 64


@pytest.fixture(scope="module")
def full(folder: Path) -> list[str]:
    """Flags that leave hv2 with too little allocatable memory for another running guest."""
    path = folder / "full.yml"
    content = {"hypervisors": {"hosts": {"hv2": {"virtfleet_allocatable_memory_mib": FULL_MIB}}}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return ["-i", str(path)]


@pytest.fixture(scope="module")
def job(folder: Path) -> Job:
    return evacuation("hv1", folder)


@pytest.fixture(scope="module")
def failed(job: Job, full: list[str]) -> Run:
    """The run that moves what can move, and fails because of the rest."""
    return job.run(*full, dests="hv2")


@pytest.fixture
def without_pool() -> Iterator[None]:
    """hv2 with its pool for local disks stopped."""
    on_host("hv2", "virsh", "-q", "pool-destroy", "local")
    yield
    on_host("hv2", "virsh", "-q", "pool-start", "local")


def active_guests_of_hv1() -> dict[str, int]:
    return {
        spec["name"]: spec["memory_mib"] for spec in specs() if spec["host"] == "hv1" and spec["state"] != "shutoff"
    }


def test_one_guest_to_a_host_without_the_pool_of_its_disk(tmp_path: Path, without_pool: None) -> None:  # noqa: ARG001
    before = places(status())
    run, _results = play(tmp_path, [on_fleet("guest_migration", guest="db1", host="hv2")])
    assert run.status != 0, run.output
    pool = "pool local (dir /var/lib/libvirt/images)"
    assert f"db1 stays on hv1: disk vda is in {pool}, which hv2 does not have active" in run.output
    assert "define and start that pool on hv2" in run.output
    assert "Traceback" not in run.output
    assert places(status()) == before


def test_a_host_without_the_pool_is_passed_over(tmp_path: Path, without_pool: None) -> None:  # noqa: ARG001
    run = evacuation("hv1", tmp_path).run("--check")
    assert run.status == 0, run.output
    dests = {name: dest for name, _source, dest, _method in run.moves()}
    assert dests["db1"] == "hv3"
    assert "hv2" in dests.values()


def test_too_little_memory_is_known_before_anything_moves(job: Job, full: list[str]) -> None:
    run = job.run("--check", *full, dests="hv2")
    assert run.status != 0, run.output
    assert_named(run)
    assert world() == initial_world()


def test_guests_that_stay_are_named_and_make_the_run_fail(failed: Run) -> None:
    assert failed.status != 0, failed.output
    assert "Traceback" not in failed.output
    assert_named(failed)
    assert f"{len(active_guests_of_hv1())} guests stayed" in failed.output


def test_the_other_guests_have_moved(failed: Run) -> None:
    shut_off = [spec["name"] for spec in specs() if spec["host"] == "hv1" and spec["state"] == "shutoff"]
    assert sorted(name for name, _source, _dest, _method in failed.moves()) == sorted(shut_off)
    assert world().guests_on("hv1") == sorted(active_guests_of_hv1())
    judged = once_again_well(failed.began)
    assert judged["ok"], judged["problems"]


def test_guests_may_stay_if_the_user_says_so(job: Job, full: list[str], failed: Run) -> None:  # noqa: ARG001
    run = job.run(*full, dests="hv2", allow_stay=True)
    assert run.status == 0, run.output
    assert run.changed == 0
    assert_named(run)


def test_what_did_move_comes_home(folder: Path, failed: Run) -> None:  # noqa: ARG001
    run = restoration("hv1", folder / "home").run()
    assert run.status == 0, run.output
    assert world() == initial_world()


def assert_named(run: Run) -> None:
    """Every guest that stays is named in the output and in the report, with the reason for the only candidate."""
    need = active_guests_of_hv1()
    stays = {stay["name"]: stay["refusals"] for stay in run.report["stays"]}
    assert sorted(stays) == sorted(need)
    for name, mib in need.items():
        (refusal,) = stays[name]
        assert (refusal["code"], refusal["host"]) == ("memory", "hv2")
        said = f"hv2 has 64 MiB of allocatable memory left, the guest needs {mib} MiB"
        assert refusal["message"] == said
        assert f"{name} stays on hv1: {said}" in run.output
