"""Each move follows one policy, in figures of its own: the host's before the run's, within what is allowed."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.courses import (
    Course,
    course_of,
    courses,
    default_policy,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest_policy import Fallback, GuestPolicy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move
from ansible_collections.virtfleet.migration.plugins.module_utils._model.policy import PRESETS, Step, StepAction
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings, TimeoutAction
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

FIRST = Step(StepAction.MAX_DOWNTIME, 80, after=0.0)


def actions(course: Course) -> list[str]:
    return [step.action.value for step in course.steps]


def downtimes(course: Course) -> list[int]:
    return [step.max_downtime_ms for step in course.steps if step.max_downtime_ms is not None]


@pytest.mark.parametrize("action", list(TimeoutAction))
def test_the_simple_options_are_a_policy_too(action: TimeoutAction) -> None:
    course = course_of(build.move(), MoveSettings(max_downtime_ms=80, timeout=9, timeout_action=action))
    assert course.policy == "default"
    assert course.steps[:2] == (FIRST, Step(StepAction(action.value), after=9.0))
    assert course.settings.permit_post_copy is (action is TimeoutAction.POST_COPY)


def test_a_switch_to_post_copy_that_is_refused_ends_at_twice_the_timeout() -> None:
    course = course_of(build.move(), MoveSettings(timeout=9, timeout_action=TimeoutAction.POST_COPY))
    assert course.steps[-1] == Step(StepAction.ABORT, after=18.0)


def test_without_a_timeout_nothing_is_ever_done() -> None:
    assert default_policy(MoveSettings()).steps == ()
    assert course_of(build.move(), MoveSettings()) == Course()


def test_times_grow_with_memory_and_copied_disks() -> None:
    disk = build.disk(allocation=3 * build.GIB)
    guest = build.guest(memory=2 * build.GIB, disks=(disk,))
    fleet = build.snapshot(build.host("hv1", guest), build.host("hv2"))
    plain, copying = build.move(), build.move(2, copies=(build.copy_of(disk),))
    found = courses([plain, copying], fleet, MoveSettings(policy="minimal_downtime"))
    assert found["m0001"].steps[-1].after == 60 + 2 * 60
    assert found["m0002"].steps[-1].after == 60 + 5 * 60


def test_the_policy_of_the_source_goes_before_that_of_the_run() -> None:
    guest = build.guest()
    source = build.host("hv1", guest, migration_policy="post_copy")
    fleet = build.snapshot(source, build.host("hv2", migration_policy="wan"))
    found = courses([build.move()], fleet, MoveSettings(policy="very_large"))
    assert found["m0001"].policy == "post_copy"


def test_a_host_that_names_an_unknown_policy_is_told() -> None:
    with pytest.raises(FleetError, match=r"^host hv1 names an unknown policy 'wann'\. Did you mean wan\?"):
        course_of(build.move(), MoveSettings(), "wann")


def test_max_downtime_ms_is_the_longest_that_a_policy_may_allow() -> None:
    assert downtimes(course_of(build.move(), MoveSettings(policy="minimal_downtime"))) == [100, 150, 200, 300, 400, 500]
    capped = course_of(build.move(), MoveSettings(policy="minimal_downtime", max_downtime_ms=250))
    assert downtimes(capped) == [100, 150, 200, 250]
    tiny = course_of(build.move(), MoveSettings(policy="very_large", max_downtime_ms=50))
    assert downtimes(tiny) == [50]
    assert actions(tiny)[-1] == "abort"


def own(**wishes: Any) -> Move:
    return build.move(policy=GuestPolicy(**wishes))


def test_the_guests_own_policy_goes_before_that_of_its_host() -> None:
    assert course_of(own(policy="wan"), MoveSettings(policy="very_large"), "post_copy").policy == "wan"


def test_a_guest_that_names_an_unknown_policy_is_told() -> None:
    with pytest.raises(FleetError, match=r"^guest web names an unknown policy 'gentle'\."):
        course_of(own(policy="gentle"), MoveSettings())


def test_the_guests_own_downtime_limits_every_policy() -> None:
    move = own(max_downtime_ms=120)
    assert downtimes(course_of(move, MoveSettings(policy="minimal_downtime", max_downtime_ms=250))) == [100, 120]
    assert downtimes(course_of(move, MoveSettings())) == [120]


@pytest.mark.parametrize(
    "wish", [{"fallback": Fallback.LIVE_ONLY}, {"fallback": Fallback.LEAVE}, {"max_downtime_ms": 50}]
)
def test_a_guest_that_must_not_stand_still_is_given_up_instead_of_paused(wish: dict[str, Any]) -> None:
    assert set(actions(course_of(own(**wish), MoveSettings(policy="suspend_if_needed")))) == {"max_downtime", "abort"}


def test_a_guest_that_may_be_paused_is() -> None:
    move = own(fallback=Fallback.MAY_PAUSE, max_downtime_ms=50)
    assert actions(course_of(move, MoveSettings(policy="suspend_if_needed"))) == ["max_downtime", "pause", "abort"]


@pytest.mark.parametrize("policy", [policy.name for policy in PRESETS])
def test_a_guest_that_is_paused_anyway_is_only_given_up_in_time(policy: str) -> None:
    course = course_of(build.move(method=Method.PAUSED), MoveSettings(policy=policy))
    assert actions(course) == ["abort"]
    assert not course.settings.permit_post_copy


def test_the_move_of_a_definition_is_over_at_once() -> None:
    assert course_of(build.move(method=Method.OFFLINE), MoveSettings(policy="wan")).steps == ()
