"""Scenario: plans of other goals, saved and carried out live: two hosts at once, the fewest hosts, even load."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conductor import on_fleet, play
from labview import initial_world, once_again_well, places, unexplained_holes, world

HOSTS = 4
APART = [
    {"name": "web apart", "kind": "anti_affinity", "guests": ["web1", "zürich"]},
    {"name": "caches apart", "kind": "anti_affinity", "guests": ["cache*", "the-guest-with-*"], "most": 2},
]


def planned(folder: Path, **request: Any) -> dict[str, Any]:
    """Return a plan made from a survey of the lab."""
    run, (result,) = play(folder, [on_fleet("migration_plan", **request)])
    assert run.status == 0, run.output
    return result


def applied(folder: Path, plan: dict[str, Any]) -> dict[str, Any]:
    """Save the plan, carry it out, and see that every guest is where it says and well."""
    saved = folder / "plan.json"
    saved.write_text(json.dumps(plan["plan"]), encoding="utf-8")
    before = world()
    task = on_fleet("migration_apply", plan_file=str(saved), journal_dir=str(folder / "journal"))
    check, (foreseen,) = play(folder, [task], "--check")
    assert check.status == 0, check.output
    assert world() == before
    run, (result,) = play(folder, [task])
    assert run.status == 0, run.output
    assert result["report"]["placement"] == foreseen["report"]["placement"]
    judged = once_again_well(run.began)
    assert judged["ok"], judged["problems"]
    assert unexplained_holes(judged, result["report"]["moves"]) == []
    now = {guest: spots[0][0] for guest, spots in places(judged).items()}
    last = {move["name"]: move["dest"] for move in plan["plan"]["moves"]}
    assert {guest: now[guest] for guest in last} == last
    return result


def states() -> dict[str, str]:
    return {guest: spots[0][1] for guest, spots in world().places.items()}


def host_of(guest: str) -> str:
    return world().places[guest][0][0]


def test_two_of_four_hosts_are_emptied_at_once_and_groups_stay_apart(tmp_path: Path) -> None:
    emptied = ["hv1", "hv2"]
    plan = planned(tmp_path, goal="evacuate", goal_hosts=emptied, rules=APART)
    assert plan["stays"] == []
    applied(tmp_path, plan)
    for host in emptied:
        assert world().guests_on(host) == []
    assert host_of("web1") != host_of("zürich")
    assert {host_of(guest) for guest in world().places} == {"hv3", "hv4"}
    again = planned(tmp_path, goal="evacuate", goal_hosts=emptied, rules=APART)
    assert again["plan"]["moves"] == []


def test_they_come_home_in_one_plan(tmp_path: Path) -> None:
    plan = planned(tmp_path, goal="restore", goal_hosts=["hv1", "hv2"])
    applied(tmp_path, plan)
    assert world().places == initial_world().places


def test_the_fewest_hosts_hold_all_guests(tmp_path: Path) -> None:
    before = states()
    plan = planned(tmp_path, goal="consolidate")
    off = plan["plan"]["power_off"]
    on = plan["plan"]["bounds"][0]
    assert on["what"] == "hosts on"
    assert on["value"] == 4 - len(off) == on["bound"]
    assert "hv4" in off
    applied(tmp_path, plan)
    for host in off:
        assert world().guests_on(host) == []
    assert states() == before
    assert planned(tmp_path, goal="consolidate")["plan"]["moves"] == []


def test_load_is_evened_out_again(tmp_path: Path) -> None:
    before = states()
    plan = planned(tmp_path, goal="balance", aggressiveness=5)
    imbalance = plan["plan"]["bounds"][0]
    assert imbalance["what"] == "imbalance"
    assert imbalance["value"] < imbalance["before"] / 2
    applied(tmp_path, plan)
    assert states() == before
    again = planned(tmp_path, goal="balance", aggressiveness=5)["plan"]
    assert again["moves"] == []
    assert abs(again["bounds"][0]["before"] - imbalance["value"]) < 0.001
