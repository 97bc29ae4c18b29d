"""The engine keeps order and slots, steers each move, and ends every one with an outcome, whatever the world does."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import (
    SETTLE_SECONDS,
    RunOptions,
    run,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import (
    Failure,
    Place,
    Whereabouts,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.result import MoveResult
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    GuestState,
    MoveClaim,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Leftover, Method, Move, Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import Refusal, RefusalCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import (
    MoveSettings,
    Slots,
    TimeoutAction,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fake_driver import (
    ARRIVING,
    LEAVING,
    FakeDriver,
    Script,
)

BROKEN = Failure("internal error: qemu said no", "Look at its log")
RUNS = Place(GuestState.RUNNING, True)
LIES = Place(GuestState.SHUT_OFF, True)
ENDLESS = 4000.0


@dataclass(frozen=True)
class Ran:
    """What came of a run: results by guest, events in order, and the driver with its calls."""

    results: Mapping[str, MoveResult]
    events: list[tuple[str, Mapping[str, Any]]]
    driver: FakeDriver

    @property
    def outcomes(self) -> dict[str, str]:
        return {name: result.outcome.value for name, result in self.results.items()}

    def named(self, event: str) -> list[Mapping[str, Any]]:
        return [facts for name, facts in self.events if name == event]

    def error(self, name: str) -> str:
        failure = self.results[name].failure
        return failure.message if failure else ""


def carry_out(
    *moves: Move,
    interrupt_at: float = ENDLESS * 2,
    options: RunOptions = RunOptions(),  # noqa: B008 (frozen)
    leftovers: tuple[Leftover, ...] = (),
    **scripts: Script,
) -> Ran:
    driver = FakeDriver(scripts, interrupt_at)
    events: list[tuple[str, Mapping[str, Any]]] = []
    plan = Plan("id", build.evacuate("hv1"), moves, leftovers=leftovers)
    results = run(plan, driver, options, lambda event, facts: events.append((event, facts)))
    assert [result.move.id for result in results] == [move.id for move in moves]
    return Ran({result.move.name: result for result in results}, events, driver)


def many(count: int, dests: int = 1) -> list[Move]:
    return [build.move(n, f"g{n}", dest=f"hv{2 + n % dests}") for n in range(1, count + 1)]


def slots(out: int = 99, into: int = 99, fleet: int = 99) -> RunOptions:
    return RunOptions(slots=Slots(out, into, fleet))


# --- order and slots


def test_a_plan_without_moves_is_over_at_once() -> None:
    assert carry_out().events == []


def test_a_move_is_started_watched_and_finished() -> None:
    ran = carry_out(build.move())
    assert ran.outcomes == {"web": "moved"}
    assert [call for _when, call, _name in ran.driver.calls] == ["check", "where_is", "start", "where_is", "finish"]
    result = ran.results["web"]
    assert (result.started, result.ended) == (1000.0, 1010.0)
    assert (result.cost.seconds, result.cost.sent_bytes, result.cost.downtime_ms) == (4.2, 300, 120)
    assert result.failure is None


@pytest.mark.parametrize(
    ("options", "peaks"),
    [
        (slots(out=3), {"out hv1": 3, "fleet": 3}),
        (slots(into=2), {"in hv2": 2, "in hv3": 2, "fleet": 4}),
        (slots(fleet=5), {"out hv1": 5, "fleet": 5}),
        (slots(out=4, into=1, fleet=9), {"in hv2": 1, "in hv3": 1, "fleet": 2}),
        (slots(1, 1, 1), {"fleet": 1}),
    ],
)
def test_slots_are_used_up_and_never_exceeded(options: RunOptions, peaks: Mapping[str, int]) -> None:
    scripts = {f"g{n}": Script(seconds=float(n)) for n in range(1, 13)}
    ran = carry_out(*many(12, dests=2), options=options, **scripts)
    assert set(ran.outcomes.values()) == {"moved"}
    assert {name: ran.driver.peaks[name] for name in peaks} == peaks


def test_slots_of_a_host_are_counted_for_that_host_alone() -> None:
    moves = [build.move(n, f"g{n}", source=f"hv{n}", dest="hv9") for n in range(1, 5)]
    assert carry_out(*moves, options=slots(out=1)).driver.peaks["fleet"] == 4


def test_a_slow_move_does_not_hold_up_the_others() -> None:
    ran = carry_out(*many(6), options=slots(out=2), g1=Script(seconds=100.0))
    last_start = max(ran.driver.when("start", f"g{n}") for n in range(2, 7))
    assert last_start < 60.0
    assert ran.results["g1"].ended == 1100.0


def test_a_move_starts_as_soon_as_what_it_waits_for_has_arrived() -> None:
    ran = carry_out(build.move(1, "a"), build.move(2, "b"), build.move(3, "c", after=("m0001",)), b=Script(seconds=50))
    assert 10.0 <= ran.driver.when("start", "c") <= 11.0


def test_what_waits_for_a_move_that_fails_is_not_started_and_says_so() -> None:
    ran = carry_out(
        build.move(1, "a"),
        build.move(2, "b", after=("m0001",)),
        build.move(3, "c", after=("m0002",)),
        build.move(4, "d"),
        a=Script(failure=BROKEN),
    )
    assert ran.outcomes == {"a": "failed", "b": "not_started", "c": "not_started", "d": "moved"}
    assert ran.error("b") == "it had to wait for a, which did not arrive"
    assert ran.error("c") == "it had to wait for b, which did not arrive"


# --- failures


def test_the_failure_of_one_goes_on_with_the_others_and_keeps_the_words_of_libvirt() -> None:
    ran = carry_out(*many(4), options=slots(out=1), g2=Script(failure=BROKEN))
    assert ran.outcomes == {"g1": "moved", "g2": "failed", "g3": "moved", "g4": "moved"}
    assert ran.results["g2"].failure == BROKEN
    assert ran.driver.told("undo") == ["g2"]


def test_after_max_failures_nothing_new_starts_and_what_runs_is_seen_to_its_end() -> None:
    ran = carry_out(
        *many(5),
        options=RunOptions(slots=Slots(2, 99, 99), max_failures=0),
        g1=Script(seconds=5, failure=BROKEN),
        g2=Script(seconds=50),
    )
    assert ran.outcomes == {
        "g1": "failed",
        "g2": "moved",
        "g3": "not_started",
        "g4": "not_started",
        "g5": "not_started",
    }
    assert ran.error("g3") == "1 moves failed, more than max_failures (0) allows"


def test_as_many_failures_as_allowed_stop_nothing() -> None:
    ran = carry_out(*many(3), options=RunOptions(slots=Slots(1, 9, 9), max_failures=1), g1=Script(failure=BROKEN))
    assert ran.outcomes == {"g1": "failed", "g2": "moved", "g3": "moved"}


def test_a_move_that_a_host_refuses_is_never_started() -> None:
    refusal = Refusal(RefusalCode.NO_PEER_URI, "g1", "hv2")
    ran = carry_out(*many(2), g1=Script(refusals=(refusal,)))
    assert ran.outcomes == {"g1": "refused", "g2": "moved"}
    assert ran.error("g1").startswith("no peer_uri is known for hv2")
    assert ran.driver.told("start") == ["g2"]


def test_all_hosts_are_asked_before_the_first_move_starts() -> None:
    ran = carry_out(*many(3), options=slots(out=1))
    first = [call for _when, call, _name in ran.driver.calls][:4]
    assert first == ["check", "check", "check", "where_is"]


def test_a_host_that_can_not_be_asked_refuses() -> None:
    ran = carry_out(*many(2), g1=Script(errors={"check": BROKEN}))
    assert ran.outcomes == {"g1": "refused", "g2": "moved"}
    assert ran.results["g1"].failure == BROKEN


@pytest.mark.parametrize("call", ["start", "where_is"])
def test_a_move_that_can_not_begin_has_failed(call: str) -> None:
    ran = carry_out(*many(2), g1=Script(errors={call: BROKEN}))
    assert ran.outcomes == {"g1": "failed", "g2": "moved"}
    assert ran.results["g1"].failure == BROKEN


def test_a_guest_that_stayed_without_an_error_has_failed_all_the_same() -> None:
    ran = carry_out(build.move(), web=Script(after=Whereabouts(RUNS, None)))
    assert ran.outcomes == {"web": "failed"}
    assert ran.error("web") == "the move ended without an error, but the guest is still at its source"


def test_an_error_at_the_very_end_does_not_unmake_an_arrival() -> None:
    ran = carry_out(build.move(), web=Script(failure=BROKEN, after=Whereabouts(None, RUNS)))
    assert ran.outcomes == {"web": "moved"}


def test_trouble_with_tidying_up_does_not_hide_why_the_move_failed() -> None:
    ran = carry_out(build.move(), web=Script(failure=BROKEN, errors={"undo": Failure("volume is in use")}))
    assert ran.outcomes == {"web": "failed"}
    assert BROKEN.message in ran.error("web")
    assert "volume is in use" in ran.error("web")


# --- a world that is not as planned


@pytest.mark.parametrize(
    ("method", "state"),
    [
        (Method.LIVE, GuestState.PAUSED),
        (Method.LIVE, GuestState.SHUT_OFF),
        (Method.OFFLINE, GuestState.RUNNING),
        (Method.OFFLINE, GuestState.CRASHED),
        (Method.PAUSED, GuestState.SHUT_OFF),
    ],
)
def test_a_guest_in_another_state_than_planned_is_stale(method: Method, state: GuestState) -> None:
    ran = carry_out(build.move(method=method), web=Script(before=Whereabouts(Place(state, True), None)))
    assert ran.outcomes == {"web": "stale"}
    assert state.value.replace("_", " ") in ran.error("web")
    assert ran.driver.told("start") == []


@pytest.mark.parametrize(
    "before",
    [
        Whereabouts(None, None),
        Whereabouts(RUNS, RUNS),
        Whereabouts(None, None, ("hv2",)),
        Whereabouts(RUNS, None, ("hv2",)),
    ],
)
def test_a_guest_that_is_not_surely_at_its_source_is_not_touched(before: Whereabouts) -> None:
    ran = carry_out(build.move(), web=Script(before=before))
    assert ran.outcomes == {"web": "stale"}
    assert ran.driver.told("start") == []


@pytest.mark.parametrize("state", [GuestState.RUNNING, GuestState.PAUSED])
def test_a_paused_move_takes_running_and_paused_guests(state: GuestState) -> None:
    ran = carry_out(build.move(method=Method.PAUSED), web=Script(before=Whereabouts(Place(state, True), None)))
    assert ran.outcomes == {"web": "moved"}


def test_a_guest_that_is_there_already_is_put_in_order_and_not_moved() -> None:
    ran = carry_out(build.move(), web=Script(before=Whereabouts(LIES, RUNS)))
    assert ran.outcomes == {"web": "already_there"}
    assert ran.driver.told("finish") == ["web"]
    assert ran.driver.told("start") == []


def test_what_waits_for_a_guest_that_is_there_already_may_start() -> None:
    ran = carry_out(build.move(1, "a"), build.move(2, "b", after=("m0001",)), a=Script(before=Whereabouts(None, RUNS)))
    assert ran.outcomes == {"a": "already_there", "b": "moved"}


@pytest.mark.parametrize("planned", [True, False])
def test_a_migration_under_way_is_watched_and_not_started_again(planned: bool) -> None:
    ran = carry_out(build.move(adopt=planned), web=Script(before=Whereabouts(LEAVING, ARRIVING)))
    assert ran.outcomes == {"web": "moved"}
    assert ran.driver.told("start") == []
    assert ran.driver.told("adopt") == ["web"]
    assert ran.results["web"].move.adopt
    assert ran.named("move_started")[0]["adopted"] is True


def test_an_adopted_move_is_not_checked_for_what_would_speak_against_starting_it() -> None:
    refusal = Refusal(RefusalCode.NO_PEER_URI, "web", "hv2")
    script = Script(before=Whereabouts(LEAVING, ARRIVING), refusals=(refusal,))
    assert carry_out(build.move(adopt=True), web=script).outcomes == {"web": "moved"}


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
    assert failure.message == "the move was aborted, the guest runs on at its source"
    assert "timeout" in failure.remedy


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


# --- leftovers and the journal


def leftover(name: str, definition_on: Optional[str] = "hv1") -> Leftover:
    return Leftover(build.uuid_of(name), name, "hv2", MoveClaim("hv1", "hv2"), definition_on)


def test_leftovers_are_mended_before_anything_moves() -> None:
    ran = carry_out(build.move(), leftovers=(leftover("old"),))
    assert ran.driver.calls[0][1:] == ("mend", "old")
    assert ran.named("mended")[0]["definition_on"] == "hv1"


def test_a_leftover_that_resists_stops_nothing_and_is_told() -> None:
    ran = carry_out(build.move(), leftovers=(leftover("old"),), old=Script(errors={"mend": BROKEN}))
    assert ran.outcomes == {"web": "moved"}
    assert ran.named("mend_failed")[0]["error"] == BROKEN.message


def test_every_move_ends_in_the_journal_exactly_once() -> None:
    ran = carry_out(
        *many(6),
        options=slots(out=2),
        g1=Script(failure=BROKEN),
        g2=Script(refusals=(Refusal(RefusalCode.NO_PEER_URI, "g2", "hv2"),)),
        g3=Script(before=Whereabouts(None, RUNS)),
        g4=Script(before=Whereabouts(None, None)),
    )
    ended = [(facts["name"], facts["outcome"]) for facts in ran.named("move_ended")]
    assert sorted(ended) == sorted(ran.outcomes.items())


def test_progress_is_told_while_a_move_runs() -> None:
    facts = carry_out(build.move()).named("progress")
    assert len(facts) > 10
    assert facts[-1]["seconds"] == pytest.approx(9.8)
    assert {"move", "name", "phase", "total", "processed", "remaining", "rate"} <= set(facts[0])
