"""Scenario: hv1 is emptied and filled again by the two playbooks, each in check mode, for real, and once more."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conductor import Job, Run, evacuation, restoration
from labview import World, initial_world, once_again_well, stray_volumes, unexplained_holes, world

# what the plan must keep to, given to the role; bring_back and max_cpu_percent bind nothing here
PLACING = {
    "rules": [
        {"name": "web1 to hv3", "kind": "pin", "guests": ["web1"], "hosts": ["hv3"]},
        {"name": "db1 not to hv3", "kind": "ban", "guests": ["db*"], "hosts": ["hv3"]},
    ],
    "headroom_percent": 1,
    "max_cpu_percent": 1000,
    "survive_loss": "report",
    "bring_back": True,
    "check_hosts": True,
}


@dataclass(frozen=True)
class Step:
    """A run, and the lab right after it."""

    run: Run
    after: World
    judged: dict[str, Any]


def take(job: Job, *flags: str, **variables: Any) -> Step:
    run = job.run(*flags, **variables)
    judged = once_again_well(run.began)
    return Step(run, world(), judged)


@pytest.fixture(scope="module")
def evacuating(folder: Path) -> Job:
    return evacuation("hv1", folder / "evacuate")


@pytest.fixture(scope="module")
def restoring(folder: Path) -> Job:
    return restoration("hv1", folder / "restore")


@pytest.fixture(scope="module")
def predicted(evacuating: Job) -> Step:
    return take(evacuating, "--check", reason="a scenario", **PLACING)


@pytest.fixture(scope="module")
def emptied(evacuating: Job, predicted: Step) -> Step:  # noqa: ARG001
    return take(evacuating, reason="a scenario", **PLACING)


@pytest.fixture(scope="module")
def emptied_twice(evacuating: Job, emptied: Step) -> Step:  # noqa: ARG001
    return take(evacuating, reason="a scenario", **PLACING)


@pytest.fixture(scope="module")
def return_predicted(restoring: Job, emptied_twice: Step) -> Step:  # noqa: ARG001
    return take(restoring, "--check", headroom_percent=1, check_hosts=True)


@pytest.fixture(scope="module")
def returned(restoring: Job, return_predicted: Step) -> Step:  # noqa: ARG001
    return take(restoring, headroom_percent=1, check_hosts=True)


@pytest.fixture(scope="module")
def returned_twice(restoring: Job, returned: Step) -> Step:  # noqa: ARG001
    return take(restoring, headroom_percent=1, check_hosts=True)


def test_check_mode_changes_nothing(predicted: Step, evacuating: Job) -> None:
    assert predicted.run.status == 0, predicted.run.output
    assert predicted.after == initial_world()
    assert not evacuating.journal_dir.exists()


def test_check_mode_predicts_the_moves_that_are_then_made(predicted: Step, emptied: Step) -> None:
    assert predicted.run.moves() == emptied.run.moves()
    assert predicted.run.report["placement"] == emptied.run.report["placement"]


def test_a_predicted_report_has_the_keys_of_a_real_one(predicted: Step, emptied: Step) -> None:
    assert predicted.run.report.keys() == emptied.run.report.keys()
    for foreseen, real in zip(predicted.run.report["moves"], emptied.run.report["moves"]):
        assert foreseen.keys() == real.keys()


def test_every_guest_leaves_and_keeps_its_state(emptied: Step) -> None:
    assert emptied.run.status == 0, emptied.run.output
    dests = {name: dest for name, _source, dest, _method in emptied.run.moves()}
    before = initial_world()
    assert sorted(dests) == before.guests_on("hv1")
    assert emptied.after.guests_on("hv1") == []
    for name, places in before.places.items():
        ((host, state),) = places
        assert emptied.after.places[name] == ((dests.get(name, host), state),)
    states = {before.places[name][0][1] for name in dests}
    assert states == {"running", "paused", "shutoff"}


def test_the_rules_given_to_the_role_are_kept(emptied: Step) -> None:
    dests = {name: dest for name, _source, dest, _method in emptied.run.moves()}
    assert (dests["web1"], dests["db1"]) == ("hv3", "hv2")
    assert "The fleet could not take the loss of" in emptied.run.output or "can lose any one host" in emptied.run.output


def test_a_guest_moves_by_the_method_of_its_state(emptied: Step) -> None:
    method_of = {"running": "live", "paused": "paused", "shutoff": "offline"}
    before = initial_world()
    for name, _source, _dest, method in emptied.run.moves():
        assert method == method_of[before.places[name][0][1]], name


def test_a_local_disk_comes_along_and_nothing_of_it_stays(emptied: Step) -> None:
    dest = {name: dest for name, _source, dest, _method in emptied.run.moves()}["db1"]
    assert "db1.qcow2" in emptied.after.local_volumes[dest]
    assert stray_volumes(emptied.after) == []


def test_no_guest_misses_more_ticks_than_its_downtime_explains(emptied: Step, returned: Step) -> None:
    for step in (emptied, returned):
        assert step.judged["ok"], step.judged["problems"]
        assert unexplained_holes(step.judged, step.run.report["moves"]) == []
        assert [guest["name"] for guest in step.judged["guests"] if guest["missing_ticks"]] == []


def test_every_disk_holds_what_its_guest_wrote(emptied: Step, returned: Step) -> None:
    for step in (emptied, returned):
        assert {guest["checksum"] for guest in step.judged["guests"]} == {"right", "none"}


def test_the_report_says_what_each_move_took(emptied: Step, evacuating: Job) -> None:
    for move in emptied.run.report["moves"]:
        assert move["outcome"] == "moved"
        if move["method"] != "offline":
            assert move["seconds"] > 0
            assert move["bytes"] > 2**20
            assert 0 <= move["downtime_ms"] < 1000 * emptied.run.seconds
    (page,) = (evacuating.folder / "report").glob(f"{emptied.run.report['plan_id']}.html")
    assert "o&#39;brien&#39;s guest" in page.read_text(encoding="utf-8")


def test_progress_is_shown_while_guests_move(emptied: Step) -> None:
    for name, source, dest, method in emptied.run.moves():
        begun = emptied.run.output.index(f"{name}: {source} -> {dest} ({method})\n")
        arrived = emptied.run.output.index(f"{name}: on {dest}")
        assert begun < arrived < emptied.run.output.index("PLAY RECAP")


def test_the_emptied_host_is_marked(emptied: Step) -> None:
    assert emptied.after.marks == {"hv1": "a scenario"}


def test_a_second_evacuation_changes_nothing(emptied: Step, emptied_twice: Step) -> None:
    assert emptied_twice.run.status == 0, emptied_twice.run.output
    assert emptied_twice.run.changed == 0
    assert emptied_twice.run.moves() == []
    assert emptied_twice.after == emptied.after


def test_check_mode_of_the_return_changes_nothing(return_predicted: Step, emptied: Step) -> None:
    assert return_predicted.run.status == 0, return_predicted.run.output
    assert return_predicted.after == emptied.after


def test_check_mode_predicts_the_return(return_predicted: Step, returned: Step) -> None:
    assert return_predicted.run.moves() == returned.run.moves()


def test_everything_is_as_before_after_the_return(returned: Step) -> None:
    assert returned.run.status == 0, returned.run.output
    assert returned.judged["ok"], returned.judged["problems"]
    assert returned.after == initial_world()


def test_a_second_return_changes_nothing(returned_twice: Step) -> None:
    assert returned_twice.run.status == 0, returned_twice.run.output
    assert returned_twice.run.changed == 0
    assert returned_twice.after == initial_world()
