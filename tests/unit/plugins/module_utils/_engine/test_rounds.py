"""What a round has left goes elsewhere in the next, and at the end as the guest's own fallback allows."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine import simulator
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import Failure, Progress
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.rounds import check_rounds
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.session import Further, carry_out
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest_policy import Fallback, GuestPolicy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move, Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

NO = Failure("internal error: no", "Look at the log")
CANCELLED = Failure("operation aborted: canceled by client", cancelled=True)


class Unlucky(simulator.Simulator):
    """The simulator, but moves to some hosts, or by some methods, fail. ``tried``: what was begun, in order."""

    def __init__(
        self, fleet: Snapshot, hosts: tuple[str, ...] = (), methods: tuple[Method, ...] = (), why: Failure = NO
    ):
        super().__init__(fleet, 5000.0)
        self._bad_hosts, self._bad_methods, self._why = hosts, methods, why
        self.tried: list[tuple[str, str, str]] = []

    def start(self, move: Move, settings: Any) -> None:
        self.tried.append((move.name, move.dest, move.method.value))
        super().start(move, settings)

    def progress(self, move: Move) -> Progress:
        if move.dest in self._bad_hosts or move.method in self._bad_methods:
            return Progress(simulator.Phase.FINISHING, ended=True, failure=self._why)
        return super().progress(move)


def fleet(fallback: Optional[Fallback] = None, hosts: int = 3) -> Snapshot:
    web = build.guest("web", notes=Notes(policy=GuestPolicy(fallback=fallback)))
    return build.snapshot(build.host("hv1", web), *(build.host(f"hv{number}") for number in range(2, hosts + 1)))


def quiet(_event: str, _facts: Mapping[str, Any]) -> None:
    """Nobody reads the journal here."""


def run(
    driver: Unlucky,
    rounds: int = 2,
    options: RunOptions = RunOptions(),  # noqa: B008 (frozen)
    plan: Any = make_plan,
    emit: Any = quiet,
) -> dict[str, Any]:
    before, first = driver.fleet, make_plan(driver.fleet, build.evacuate("hv1"))
    return carry_out(first, before, driver, options, emit, lambda: driver.fleet, Further(plan, rounds))


def test_a_guest_goes_to_another_host_than_the_one_to_which_it_could_not_go() -> None:
    driver = Unlucky(fleet(), hosts=("hv2",))
    report = run(driver)
    assert driver.tried == [("web", "hv2", "live"), ("web", "hv3", "live")]
    assert [(move["round"], move["outcome"]) for move in report["moves"]] == [(1, "failed"), (2, "moved")]
    assert len({move["id"] for move in report["moves"]}) == 2
    assert (report["left"], report["stays"], report["problems"]) == ([], [], [])
    assert (report["totals"]["moved"], report["totals"]["failed"]) == (1, 0)
    assert report["placement"] == {
        "before": {"hv1": ["web"], "hv2": [], "hv3": []},
        "after": {"hv1": [], "hv2": [], "hv3": ["web"]},
    }


def test_where_there_is_no_other_host_the_same_is_tried_again() -> None:
    driver = Unlucky(fleet(hosts=2), hosts=("hv2",))
    report = run(driver, rounds=3)
    assert driver.tried == [("web", "hv2", "live")] * 3
    assert (report["left"], report["totals"]["failed"]) == (["web"], 1)


def test_that_a_guest_is_tried_where_it_failed_before_is_told_as_no_broken_rule() -> None:
    told: list[str] = []

    def emit(event: str, facts: Mapping[str, Any]) -> None:
        told.extend(facts["text"] if event == "planned" else ())

    run(Unlucky(fleet(hosts=2), hosts=("hv2",)), emit=emit)
    assert any("web" in line for line in told)
    assert not any("could not go" in line for line in told)


def test_rounds_are_bounded() -> None:
    driver = Unlucky(fleet(), hosts=("hv2", "hv3"))
    report = run(driver, rounds=2)
    assert [dest for _name, dest, _method in driver.tried] == ["hv2", "hv3"]
    assert report["left"] == ["web"]


@pytest.mark.parametrize(
    ("fallback", "methods"),
    [
        (None, ["live", "live"]),
        (Fallback.LIVE_ONLY, ["live", "live"]),
        (Fallback.MAY_PAUSE, ["live", "live", "paused"]),
        (Fallback.MAY_SHUT_DOWN, ["live", "live", "restart"]),
        (Fallback.LEAVE, ["live"]),
    ],
)
def test_what_is_tried_is_what_the_guest_itself_allows(fallback: Optional[Fallback], methods: list[str]) -> None:
    driver = Unlucky(fleet(fallback), methods=(Method.LIVE,))
    report = run(driver)
    assert [method for _name, _dest, method in driver.tried] == methods
    moved = methods[-1] != "live"
    assert report["left"] == ([] if moved else ["web"])
    assert report["moves"][-1]["outcome"] == ("moved" if moved else "failed")
    assert report["problems"] == []


def test_no_round_at_all_is_refused() -> None:
    with pytest.raises(FleetError, match="rounds is 0"):
        check_rounds(0)


def test_one_round_is_one_try_and_the_fallback() -> None:
    driver = Unlucky(fleet(Fallback.MAY_PAUSE), methods=(Method.LIVE,))
    run(driver, rounds=1)
    assert [method for _name, _dest, method in driver.tried] == ["live", "paused"]


def test_a_fallback_that_fails_too_is_the_end() -> None:
    driver = Unlucky(fleet(Fallback.MAY_PAUSE), methods=(Method.LIVE, Method.PAUSED))
    report = run(driver, rounds=1)
    assert [method for _name, _dest, method in driver.tried] == ["live", "paused"]
    assert (report["left"], report["totals"]["failed"], report["totals"]["stayed"]) == (["web"], 1, 0)


def test_what_somebody_aborted_is_left_alone() -> None:
    driver = Unlucky(fleet(Fallback.MAY_PAUSE), methods=(Method.LIVE,), why=CANCELLED)
    report = run(driver)
    assert len(driver.tried) == 1
    assert [move["outcome"] for move in report["moves"]] == ["aborted"]


def test_others_go_on_while_one_is_left_alone() -> None:
    leave = build.guest("leave", notes=Notes(policy=GuestPolicy(fallback=Fallback.LEAVE)))
    hosts = (build.host("hv1", leave, build.guest("web")), build.host("hv2"), build.host("hv3"))
    driver = Unlucky(build.snapshot(*hosts), hosts=("hv2",))
    report = run(driver)
    again = [name for name, dest, _method in driver.tried if dest == "hv3"]
    assert "leave" not in again
    assert report["left"] == [name for name in ("leave", "web") if name not in again]


def test_max_failures_ends_the_run_and_not_only_a_round() -> None:
    driver = Unlucky(fleet(Fallback.MAY_PAUSE), hosts=("hv2",))
    report = run(driver, options=RunOptions(max_failures=0))
    assert len(driver.tried) == 1
    assert report["left"] == ["web"]


def test_a_round_that_can_not_be_planned_ends_the_run_with_its_report() -> None:
    def refuse(_fleet: Snapshot, _request: Request) -> Plan:
        raise FleetError("host hv1 does not answer", "Bring it back")

    report = run(Unlucky(fleet(), hosts=("hv2",)), plan=refuse)
    assert report["problems"] == ["planning again what was left has failed: host hv1 does not answer"]
    assert [move["outcome"] for move in report["moves"]] == ["failed"]


def test_a_name_that_is_a_pattern_selects_its_guest_alone() -> None:
    star = build.guest("*", notes=Notes(policy=GuestPolicy(fallback=Fallback.LEAVE)))
    hosts = (build.host("hv1", star, build.guest("web")), build.host("hv2"), build.host("hv3"))
    driver = Unlucky(build.snapshot(*hosts), methods=(Method.LIVE,))
    run(driver)
    assert [name for name, _dest, _method in driver.tried].count("web") == 2
    assert [name for name, _dest, _method in driver.tried].count("*") == 1


def test_a_guest_whose_nvram_would_be_lost_is_not_shut_down() -> None:
    web = build.guest(
        "web", notes=Notes(policy=GuestPolicy(fallback=Fallback.MAY_SHUT_DOWN)), nvram="/var/lib/nvram/web"
    )
    driver = Unlucky(build.snapshot(build.host("hv1", web), build.host("hv2")), methods=(Method.LIVE,))
    report = run(driver, rounds=1)
    assert [method for _name, _dest, method in driver.tried] == ["live"]
    assert report["left"] == ["web"]


def all_or_none(*guests: Any, bad: tuple[str, ...], fallback_rounds: int = 1) -> tuple[Unlucky, dict[str, Any]]:
    """Run a plan in which all or none are to go; moves to the hosts ``bad`` fail."""
    seen = build.snapshot(build.host("hv1", *guests), build.host("hv2"), build.host("hv3"))
    driver = Unlucky(seen, hosts=bad)
    plan = make_plan(seen, build.evacuate("hv1", all_or_none=True))
    further = Further(make_plan, fallback_rounds)
    return driver, carry_out(plan, seen, driver, RunOptions(), quiet, lambda: driver.fleet, further)


def test_where_nobody_has_gone_yet_a_later_round_is_all_or_none_too() -> None:
    x = build.guest("x", notes=Notes(policy=GuestPolicy(fallback=Fallback.MAY_SHUT_DOWN)))
    driver, report = all_or_none(x, build.guest("y"), bad=("hv2", "hv3"))
    assert {method for _name, _dest, method in driver.tried} == {"live"}
    assert report["left"] == ["x", "y"]


def test_once_somebody_has_gone_the_others_follow_as_far_as_they_can() -> None:
    driver, report = all_or_none(build.guest("x"), build.guest("y"), bad=("hv2",), fallback_rounds=2)
    assert report["left"] == []
    assert {dest for _name, dest, _method in driver.tried} >= {"hv3"}
