"""The peers hbal, hsqueeze and hroller of ganeti-htools on a fleet file; Ganeti's cluster score. Must judge nothing.

The text format is that of htools(1); memory and vCPUs count, disks are external and count nothing.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

Fleet = dict[str, Any]
PATIENCE = 60.0
_STEP = re.compile(r"^\s*\d+\.\s+(\S+)\s+\S+\s+=>\s+(\S+)\s+[0-9.]+", re.M)
_ANY = "99999999,9999,99999999,9999,9999,9999"


@dataclass(frozen=True)
class Peer:
    """What a tool made of a fleet; figures that are not its business are None. ``name`` says where they are from."""

    name: str
    seconds: float
    moves: Optional[int] = None
    gib: Optional[float] = None
    score: Optional[float] = None
    hosts: Optional[int] = None
    groups: Optional[int] = None


def installed() -> bool:
    return all(shutil.which(tool) for tool in ("hbal", "hsqueeze", "hroller"))


def where_now(fleet: Fleet) -> dict[str, str]:
    return {each["name"]: each["host"] for each in fleet["vms"]}


def score(fleet: Fleet, where: Mapping[str, str]) -> float:
    """Return Ganeti's cluster score of a placement: by `hbal -l 0` where it is installed, else by its formula."""
    if not installed():
        return formula(fleet, where)
    said = _run("hbal", fleet, where, ["--ignore-dynu", "-l", "0", "-v"], PATIENCE)
    found = re.search(r"Initial score: ([0-9.]+)", said or "")
    if found is None:
        # hbal gives no score where nothing could be better
        return formula(fleet, where)
    return float(found[1])


def formula(fleet: Fleet, where: Mapping[str, str]) -> float:
    """Return the terms of the score that are not zero here: spread of free memory, spread of vCPUs per core."""
    memory: dict[str, int] = defaultdict(int)
    vcpus: dict[str, int] = defaultdict(int)
    for each in fleet["vms"]:
        memory[where[each["name"]]] += each["mem_mib"]
        vcpus[where[each["name"]]] += each["vcpus"]
    free = [1 - (memory[each["name"]] + each["os_mem_mib"]) / each["mem_mib"] for each in fleet["hosts"]]
    return statistics.pstdev(free) + statistics.pstdev(vcpus[each["name"]] / each["cpus"] for each in fleet["hosts"])


def hbal(fleet: Fleet) -> Optional[Peer]:
    """Return hbal's balancing without utilisation, or None where it did not finish."""
    begun = time.monotonic()
    said = _run("hbal", fleet, where_now(fleet), ["--ignore-dynu", "-v"], PATIENCE)
    if said is None:
        return None
    where, sizes = where_now(fleet), {each["name"]: each["mem_mib"] / 1024 for each in fleet["vms"]}
    steps = _STEP.findall(said)
    where.update(steps)
    gib = sum(sizes[name] for name, _dest in steps)
    return Peer("hbal", time.monotonic() - begun, len(steps), gib, score(fleet, where))


def hsqueeze(fleet: Fleet) -> Optional[Peer]:
    """Return how many hosts hsqueeze leaves on, or None where it did not finish."""
    begun = time.monotonic()
    said = _run("hsqueeze", fleet, where_now(fleet), ["--minimal-resources=0", "--target-resources=0"], PATIENCE)
    if said is None:
        return None
    names = {each["name"] for each in fleet["hosts"]}
    off = {line.strip() for line in said.splitlines()} & names
    return Peer("hsqueeze", time.monotonic() - begun, hosts=len(names) - len(off))


def hroller(fleet: Fleet) -> Optional[Peer]:
    """Return into how many groups hroller puts the hosts, 0 where it refuses; None where it did not finish."""
    begun = time.monotonic()
    said = _run("hroller", fleet, where_now(fleet), ["--force"], PATIENCE)
    if said is None:
        return None
    names = {each["name"] for each in fleet["hosts"]}
    groups = [line.split(",") for line in said.splitlines() if line.split(",")[0] in names]
    complete = sum(len(group) for group in groups) == len(names)
    return Peer("hroller", time.monotonic() - begun, groups=len(groups) if complete else 0)


def text(fleet: Fleet, where: Mapping[str, str]) -> str:
    """Return the fleet in htools' text format with each guest where ``where`` says."""
    used: dict[str, int] = defaultdict(int)
    for each in fleet["vms"]:
        used[where[each["name"]]] += each["mem_mib"]
    nodes = [_node(each, used[each["name"]]) for each in fleet["hosts"]]
    guests = [_instance(each, where[each["name"]]) for each in fleet["vms"]]
    policy = f"|0,1,0,0,0,0|0,1,0,0,0,0;{_ANY}|ext|{fleet['cpu_ratio']}|9999"
    sections = (["default|group|preferred||"], nodes, guests, ["htools:iextags:anti"], [policy])
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def _node(host: dict[str, Any], used: int) -> str:
    free = host["mem_mib"] - host["os_mem_mib"] - used
    return f"{host['name']}|{host['mem_mib']}|{host['os_mem_mib']}|{free}|0|0|{host['cpus']}|N|group|1||N|0|0|1.0"


def _instance(guest: dict[str, Any], host: str) -> str:
    tag = "" if guest["anti"] is None else f"anti:{guest['anti']}"
    return f"{guest['name']}|{guest['mem_mib']}|0|{guest['vcpus']}|running|Y|{host}||ext|{tag}|0"


def _run(tool: str, fleet: Fleet, where: Mapping[str, str], options: Sequence[str], patience: float) -> Optional[str]:
    """Return what the tool prints, or None where it took too long or failed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.txt"
        path.write_text(text(fleet, where), encoding="utf-8")
        argv = [tool, "-t", str(path), *options]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=patience, check=False)
        except subprocess.TimeoutExpired:
            return None
    # hroller ends with 1 where it refuses: what it printed until then counts
    return done.stdout if done.returncode == 0 or tool == "hroller" else None
