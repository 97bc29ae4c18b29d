"""A post-copy that breaks is resumed, ever more slowly, and never given up for one of its halves."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import Whereabouts
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.recovery import (
    GIVE_UP_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Recovery,
    Turn,
    broken,
    tried,
    turn,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.situation import Situation, situation
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings, TimeoutAction
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.engine_run import Ran, carry_out
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fake_driver import (
    ENDLESS,
    HALVES,
    Script,
)

POST_COPY = RunOptions(MoveSettings(timeout=2, timeout_action=TimeoutAction.POST_COPY))


def breaking(**more: float) -> Ran:
    script = Script(seconds=ENDLESS, breaks_after=1, **more)
    return carry_out(build.move(), build.move(2, "db"), options=POST_COPY, web=script)


def test_a_broken_post_copy_is_resumed_at_once_and_ends_well() -> None:
    ran = breaking()
    assert ran.outcomes == {"web": "moved", "db": "moved"}
    assert ran.driver.told("resume_post_copy") == ["web"]
    assert [event["name"] for event in ran.named("post_copy_broken")] == ["web"]
    assert ran.driver.told("undo") == ran.driver.told("abort") == []


def test_a_break_is_told_once_though_libvirt_tells_it_before_its_call_ends() -> None:
    ran = breaking(told_late=3, in_vain=2)
    assert ran.outcomes == {"web": "moved", "db": "moved"}
    assert [event["name"] for event in ran.named("post_copy_broken")] == ["web"]
    assert [event["number"] for event in ran.named("post_copy_resumed")] == [1, 2, 3]


def test_it_is_tried_again_and_again_with_longer_and_longer_pauses() -> None:
    ran = breaking(in_vain=4)
    assert ran.outcomes["web"] == "moved"
    moments = [when for when, call, _name in ran.driver.calls if call == "resume_post_copy"]
    pauses = [round(later - sooner) for sooner, later in zip(moments, moments[1:])]
    assert pauses == [5, 10, 20, 40]
    assert len(ran.named("post_copy_broken")) == 1
    assert [event["number"] for event in ran.named("post_copy_resumed")] == [1, 2, 3, 4, 5]


def test_nothing_is_tried_while_the_other_end_is_silent() -> None:
    ran = breaking(silent=120)
    assert ran.outcomes["web"] == "moved"
    assert ran.driver.told("resume_post_copy") == ["web"]
    assert ran.driver.when("resume_post_copy", "web") > 120


def test_it_ends_with_a_warning_to_destroy_neither_copy_when_nothing_helps() -> None:
    ran = breaking(in_vain=10_000)
    assert ran.outcomes == {"web": "unknown", "db": "moved"}
    failure = ran.results["web"].failure
    assert failure is not None
    assert "partly on hv1, partly on hv2" in failure.message
    assert failure.remedy.startswith("Destroy neither copy.")
    assert ran.driver.told("undo") == ran.driver.told("abort") == []
    assert ran.results["web"].ended - ran.results["web"].started < GIVE_UP_SECONDS + 10


def test_a_call_that_hangs_is_waited_for_no_longer_than_others() -> None:
    ran = breaking(hangs=True, in_vain=10_000)
    assert ran.outcomes == {"web": "unknown", "db": "moved"}
    assert "does not come back" in ran.error("web")
    assert ran.driver.told("resume_post_copy") == ["web"]


def test_ctrl_c_does_not_wait_for_a_link_that_may_never_come_back() -> None:
    script = Script(seconds=ENDLESS, breaks_after=1, in_vain=10_000)
    ran = carry_out(build.move(), options=POST_COPY, interrupt_at=60, web=script)
    assert ran.outcomes == {"web": "unknown"}
    assert ran.driver.told("abort") == []


def test_a_later_run_takes_a_broken_post_copy_up_and_resumes_it() -> None:
    ran = carry_out(build.move(), web=Script(before=HALVES, broken=True))
    assert ran.driver.told("adopt") == ["web"]
    assert ran.driver.told("resume_post_copy") == ["web"]
    assert ran.outcomes == {"web": "moved"}


def test_one_broken_half_tells_whatever_the_other_end_says() -> None:
    assert situation(HALVES) is Situation.BROKEN
    assert situation(Whereabouts(HALVES.source, None, ("hv2",))) is Situation.BROKEN
    assert situation(Whereabouts(None, HALVES.dest, ("hv1",))) is Situation.BROKEN


@pytest.mark.parametrize(
    ("where", "interrupted", "now", "expected"),
    [
        (HALVES, False, 100.0, Turn.RESUME),
        (HALVES, False, 99.0 + GIVE_UP_SECONDS, Turn.RESUME),
        (HALVES, False, 100.0 + GIVE_UP_SECONDS, Turn.GIVE_UP),
        (HALVES, True, 100.0, Turn.GIVE_UP),
        (Whereabouts(HALVES.source, None, ("hv2",)), False, 100.0, Turn.WAIT),
    ],
)
def test_whose_turn_it_is(where: Whereabouts, interrupted: bool, now: float, expected: Turn) -> None:
    assert turn(broken(Recovery(), 100.0), where, interrupted, now) is expected


def test_pauses_grow_to_a_limit() -> None:
    state = broken(Recovery(), 0.0)
    for _number in range(20):
        state = tried(state, 0.0)
    assert (state.next_try, state.since) == (LONGEST_PAUSE_SECONDS, 0.0)
    assert turn(state, HALVES, False, LONGEST_PAUSE_SECONDS - 1) is Turn.WAIT
