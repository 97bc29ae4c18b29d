"""The engine keeps order and slots, and ends every move with an outcome, whatever the world does."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import (
    RunOptions,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import (
    Failure,
    Place,
    Whereabouts,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    GuestState,
    MoveClaim,
    VolumeRef,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Leftover, MediaCopy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import Refusal, RefusalCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import (
    Slots,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.engine_run import (
    BROKEN,
    LIES,
    RUNS,
    carry_out,
    many,
    slots,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fake_driver import (
    ARRIVING,
    LEAVING,
    Script,
)

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


ISO = VolumeRef("local", "x.iso")
MEDIA = (MediaCopy("sda", ISO, ISO, build.MIB),)


def test_media_are_brought_before_the_first_move_starts_and_for_no_move_that_is_refused_or_under_way() -> None:
    first, second, third = (replace(move, media=MEDIA) for move in many(3))
    refusal = Refusal(RefusalCode.NO_PEER_URI, "g2", "hv2")
    ran = carry_out(first, second, replace(third, adopt=True), g2=Script(refusals=(refusal,)))
    assert ran.driver.told("prepare") == ["g1"]
    assert [call for _when, call, _name in ran.driver.calls][:3] == ["check", "prepare", "check"]
    assert [facts["volumes"] for facts in ran.named("media_copied")] == [["x.iso"]]


def test_a_move_whose_media_can_not_be_brought_is_refused() -> None:
    first, second = many(2)
    ran = carry_out(replace(first, media=MEDIA), second, g1=Script(errors={"prepare": BROKEN}))
    assert ran.outcomes == {"g1": "refused", "g2": "moved"}
    assert ran.results["g1"].failure == BROKEN


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
    ("before", "outcome"),
    [
        (Whereabouts(None, None), "stale"),
        (Whereabouts(RUNS, RUNS), "stale"),
        (Whereabouts(None, None, ("hv2",)), "not_started"),
        (Whereabouts(RUNS, None, ("hv2",)), "not_started"),
    ],
)
def test_a_guest_that_is_not_surely_at_its_source_is_not_touched(before: Whereabouts, outcome: str) -> None:
    ran = carry_out(build.move(), web=Script(before=before))
    assert ran.outcomes == {"web": outcome}
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
