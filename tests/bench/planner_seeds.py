"""Makes fleets of the benchmark's families from other seeds, so that a planner fitted to the given files shows.

The shapes are those seen in the given files: flavours and their shares, sizes of hosts, how unevenly hosts are filled.
Must measure nothing. Usage: planner_seeds.py FOLDER SEED [SEED ...] [--sizes 10,20] [--families light,jam]
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

GIB = 1024
CPU_RATIO = 4.0
OS_MIB = 8192
# vCPUs, GiB: share of guests
FLAVOURS = {
    (1, 1): 0.08, (1, 2): 0.12, (2, 2): 0.08, (2, 4): 0.20, (2, 8): 0.12, (4, 8): 0.16,
    (4, 16): 0.10, (8, 16): 0.06, (4, 32): 0.01, (8, 32): 0.05, (16, 64): 0.02,
}  # fmt: skip
JAM_FLAVOURS = {
    (1, 4): 0.07, (2, 8): 0.22, (4, 16): 0.22, (4, 32): 0.23, (8, 32): 0.08, (8, 64): 0.13, (16, 96): 0.05,
}  # fmt: skip
# cores, GiB, idle and highest watts: share of hosts
ONE_SIZE = {(32, 256, 110, 260): 1.0}
THREE_SIZES = {(32, 256, 110, 260): 0.5, (24, 128, 90, 190): 0.3, (64, 512, 160, 420): 0.2}
GUESTS_PER_HOST = {"light": 12, "tight": 22, "hetero": 14, "anti": 14, "vec": 10, "vech": 10}
SIZES = {
    "light": (10, 20, 40, 100, 400, 1000),
    "tight": (10, 20, 40, 100, 400, 1000),
    "hetero": (10, 100, 400),
    "anti": (10, 100, 400),
    "vec": (10, 20, 40, 100, 400, 1000),
    "vech": (20, 100),
    "jam": (6, 10, 20, 40),
}
GROUPS_PER_HOST = 0.7  # of three guests each
UNEVEN = 2.6  # shape of the gamma distribution that hosts' shares are drawn from
TRIES = 2000

Fleet = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("seeds", nargs="+", type=int)
    for option in ("--sizes", "--families"):
        parser.add_argument(option, default="", help="separated by commas; all where none is given")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",") if size]
    make(arguments.folder, arguments.seeds, sizes, [family for family in arguments.families.split(",") if family])
    return 0


def make(folder: Path, seeds: Sequence[int], sizes: Sequence[int], families: Sequence[str]) -> Path:
    """Write the fleets of these seeds, sizes and families (all where none is given) and nothing else to the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json.gz"):
        old.unlink()
    for family, every in SIZES.items():
        for size in every:
            if (not sizes or size in sizes) and (not families or family in families):
                for seed in seeds:
                    write(folder, fleet_of(family, size, seed))
    return folder


def write(folder: Path, fleet: Fleet) -> None:
    text = json.dumps(fleet, separators=(",", ":"))
    with gzip.open(folder / f"{fleet['name']}.json.gz", "wt", compresslevel=6) as file:
        file.write(text)


def fleet_of(family: str, size: int, seed: int) -> Fleet:
    """Return the fleet of that family, size and seed: always the same."""
    rng = random.Random(f"{family} {size} {seed}")
    fleet = _jam(size, rng) if family == "jam" else _uneven(family, size, rng)
    return {"name": f"{family}-{size}-s{seed}", "cpu_ratio": CPU_RATIO, **fleet}


def _hosts(size: int, sizes: Mapping[tuple[int, int, int, int], float], rng: random.Random) -> list[dict[str, Any]]:
    drawn = rng.choices(list(sizes), list(sizes.values()), k=size)
    return [
        {
            "name": f"node{number:04d}",
            "cpus": cpus,
            "mem_mib": gib * GIB,
            "os_mem_mib": OS_MIB,
            "power_idle_w": idle,
            "power_max_w": most,
        }
        for number, (cpus, gib, idle, most) in enumerate(drawn)
    ]


def _guests(shapes: Sequence[tuple[int, int]], rng: random.Random) -> list[dict[str, Any]]:
    """Return guests, the largest first; nobody is placed yet."""
    ordered = sorted(shapes, key=lambda shape: -max(shape[0] / 128, shape[1] / 256 / GIB))
    return [
        {
            "name": f"vm{number:05d}",
            "vcpus": vcpus,
            "mem_mib": memory,
            "cpu_util": round(max(0.01, rng.betavariate(1.2, 4.0)), 3),
            "host": None,
            "anti": None,
        }
        for number, (vcpus, memory) in enumerate(ordered)
    ]


def _flavours(count: int, shares: Mapping[tuple[int, int], float], rng: random.Random) -> list[tuple[int, int]]:
    drawn = rng.choices(list(shares), list(shares.values()), k=count)
    return [(vcpus, gib * GIB) for vcpus, gib in drawn]


def _irregular(count: int, rng: random.Random) -> list[tuple[int, int]]:
    """Return shapes whose memory and vCPUs know nothing of each other, both spread evenly on a logarithmic scale."""
    return [(int(24.99 ** rng.random()), int(8 * 24 ** rng.random()) * 256) for _guest in range(count)]


def _uneven(family: str, size: int, rng: random.Random) -> Fleet:
    """Return a fleet whose guests were dealt to hosts that attract more or less of them; some may be dropped."""
    hosts = _hosts(size, THREE_SIZES if family in ("hetero", "vech") else ONE_SIZE, rng)
    count = GUESTS_PER_HOST[family] * size
    shapes = _irregular(count, rng) if family.startswith("vec") else _flavours(count, FLAVOURS, rng)
    guests = _guests(shapes, rng)
    if family == "anti":
        members = rng.sample(range(count), 3 * int(GROUPS_PER_HOST * size))
        for number, member in enumerate(members):
            guests[member]["anti"] = number // 3
    placed = _deal(hosts, guests, rng)
    return {"dropped": count - len(placed), "hosts": hosts, "vms": placed}


def _deal(hosts: list[dict[str, Any]], guests: list[dict[str, Any]], rng: random.Random) -> list[dict[str, Any]]:
    pull = [rng.gammavariate(UNEVEN, 1.0) * host["mem_mib"] for host in hosts]
    free = [host["mem_mib"] - host["os_mem_mib"] - 1 for host in hosts]
    cores = [host["cpus"] * CPU_RATIO for host in hosts]
    groups: set[tuple[int, Any]] = set()
    placed = []
    for guest in guests:
        fitting = [
            number
            for number in range(len(hosts))
            if free[number] >= guest["mem_mib"]
            and cores[number] >= guest["vcpus"]
            and (guest["anti"] is None or (number, guest["anti"]) not in groups)
        ]
        if not fitting:
            continue
        number = rng.choices(fitting, [pull[each] for each in fitting])[0]
        free[number] -= guest["mem_mib"]
        cores[number] -= guest["vcpus"]
        groups.add((number, guest["anti"]))
        placed.append({**guest, "host": hosts[number]["name"]})
    return placed


def _jam(size: int, rng: random.Random) -> Fleet:
    """Return a full fleet with a host to be emptied, some of whose guests have no room anywhere until others move."""
    for _try in range(TRIES):
        hosts, spare = _hosts(size, ONE_SIZE, rng), rng.uniform(0.1, 0.45)
        guests: list[dict[str, Any]] = []
        for host in hosts:
            room = (host["mem_mib"] - host["os_mem_mib"] - 1) * (1 - rng.random() ** 2 * spare)
            while True:
                vcpus, memory = _flavours(1, JAM_FLAVOURS, rng)[0]
                if memory > room:
                    break
                room -= memory
                guests.append({"vcpus": vcpus, "mem_mib": memory, "cpu_util": 0.2, "host": host["name"], "anti": None})
        rng.shuffle(guests)
        named = [{"name": f"vm{number:05d}", **guest} for number, guest in enumerate(guests)]
        jammed = [host["name"] for host in hosts if _is_jammed(hosts, named, host["name"])]
        if jammed:
            return {"dropped": 0, "hosts": hosts, "vms": named, "evacuate": [rng.choice(jammed)]}
    raise RuntimeError(f"no jam of {size} hosts in {TRIES} tries")


def _is_jammed(hosts: list[dict[str, Any]], guests: list[dict[str, Any]], source: str) -> bool:
    """True where best fit leaves guests behind although all free memory together is a tenth more than they need."""
    free = {host["name"]: host["mem_mib"] - host["os_mem_mib"] - 1 for host in hosts}
    for guest in guests:
        free[guest["host"]] -= guest["mem_mib"]
    del free[source]
    leaving = sorted((guest["mem_mib"] for guest in guests if guest["host"] == source), reverse=True)
    if not leaving or sum(free.values()) < 1.1 * sum(leaving):
        return False
    for memory in leaving:
        dest = min((name for name in free if free[name] >= memory), key=lambda name: (free[name], name), default=None)
        if dest is None:
            return True
        free[dest] -= memory
    return False


if __name__ == "__main__":
    sys.exit(main())
