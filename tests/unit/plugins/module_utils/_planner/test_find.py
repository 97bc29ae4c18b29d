"""Names that people typed are found, and what makes no sense is refused before anything is planned."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Method, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Slots
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.check import check_request
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.find import guest_named
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.goals import wished
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

TWIN = replace(build.guest("twin"), name="web")
FLEET = build.snapshot(
    build.host("hv1", build.guest("web"), build.guest("db")),
    build.host("hv2", TWIN),
    build.host("hv3", state=HostState.UNREACHABLE, error="timed out"),
)


def message(request: Request) -> str:
    with pytest.raises(FleetError) as caught:
        check_request(FLEET, request)
    return str(caught.value)


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (build.evacuate(), "no host is given. Say which hosts the goal is about"),
        (build.evacuate("hv1", "hv2", "hv1"), "hv1 is given twice in hosts. Give it once"),
        (build.evacuate("hv1", dests=("hv2", "hv2")), "hv2 is given twice in dests. Give it once"),
        (
            Request(Goal.MOVE, ("hv2",), ("web", "web")),
            "web is given twice in guests. Give it once",
        ),
        (build.evacuate("hv11"), "unknown host 'hv11'. Did you mean hv1?"),
        (build.evacuate("hv1", dests=("store",)), "unknown host 'store'. Known are: hv1, hv2, hv3"),
        (
            Request(Goal.MOVE, ("hv1", "hv2"), ("web",)),
            "the goal move takes exactly one host. Give one destination",
        ),
        (build.evacuate("hv3"), "host hv3 does not answer: timed out. Nothing was changed; bring it back first"),
        (
            Request(Goal.RESTORE, ("hv3",)),
            "host hv3 does not answer: timed out. Nothing was changed; bring it back first",
        ),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(request_: Request, text: str) -> None:
    assert message(request_).startswith(text)


@pytest.mark.parametrize(
    "request_", [build.evacuate("hv1", dests=("hv2",)), Request(Goal.MOVE, ("hv2",), ("db",)), build.evacuate("hv2")]
)
def test_a_sensible_request_passes(request_: Request) -> None:
    check_request(FLEET, request_)


def test_a_silent_destination_is_no_reason_to_refuse_the_request() -> None:
    check_request(FLEET, build.evacuate("hv1", dests=("hv3",)))


@pytest.mark.parametrize(
    "request_",
    [
        build.evacuate("hv1", method=Method.OFFLINE),
        Request(Goal.RESTORE, ("hv1",), dests=("hv2",)),
        Request(Goal.MOVE, ("hv2",), ("db",), dests=("hv1",)),
    ],
)
def test_what_a_goal_can_not_honour_is_never_called_a_defect_of_the_planner(request_: Request) -> None:
    home = build.guest("away", notes=build.claimed("hv1", "hv9"))
    fleet = build.snapshot(*(host if host.name != "hv2" else build.host("hv2", home) for host in FLEET.hosts))
    with pytest.raises(FleetError) as caught:
        make_plan(fleet, request_)
    assert "defect" not in str(caught.value)
    assert caught.value.remedy


def test_a_move_of_no_guest_is_refused() -> None:
    assert message(Request(Goal.MOVE, ("hv2",))).startswith("no guest is given")


def test_slots_that_let_nothing_through_are_refused_before_planning() -> None:
    with pytest.raises(FleetError, match="max_per_fleet is 0"):
        make_plan(FLEET, build.evacuate("hv1", slots=Slots(max_per_fleet=0)))


def test_residents_are_sorted_by_name_and_listed_once() -> None:
    fleet = build.snapshot(
        build.host("hv1", build.guest("b"), build.guest("a", notes=build.claimed("hv2", "hv1"))),
        build.host("hv2", build.guest("a", state=build.guest().state.__class__.SHUT_OFF)),
    )
    assert [(place.guest.name, place.host) for place in fleet.residents] == [("a", "hv1"), ("b", "hv1")]


def test_closed_hosts_stay_among_the_candidates_so_that_they_can_say_why() -> None:
    assert {wish.candidates for wish in wished.evacuate(FLEET, build.evacuate("hv1"))} == {("hv2", "hv3")}
    assert {wish.candidates for wish in wished.evacuate(FLEET, build.evacuate("hv1", dests=("hv3",)))} == {("hv3",)}


@pytest.mark.parametrize("name", ["db", build.uuid_of("db")])
def test_a_guest_is_found_by_name_and_by_uuid(name: str) -> None:
    assert guest_named(name, FLEET.residents, FLEET).guest.name == "db"


def test_a_name_that_two_guests_have_is_refused_with_both() -> None:
    with pytest.raises(FleetError) as caught:
        guest_named("web", FLEET.residents, FLEET)
    assert build.uuid_of("web") in str(caught.value)
    assert build.uuid_of("twin") in str(caught.value)
    assert caught.value.remedy == "Give the UUID"


def test_an_unknown_guest_may_be_on_a_host_that_did_not_answer() -> None:
    with pytest.raises(FleetError) as caught:
        guest_named("wbe", FLEET.residents, FLEET)
    assert str(caught.value) == (
        "no guest is called 'wbe' on the hosts that answered. It may be on hv3, which did not answer. Did you mean web?"
    )


def test_an_unknown_guest_like_no_other_is_refused_without_a_guess() -> None:
    fleet = build.snapshot(build.host("hv1", build.guest("web")))
    with pytest.raises(FleetError) as caught:
        guest_named("zzzzz", fleet.residents, fleet)
    assert caught.value.remedy is None
