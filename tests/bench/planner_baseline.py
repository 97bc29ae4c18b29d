"""What plans are measured against where no tool runs: bounds, the greedy drain, hbal's search with a fast score.

Knows the fleet file only. Must not use the planner.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import gcd, sqrt
from typing import Any

from planner_htools import Peer

Fleet = dict[str, Any]
# hbal(1): --min-gain and --min-gain-limit
MIN_GAIN, MIN_GAIN_LIMIT = 0.01, 0.1
DEPTH = 12  # how many of the best sources and destinations are looked at exactly


@dataclass(frozen=True)
class Drained:
    """What a way to consolidate leaves on."""

    hosts: int
    gib: float
    watts: float


def idle_watts(fleet: Fleet, used: Collection[str]) -> float:
    return sum(each["power_idle_w"] for each in fleet["hosts"] if each["name"] in used)


def least_hosts(fleet: Fleet) -> int:
    """Return a bound from sums: the largest hosts first, until all memory and all vCPUs have room."""
    needs = (sum(each["mem_mib"] for each in fleet["vms"]), sum(each["vcpus"] for each in fleet["vms"]))
    # what no mixture of guests can fill: with guests of whole GiB, and some memory left free, no host has its last GiB
    grain = max(1, gcd(*(each["mem_mib"] for each in fleet["vms"])))
    rooms = (
        sorted(((each["mem_mib"] - each["os_mem_mib"] - 1) // grain * grain for each in fleet["hosts"]), reverse=True),
        sorted((each["cpus"] * fleet["cpu_ratio"] for each in fleet["hosts"]), reverse=True),
    )
    return max(_first(need, room) for need, room in zip(needs, rooms))


def _first(need: float, rooms: list[float]) -> int:
    for count, room in enumerate(rooms, start=1):
        need -= room
        if need <= 0:
            return count
    return len(rooms)


def evacuation_gib(fleet: Fleet, hosts: Collection[str]) -> float:
    """Return the least that an evacuation sends: every guest on the hosts, once."""
    return sum(each["mem_mib"] for each in fleet["vms"] if each["host"] in hosts) / 1024


def no_room(fleet: Fleet, hosts: Collection[str]) -> bool:
    """True where sums alone prove that the guests do not fit on the other hosts."""
    others = [each for each in fleet["hosts"] if each["name"] not in hosts]
    memory = sum(each["mem_mib"] - each["os_mem_mib"] - 1 for each in others)
    vcpus = sum(each["cpus"] * fleet["cpu_ratio"] for each in others)
    return memory < sum(each["mem_mib"] for each in fleet["vms"]) or vcpus < sum(each["vcpus"] for each in fleet["vms"])


def drain(fleet: Fleet) -> Drained:
    """Empty the host with the least memory in use, each of its guests to where it fits best; until none can be."""
    free = {each["name"]: each["mem_mib"] - each["os_mem_mib"] - 1 for each in fleet["hosts"]}
    cores = {each["name"]: each["cpus"] * fleet["cpu_ratio"] for each in fleet["hosts"]}
    room = {name: (max(1, free[name]), cores[name]) for name in free}
    on: dict[str, list[dict[str, Any]]] = {name: [] for name in free}
    for each in fleet["vms"]:
        on[each["host"]].append(each)
        free[each["host"]] -= each["mem_mib"]
        cores[each["host"]] -= each["vcpus"]
    gib, tried = 0.0, {name for name in on if not on[name]}
    while len(tried) < len(on):
        source = min((name for name in on if name not in tried), key=lambda name: (_memory(on[name]), name))
        tried.add(source)
        places = _places(on, room, free, cores, source)
        for guest, dest in places:
            on[dest].append(guest)
            gib += guest["mem_mib"] / 1024
        if places:
            on[source] = []
    used = [name for name in on if on[name]]
    return Drained(len(used), gib, idle_watts(fleet, used))


def _memory(guests: list[dict[str, Any]]) -> int:
    return sum(guest["mem_mib"] for guest in guests)


def _places(
    on: Mapping[str, list[dict[str, Any]]],
    room: Mapping[str, tuple[float, float]],
    free: dict[str, int],
    cores: dict[str, float],
    source: str,
) -> list[tuple[dict[str, Any], str]]:
    """Return where all guests of the host go, the room taken; or nothing where one of them fits nowhere."""
    found: list[tuple[dict[str, Any], str]] = []
    memory, vcpus = room[source]
    others = [name for name in on if on[name] and name != source]
    slack = {name: free[name] / room[name][0] + cores[name] / room[name][1] for name in others}
    groups = {(name, guest["anti"]) for name in others for guest in on[name] if guest["anti"] is not None}
    for guest in sorted(on[source], key=lambda each: (-each["mem_mib"] / memory - each["vcpus"] / vcpus, each["name"])):
        fitting = (
            name
            for name in others
            if free[name] >= guest["mem_mib"] and cores[name] >= guest["vcpus"] and (name, guest["anti"]) not in groups
        )
        dest = min(fitting, key=lambda name: (slack[name], name), default=None)
        if dest is None:
            for taken, host in found:
                free[host] += taken["mem_mib"]
                cores[host] += taken["vcpus"]
            return []
        free[dest] -= guest["mem_mib"]
        cores[dest] -= guest["vcpus"]
        slack[dest] = free[dest] / room[dest][0] + cores[dest] / room[dest][1]
        if guest["anti"] is not None:
            groups.add((dest, guest["anti"]))
        found.append((guest, dest))
    return found


def hbal_search(fleet: Fleet) -> Peer:
    """Return what hbal's search comes to: always the one move that lowers its score most, until none does enough.

    The score of a move is exact; of the moves only those between the hosts and guests that promise most are tried.
    """
    board = _Hbal(fleet)
    score, moves, gib = board.score(0.0, 0.0, 0.0, 0.0), 0, 0.0
    while True:
        best = board.best()
        if best is None or best[0] >= score or (score <= MIN_GAIN_LIMIT and score - best[0] <= MIN_GAIN):
            return Peer("hbal's search", 0.0, moves, gib, score)
        score, guest, dest = best
        board.move(guest, dest)
        moves, gib = moves + 1, gib + board.memory[guest] / 1024


class _Hbal:
    """Fill of memory and vCPUs by host, with their sums and sums of squares. Never leaves this file."""

    def __init__(self, fleet: Fleet) -> None:
        index = {each["name"]: number for number, each in enumerate(fleet["hosts"])}
        self.ratio = fleet["cpu_ratio"]
        self.total = [each["mem_mib"] for each in fleet["hosts"]]
        self.cpus = [each["cpus"] for each in fleet["hosts"]]
        self.free = [each["mem_mib"] - each["os_mem_mib"] for each in fleet["hosts"]]
        self.load = [0.0] * len(index)
        self.at = [index[each["host"]] for each in fleet["vms"]]
        self.memory = [each["mem_mib"] for each in fleet["vms"]]
        self.vcpus = [each["vcpus"] for each in fleet["vms"]]
        self.anti = [each["anti"] for each in fleet["vms"]]
        self.groups: dict[tuple[int, Any], int] = defaultdict(int)
        # guests of a shape on a host are alike to the score
        self.alike: dict[tuple[int, int, int], list[int]] = defaultdict(list)
        for guest in range(len(self.at)):
            self._put(guest, 1)
        self._sum()

    def _put(self, guest: int, sign: int) -> None:
        host = self.at[guest]
        self.free[host] -= sign * self.memory[guest]
        self.load[host] += sign * self.vcpus[guest]
        self.groups[host, self.anti[guest]] += sign
        alike = self.alike[host, self.memory[guest], self.vcpus[guest]]
        (alike.append if sign > 0 else alike.remove)(guest)

    def _sum(self) -> None:
        fills = [free / total for free, total in zip(self.free, self.total)]
        loads = [load / cpus for load, cpus in zip(self.load, self.cpus)]
        self.sums = (sum(fills), sum(x * x for x in fills), sum(loads), sum(x * x for x in loads))

    def score(self, fill: float, fills: float, load: float, loads: float) -> float:
        """Return the score after these changes of the sums."""
        hosts, (a, b, c, d) = len(self.total), self.sums
        first = (b + fills) / hosts - ((a + fill) / hosts) ** 2
        second = (d + loads) / hosts - ((c + load) / hosts) ** 2
        return sqrt(max(0.0, first)) + sqrt(max(0.0, second))

    def change(self, host: int, memory: int, vcpus: int) -> tuple[float, float, float, float]:
        """Return what a guest that comes (or goes, below zero) changes in the four sums."""
        more, extra = -memory / self.total[host], vcpus / self.cpus[host]
        fill, load = self.free[host] / self.total[host], self.load[host] / self.cpus[host]
        return more, more * (2 * fill + more), extra, extra * (2 * load + extra)

    def move(self, guest: int, dest: int) -> None:
        self._put(guest, -1)
        self.at[guest] = dest
        self._put(guest, 1)
        self._sum()

    def best(self) -> tuple[float, int, int] | None:
        """Return the best move as its score, the guest and the host."""
        dests = self._dests()
        full = [key for key, guests in self.alike.items() if guests]
        sources = sorted((self.score(*self.change(key[0], -key[1], -key[2])), key) for key in full)
        found: tuple[float, int, int] | None = None
        for _score, (source, memory, vcpus) in self._sources(sources):
            leaving = self.change(source, -memory, -vcpus)
            for dest in dests:
                if dest == source or not self.fits(dest, memory, vcpus):
                    continue
                after = self.score(*(x + y for x, y in zip(leaving, self.change(dest, memory, vcpus))))
                if found is not None and after >= found[0]:
                    continue
                free = [guest for guest in self.alike[source, memory, vcpus] if self.apart(guest, dest)]
                if free:
                    found = (after, min(free), dest)
        return found

    def fits(self, dest: int, memory: int, vcpus: int) -> bool:
        return self.free[dest] > memory and self.load[dest] + vcpus <= self.cpus[dest] * self.ratio

    def apart(self, guest: int, dest: int) -> bool:
        return self.anti[guest] is None or not self.groups[dest, self.anti[guest]]

    def _sources(self, ranked: list[tuple[float, tuple[int, int, int]]]) -> list[tuple[float, tuple[int, int, int]]]:
        """Return the best of each shape, and the best of all."""
        kept, count = ranked[: DEPTH * 4], Counter(key[1:] for _score, key in ranked[: DEPTH * 4])
        if len({key[1:] for _score, key in ranked}) > DEPTH * 4:
            return kept
        for item in ranked[DEPTH * 4 :]:
            if count[item[1][1:]] < DEPTH:
                count[item[1][1:]] += 1
                kept.append(item)
        return kept

    def _dests(self) -> list[int]:
        """Return hosts that are best in some direction between "much free memory" and "many free vCPUs"."""
        hosts, found = range(len(self.total)), set()
        fill = [free / total for free, total in zip(self.free, self.total)]
        load = [load / cpus / self.ratio for load, cpus in zip(self.load, self.cpus)]
        for step in range(-2, 7):
            share = step / 4
            found.update(sorted(hosts, key=lambda host: share * load[host] - (1 - share) * fill[host])[:DEPTH])
        return sorted(found)
