"""Reads a scenario file, plans it, carries the plan out on the simulator, and writes results down. Judges nothing.

A scenario states what differs from the defaults of fleet_builder, in the field names of the model, with
`memory_mib` for memory; or it holds a whole fleet snapshot under `snapshot`, as `fleet_info` saved it.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.engine import RunOptions, run
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.simulator import Simulator
from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import from_json, to_json
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, Pool
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import (
    Breach,
    DiskCopy,
    Leftover,
    Move,
    Plan,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose_balance import not_moved_text
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import Refusal
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan

from . import fleet_builder as build

FOLDER = Path(__file__).resolve().parents[2] / "scenarios"
POOLS: Mapping[str, Pool] = {"local": build.LOCAL, "shared": build.SHARED}


@dataclass(frozen=True)
class Scenario:
    """One file: the sentence it begins with, the fleet, what is asked, and what should come out."""

    path: Path
    says: str
    fleet: Snapshot
    request: Request
    expect: Mapping[str, Any]


def paths() -> list[Path]:
    """Return all scenario files, sorted."""
    return sorted(FOLDER.glob("*.yml"))


def read(path: Path) -> Scenario:
    """Parse a scenario file."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    fleet = from_json(Snapshot, data["snapshot"]) if "snapshot" in data else _fleet(data["fleet"])
    request = from_json(Request, {"goal": Goal.EVACUATE.value, **data["request"]})
    return Scenario(path, data["says"], fleet, request, data.get("expect") or {})


def bless(scenario: Scenario, outcome: Mapping[str, Any]) -> None:
    """Replace what the file expects by ``outcome``; all else in it stays as it is."""
    text = scenario.path.read_text(encoding="utf-8").split("\nexpect:", 1)[0].rstrip("\n")
    expected = yaml.safe_dump({"expect": outcome}, sort_keys=False, width=130, allow_unicode=True)
    scenario.path.write_text(f"{text}\n{expected}", encoding="utf-8")


def outcome_of(scenario: Scenario) -> dict[str, Any]:
    """Plan the scenario and return what came out, in the words of the files."""
    try:
        plan = make_plan(scenario.fleet, scenario.request)
    except FleetError as error:
        return {"error": str(error)}
    found = {
        "moves": [_move_words(move) for move in plan.moves],
        "stays": {f"{stay.name} on {stay.host}": [_refusal_words(r) for r in stay.refusals] for stay in plan.stays},
        "leftovers": [_leftover_words(leftover) for leftover in plan.leftovers],
        "power_on": list(plan.power_on),
        "power_off": list(plan.power_off),
        "waves": [", ".join(wave.hosts) for wave in plan.waves],
        "breaches": [_breach_words(breach) for breach in plan.breaches],
        "frail": list(plan.frail or ()),
        "remarks": list(plan.remarks),
        "not_moved": [f"{each.name} on {each.host}: {not_moved_text(each)}" for each in plan.not_moved],
        "rule_faults": [f"{fault.code.value}: {', '.join(fault.rules)}" for fault in plan.rule_faults],
    }
    return {key: value for key, value in found.items() if value or key == "moves"}


def carry_out(fleet: Snapshot, plan: Plan) -> Snapshot:
    """Return the fleet as it is when the plan was carried out on the simulator."""
    driver = Simulator(fleet, 0.0)
    run(plan, driver, RunOptions(slots=plan.request.slots), lambda _event, _facts: None)
    return driver.fleet


def _fleet(data: Mapping[str, Any]) -> Snapshot:
    return build.snapshot(*(_host(name, changes or {}) for name, changes in data.items()))


def _host(name: str, changes: Mapping[str, Any]) -> Host:
    """Return the default host with the changes of the file; pools are given by name or in full."""
    given = _bytes(changes, "allocatable_memory")
    guests = [to_json(_guest(key, value or {})) for key, value in given.pop("guests", {}).items()]
    if "pools" in given:
        given["pools"] = [to_json(POOLS[pool]) if isinstance(pool, str) else _pool(pool) for pool in given["pools"]]
    base = to_json(build.host(name))
    merged = {**base, **given, "cpu": {**base["cpu"], **given.get("cpu", {})}, "guests": guests}
    return from_json(Host, merged, name)


def _pool(changes: Mapping[str, Any]) -> dict[str, Any]:
    given = _bytes(changes, "available")
    known = to_json(POOLS.get(given["name"], build.LOCAL))
    return {**known, **given}


def _guest(key: str, changes: Mapping[str, Any]) -> Guest:
    """Return the default guest with the changes of the file; disks are changes to the default disk of a pool."""
    given = _bytes(changes, "memory")
    name = given.get("name", key)
    if "disks" in given:
        given["disks"] = [_disk(name, item) for item in given["disks"]]
    return from_json(Guest, {**to_json(build.guest(key)), **given}, key)


def _disk(name: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    given = _bytes(_bytes(changes, "allocation"), "capacity")
    base = build.disk(name, given.get("pool") or "shared", target=given.get("target", "vda"))
    return {**to_json(base), **given}


def _bytes(changes: Mapping[str, Any], field: str) -> dict[str, Any]:
    given = dict(changes)
    if f"{field}_mib" in given:
        given[field] = given.pop(f"{field}_mib") * build.MIB
    return given


def _move_words(move: Move) -> str:
    words = f"{move.name}: {move.source} -> {move.dest}, {move.method.value}"
    words += "".join(_copy_words(copy) for copy in move.copies)
    words += "".join(f", {change.kind.value} {change.what} becomes {change.to or 'another'}" for change in move.changes)
    words += "".join(f", brings {item.dest.pool}/{item.dest.volume}" for item in move.media)
    words += "".join(f", {twin.dest.pool}/{twin.dest.volume} must be the same" for twin in move.twins)
    words += f", home {move.home}" if move.home else ""
    words += ", to stop there" if move.parking else ""
    words += f", after {' '.join(move.after)}" if move.after else ""
    return words + (", adopted" if move.adopt else "")


def _copy_words(copy: DiskCopy) -> str:
    words = f", copies {copy.target} to {copy.dest.pool}/{copy.dest.volume}"
    return words + (f" on {copy.backing}" if copy.backing else "")


def _breach_words(breach: Breach) -> str:
    kind = "hard" if breach.hard else "soft"
    return f"{breach.rule} ({kind}{', before too' if breach.before else ''}): {breach.detail}"


def _refusal_words(refusal: Refusal) -> str:
    return f"{refusal.host}: {refusal.code.value}" if refusal.host else refusal.code.value


def _leftover_words(leftover: Leftover) -> str:
    where = f", definition on {leftover.definition_on}" if leftover.definition_on else ""
    return f"{leftover.name} on {leftover.host}{where}"
