"""Notes about hosts that were switched off: the newest counts, and what says nothing new changes nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.standby import (
    is_standby_mark,
    merged,
    read_notes,
    sleeping,
    with_notes,
    without_notes,
)

OLD, NEW = "2026-11-23T20:00:00+00:00", "2026-11-24T06:00:00+00:00"
OFF = {"power": "off", "reason": "night", "since": OLD}


def test_a_new_note_gets_the_time_of_now() -> None:
    assert with_notes({}, {"hv4": {"power": "off", "reason": "night"}}, OLD) == {"hv4": OFF}


def test_said_again_it_is_the_same_note() -> None:
    assert with_notes({"hv4": OFF}, {"hv4": {"power": "off", "reason": "night"}}, NEW) == {"hv4": OFF}


def test_a_host_that_is_woken_keeps_nothing_of_its_sleep() -> None:
    assert with_notes({"hv4": {**OFF, "known": {"cpus": 8}}}, {"hv4": {"power": "on"}}, NEW) == {
        "hv4": {"power": "on", "since": NEW}
    }


def test_that_a_host_failed_to_wake_is_news_about_the_same_sleep() -> None:
    failed = with_notes({"hv4": OFF}, {"hv4": {"power": "off", "failure": "no storage"}}, NEW)
    assert failed == {"hv4": {**OFF, "failure": "no storage", "since": NEW}}
    assert with_notes(failed, {"hv4": {"power": "off", "failure": "no storage"}}, "later") == failed


def test_the_newer_of_two_notes_stays_whoever_brings_it() -> None:
    woken = {"power": "on", "since": NEW}
    assert with_notes({"hv4": woken}, {"hv4": OFF}, "later") == {"hv4": woken}
    assert merged(({"hv4": OFF}, {"hv4": woken}, {"hv3": OFF})) == {"hv3": OFF, "hv4": woken}
    assert merged(({"hv4": woken}, {"hv4": OFF})) == {"hv4": woken}


def test_notes_are_removed_by_name() -> None:
    assert without_notes({"hv3": OFF, "hv4": OFF}, ["hv4", "hv9"]) == {"hv3": OFF}


@pytest.mark.parametrize("text", ["{", "[]", '{"hv4": "off"}', '{"hv4": {"power": "perhaps"}}', '{"hv4": {}}'])
def test_what_is_no_note_is_refused_with_the_file(text: str) -> None:
    with pytest.raises(FleetError, match="/f"):
        read_notes(text, "/f")


@pytest.mark.parametrize(
    ("answers", "power", "asleep"),
    [
        (False, "", True),
        (False, "unknown", True),
        (False, "off", True),
        # it was told its mark before it was switched off in this very play
        (True, "off", True),
        # somebody switched it on by hand
        (True, "", False),
        (True, "on", False),
        (False, "on", False),
    ],
)
def test_a_noted_host_sleeps_unless_it_is_on(answers: bool, power: str, asleep: bool) -> None:
    assert sleeping(OFF, answers, power) is asleep


def test_a_host_without_a_note_or_noted_as_woken_is_not_asleep() -> None:
    assert not sleeping(None, False, "off")
    assert not sleeping({"power": "on", "since": OLD}, False, "off")


def test_the_mark_of_a_host_on_standby_is_known_by_its_first_word() -> None:
    assert is_standby_mark({"reason": "standby: night"})
    assert not is_standby_mark({"reason": "new memory"})
    assert not is_standby_mark(None)
