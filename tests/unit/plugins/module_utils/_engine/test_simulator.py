"""The simulator: moves take their estimate, succeed, and leave the fleet as the real ones would."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.courses import courses
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions, run
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import DriverError
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.result import MoveResult
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.simulator import Simulator
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Guest,
    GuestState,
    JobKind,
    MoveClaim,
    Notes,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Leftover
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Method, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import (
    MoveSettings,
    Slots,
    TimeoutAction,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.scenario import carry_out


def evacuated(*guests: Guest) -> Snapshot:
    fleet = build.snapshot(build.host("hv1", *guests), build.host("hv2"))
    return carry_out(fleet, make_plan(fleet, build.evacuate("hv1")))


def arrived(fleet: Snapshot, name: str = "hv2") -> tuple[Guest, ...]:
    host = fleet.host(name)
    return host.guests if host else ()


def test_a_guest_arrives_as_it_left_with_its_home_noted() -> None:
    (guest,) = arrived(evacuated(build.guest()))
    assert guest == replace(build.guest(), notes=replace(build.guest().notes, home="hv1"))


@pytest.mark.parametrize("state", [GuestState.RUNNING, GuestState.PAUSED, GuestState.SHUT_OFF])
def test_a_guest_keeps_its_state(state: GuestState) -> None:
    (guest,) = arrived(evacuated(build.guest(state=state)))
    assert guest.state is state


def test_a_guest_that_comes_home_has_no_home_noted_any_more() -> None:
    fleet = evacuated(build.guest())
    back = carry_out(fleet, make_plan(fleet, Request(Goal.RESTORE, ("hv1",))))
    assert arrived(back, "hv1") == (build.guest(),)
    assert arrived(back) == ()


def test_a_copied_disk_fills_the_pool_it_goes_to_and_lies_in_it() -> None:
    pools = (replace(build.LOCAL, name="ssd"), build.SHARED)
    guest = build.guest(disks=(build.disk(pool="local"),))
    fleet = build.snapshot(build.host("hv1", guest), build.host("hv2", pools=pools))
    after = carry_out(fleet, make_plan(fleet, build.evacuate("hv1")))
    host = after.host("hv2")
    assert host is not None
    assert host.guests[0].disks[0].pool == "ssd"
    assert [pool.available for pool in host.pools] == [build.LOCAL.available - build.GIB, build.SHARED.available]


def test_an_adopted_move_leaves_one_copy() -> None:
    leaving = build.guest(job=JobKind.OUTGOING)
    arriving = build.guest(job=JobKind.INCOMING, state=GuestState.PAUSED, persistent=False)
    fleet = build.snapshot(build.host("hv1", leaving), build.host("hv2", arriving))
    after = carry_out(fleet, make_plan(fleet, build.evacuate("hv1")))
    assert arrived(after, "hv1") == ()
    (guest,) = arrived(after)
    assert (guest.state, guest.job, guest.persistent) == (GuestState.RUNNING, None, True)


def test_a_rehearsal_takes_the_time_that_the_plan_estimates() -> None:
    guests = [build.guest(f"g{n}", memory=n * 256 * build.MIB) for n in range(1, 6)]
    fleet = build.snapshot(build.host("hv1", *guests), build.host("hv2"))
    plan = make_plan(fleet, build.evacuate("hv1", slots=Slots(2, 2, 2)))
    driver = Simulator(fleet, 0.0)
    run(plan, driver, RunOptions(slots=plan.request.slots), lambda _event, _facts: None)
    # the engine looks four times a second, so each of the three rounds may end a moment later
    assert plan.est_seconds <= driver.now() <= plan.est_seconds + 3 * 0.5


@pytest.mark.parametrize("action", list(TimeoutAction))
def test_a_rehearsal_with_a_short_timeout_still_ends(action: TimeoutAction) -> None:
    fleet = build.snapshot(build.host("hv1", build.guest(memory=4 * build.GIB)), build.host("hv2"))
    plan, driver = make_plan(fleet, build.evacuate("hv1")), Simulator(fleet, 0.0)
    settings = MoveSettings(timeout=1, timeout_action=action, max_downtime_ms=10)
    (result,) = run(plan, driver, RunOptions(settings), lambda _event, _facts: None)
    assert result.outcome.value == "moved"


def predicted(policy: str) -> MoveResult:
    """Rehearse the move of a guest that holds 1 GiB and writes all of it each second, over 100 MiB/s."""
    busy = build.guest(memory=build.GIB, usage_memory=2 * build.GIB, dirty_rate=build.GIB)
    source = build.host("hv1", busy, migration_bandwidth_mibs=100)
    fleet = build.snapshot(source, build.host("hv2"))
    plan, driver = make_plan(fleet, build.evacuate("hv1")), Simulator(fleet, 0.0)
    options = RunOptions(courses=courses(plan.moves, fleet, MoveSettings(policy=policy)))
    (result,) = run(plan, driver, options, lambda _event, _facts: None)
    moved = {guest.name for host in driver.fleet.hosts if host.name == "hv2" for guest in host.guests}
    assert moved == ({"web"} if result.outcome.value == "moved" else set())
    return result


@pytest.mark.parametrize("policy", ["minimal_downtime", "very_large", "wan"])
def test_a_policy_that_gives_up_is_predicted_to(policy: str) -> None:
    result = predicted(policy)
    assert result.outcome.value == "timed_out"
    assert result.failure is not None
    assert f"as policy {policy} says" in result.failure.message
    assert "it writes 1024.0 MiB/s, 100.0 MiB/s are sent" in result.failure.message


def test_a_policy_that_lets_the_guest_stand_still_is_predicted_with_that_downtime() -> None:
    result = predicted("suspend_if_needed")
    assert result.outcome.value == "moved"
    # the pass that is under way, and perhaps a whole one after it
    assert 1000 < (result.cost.downtime_ms or 0) < 22_000


def test_post_copy_is_predicted_to_end_with_a_short_downtime() -> None:
    result = predicted("post_copy")
    assert result.outcome.value == "moved"
    assert (result.cost.downtime_ms or 0) < 100


def test_downtime_is_only_told_where_there_is_some() -> None:
    fleet = build.snapshot(build.host("hv1", build.guest()), build.host("hv2"))
    driver = Simulator(fleet, 0.0)
    ways = enumerate((Method.LIVE, Method.PAUSED, Method.OFFLINE))
    live, paused, offline = moves = [build.move(number, method=method) for number, method in ways]
    for move in moves:
        driver.start(move, MoveSettings())
    driver.wait(10.0)
    assert driver.finish(live).downtime_ms == 300
    assert driver.finish(paused).downtime_ms == 10_000
    assert driver.finish(offline).downtime_ms is None


def test_what_is_not_moving_can_not_be_steered() -> None:
    driver = Simulator(build.snapshot(build.host("hv1", build.guest()), build.host("hv2")), 0.0)
    for call in (driver.abort, driver.pause, driver.undo):
        with pytest.raises(DriverError, match="web is not moving"):
            call(build.move())


@pytest.mark.parametrize(("restart", "state"), [(True, GuestState.RUNNING), (False, GuestState.SHUT_OFF)])
def test_a_guest_that_was_shut_down_for_an_interrupted_move_is_started(restart: bool, state: GuestState) -> None:
    claim = MoveClaim("hv1", "hv2", restart=restart)
    off = build.guest(state=GuestState.SHUT_OFF, notes=Notes(claim=claim))
    simulator = Simulator(build.snapshot(build.host("hv1"), build.host("hv2", off)), 0.0)
    simulator.mend(Leftover(off.uuid, off.name, "hv2", claim))
    assert [(guest.state, guest.notes.claim) for guest in arrived(simulator.fleet)] == [(state, None)]
