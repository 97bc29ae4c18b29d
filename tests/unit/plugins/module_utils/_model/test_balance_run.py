"""What is said of a run of the role balance: every move with its reason and outcome, before and after it is made."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.balance import NotMoved, NotMovedWhy
from ansible_collections.virtfleet.migration.plugins.module_utils._model.balance_run import saved_plan, summary
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request

MOVE = {"id": "m0001", "name": "web", "source": "hv1", "dest": "hv2", "method": "live", "reason": "evens out hv1"}
PLAN: dict[str, Any] = {
    "plan_id": "8e6cd1b3ae0d9f04",
    "request": {"threshold": 0.05},
    "moves": [MOVE],
    "bounds": [{"what": "imbalance", "before": 0.25, "value": 0.04}],
    "remarks": ["no further move or swap would pay"],
}


def came(outcome: str, error: Any = None) -> dict[str, Any]:
    return {"moves": [{**MOVE, "outcome": outcome, "error": error}]}


def test_a_recommendation_says_what_is_to_be_moved_and_has_the_plan() -> None:
    found = summary(PLAN, None, "recommend", False)
    assert found["plan"] == PLAN
    assert found["text"] == [
        "imbalance: 0.25 before, 0.04 as planned",
        "an imbalance of 0.05 is good enough",
        "to be moved: web, hv1 to hv2: evens out hv1",
        "no further move or swap would pay",
    ]


def test_without_a_threshold_given_it_is_that_of_the_aggressiveness() -> None:
    def threshold(aggressiveness: int) -> Any:
        return summary({**PLAN, "request": {"aggressiveness": aggressiveness}}, None, "act", False)["threshold"]

    assert (threshold(1), threshold(2), threshold(5)) == (None, 0.2, 0.0)


def test_what_was_moved_is_said_as_such_and_in_check_mode_as_foretold() -> None:
    done = summary(PLAN, came("moved"), "act", False)
    foretold = summary(PLAN, came("moved"), "act", True)
    assert "moved: web, hv1 to hv2: evens out hv1" in done["text"]
    assert "would be moved: web, hv1 to hv2: evens out hv1" in foretold["text"]
    assert (done.keys(), done["moves"], done["plan"]) == (foretold.keys(), foretold["moves"], None)


def test_a_stale_move_is_named_with_what_was_found() -> None:
    found = summary(PLAN, came("stale", "the guest has changed since the plan was made"), "apply", False)
    assert found["stale"] == ["web"]
    line = "NOT MOVED: web, hv1 to hv2: evens out hv1; stale, the guest has changed since the plan was made"
    assert line in found["text"]


def test_a_guest_that_is_there_already_is_no_move() -> None:
    found = summary(PLAN, came("already_there"), "apply", False)
    assert found["moved"] == 0
    assert "already there: web, hv1 to hv2: evens out hv1" in found["text"]


def test_a_move_that_the_report_leaves_out_was_not_begun() -> None:
    assert summary(PLAN, {"moves": []}, "act", False)["moves"][0]["outcome"] == "not_started"


def test_a_run_that_failed_before_its_first_move_has_moved_nobody_nor_is_about_to() -> None:
    found = summary(PLAN, None, "apply", False)
    assert found["moves"][0]["outcome"] == "not_started"
    assert any(line.startswith("NOT MOVED: web") for line in found["text"])


def test_a_reason_of_which_somebody_has_struck_out_the_figures_is_told_all_the_same() -> None:
    stays = to_json(NotMoved("5e7d1c6e", "db", "hv1", NotMovedWhy.SMALL_GAIN))
    (told,) = summary({**PLAN, "not_moved": [stays]}, None, "recommend", False)["not_moved"]
    assert told["text"].startswith("at best it would even out ? %")


def test_a_number_that_no_machine_can_hold_is_refused() -> None:
    plan = to_json(Plan("8e6cd1b3ae0d9f04", Request(Goal.BALANCE), ()))
    text = json.dumps(plan).replace('"cooldown_minutes": 60.0', '"cooldown_minutes": 1' + "0" * 400)
    with pytest.raises(FleetError, match="cooldown_minutes"):
        saved_plan(text, "plan file")


def test_who_stays_is_told_with_the_reason_as_data_and_in_words() -> None:
    stays = {
        "guest": "5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01",
        "name": "db",
        "host": "hv1",
        "why": "cooldown",
        "facts": {"until": "2026-11-26T12:00:00Z"},
        "refusals": [],
    }
    found = summary({**PLAN, "not_moved": [stays]}, None, "recommend", False)
    assert [(each["name"], each["why"]) for each in found["not_moved"]] == [("db", "cooldown")]
    assert any("db on hv1" in line and "2026-11-26T12:00:00Z" in line for line in found["text"])


def test_nothing_to_move_is_said() -> None:
    assert "nothing to move" in summary({**PLAN, "moves": []}, None, "act", False)["text"]


def test_a_saved_plan_is_the_same_from_its_file_and_handed_over() -> None:
    plan = to_json(Plan("8e6cd1b3ae0d9f04", Request(Goal.BALANCE), ()))
    assert saved_plan(json.dumps(plan), "plan file") == saved_plan(plan, "balance_plan") == plan


def test_a_plan_for_another_goal_is_refused() -> None:
    plan = to_json(Plan("8e6cd1b3ae0d9f04", Request(Goal.EVACUATE), ()))
    with pytest.raises(FleetError, match="is for the goal evacuate"):
        saved_plan(plan, "the plan")


def test_what_is_no_plan_is_refused() -> None:
    with pytest.raises(FleetError, match="has no schema number"):
        saved_plan({"moves": []}, "balance_plan")
