"""The JSON schemas under docs/schemas are those of the code, and what the code writes is valid by them."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import DecodeError, from_json, to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import Rule, RuleKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan

from .plugins.module_utils import fleet_builder as build
from .plugins.module_utils.random_fleet import random_fleet

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS = {"$schema", "$id", "title", "description", "default", "$defs"}
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}
TYPES["null"] = type(None)


def schema(name: str) -> Any:
    return json.loads((ROOT / "docs" / "schemas" / f"{name}-1.json").read_text(encoding="utf-8"))


def errors(data: Any, rule: Any, root: Any, where: str = "") -> list[str]:
    """Return what is wrong with the data by the keywords that our schemas use; any other keyword is an error."""
    unknown = set(rule) - KEYWORDS - {"$ref", "const", "enum", "anyOf", "type", "items"}
    unknown -= {"properties", "required", "additionalProperties"}
    found = [f"{where}: keyword {word}" for word in unknown]
    if "$ref" in rule:
        found += errors(data, root["$defs"][rule["$ref"].rpartition("/")[2]], root, where)
    if "anyOf" in rule and all(errors(data, each, root, where) for each in rule["anyOf"]):
        found.append(f"{where}: none of anyOf")
    if "const" in rule and data != rule["const"]:
        found.append(f"{where}: not {rule['const']}")
    if "enum" in rule and data not in rule["enum"]:
        found.append(f"{where}: not in enum")
    if "type" in rule and (not isinstance(data, TYPES[rule["type"]]) or (data is True and rule["type"] == "integer")):
        return [*found, f"{where}: not of type {rule['type']}"]
    if isinstance(data, list):
        found += [
            each for index, item in enumerate(data) for each in errors(item, rule["items"], root, f"{where}/{index}")
        ]
    if isinstance(data, dict) and "type" in rule:
        known, others = rule.get("properties", {}), rule["additionalProperties"]
        found += [f"{where}: {key} is missing" for key in rule.get("required", ()) if key not in data]
        for key, value in data.items():
            if key not in known and others is False:
                found.append(f"{where}: {key} is not known")
            else:
                found += errors(value, known.get(key, others), root, f"{where}/{key}")
    return found


def test_the_schemas_are_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("schemas", ROOT / "hacking" / "schemas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = {name: module.text_of(document) for name, document in module.documents().items()}
    kept = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "schemas").iterdir()}
    assert made == kept, "run hacking/schemas.py"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("goal", [Goal.BALANCE, Goal.CONSOLIDATE])
def test_what_the_code_writes_is_valid(seed: int, goal: Goal) -> None:
    fleet = random_fleet(Random(seed))
    rules = (Rule("apart", RuleKind.ANTI_AFFINITY, ("*",), most=3, hard=False),)
    plan = make_plan(fleet, Request(goal, rules=rules))
    for name, value in (("snapshot", fleet), ("request", plan.request), ("plan", plan)):
        assert errors(to_json(value), schema(name), schema(name)) == []


def test_a_plan_in_which_somebody_stays_is_valid() -> None:
    fleet = build.snapshot(build.host("hv1", build.guest("web", snapshots=1), build.guest("db")), build.host("hv2"))
    plan = make_plan(fleet, build.evacuate("hv1"))
    assert plan.stays
    assert plan.moves
    assert errors(to_json(plan), schema("plan"), schema("plan")) == []


def broken(change: str) -> tuple[type, str, Any]:
    """Return a class, the name of its schema, and a document of it that is wrong in one place."""
    fleet = build.snapshot(build.host("hv1", build.guest("web")), build.host("hv2"))
    plan = to_json(make_plan(fleet, build.evacuate("hv1")))
    request, snapshot = plan["request"], to_json(fleet)
    if change == "a key that is not known":
        return Request, "request", {**request, "hots": []}
    if change == "a goal that is none":
        return Request, "request", {**request, "goal": "tidy"}
    if change == "text for a number":
        return Plan, "plan", {**plan, "est_seconds": "long"}
    if change == "a number that is true":
        return Request, "request", {**request, "min_on": True}
    if change == "nothing for text":
        return Plan, "plan", {**plan, "plan_id": None}
    if change == "a guest without a name":
        del snapshot["hosts"][0]["guests"][0]["name"]
    return Snapshot, "snapshot", snapshot


@pytest.mark.parametrize(
    "change",
    [
        "a key that is not known",
        "a goal that is none",
        "text for a number",
        "a number that is true",
        "nothing for text",
        "a guest without a name",
    ],
)
def test_what_the_code_does_not_read_is_not_valid_either(change: str) -> None:
    cls, name, data = broken(change)
    with pytest.raises(DecodeError):
        from_json(cls, data)
    assert errors(data, schema(name), schema(name))


def test_another_version_is_not_valid() -> None:
    data = to_json(build.snapshot(build.host("hv1")))
    assert errors({**data, "schema": 2}, schema("snapshot"), schema("snapshot")) == ["/schema: not 1"]
    del data["schema"]
    assert errors(data, schema("snapshot"), schema("snapshot")) == [": schema is missing"]
