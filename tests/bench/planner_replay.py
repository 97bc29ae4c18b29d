"""Judge a plan on a fleet file: by the benchmark's own judge.py, move by move, and with moves under way together.

Knows the fleet file and the list of moves, nothing of how they were found. Must not use the planner or its verifier.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib.util
import random
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Fleet = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What a plan came to. ``violations`` of all replays together; ``where`` has each guest's host at the end."""

    violations: int
    moves: int
    guests: int
    gib: float
    hosts_used: int
    where: Mapping[str, str]


class Judge:
    """judge.py of the benchmark, and a replay in which moves overlap in every order that ``after`` leaves open."""

    def __init__(self, bench_dir: Path) -> None:
        spec = importlib.util.spec_from_file_location("virtfleet_bench_judge", bench_dir / "judge.py")
        if spec is None or spec.loader is None:
            raise FileNotFoundError(f"{bench_dir / 'judge.py'} can't be loaded")
        self._module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._module)

    def __call__(self, fleet: Fleet, plan: Any, offline: Collection[str] = ()) -> Verdict:
        """Return the verdict; guests that the plan itself says stay are no violation on hosts ``offline``."""
        found, where = self._module.replay(fleet, [[move.name, move.dest] for move in plan.moves], offline)
        stays = sum(1 for stay in plan.stays if stay.host in offline)
        left = abs(found["left_on_offline"] - stays)
        # the state of random numbers: everything at once, then three mixtures of starts and ends
        mixes = ((1.0, 1), (0.9, 2), (0.6, 3), (0.5, 4)) if len(fleet["hosts"]) < 400 else ((1.0, 1), (0.6, 2))
        together = sum(overlapping(fleet, plan, eager, seed) for eager, seed in mixes)
        sizes = {each["name"]: each["mem_mib"] / 1024 for each in fleet["vms"]}
        lit = sum(1 for host in where.values() if host in plan.power_off)
        return Verdict(
            violations=found["bad"] + left + together + lit,
            moves=found["moves"],
            guests=found["vms_moved"],
            gib=sum(sizes[move.name] for move in plan.moves),
            hosts_used=found["hosts_used"],
            where=where,
        )


def overlapping(fleet: Fleet, plan: Any, eager: float, seed: int) -> int:
    """Return the violations of one random order of starts and ends; ``eager``: how likely a start comes before an end.

    A guest counts at both ends from its start to its end. Waves follow one another; of slots nothing is assumed.
    """
    rng = random.Random(seed)
    world = _World(fleet)
    wave_of = {one: number for number, wave in enumerate(plan.waves) for one in wave.moves}
    waves = [tuple(wave.hosts) for wave in plan.waves] or [()]
    stays = {stay.name for stay in plan.stays}
    queue: dict[int, list[Any]] = defaultdict(list)
    for move in plan.moves:
        queue[wave_of.get(move.id, 0)].append(move)
    bad = 0
    for number, away in enumerate(waves):
        bad += _run_wave(world, queue[number], frozenset(away), rng, eager)
        bad += sum(1 for host in away for name in world.on[host] if name not in stays)
    return bad


def _run_wave(world: _World, moves: list[Any], away: frozenset[str], rng: random.Random, eager: float) -> int:
    waits = {move.id: set(move.after) & {other.id for other in moves} for move in moves}
    followers: dict[str, list[Any]] = defaultdict(list)
    for move in moves:
        for other in waits[move.id]:
            followers[other].append(move)
    ready = [move for move in moves if not waits[move.id]]
    running: list[Any] = []
    bad = done = 0
    while ready or running:
        pick = ready if ready and (not running or rng.random() < eager) else running
        index = rng.randrange(len(pick))
        pick[index], pick[-1] = pick[-1], pick[index]
        move = pick.pop()
        if pick is ready:
            bad += world.start(move) + (move.dest in away)
            running.append(move)
            continue
        world.end(move)
        done += 1
        for other in followers[move.id]:
            waits[other.id].discard(move.id)
            if not waits[other.id]:
                ready.append(other)
    # moves that wait for one another never ran: each is a violation
    return bad + len(moves) - done


class _World:
    """What each host holds while moves are under way. Never leaves this file."""

    def __init__(self, fleet: Fleet) -> None:
        self.guests = {each["name"]: each for each in fleet["vms"]}
        self.free = {each["name"]: each["mem_mib"] - each["os_mem_mib"] for each in fleet["hosts"]}
        self.vcpus = {each["name"]: each["cpus"] * fleet["cpu_ratio"] for each in fleet["hosts"]}
        self.groups: dict[tuple[str, Any], int] = defaultdict(int)
        self.on: dict[str, set[str]] = {each["name"]: set() for each in fleet["hosts"]}
        for name, each in self.guests.items():
            self._take(name, each["host"], 1)

    def _take(self, name: str, host: str, sign: int) -> None:
        each = self.guests[name]
        self.free[host] -= sign * each["mem_mib"]
        self.vcpus[host] -= sign * each["vcpus"]
        if each["anti"] is not None:
            self.groups[host, each["anti"]] += sign
        (self.on[host].add if sign > 0 else self.on[host].discard)(name)

    def start(self, move: Any) -> int:
        """Let the guest arrive beside being where it is; return what that breaks."""
        absent = move.name not in self.on[move.source]
        self._take(move.name, move.dest, 1)
        group = self.guests[move.name]["anti"]
        crowded = group is not None and self.groups[move.dest, group] > 1
        return absent + (self.free[move.dest] <= 0) + (self.vcpus[move.dest] < 0) + crowded

    def end(self, move: Any) -> None:
        """Let it leave its source."""
        self._take(move.name, move.source, -1)
