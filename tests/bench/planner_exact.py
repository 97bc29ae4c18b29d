"""Optima by CP-SAT of ortools, where that is installed: guests of a shape are counted, not named.

The order of moves and anti-affinity are left out: the least GiB is a lower bound for a legal plan.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Optional

try:
    from ortools.sat.python import cp_model
except ImportError:
    cp_model = None

Fleet = dict[str, Any]
LIMIT = 10.0


@dataclass(frozen=True)
class Optimum:
    """``value`` is None where there is no placement at all; ``proven``: nothing is better."""

    value: Optional[float]
    proven: bool


def available() -> bool:
    return cp_model is not None


def least_evacuation(fleet: Fleet, hosts: Collection[str]) -> Optional[Optimum]:
    """Return the least GiB that leave the hosts empty; None where the solver found nothing in time."""
    model, counts, _used = _packing(fleet, hosts)
    model.Minimize(_moved(model, fleet, counts))
    return _solve(model, 1 / 1024)


def fewest_hosts(fleet: Fleet) -> Optional[Optimum]:
    """Return the fewest hosts that hold all guests."""
    model, _counts, used = _packing(fleet, ())
    model.Minimize(sum(used.values()))
    return _solve(model, 1.0)


def least_gib(fleet: Fleet, hosts: int) -> Optional[Optimum]:
    """Return the least GiB to move so that so many hosts hold all guests."""
    model, counts, used = _packing(fleet, ())
    model.Add(sum(used.values()) <= hosts)
    model.Minimize(_moved(model, fleet, counts))
    return _solve(model, 1 / 1024)


def least_watts(fleet: Fleet) -> Optional[Optimum]:
    """Return the least idle watts of hosts that hold all guests."""
    model, _counts, used = _packing(fleet, ())
    model.Minimize(sum(each["power_idle_w"] * used[each["name"]] for each in fleet["hosts"]))
    return _solve(model, 1.0)


def _shape(guest: dict[str, Any]) -> tuple[int, int]:
    return guest["mem_mib"], guest["vcpus"]


def _packing(fleet: Fleet, closed: Collection[str]) -> tuple[Any, dict[Any, Any], dict[str, Any]]:
    model = cp_model.CpModel()
    shapes = Counter(_shape(guest) for guest in fleet["vms"])
    open_hosts = [each for each in fleet["hosts"] if each["name"] not in closed]
    used = {each["name"]: model.NewBoolVar("") for each in open_hosts}
    counts = {(shape, name): model.NewIntVar(0, shapes[shape], "") for shape in shapes for name in used}
    for shape, count in shapes.items():
        model.Add(sum(counts[shape, name] for name in used) == count)
    for each in open_hosts:
        name = each["name"]
        memory = each["mem_mib"] - each["os_mem_mib"] - 1
        model.Add(sum(shape[0] * counts[shape, name] for shape in shapes) <= memory * used[name])
        vcpus = int(each["cpus"] * fleet["cpu_ratio"])
        model.Add(sum(shape[1] * counts[shape, name] for shape in shapes) <= vcpus * used[name])
    return model, counts, used


def _moved(model: Any, fleet: Fleet, counts: dict[Any, Any]) -> Any:
    before = Counter((_shape(guest), guest["host"]) for guest in fleet["vms"])
    kept = []
    for key, count in before.items():
        if key in counts:
            stay = model.NewIntVar(0, count, "")
            model.Add(stay <= counts[key])
            kept.append(key[0][0] * stay)
    return sum(guest["mem_mib"] for guest in fleet["vms"]) - sum(kept)


def _solve(model: Any, unit: float) -> Optional[Optimum]:
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = LIMIT
    solver.parameters.num_workers = 2
    status = solver.Solve(model)
    if status == cp_model.INFEASIBLE:
        return Optimum(None, True)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return Optimum(solver.ObjectiveValue() * unit, status == cp_model.OPTIMAL)
