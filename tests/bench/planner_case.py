"""One fleet of the benchmark with all that goals are measured by: its snapshot, its peers, its recorded figures."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Optional

import planner_htools as htools
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from fleets import read_fleet, rules_of, snapshot_of
from planner_baseline import Drained, drain, hbal_search
from planner_htools import Peer
from planner_measure import Planned, planned
from planner_replay import Judge

_NAME = re.compile(r"^(?P<family>[a-z]+)-(?P<hosts>[0-9]+)-(?P<seed>\w+)\.json(\.gz)?$")
_TOOLS = {"hbal": htools.hbal, "hsqueeze": htools.hsqueeze, "hroller": htools.hroller}
# beyond these sizes the tools need minutes to hours: what the README measured
LARGEST = {"hbal": 40, "hsqueeze": 20, "hroller": 10_000}
# fleets with more than one size of host: judged by watts, not by hosts
MIXED = frozenset({"hetero", "vech"})


@dataclass(frozen=True)
class Records:
    """The figures that the benchmark's folder has, by fleet; empty where it has none."""

    tools: dict[tuple[str, str], dict[str, Any]]
    packing: dict[str, dict[str, Any]]


def records_of(bench_dir: Path) -> Records:
    tools = _list_in(bench_dir / "ganeti-htools.json")
    packing = _list_in(bench_dir / "packing-bounds.json")
    return Records({(each["input"], each["tool"]): each for each in tools}, {each["input"]: each for each in packing})


def _list_in(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return found


@dataclass(frozen=True)
class Case:
    """A fleet file by the pattern of its name."""

    path: Path
    name: str
    family: str
    size: int
    records: Records
    judge: Judge
    peers: Executor
    running: dict[str, Future[Optional[Peer]]] = field(default_factory=dict)

    @cached_property
    def fleet(self) -> dict[str, Any]:
        return read_fleet(self.path)

    @cached_property
    def snapshot(self) -> Snapshot:
        return snapshot_of(self.fleet)

    @cached_property
    def drained(self) -> Drained:
        return drain(self.fleet)

    @property
    def jammed(self) -> tuple[str, ...]:
        return tuple(self.fleet.get("evacuate", ()))

    @property
    def hosts(self) -> list[str]:
        return sorted(each["name"] for each in self.fleet["hosts"])

    def plan(self, goal: Goal, offline: Sequence[str] = (), measured: bool = True, **options: Any) -> Planned:
        """Return the plan for a goal on this fleet."""
        request = Request(goal, rules=rules_of(self.fleet), **options)
        snapshot = self.snapshot if measured else snapshot_of(self.fleet, measured=False)
        return planned(self.judge, self.fleet, snapshot, request, offline)

    def start(self, tool: str) -> None:
        """Let a peer run beside, where it can finish."""
        recorded = self.records.tools.get((self.name, "hbal-static" if tool == "hbal" else tool), {})
        if htools.installed() and self.size <= LARGEST[tool] and recorded.get("wall_s", 0) <= htools.PATIENCE:
            self.running[tool] = self.peers.submit(lambda: _TOOLS[tool](read_fleet(self.path)))

    def hbal(self) -> Peer:
        """Return hbal as it ran, or as recorded, or what its search comes to."""
        found = self.running["hbal"].result() if "hbal" in self.running else None
        recorded = self.records.tools.get((self.name, "hbal-static"))
        if found is None and recorded:
            figures = (recorded[key] for key in ("moves", "gib", "score_after"))
            return Peer("hbal (recorded)", recorded["wall_s"], *figures)
        return found or hbal_search(self.fleet)

    def hsqueeze(self) -> Optional[Peer]:
        found = self.running["hsqueeze"].result() if "hsqueeze" in self.running else None
        recorded = self.records.tools.get((self.name, "hsqueeze"))
        if found is None and recorded:
            return Peer("hsqueeze (recorded)", recorded["wall_s"], hosts=self.size - recorded["freed"])
        return found

    def hroller(self) -> Optional[Peer]:
        found = self.running["hroller"].result() if "hroller" in self.running else None
        recorded = self.records.tools.get((self.name, "hroller"))
        if found is None and recorded:
            return Peer("hroller (recorded)", recorded["wall_s"], groups=recorded["groups"])
        return found


def cases(bench_dir: Path, folder: Path, sizes: Sequence[int], families: Sequence[str], peers: Executor) -> list[Case]:
    """Return the fleets of the folder, the small ones first."""
    records, judge, found = records_of(bench_dir), Judge(bench_dir), []
    for path in sorted(folder.iterdir()):
        match = _NAME.match(path.name)
        if match is None or (sizes and int(match["hosts"]) not in sizes):
            continue
        if not families or match["family"] in families:
            name = path.name.partition(".")[0]
            found.append(Case(path, name, match["family"], int(match["hosts"]), records, judge, peers))
    return sorted(found, key=lambda case: (case.size, case.name))
