"""Read the benchmark's synthetic fleets (NAME-HOSTS-SEED.json.gz) as what the planner takes. Must judge nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from ansible_collections.virtfleet.migration.plugins.module_utils._planner.grid import Grid, Limit

MIB = 1024 * 1024


def read_fleet(path: Path) -> dict[str, Any]:
    """Return the fleet file's document."""
    with gzip.open(path, "rt") as file:
        document: dict[str, Any] = json.load(file)
    return document


def grid_of(fleet: dict[str, Any]) -> Grid:
    """Return the fleet as a grid: free memory after placement must be above zero, as Ganeti has it."""
    hosts = sorted(fleet["hosts"], key=lambda host: host["name"])
    guests = sorted(fleet["vms"], key=lambda guest: guest["name"])
    index = {host["name"]: number for number, host in enumerate(hosts)}
    limits, limits_of = _anti(guests, len(hosts))
    everywhere = bytes([1]) * len(hosts)
    return Grid(
        hosts=tuple(host["name"] for host in hosts),
        room_memory=tuple((host["mem_mib"] - host["os_mem_mib"] - 1) * MIB for host in hosts),
        room_vcpus=tuple(int(host["cpus"] * fleet["cpu_ratio"]) for host in hosts),
        blocks=tuple((guest["name"],) for guest in guests),
        names=tuple(guest["name"] for guest in guests),
        memory=tuple(guest["mem_mib"] * MIB for guest in guests),
        vcpus=tuple(guest["vcpus"] for guest in guests),
        cost=tuple(guest["mem_mib"] * MIB for guest in guests),
        at=tuple(index[guest["host"]] for guest in guests),
        reach=tuple(everywhere for _guest in guests),
        parkable=tuple(True for _guest in guests),
        limits=limits,
        limits_of=limits_of,
    )


def _anti(guests: list[dict[str, Any]], hosts: int) -> tuple[tuple[Limit, ...], tuple[tuple[int, ...], ...]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for number, guest in enumerate(guests):
        if guest["anti"] is not None:
            groups[str(guest["anti"])].append(number)
    limits = tuple(
        Limit(f"anti_affinity {name}", dict.fromkeys(groups[name], 1), tuple(range(hosts)), (1,) * hosts)
        for name in sorted(groups)
    )
    of: list[tuple[int, ...]] = [() for _guest in guests]
    for number, limit in enumerate(limits):
        for guest in limit.weight:
            of[guest] = (*of[guest], number)
    return limits, tuple(of) if limits else ()
