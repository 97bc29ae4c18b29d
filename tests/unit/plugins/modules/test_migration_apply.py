"""How migration_apply comes to its plan: one that was saved is judged for the way in which it is carried out now."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.arguments import settings_spec
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Transport, Wanted
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.modules.migration_apply import planner_of

SETTINGS = {name: option.get("default") for name, option in settings_spec().items()}
SAVED = Plan("1", Request(Goal.EVACUATE, ("hv1",)), ())


def planned(**options):
    params = {**SETTINGS, "hosts": [], "goal": None, "plan": to_json(SAVED), "plan_file": None, **options}
    return planner_of(params)(Snapshot("2026-01-01T00:00:00Z", ()))


def test_a_saved_plan_is_taken_as_it_is():
    assert planned() == SAVED


def test_what_was_found_on_hosts_is_judged_for_the_way_in_which_guests_are_moved_now():
    assert planned(tls=False, transport="direct").request.wanted == Wanted(Transport.DIRECT, tls=False)


@pytest.mark.parametrize("label", ["headroom_percent", "max_cpu_percent", "cooldown_minutes"])
def test_numbers_of_a_plan_that_somebody_has_edited_are_looked_at(label):
    edited = to_json(SAVED)
    with pytest.raises(FleetError, match=f"{label} is nan"):
        planned(plan={**edited, "request": {**edited["request"], label: float("nan")}})
