"""The engine steers moves that do not converge, and finds out what became of those it lost or had to stop."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import (
    RunOptions,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import (
    Failure,
    Place,
    Whereabouts,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.settle import SETTLE_SECONDS
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    GuestState,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.policy import Policy, Step, StepAction
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import (
    MoveSettings,
    TimeoutAction,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.engine_run import (
    BROKEN,
    ENDLESS,
    RUNS,
    carry_out,
    many,
    slots,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fake_driver import (
    MIB,
    Script,
)

LADDER = (StepAction.POST_COPY, StepAction.PAUSE, StepAction.ABORT)

# --- after a broken connection


def test_a_lost_connection_while_the_source_goes_on_is_taken_up_again_and_ends_well() -> None:
    ran = carry_out(build.move(), web=Script(seconds=30, lost_after=5))
    assert ran.outcomes == {"web": "moved"}
    assert ran.driver.told("start") == ["web"]
    assert ran.driver.told("adopt") == ["web"]
    assert ran.results["web"].ended == 1030.0


def test_a_call_that_fails_is_no_reason_to_believe_that_the_move_has() -> None:
    ran = carry_out(build.move(), web=Script(seconds=0, errors={"progress": BROKEN}))
    assert ran.outcomes == {"web": "moved"}


def test_an_end_that_is_silent_for_a_while_is_asked_again() -> None:
    ran = carry_out(build.move(), web=Script(silent=SETTLE_SECONDS - 5))
    assert ran.outcomes == {"web": "moved"}


def test_an_end_that_stays_silent_makes_the_outcome_unknown_after_the_settle_time() -> None:
    ran = carry_out(build.move(), build.move(2, "db"), web=Script(silent=ENDLESS))
    assert ran.outcomes == {"web": "unknown", "db": "moved"}
    assert ran.error("web") == "it is not known what became of the guest: one of its two hosts does not answer"
    ended = ran.results["web"].ended
    assert ended is not None
    assert SETTLE_SECONDS <= ended - 1010.0 <= SETTLE_SECONDS + 1
    assert ran.driver.told("finish") == ["db"]
    assert ran.driver.told("undo") == []


@pytest.mark.parametrize(
    ("after", "words"),
    [(Whereabouts(RUNS, RUNS), "it runs on both hosts"), (Whereabouts(None, None), "neither host knows it")],
)
def test_a_guest_that_runs_twice_or_nowhere_is_unknown_and_left_alone(after: Whereabouts, words: str) -> None:
    ran = carry_out(build.move(), web=Script(after=after, failure=BROKEN))
    assert ran.outcomes == {"web": "unknown"}
    assert ran.error("web") == f"it is not known what became of the guest: {words} ({BROKEN.message})"
    failure = ran.results["web"].failure
    assert failure is not None
    assert failure.remedy == "Look at it on hv1 and hv2 before anything else; then run again"
    assert {"finish", "undo"}.isdisjoint(call for _when, call, _name in ran.driver.calls)


def test_a_paused_copy_that_nobody_finishes_does_not_keep_the_run_going_for_ever() -> None:
    stuck = Whereabouts(RUNS, Place(GuestState.PAUSED, False))
    ran = carry_out(build.move(), web=Script(after=stuck))
    assert ran.outcomes == {"web": "unknown"}


# --- interruption


def test_an_interruption_aborts_moves_that_can_be_aborted_and_starts_no_more() -> None:
    ran = carry_out(*many(3), options=slots(out=2), interrupt_at=3.0)
    assert ran.outcomes == {"g1": "aborted", "g2": "aborted", "g3": "not_started"}
    assert sorted(ran.driver.told("abort")) == ["g1", "g2"]
    assert ran.error("g3") == "the run was interrupted"
    failure = ran.results["g1"].failure
    assert failure is not None
    assert failure.remedy == "Run again to go on with what is left"
    assert max(when for when, _call, _name in ran.driver.calls) < 6.0


def test_an_interruption_waits_for_moves_past_the_point_of_no_return() -> None:
    settings = MoveSettings(timeout=2, timeout_action=TimeoutAction.POST_COPY)
    ran = carry_out(build.move(), options=RunOptions(settings), interrupt_at=3.0, web=Script(seconds=ENDLESS))
    assert ran.outcomes == {"web": "moved"}
    assert ran.driver.told("abort") == []


def test_an_interruption_before_the_first_move_starts_none() -> None:
    ran = carry_out(*many(2), interrupt_at=0.0)
    assert ran.outcomes == {"g1": "not_started", "g2": "not_started"}


def test_an_abort_that_comes_too_late_is_no_failure() -> None:
    ran = carry_out(build.move(), interrupt_at=3.0, web=Script(errors={"abort": Failure("no job is active")}))
    assert ran.outcomes == {"web": "moved"}
    assert ran.named("action_failed")[0]["error"] == "no job is active"


# --- steering


@pytest.mark.parametrize(
    ("action", "outcome"),
    [(TimeoutAction.ABORT, "timed_out"), (TimeoutAction.PAUSE, "moved"), (TimeoutAction.POST_COPY, "moved")],
)
def test_at_its_timeout_a_move_that_does_not_converge_is_dealt_with_once(action: TimeoutAction, outcome: str) -> None:
    options = RunOptions(MoveSettings(timeout=20, timeout_action=action))
    ran = carry_out(build.move(), options=options, web=Script(seconds=ENDLESS))
    assert ran.outcomes == {"web": outcome}
    assert ran.driver.told(action.value) == ["web"]
    assert 20.0 <= ran.driver.when(action.value, "web") <= 20.5
    assert [facts["action"] for facts in ran.named("action")] == [action.value]


def test_a_move_that_timed_out_says_what_could_be_raised() -> None:
    ran = carry_out(build.move(), options=RunOptions(MoveSettings(timeout=20)), web=Script(seconds=ENDLESS))
    failure = ran.results["web"].failure
    assert failure is not None
    assert failure.message == (
        "the move was aborted after 21 s as policy default says, the guest runs on at its source: "
        "10.0 MiB/s are sent, 50 MiB are left"
    )
    assert failure.remedy.startswith("Give it more time (timeout, ")


def test_a_guest_that_writes_too_fast_is_named_with_both_rates_and_ways_out() -> None:
    script = Script(seconds=ENDLESS, pass_seconds=5, dirty_rate=60 * MIB)
    ran = carry_out(build.move(), options=RunOptions(MoveSettings(timeout=20)), web=script)
    failure = ran.results["web"].failure
    assert failure is not None
    assert failure.message.endswith(
        "at its source: it writes 60.0 MiB/s, 10.0 MiB/s are sent, 50 MiB are left after each pass over its memory"
    )
    assert failure.remedy == (
        "Move it at a calmer hour, or allow a max_downtime_ms of 5000, or give it more bandwidth, "
        "or choose policy post_copy or suspend_if_needed"
    )
    assert ran.outcomes == {"web": "timed_out"}


def test_a_move_follows_the_steps_of_its_policy_as_it_stalls() -> None:
    options = RunOptions(MoveSettings(policy="minimal_downtime"))
    ran = carry_out(build.move(), options=options, web=Script(seconds=ENDLESS, pass_seconds=2))
    downtimes = [call for _when, call, _name in ran.driver.calls if call.startswith("set_max_downtime")]
    assert downtimes == [f"set_max_downtime {milliseconds}" for milliseconds in (100, 150, 200, 300, 400, 500)]
    assert ran.driver.told("abort") == ["web"]
    assert 16.0 < ran.driver.when("abort", "web") < 22.0
    assert ran.driver.settings["web"].auto_converge


def test_a_policy_that_switches_to_post_copy_permits_it_from_the_start() -> None:
    options = RunOptions(MoveSettings(policy="post_copy"))
    ran = carry_out(build.move(), options=options, web=Script(seconds=ENDLESS, pass_seconds=2))
    assert ran.outcomes == {"web": "moved"}
    assert ran.driver.settings["web"].permit_post_copy
    assert ran.driver.told("post_copy") == ["web"]
    assert ran.driver.told("abort") == []


def test_where_post_copy_is_refused_its_policy_ends_all_the_same() -> None:
    options = RunOptions(MoveSettings(policy="post_copy"))
    script = Script(seconds=ENDLESS, pass_seconds=2, errors={"post_copy": Failure("not permitted")})
    ran = carry_out(build.move(), options=options, web=script)
    assert ran.outcomes == {"web": "timed_out"}
    assert [event["error"] for event in ran.named("action_failed")] == ["not permitted"] * 3
    tries = [when for when, call, _name in ran.driver.calls if call == "post_copy"]
    assert [later - earlier for earlier, later in zip(tries, tries[1:])] == [2.0, 2.0]
    # at once then, not only when the abort would have been due
    assert ran.driver.when("abort", "web") == tries[-1] + 0.25
    assert "the switch to post-copy was refused, tried 3 times (not permitted)" in ran.error("web")


def test_a_switch_that_is_refused_for_a_moment_is_tried_again() -> None:
    options = RunOptions(MoveSettings(timeout=20, timeout_action=TimeoutAction.POST_COPY))
    script = Script(seconds=ENDLESS, pass_seconds=2, errors={"post_copy": Failure("too early", "Wait")}, relents=2)
    ran = carry_out(build.move(), options=options, web=script)
    assert ran.outcomes == {"web": "moved"}
    assert ran.driver.told("post_copy") == ["web"] * 3
    assert ran.driver.told("abort") == []


def test_a_policy_that_pauses_after_post_copy_pauses_where_that_is_refused() -> None:
    steps = tuple(Step(action, after=after) for action, after in zip(LADDER, (20, 60, 90)))
    options = RunOptions(MoveSettings(policy="own", policies=(Policy("own", steps=steps),)))
    script = Script(seconds=ENDLESS, pass_seconds=2, errors={"post_copy": Failure("no userfaultfd", "Allow it")})
    ran = carry_out(build.move(), options=options, web=script)
    assert ran.outcomes == {"web": "moved"}
    assert 24.0 <= ran.driver.when("pause", "web") < 25.0


def test_the_remedy_of_a_refused_switch_comes_first() -> None:
    options = RunOptions(MoveSettings(timeout=20, timeout_action=TimeoutAction.POST_COPY))
    script = Script(seconds=ENDLESS, errors={"post_copy": Failure("no userfaultfd", "Allow it")})
    failure = carry_out(build.move(), options=options, web=script).results["web"].failure
    assert failure is not None
    assert failure.remedy.startswith("Allow it. Give it more time")


def test_a_paused_guest_that_does_not_arrive_is_given_up_and_runs_on() -> None:
    script = Script(seconds=ENDLESS, pass_seconds=2, errors={"pause": Failure("no answer")})
    ran = carry_out(build.move(), options=RunOptions(MoveSettings(policy="suspend_if_needed")), web=script)
    assert ran.outcomes == {"web": "timed_out"}
    assert ran.driver.told("undo") == ["web"]


def test_a_move_that_ends_in_time_is_left_alone() -> None:
    ran = carry_out(build.move(), options=RunOptions(MoveSettings(timeout=20)))
    assert ran.outcomes == {"web": "moved"}
    assert ran.named("action") == []


def test_the_downtime_is_set_once_when_the_memory_phase_begins() -> None:
    options = RunOptions(MoveSettings(max_downtime_ms=80))
    ran = carry_out(build.move(), options=options, web=Script(seconds=20, memory_after=7))
    assert ran.driver.told("set_max_downtime 80") == ["web"]
    assert 7.0 <= ran.driver.when("set_max_downtime 80", "web") <= 7.5


def test_an_action_that_is_refused_is_tried_again() -> None:
    options = RunOptions(MoveSettings(max_downtime_ms=80))
    script = Script(seconds=2, errors={"set_max_downtime 80": Failure("not yet")})
    ran = carry_out(build.move(), options=options, web=script)
    assert ran.outcomes == {"web": "moved"}
    assert len(ran.named("action_failed")) > 1
