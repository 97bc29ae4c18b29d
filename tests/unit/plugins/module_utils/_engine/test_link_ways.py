"""What a link adds to the course of a move: its policy, how it is sent, and that no guest goes on in post-copy."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.courses import Course, course_of
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.link_ways import without_post_copy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest_policy import GuestPolicy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.link import Link, PostCopyOver
from ansible_collections.virtfleet.migration.plugins.module_utils._model.policy import Step, StepAction
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings, TimeoutAction
from ansible_collections.virtfleet.migration.plugins.module_utils._model.transfer import Compression, TransferOptions
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build


def over(link: dict[str, Any], settings: MoveSettings = MoveSettings(), **move: Any) -> Course:  # noqa: B008
    return course_of(build.move(**move), settings, "very_large", 0, Link(("a", "b"), 10.0, **link))


@pytest.mark.parametrize(
    ("link", "own", "expected"),
    [
        ({"policy": "wan"}, None, "wan"),
        ({"policy": "wan"}, "post_copy", "post_copy"),
        ({}, None, "very_large"),
        ({}, "post_copy", "post_copy"),
    ],
)
def test_the_policy_of_the_guest_goes_before_that_of_the_link_and_that_before_the_hosts(
    link: dict[str, Any], own: Any, expected: str
) -> None:
    settings = MoveSettings(policy="minimal_downtime")
    assert over(link, settings, policy=GuestPolicy(own)).policy == expected


def test_a_link_that_names_an_unknown_policy_is_named() -> None:
    with pytest.raises(FleetError, match=r"the link of a and b names an unknown policy 'wann'\. Did you mean wan"):
        over({"policy": "wann"})


def test_how_it_is_sent_is_that_of_the_link_unless_the_run_says_otherwise() -> None:
    link = {"compression": Compression.ZSTD, "parallel_connections": 4}
    plain = over(link).settings.transfer
    assert (plain.compression, plain.parallel_connections) == (Compression.ZSTD, 4)
    run = MoveSettings(transfer=TransferOptions(parallel_connections=2))
    mixed = over(link, run).settings.transfer
    assert (mixed.compression, mixed.parallel_connections) == (Compression.ZSTD, 2)


def test_a_link_and_a_run_that_do_not_go_together_are_refused_by_name() -> None:
    with pytest.raises(FleetError, match="over the link of a and b: compression zstd needs parallel_connections"):
        over({"compression": Compression.ZSTD})


def test_no_guest_goes_on_in_post_copy_over_a_link_that_refuses_it() -> None:
    allowed, refused = ({"policy": "post_copy", "post_copy": each} for each in PostCopyOver)
    assert over(allowed).settings.permit_post_copy
    course = over(refused)
    assert not course.settings.permit_post_copy
    assert [step.action for step in course.steps if step.action is not StepAction.MAX_DOWNTIME] == [StepAction.ABORT]


def test_neither_does_one_at_its_timeout() -> None:
    settings = MoveSettings(timeout=30, timeout_action=TimeoutAction.POST_COPY)
    course = course_of(build.move(), settings, link=Link(("a", "b"), 10.0, post_copy=PostCopyOver.REFUSE))
    assert course.steps == (Step(StepAction.ABORT, after=60.0),)


def test_where_no_abort_follows_it_is_aborted_when_it_would_switch() -> None:
    assert without_post_copy((Step(StepAction.POST_COPY, after=9.0),)) == (Step(StepAction.ABORT, after=9.0),)
    assert without_post_copy(()) == ()


def test_a_shut_off_guest_is_sent_the_way_of_the_link_too() -> None:
    course = over({"parallel_connections": 3}, method=Method.OFFLINE)
    assert course.settings.transfer.parallel_connections == 3
