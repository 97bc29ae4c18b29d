"""The host that has the conductor as a guest is emptied last."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.conductor import with_conductor_last
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.fleet_builder import (
    guest,
    host,
    snapshot,
    uuid_of,
)

FLEET = snapshot(host("hv1", guest("awx")), host("hv2", guest("web")), host("hv3", guest("db")))
ROLLING = Request(Goal.ROLLING, ("hv1", "hv2", "hv3"))


def test_the_host_of_a_conductor_that_is_a_guest_comes_last_and_that_is_said() -> None:
    request, told = with_conductor_last(FLEET, ROLLING, (uuid_of("nobody"), uuid_of("awx")))
    assert told == ["This conductor is the guest awx on hv1, which comes last"]
    assert [wave.hosts for wave in make_plan(FLEET, request).waves if wave.hosts][-1] == ("hv1",)


def test_a_conductor_that_is_no_guest_changes_nothing() -> None:
    assert with_conductor_last(FLEET, ROLLING, (uuid_of("nobody"),)) == (ROLLING, [])
