"""Where a guest lives when several hosts know it, and when that is one copy too many."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Guest,
    GuestState,
    JobKind,
    Notes,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import (
    Located,
    by_uuid,
    residence,
    runs_twice,
    with_usage_of,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

OFF = GuestState.SHUT_OFF
CLAIM = build.claimed("hv2", "hv1")
RUNS = build.guest()
LIES = build.guest(state=OFF)


@pytest.mark.parametrize(
    ("copies", "home"),
    [
        ({"hv1": LIES, "hv2": RUNS}, "hv2"),
        ({"hv1": build.guest(job=JobKind.INCOMING), "hv2": build.guest(job=JobKind.OUTGOING)}, "hv2"),
        ({"hv1": build.guest(job=JobKind.INCOMING), "hv2": RUNS}, "hv2"),
        ({"hv1": build.guest(state=OFF, notes=CLAIM), "hv2": build.guest(state=OFF, notes=CLAIM)}, "hv1"),
        ({"hv1": LIES, "hv2": build.guest(state=OFF, notes=build.claimed("hv1", "hv2"))}, "hv2"),
        ({"hv1": build.guest(state=OFF, notes=build.claimed("hv1", "hv2")), "hv2": LIES}, "hv2"),
        ({"hv1": build.guest(state=GuestState.CRASHED), "hv2": build.guest(state=GuestState.PAUSED)}, "hv2"),
        ({"hv1": RUNS, "hv2": RUNS}, "hv1"),
        ({"hv3": build.guest(job=JobKind.INCOMING)}, "hv3"),
    ],
)
def test_a_guest_lives_where_it_really_is_whatever_the_order(copies: dict[str, Guest], home: str) -> None:
    places = [Located(host, guest) for host, guest in copies.items()]
    assert {residence(order).host for order in permutations(places)} == {home}


@pytest.mark.parametrize(
    ("guests", "twice"),
    [
        ([RUNS], False),
        ([RUNS, LIES], False),
        ([LIES, LIES], False),
        ([RUNS, RUNS], True),
        ([RUNS, build.guest(state=GuestState.PAUSED)], True),
        ([build.guest(job=JobKind.OUTGOING), build.guest(job=JobKind.INCOMING)], False),
        ([build.guest(job=JobKind.OUTGOING), build.guest(job=JobKind.INCOMING), RUNS], True),
    ],
)
def test_two_active_copies_are_one_too_many_unless_a_migration_explains_them(guests: list[Guest], twice: bool) -> None:
    assert runs_twice(tuple(Located(f"hv{n}", guest) for n, guest in enumerate(guests))) is twice


def test_all_places_of_a_guest_are_found_by_its_uuid() -> None:
    fleet = build.snapshot(build.host("hv1", RUNS, build.guest("db")), build.host("hv2", LIES))
    places = by_uuid(fleet)
    assert [place.host for place in places[build.uuid_of("web")]] == ["hv1", "hv2"]
    assert [place.host for place in places[build.uuid_of("db")]] == ["hv1"]


def test_guests_that_were_not_measured_again_use_what_they_did_before() -> None:
    earlier = build.snapshot(build.host("hv1", replace(build.guest("web"), usage_cpus=0.5), build.guest("db")))
    measured = replace(build.guest("new"), usage_cpus=0.1)
    later = with_usage_of(build.snapshot(build.host("hv2", build.guest("web"), build.guest("db"), measured)), earlier)
    assert {place.guest.name: place.guest.usage_cpus for place in later.residents} == {
        "db": None,
        "new": 0.1,
        "web": 0.5,
    }


def test_hosts_and_pools_are_found_by_name() -> None:
    fleet = build.snapshot(build.host("hv1"))
    host = fleet.host("hv1")
    assert host is not None
    assert fleet.host("hv9") is None
    assert host.pool("shared") == build.SHARED
    assert host.pool(None) is None


@pytest.mark.parametrize(
    ("state", "active"),
    [
        (GuestState.RUNNING, True),
        (GuestState.PAUSED, True),
        (GuestState.OTHER, True),
        (GuestState.SHUT_OFF, False),
        (GuestState.CRASHED, False),
    ],
)
def test_a_guest_is_active_while_it_has_a_process(state: GuestState, active: bool) -> None:
    assert build.guest(state=state, notes=Notes()).active is active
