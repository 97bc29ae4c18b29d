"""What half-done moves leave is found, and named with what it means and what mends it."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any, Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.anomaly import Anomaly, AnomalyKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Guest,
    GuestState,
    JobKind,
    MoveClaim,
    Notes,
    VolumeRef,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose_anomaly import describe_anomaly
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.anomalies import anomalies
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.leftovers import leftovers
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MADE, OLD = VolumeRef("local", "web.qcow2"), VolumeRef("ssd", "old.qcow2")
CLAIMED = Notes(claim=MoveClaim("hv1", "hv2", volumes=(MADE,), copied=(OLD,)))
RUNS = build.guest("web")
OFF = build.guest("web", state=GuestState.SHUT_OFF)
LEAVES = build.guest("web", job=JobKind.OUTGOING, notes=CLAIMED)
ARRIVES = build.guest("web", state=GuestState.PAUSED, job=JobKind.INCOMING, notes=CLAIMED, persistent=False)
LEFT_THERE = build.guest("web", state=GuestState.SHUT_OFF, notes=CLAIMED)
CLAIMS = build.guest("web", notes=CLAIMED)
ARRIVED = build.guest("web", notes=CLAIMED)
# libvirt calls either end of a migration that nobody drives incoming
HELD = build.guest("web", state=GuestState.PAUSED, job=JobKind.INCOMING)
HELD_AND_CLAIMED = build.guest("web", state=GuestState.PAUSED, job=JobKind.INCOMING, notes=CLAIMED)
NEVER_RAN = build.guest("web", state=GuestState.PAUSED, job=JobKind.INCOMING, has_run=False, persistent=False)
HALF_LEFT = build.guest("web", state=GuestState.PAUSED, job=JobKind.OUTGOING, post_copy_broken=True, notes=CLAIMED)
HALF_THERE = build.guest("web", job=JobKind.INCOMING, post_copy_broken=True, notes=CLAIMED)


def found(first: Optional[Guest], second: Optional[Guest]) -> list[dict[str, Any]]:
    hosts = [build.host(name, *([guest] if guest else [])) for name, guest in (("hv1", first), ("hv2", second))]
    return [describe_anomaly(each) for each in anomalies(build.snapshot(*hosts))]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (RUNS, None),
        (None, RUNS),
        (LEAVES, ARRIVES),
        (None, None),
        (LEAVES, None),
        (None, ARRIVES),
        (None, NEVER_RAN),
    ],
)
def test_a_whole_guest_and_one_on_its_way_are_no_anomaly(first: Optional[Guest], second: Optional[Guest]) -> None:
    assert found(first, second) == []


@pytest.mark.parametrize(
    ("first", "second", "kind", "hosts", "message"),
    [
        (RUNS, RUNS, "runs_twice", ["hv1", "hv2"], "web is active on hv1 and hv2 at the same time"),
        (CLAIMS, ARRIVES, "ghost", ["hv1", "hv2"], "hv2 has a paused incoming copy of it to which nothing moves"),
        (OFF, ARRIVED, "leftover_definition", ["hv2", "hv1"], "on hv2, and hv1 has a definition of it that a move"),
        (RUNS, LEFT_THERE, "leftover_definition", ["hv1", "hv2"], "on hv1, and hv2 has a definition of it that a move"),
        (OFF, RUNS, "defined_twice", ["hv2", "hv1"], "no interrupted move of ours explains that"),
        (OFF, OFF, "defined_twice", ["hv1", "hv2"], "no interrupted move of ours explains that"),
        (CLAIMS, None, "unfinished_move", ["hv1", "hv2"], "copied there is left: web.qcow2 in pool local"),
        (None, ARRIVED, "unfinished_move", ["hv2", "hv1"], "copied there is left: old.qcow2 in pool ssd"),
        (RUNS, NEVER_RAN, "ghost", ["hv1", "hv2"], "hv2 has a paused incoming copy of it to which nothing moves"),
        (HELD, RUNS, "ghost", ["hv2", "hv1"], "active on hv2, and hv1 has a paused"),
        (HELD_AND_CLAIMED, None, "left_paused", ["hv1"], "runs nowhere: a migration that nobody drives any more"),
        (HELD_AND_CLAIMED, ARRIVES, "left_paused", ["hv1", "hv2"], "has left it paused on hv1 and hv2"),
        (None, HELD, "left_paused", ["hv2"], "has left it paused on hv2"),
        (NEVER_RAN, HELD, "left_paused", ["hv2", "hv1"], "has left it paused on hv2 and hv1"),
        (HALF_LEFT, HALF_THERE, "post_copy_broken", ["hv2", "hv1"], "the link between hv2 and hv1 broke in post-copy"),
        (HALF_LEFT, None, "post_copy_half", ["hv1"], "hv1 has a part of its memory, no host that answers has the rest"),
        (None, HALF_THERE, "post_copy_half", ["hv2"], "hv2 has a part of its memory, no host that answers has the"),
    ],
)
def test_what_is_left_is_named(
    first: Optional[Guest], second: Optional[Guest], kind: str, hosts: list[str], message: str
) -> None:
    (anomaly,) = found(first, second)
    assert (anomaly["kind"], anomaly["hosts"], anomaly["name"]) == (kind, hosts, "web")
    assert message in anomaly["message"]
    assert anomaly["remedy"]


@pytest.mark.parametrize("kind", list(AnomalyKind))
def test_every_kind_has_words(kind: AnomalyKind) -> None:
    said = describe_anomaly(Anomaly(kind, "u", "{name}", ("hv1", "hv2")))
    assert said["kind"] == kind.value
    assert "{name}" in said["message"]


@pytest.mark.parametrize("kind", ["runs_twice", "ghost", "defined_twice", "left_paused"])
def test_what_no_claim_explains_names_the_option_that_mends_it(kind: str) -> None:
    said = describe_anomaly(Anomaly(AnomalyKind(kind), "u", "web", ("hv1", "hv2")))
    assert "guest_migration of it with mend: true" in said["remedy"]


@pytest.mark.parametrize(("first", "second"), [(HELD_AND_CLAIMED, None), (CLAIMS, ARRIVES), (None, ARRIVES)])
def test_a_claim_is_kept_while_a_migration_has_left_a_copy_paused(
    first: Optional[Guest], second: Optional[Guest]
) -> None:
    hosts = [build.host(name, *([guest] if guest else [])) for name, guest in (("hv1", first), ("hv2", second))]
    assert leftovers(build.snapshot(*hosts), build.evacuate("hv1")) == ()


def test_a_definition_that_a_failed_move_left_at_its_destination_goes_before_the_next_one() -> None:
    fleet = build.snapshot(build.host("hv1", RUNS), build.host("hv2", LEFT_THERE), build.host("hv3"))
    plan = make_plan(fleet, build.evacuate("hv1"))
    assert [(left.host, left.definition_on) for left in plan.leftovers] == [("hv1", "hv2")]
    assert [(move.name, move.source) for move in plan.moves] == [("web", "hv1")]


def test_a_definition_that_bears_no_claim_of_its_own_is_left_to_people() -> None:
    fleet = build.snapshot(build.host("hv1", CLAIMS), build.host("hv2", OFF))
    (left,) = leftovers(fleet, build.evacuate("hv1"))
    assert left.definition_on is None
    assert [each["kind"] for each in found(CLAIMS, OFF)] == ["defined_twice"]
