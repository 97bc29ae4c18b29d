"""A test guest is known by name and UUID together, and what the tries of a host amount to has words."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose_trial import (
    describe_attempt,
    describe_trial,
    left_lines,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.trial import (
    Attempt,
    Step,
    Verdict,
    is_trial,
    trial_name,
    trial_uuid,
    verdict,
)

GOOD = Attempt("hv2", seconds_in=1.5, seconds_out=1.25)
NOT_IN = Attempt("hv2", Step.IN, "no route to host", "Check its network")
NOT_OUT = Attempt("hv3", Step.OUT, "connection refused", "Check the firewall")
NOT_STARTED = Attempt("hv4", Step.START, "no space left", "Free space")


@pytest.mark.parametrize("host", ["hv1", "rack 3/hv:7", "hv1.example.org"])
def test_a_test_guest_is_known_by_its_name_and_the_uuid_that_is_made_from_it(host: str) -> None:
    name = trial_name(host)
    assert is_trial(name, trial_uuid(name))
    assert not set(name) & set("/ :")


def test_a_guest_of_somebodys_is_never_taken_for_one() -> None:
    name = trial_name("hv1")
    assert not is_trial(name, "11111111-2222-3333-4444-555555555555")
    assert not is_trial("web", trial_uuid("web"))


@pytest.mark.parametrize(
    ("attempts", "found"),
    [
        ((GOOD,), Verdict.PASSED),
        ((NOT_IN, GOOD), Verdict.PASSED),
        ((NOT_STARTED, NOT_OUT), Verdict.FAILED),
        ((NOT_STARTED,), Verdict.UNTRIED),
        ((), Verdict.UNTRIED),
    ],
)
def test_one_good_way_is_enough_and_a_partner_that_starts_no_guest_says_nothing(
    attempts: tuple[Attempt, ...], found: Verdict
) -> None:
    assert verdict(attempts) is found


@pytest.mark.parametrize(
    ("attempts", "told"),
    [
        ((NOT_IN, GOOD), "a test guest was moved in from hv2 and out again"),
        (
            (NOT_STARTED, NOT_IN, NOT_OUT),
            "a test guest could not be started on hv4: no space left; a test guest could not be moved in from hv2: "
            "no route to host; a test guest came in from hv3 and could not be moved out to it again: "
            "connection refused. Check its network",
        ),
        (
            (NOT_STARTED,),
            "no test migration was made: a test guest could not be started on hv4: no space left",
        ),
        (
            (),
            "no test migration was made: no other host is schedulable and has a machine type in common with it",
        ),
    ],
)
def test_what_came_of_it_names_the_direction_and_has_libvirts_words(attempts: tuple[Attempt, ...], told: str) -> None:
    assert describe_trial(verdict(attempts), attempts) == told


def test_an_attempt_is_given_back_whole() -> None:
    assert describe_attempt(GOOD) == {
        "partner": "hv2",
        "failed": None,
        "message": "",
        "remedy": "",
        "seconds_in": 1.5,
        "seconds_out": 1.25,
    }
    assert describe_attempt(NOT_OUT)["failed"] == "out"


def test_a_test_guest_that_could_not_be_removed_is_told_with_its_host() -> None:
    left = Attempt("hv2", Step.IN, "broken", left_on=(("hv1", "no answer"),))
    (line,) = left_lines([GOOD, left])
    assert line.startswith("the test guest may still be on hv1 (no answer)")
