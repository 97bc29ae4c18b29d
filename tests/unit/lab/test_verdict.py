"""The judge: a guest is fine only when it is exactly once, where and how it should be."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

from virtfleet_lab.ticks import Tick, history
from virtfleet_lab.verdict import Place, Sighting, foreign, problems_of, problems_of_services

NOW = 100.0
HISTORY = history([Tick(99.5, "hv1", "uuid", 7, "aaaaaaaa", "01234567", "ok")], since=99, until=NOW)
FINE = Sighting("web1", "uuid", "running", (Place("hv1", "running", True),), HISTORY, "right")


def placed(*places: Place, **changes: object) -> list[str]:
    return problems_of(replace(FINE, places=places, **changes), NOW)


def test_a_guest_that_runs_once_as_intended_has_no_problem():
    assert problems_of(FINE, NOW) == []


def test_a_guest_on_no_host_is_a_problem():
    assert placed() == ["web1: is on no host"]


def test_a_guest_active_on_two_hosts_is_a_problem():
    assert placed(Place("hv1", "running", True), Place("hv2", "running", True)) == [
        "web1: is active twice, on hv1 and hv2"
    ]


def test_a_paused_copy_elsewhere_is_active_too():
    assert placed(Place("hv1", "running", True), Place("hv2", "paused", True)) == [
        "web1: is active twice, on hv1 and hv2"
    ]


def test_a_definition_left_behind_is_a_problem():
    assert placed(Place("hv1", "shutoff", True), Place("hv2", "running", True)) == [
        "web1: is defined twice, on hv1 and hv2"
    ]


def test_a_guest_on_its_way_is_not_yet_fine_and_not_active_twice():
    assert placed(Place("hv1", "running", True), Place("hv2", "paused", False, incoming=True)) == [
        "web1: is being moved, on hv1 and hv2"
    ]


def test_a_guest_that_would_vanish_when_shut_down_is_a_problem():
    assert placed(Place("hv1", "running", False)) == ["web1: is not persistent on hv1"]


def test_a_guest_in_another_state_than_intended_is_a_problem():
    assert placed(Place("hv1", "paused", True)) == ["web1: is paused on hv1, should be running"]


def test_a_guest_left_shut_off_by_its_owner_may_stay_silent():
    silent = history([], since=0, until=None)
    assert placed(Place("hv1", "shutoff", True), intended="shutoff", history=silent) == []


def test_a_guest_whose_qemu_runs_but_which_is_silent_is_a_problem():
    silent = history([Tick(80.0, "hv1", "uuid", 7, "aaaaaaaa", "01234567", "ok")], since=70, until=NOW)
    assert problems_of(replace(FINE, history=silent), NOW) == ["web1: runs but has not ticked for 20 s"]


def test_a_guest_that_runs_and_never_ticked_is_a_problem():
    assert problems_of(replace(FINE, history=history([], since=99, until=NOW)), NOW) == ["web1: runs but never ticked"]


def test_repeated_tick_numbers_are_a_problem():
    assert problems_of(replace(FINE, history=replace(HISTORY, duplicates=3)), NOW) == [
        "web1: ticked 3 numbers more than once"
    ]


def test_a_wrong_checksum_is_a_problem():
    assert problems_of(replace(FINE, checksum="wrong"), NOW) == ["web1: its disk does not hold what it wrote"]


def test_a_dead_recorder_is_said_and_the_living_daemons_are_not():
    said = problems_of_services({"recorder": False, "iscsi": True})
    assert len(said) == 1
    assert "recorder" in said[0]


def test_a_guest_that_the_lab_did_not_make_may_be_anywhere_but_only_once():
    names = [("u1", "mine"), ("u1", "mine"), ("u2", "stranger"), ("u3", "twice"), ("u3", "twice")]
    assert foreign(names, known={"u1"}) == ["twice: is on two hosts"]
