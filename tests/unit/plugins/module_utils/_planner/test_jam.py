"""Guests that wait in a circle are told who is in it, and what would open it."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, Notes
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose import sentence
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MIB = build.MIB


def away(name: str, home: str, size: int) -> Guest:
    return build.guest(name, memory=size * MIB, notes=Notes(home=home))


def told(*hosts: Any, **request: Any) -> dict[str, str]:
    """Return why each guest stays, by name; nobody may move."""
    plan = make_plan(build.snapshot(*hosts), Request(Goal.RESTORE, ("hv1", "hv2"), **request))
    assert plan.moves == ()
    return {stay.name: "; ".join(sentence(refusal) for refusal in stay.refusals) for stay in plan.stays}


def two() -> tuple[Host, Host]:
    return (
        build.host("hv1", away("a", "hv2", 1024), allocatable_memory=1600 * MIB),
        build.host("hv2", away("b", "hv1", 1536), allocatable_memory=1536 * MIB),
    )


def test_the_circle_is_named_with_the_least_that_would_open_it() -> None:
    why = told(*two())
    assert why["a"] == (
        "hv2 would do alone, but not together with the other moves (a (hv1 to hv2) and b (hv2 to hv1) wait for each "
        "other's place, and none of them finds a stop elsewhere); free 960 MiB on hv1, or leave 1024 MiB for a on a "
        "third host"
    )


def test_a_host_asleep_is_named_as_a_way_out() -> None:
    why = told(*two(), build.host("hv3", state=HostState.STANDBY))
    assert why["a"].endswith("on a third host (wake: true may give one)")


def test_guests_that_can_make_no_stop_are_not_asked_to() -> None:
    local = (build.disk("a", "local"),), (build.disk("b", "local"),)
    first, second = two()
    hosts = [
        replace(host, guests=tuple(replace(guest, disks=disks) for guest in host.guests))
        for host, disks in zip((first, second), local)
    ]
    why = told(*hosts)
    assert "free 960 MiB on hv1" in why["a"]
    assert "third host" not in "".join(why.values())
