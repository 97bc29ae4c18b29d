"""A simulated fleet's account: energy, moves, overload, switches; every figure here was computed by hand."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState, PowerModel
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Slots
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.run import leave, simulate
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.values import (
    Decision,
    Moving,
    Order,
    Trace,
    View,
)

GIB = 1024**3
HOUR = 3600
QUICK = PowerModel(100.0, 200.0, (), 0.0, 0.0, 0.0)
# a move of 1 GiB takes half an hour
SLOW = Moving(GIB / 1800, slots=None)


def guest(name: str, memory: int = GIB) -> Guest:
    return Guest(f"u-{name}", name, GuestState.RUNNING, memory, 4)


def host(name: str, *guests: Guest, power: PowerModel = QUICK, memory: int = 8 * GIB, asleep: bool = False) -> Host:
    state = HostState.STANDBY if asleep else HostState.SCHEDULABLE
    sizes = {"memory": memory, "allocatable_memory": memory, "cpus": 4, "allocatable_vcpus": 32}
    return Host(name, state, power=power, guests=guests, **sizes)


def fleet(*hosts: Host) -> Snapshot:
    return Snapshot("2026-01-05T00:00:00Z", hosts)


THREE = fleet(host("hv1", guest("a")), host("hv2", guest("b")), host("hv3", guest("c")))
DAY = Trace(HOUR, 24, {f"u-{name}": (1.0,) * 24 for name in "abc"})


def at(step: int, *orders: Order, on: tuple[str, ...] = (), off: tuple[str, ...] = ()):
    """A policy that decides once."""
    return lambda view: Decision(orders, on, off, planned=True) if view.step == step else Decision()


def order(name: str, dest: str, *after: str) -> Order:
    return Order(name, f"u-{name}", dest, GIB, after)


def test_a_day_of_three_hosts_left_as_they_are() -> None:
    found = simulate(THREE, DAY, leave, SLOW).figures
    assert found.kwh == pytest.approx(9.0)  # 3 x (100 + 100/4) W x 24 h
    assert found.mean_hosts_on == 3
    assert (found.migrations, found.overload_percent, found.pdm_percent, found.plans) == (0, 0, 0, 0)
    assert (found.least_on_minutes, found.least_off_minutes) == (None, None)


def test_the_same_day_with_two_hosts_emptied_at_six() -> None:
    policy = at(6, order("b", "hv1"), order("c", "hv1"), off=("hv2", "hv3"))
    run = simulate(THREE, DAY, policy, SLOW)
    found = run.figures
    assert found.kwh == pytest.approx(6.5 * 0.375 + 17.5 * 0.175)  # from half past six on one host at 3 of 4 CPUs
    assert (found.migrations, found.gib_moved, found.switched_off, found.plans) == (2, 2.0, 2, 1)
    assert found.pdm_percent == pytest.approx(
        100 * 0.1 * 2 * 0.5 / 72
    )  # 10 % of two guests' half hours, of 72 CPU hours
    assert [step.hosts_on for step in run.steps] == [3] * 6 + [1] * 18


def test_energy_is_the_sum_of_the_steps() -> None:
    run = simulate(THREE, DAY, at(6, order("b", "hv1"), order("c", "hv1"), off=("hv2", "hv3")), SLOW)
    assert run.figures.kwh == pytest.approx(sum(step.watts for step in run.steps) / 1000)


def test_a_host_that_boots_draws_as_much_as_at_full_load_and_takes_guests_when_it_is_up() -> None:
    boots = PowerModel(100.0, 200.0, (), 10.0, 1800.0, 900.0)
    snapshot = fleet(host("hv1", guest("a"), guest("b")), host("hv2", power=boots, asleep=True))
    trace = Trace(HOUR, 3, {"u-a": (1.0,) * 3, "u-b": (1.0,) * 3})
    run = simulate(snapshot, trace, at(1, order("b", "hv2"), on=("hv2",)), SLOW)
    # 0-1 h: 150 W and 10 W of a BMC; 1-2 h: 150 W, half an hour of 200 W, half of 100 W; 2-3 h: 125 W each
    assert [round(step.watts, 6) for step in run.steps] == [160.0, 300.0, 250.0]
    assert [step.moves for step in run.steps] == [0, 1, 0]


def test_a_host_that_shuts_down_draws_as_much_as_at_full_load() -> None:
    boots = PowerModel(100.0, 200.0, (), 10.0, 1800.0, 900.0)
    snapshot = fleet(host("hv1", guest("a")), host("hv2", power=boots))
    run = simulate(snapshot, Trace(HOUR, 2, {"u-a": (0.0, 0.0)}), at(0, off=("hv2",)), SLOW)
    assert [round(step.watts, 6) for step in run.steps] == [100 + 200 / 4 + 10 * 3 / 4, 110.0]


def test_overload_is_time_in_which_more_is_wanted_than_there_is() -> None:
    trace = Trace(HOUR, 4, {"u-a": (5.0, 4.0, 3.0, 3.0), "u-b": (1.0,) * 4, "u-c": (1.0,) * 4})
    found = simulate(THREE, trace, leave, SLOW).figures
    assert found.overload_percent == pytest.approx(100 / 12)  # one of 3 x 4 host hours
    assert found.slatah_percent == pytest.approx(200 / 12)  # and one more at just 100 %
    assert found.short_percent == pytest.approx(100 * 1 / 23)  # one CPU hour of 23


def test_the_shortest_times_between_switches_are_told() -> None:
    def swinging(view: View) -> Decision:
        return {1: Decision(power_off=("hv2",)), 3: Decision(power_on=("hv2",)), 8: Decision(power_off=("hv2",))}.get(
            view.step, Decision()
        )

    snapshot = fleet(host("hv1", guest("a")), host("hv2"))
    found = simulate(snapshot, Trace(HOUR, 10, {"u-a": (1.0,) * 10}), swinging, SLOW).figures
    assert (found.least_off_minutes, found.least_on_minutes) == (120, 300)
    assert (found.switched_on, found.switched_off) == (1, 2)


def test_a_guest_holds_memory_at_both_ends_while_it_moves() -> None:
    # c leaves hv2 while b comes: both are there for half an hour
    snapshot = fleet(host("hv1", guest("a"), guest("b")), host("hv2", guest("c"), memory=GIB), host("hv3"))
    trace = Trace(HOUR, 2, {f"u-{name}": (0.0, 0.0) for name in "abc"})
    together = simulate(snapshot, trace, at(0, order("b", "hv2"), order("c", "hv3")), SLOW).figures
    apart = simulate(snapshot, trace, at(0, order("c", "hv3"), order("b", "hv2", "c")), SLOW).figures
    assert (together.memory_breaches, apart.memory_breaches) == (1, 0)


def test_no_new_decision_is_asked_for_while_moves_are_under_way() -> None:
    asked = []

    def policy(view: View) -> Decision:
        asked.append(view.step)
        return Decision((order("b", "hv1"), order("c", "hv1", "b"))) if view.step == 0 else Decision()

    one_by_one = Moving(GIB / 5400, slots=Slots(1, 1, 1))  # an hour and a half each
    simulate(THREE, Trace(HOUR, 5, {}), policy, one_by_one)
    assert asked == [0, 3, 4]


def test_a_guest_that_has_ended_wants_nothing_and_lets_its_host_go() -> None:
    def when_empty(view: View) -> Decision:
        return Decision(power_off=tuple(sorted(view.on - set(view.placement.values()))))

    trace = Trace(HOUR, 4, DAY.wanted, {"u-c": 1})
    run = simulate(THREE, trace, when_empty, SLOW)
    assert [step.wanted_cpus for step in run.steps] == [3, 2, 2, 2]
    assert [step.hosts_on for step in run.steps] == [3, 3, 2, 2]


def test_a_guest_on_a_host_that_is_off_is_refused_by_name() -> None:
    with pytest.raises(FleetError, match="guest a is on hv1, which is off"):
        simulate(fleet(host("hv1", guest("a"), asleep=True)), DAY, leave, SLOW)
