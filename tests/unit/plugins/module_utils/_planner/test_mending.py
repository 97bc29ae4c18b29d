"""A guest that is not whole is mended where all copies prove what is right, and else left alone, with the reason."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import JobKind, MoveClaim
from ansible_collections.virtfleet.migration.plugins.module_utils._model.half_done import (
    Action,
    Copies,
    Copy,
    Doubt,
    Standing,
    Unproven,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose_mend import (
    copies_in_words,
    describe_deed,
    describe_doubt,
    mended_in_words,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.mending import mending

CLAIM = MoveClaim("hv1", "hv2")
RUNS = Copy("hv1", Standing.RUNS, ran=True)
ARRIVED = Copy("hv1", Standing.ARRIVED, ran=True)
BY_OWNER = Copy("hv1", Standing.PAUSED, ran=True)
LEFT = Copy("hv1", Standing.HELD, ran=True, job=JobKind.INCOMING, claim=CLAIM)
GHOST = Copy("hv2", Standing.HELD, ran=False, job=JobKind.INCOMING, persistent=False)
OFF = Copy("hv2", Standing.OFF)


def copies(*found: Copy, silent: tuple[str, ...] = ()) -> Copies:
    answered = tuple(host for host in ("hv1", "hv2", "hv3") if host not in silent)
    return Copies("u", "web", found, answered, silent)


def mended(*found: Copy) -> list[str]:
    deeds = mending(copies(*found))
    assert not isinstance(deeds, Doubt), deeds
    return [f"{deed.action.value} on {deed.host}" for deed in deeds]


@pytest.mark.parametrize(
    ("found", "deeds"),
    [
        ((RUNS,), []),
        ((RUNS, GHOST), ["destroy on hv2"]),
        ((ARRIVED, GHOST), ["destroy on hv2"]),
        ((BY_OWNER, GHOST), ["destroy on hv2"]),
        ((RUNS, replace(GHOST, persistent=True)), ["destroy on hv2", "undefine on hv2"]),
        ((ARRIVED, replace(LEFT, host="hv2")), ["destroy on hv2", "undefine on hv2"]),
        ((RUNS, OFF), ["undefine on hv2"]),
        ((BY_OWNER, OFF), ["undefine on hv2"]),
        ((RUNS, OFF, replace(OFF, host="hv3")), ["undefine on hv2", "undefine on hv3"]),
        ((RUNS, GHOST, replace(OFF, host="hv3")), ["destroy on hv2", "undefine on hv3"]),
        ((LEFT,), ["resume on hv1"]),
        ((LEFT, GHOST), ["destroy on hv2", "resume on hv1"]),
    ],
)
def test_what_is_proven_is_mended(found: tuple[Copy, ...], deeds: list[str]) -> None:
    assert mended(*found) == deeds
    assert mended(*reversed(found))[-1:] == deeds[-1:] or len(found) > 2


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ((RUNS, replace(RUNS, host="hv2")), Unproven.RUNS_TWICE),
        ((OFF, replace(OFF, host="hv3")), Unproven.NONE_ACTIVE),
        ((replace(RUNS, job=JobKind.OUTGOING), GHOST), Unproven.UNDER_WAY),
        ((replace(RUNS, job=JobKind.OTHER), OFF), Unproven.UNDER_WAY),
        ((replace(ARRIVED, job=JobKind.INCOMING), replace(LEFT, host="hv2")), Unproven.UNDER_WAY),
        ((RUNS, replace(GHOST, standing=Standing.STARTS)), Unproven.UNDER_WAY),
        ((replace(RUNS, standing=Standing.POST_COPY), GHOST), Unproven.POST_COPY),
        ((RUNS, replace(GHOST, standing=Standing.PAUSED, job=None)), Unproven.OWN_STATE),
        ((BY_OWNER, replace(BY_OWNER, host="hv2")), Unproven.OWN_STATE),
        ((BY_OWNER, replace(LEFT, host="hv2")), Unproven.OWN_STATE),
        ((RUNS, replace(GHOST, ran=True)), Unproven.HAS_RUN),
        ((RUNS, replace(GHOST, ran=None)), Unproven.HAS_RUN),
        ((RUNS, replace(OFF, standing=Standing.OTHER)), Unproven.STATE),
        ((replace(RUNS, persistent=False), OFF), Unproven.TRANSIENT),
        ((replace(RUNS, persistent=False), replace(GHOST, persistent=True)), Unproven.TRANSIENT),
        ((RUNS, replace(OFF, saved=True)), Unproven.SAVED_IMAGE),
        ((RUNS, replace(OFF, snapshots=2)), Unproven.SNAPSHOTS),
        ((GHOST,), Unproven.NO_SOURCE),
        ((GHOST, replace(GHOST, host="hv3")), Unproven.NO_SOURCE),
        ((replace(LEFT, ran=None),), Unproven.NO_SOURCE),
        ((LEFT, OFF), Unproven.WENT_OFF),
        ((replace(LEFT, claim=None),), Unproven.OTHER_END_UNKNOWN),
        ((replace(LEFT, claim=MoveClaim("hv2", "hv1")),), Unproven.OTHER_END_UNKNOWN),
        ((replace(LEFT, claim=MoveClaim("hv1", "hv9")),), Unproven.OTHER_END_UNKNOWN),
        ((replace(LEFT, persistent=False),), Unproven.TRANSIENT),
    ],
)
def test_what_is_not_proven_is_left_alone(found: tuple[Copy, ...], code: Unproven) -> None:
    for each in (found, found[::-1]):
        doubt = mending(copies(*each))
        assert isinstance(doubt, Doubt)
        assert doubt.code is code


def test_a_silent_host_forbids_to_resume_and_nothing_else() -> None:
    doubt = mending(copies(LEFT, silent=("hv3",)))
    assert doubt == Doubt(Unproven.OTHER_END_SILENT, "web", ("hv3",))
    assert not isinstance(mending(copies(RUNS, GHOST, OFF, silent=("hv3",))), Doubt)


def every_copy(host: str) -> Iterator[Optional[Copy]]:
    yield None
    jobs = (None, JobKind.INCOMING, JobKind.OUTGOING)
    claims = (None, CLAIM)
    for standing, ran, persistent, claim in product(Standing, (True, False, None), (True, False), claims):
        if standing is Standing.OFF:
            if ran is None and persistent:
                yield Copy(host, standing, claim=claim)
                yield Copy(host, standing, saved=True, claim=claim)
            continue
        for job in jobs:
            yield Copy(host, standing, ran, job, persistent, claim=claim)


def test_no_combination_of_two_copies_loses_the_guest() -> None:
    """Whatever two hosts have of it: what runs or may hold its state stays, and so does a definition."""
    mended_ones = 0
    for first, second in product(every_copy("hv1"), every_copy("hv2")):
        found = tuple(copy for copy in (first, second) if copy is not None)
        deeds = mending(copies(*found))
        if isinstance(deeds, Doubt) or not deeds:
            continue
        mended_ones += 1
        by_host = {copy.host: copy for copy in found}
        gone = {deed.host for deed in deeds if deed.action is not Action.RESUME}
        left = [copy for copy in found if copy.host not in gone]
        assert len(left) == 1, found
        assert left[0].standing in (Standing.RUNS, Standing.ARRIVED, Standing.PAUSED, Standing.HELD), found
        assert (left[0].standing is Standing.HELD) is (deeds[-1].action is Action.RESUME), found
        for host in gone:
            other = by_host[host]
            assert other.standing in (Standing.HELD, Standing.OFF), found
            assert other.ran is False or other.standing is Standing.OFF or left[0].standing is Standing.ARRIVED, found
            assert left[0].persistent or not other.persistent, found
            assert not other.saved, found
        if left[0].standing is Standing.HELD:
            assert left[0].ran, found
            assert Standing.OFF not in [copy.standing for copy in found], found
        assert not any(copy.job is JobKind.OUTGOING for copy in found), found
    assert mended_ones > 100


@pytest.mark.parametrize("code", list(Unproven))
def test_every_doubt_has_a_cause_and_a_way_out(code: Unproven) -> None:
    said = describe_doubt(Doubt(code, "{web}", ("hv1", "hv2")))
    assert said["code"] == code.value
    assert said["message"].startswith("{web} is not mended: ")
    assert said["remedy"]


def test_deeds_and_copies_are_told_before_and_after() -> None:
    seen = copies(LEFT, replace(GHOST, persistent=True))
    deeds = mending(seen)
    assert not isinstance(deeds, Doubt)
    assert [describe_deed(deed)["message"] for deed in deeds] == [
        "web: the paused copy on hv2 is destroyed; the guest is on hv1",
        "web: the shut-off definition on hv2 is removed, its volumes are left; the guest is on hv1",
        "web: resumed on hv1, where a migration that nobody drives any more has left it paused",
    ]
    assert copies_in_words(seen) == {"hv1": "paused by a migration, defined", "hv2": "paused by a migration, defined"}
    assert mended_in_words(seen, deeds) == {"hv1": "running, defined"}
