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
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

MADE, OLD = VolumeRef("local", "web.qcow2"), VolumeRef("ssd", "old.qcow2")
CLAIMED = Notes(claim=MoveClaim("hv1", "hv2", volumes=(MADE,), copied=(OLD,)))
RUNS = build.guest("web")
OFF = build.guest("web", state=GuestState.SHUT_OFF)
LEAVES = build.guest("web", job=JobKind.OUTGOING, notes=CLAIMED)
ARRIVES = build.guest("web", state=GuestState.PAUSED, job=JobKind.INCOMING, notes=CLAIMED, persistent=False)
CLAIMS = build.guest("web", notes=CLAIMED)
ARRIVED = build.guest("web", notes=CLAIMED)


def found(first: Optional[Guest], second: Optional[Guest]) -> list[dict[str, Any]]:
    hosts = [build.host(name, *([guest] if guest else [])) for name, guest in (("hv1", first), ("hv2", second))]
    return [describe_anomaly(each) for each in anomalies(build.snapshot(*hosts))]


@pytest.mark.parametrize(
    ("first", "second"),
    [(RUNS, None), (None, RUNS), (LEAVES, ARRIVES), (None, None), (LEAVES, None), (None, ARRIVES)],
)
def test_a_whole_guest_and_one_on_its_way_are_no_anomaly(first: Optional[Guest], second: Optional[Guest]) -> None:
    assert found(first, second) == []


@pytest.mark.parametrize(
    ("first", "second", "kind", "hosts", "message"),
    [
        (RUNS, RUNS, "runs_twice", ["hv1", "hv2"], "web is active on hv1 and hv2 at the same time"),
        (CLAIMS, ARRIVES, "ghost", ["hv1", "hv2"], "hv2 has a paused incoming copy of it to which nothing moves"),
        (OFF, ARRIVED, "leftover_definition", ["hv2", "hv1"], "arrived on hv2, but its old definition is still on hv1"),
        (OFF, RUNS, "defined_twice", ["hv2", "hv1"], "no interrupted move of ours explains that"),
        (OFF, OFF, "defined_twice", ["hv1", "hv2"], "no interrupted move of ours explains that"),
        (CLAIMS, None, "unfinished_move", ["hv1", "hv2"], "copied there is left: web.qcow2 in pool local"),
        (None, ARRIVED, "unfinished_move", ["hv2", "hv1"], "copied there is left: old.qcow2 in pool ssd"),
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
