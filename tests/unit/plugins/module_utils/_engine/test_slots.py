"""Which waiting moves may start: priority, plan order, what they wait for, the slots of both hosts and the fleet."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.slots import startable
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest_policy import GuestPolicy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Slots
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

A = build.move(1, "a", "hv1", "hv2")
B = build.move(2, "b", "hv1", "hv3")
C = build.move(3, "c", "hv4", "hv2")
D = build.move(4, "d", "hv1", "hv2", after=("m0001",))
URGENT = replace(build.move(5, "u", "hv1", "hv3"), policy=GuestPolicy(priority=5))
LATE = replace(build.move(6, "l", "hv4", "hv3"), policy=GuestPolicy(priority=-5))


@pytest.mark.parametrize(
    ("waiting", "running", "arrived", "slots", "names"),
    [
        ([A, B, C], [], [], Slots(9, 9, 9), "abc"),
        ([C, A, B], [], [], Slots(9, 9, 9), "cab"),
        ([A, B, C], [], [], Slots(1, 9, 9), "ac"),
        ([A, B, C], [], [], Slots(9, 1, 9), "ab"),
        ([A, B, C], [], [], Slots(9, 9, 2), "ab"),
        ([B, C], [A], [], Slots(1, 9, 9), "c"),
        ([B, C], [A], [], Slots(9, 1, 9), "b"),
        ([B, C], [A], [], Slots(9, 9, 1), ""),
        ([D], [A], [], Slots(9, 9, 9), ""),
        ([D], [], ["m0002"], Slots(9, 9, 9), ""),
        ([D], [], ["m0001"], Slots(9, 9, 9), "d"),
        ([A, D], [], [], Slots(9, 9, 9), "a"),
        ([], [A], [], Slots(9, 9, 9), ""),
        ([LATE, A, B, C, URGENT], [], [], Slots(9, 9, 9), "uabcl"),
        ([A, URGENT, LATE], [], [], Slots(1, 9, 9), "ul"),
        ([replace(URGENT, after=("m0001",)), A], [], [], Slots(9, 9, 9), "a"),
    ],
)
def test_what_may_start(waiting: list[Move], running: list[Move], arrived: list[str], slots: Slots, names: str) -> None:
    assert "".join(move.name for move in startable(waiting, running, arrived, slots)) == names
