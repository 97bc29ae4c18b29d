"""A policy ends in a time that can be told; one that contradicts itself is refused with the step that does."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.policy import (
    PRESETS,
    Policy,
    Step,
    StepAction,
    check_policies,
    find_policy,
)

ABORT = Step(StepAction.ABORT, after=60.0)
PAUSE = Step(StepAction.PAUSE, stalled=3)
POST_COPY = Step(StepAction.POST_COPY, stalled=3)


def more(milliseconds: int, **trigger: int) -> Step:
    return Step(StepAction.MAX_DOWNTIME, milliseconds, **(trigger or {"stalled": 1}))


@pytest.mark.parametrize("preset", PRESETS, ids=[preset.name for preset in PRESETS])
def test_every_preset_would_pass_as_a_policy_of_the_users_own(preset: Policy) -> None:
    assert check_policies([replace(preset, name="mine")])


@pytest.mark.parametrize("preset", PRESETS, ids=[preset.name for preset in PRESETS])
def test_every_preset_ends_later_for_a_larger_guest(preset: Policy) -> None:
    last = preset.steps[-1]
    assert (last.moment(0) or 0) < (last.moment(2**30) or 0) < (last.moment(2**40) or 0)


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ((), "has no end"),
        ((more(50),), "has no end"),
        ((PAUSE,), "has no end"),
        ((Step(StepAction.MAX_DOWNTIME, 50), ABORT), "step 1: it has no trigger"),
        ((Step(StepAction.MAX_DOWNTIME, stalled=1), ABORT), "step 1: it does not say to how many max_downtime_ms"),
        ((Step(StepAction.PAUSE, 50, stalled=1), ABORT), "step 1: it has max_downtime_ms, but another action"),
        ((Step(StepAction.PAUSE, stalled=1, after_per_gib=1), ABORT), "step 1: it has after_per_gib without after"),
        ((Step(StepAction.ABORT, after=-1.0),), "step 1: it has a time below zero"),
        ((Step(StepAction.ABORT, after=float("nan")),), "step 1: it has a time below zero"),
        ((more(50, stalled=0), ABORT), "step 1: it has stalled 0, which must be 1 or more"),
        ((POST_COPY, PAUSE, ABORT), "pause can't follow post_copy in step 1"),
        ((more(50), PAUSE, POST_COPY, ABORT), "post_copy can't follow pause in step 2"),
        ((ABORT, ABORT), "abort can't follow abort in step 1"),
        ((more(50), more(50, stalled=2), ABORT), "step 2 does not raise max_downtime_ms above 50"),
        ((more(50, stalled=3), more(60, stalled=2), ABORT), "stalled falls from one step to the next"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(steps: tuple[Step, ...], problem: str) -> None:
    with pytest.raises(FleetError, match=f"^policy 'mine' .*{problem}.*See the guide to convergence"):
        check_policies([Policy("mine", steps=steps)])


def test_the_first_downtime_counts_too() -> None:
    with pytest.raises(FleetError, match="step 1 does not raise max_downtime_ms above 100"):
        check_policies([Policy("mine", 100, steps=(more(80), ABORT))])


@pytest.mark.parametrize("name", ["wan", "default"])
def test_a_name_that_is_taken_is_refused(name: str) -> None:
    with pytest.raises(FleetError, match=f"^there are two policies '{name}'"):
        check_policies([Policy(name, steps=(ABORT,))])


@pytest.mark.parametrize("name", ["", "a b", "ä<"])
def test_a_name_that_metadata_could_not_hold_is_refused(name: str) -> None:
    with pytest.raises(FleetError, match="needs a name of letters"):
        check_policies([Policy(name, steps=(ABORT,))])


def test_a_policy_of_the_users_own_is_found_beside_the_presets() -> None:
    mine = Policy("mine", steps=(ABORT,))
    assert find_policy("mine", (mine,), "the option policy") is mine
    assert find_policy("wan", (mine,), "the option policy") is PRESETS[-1]
