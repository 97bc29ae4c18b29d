"""The largest fleet from a snapshot file: by a child process, for its peak memory, and by a playbook task.

Must not plan in this process. Usage of the child: planner_scale.py SNAPSHOT_FILE GOAL [HOST ...]
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
PLAYBOOK = CHECKOUT / "build" / "venv" / "bin" / "ansible-playbook"
MEMORY_MIB = 1024


@dataclass(frozen=True)
class Spent:
    """What a process and its children took; ``mib`` is that of the largest of them."""

    cpu: float
    wall: float
    mib: float
    output: str


def main(path: str, goal: str, *hosts: str) -> int:
    """Be the child: read the snapshot, plan, print how many moves."""
    from planner_here import resolve

    resolve()
    from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Goal, Request
    from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import read_snapshot
    from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan

    snapshot = read_snapshot(Path(path).read_text(encoding="utf-8"), path)
    print(len(make_plan(snapshot, Request(Goal(goal), hosts)).moves))
    return 0


def alone(path: Path, goal: str, hosts: Sequence[str]) -> Spent:
    """Return what planning takes in a process of its own."""
    return _spent([sys.executable, str(Path(__file__)), str(path), goal, *hosts])


def by_playbook(path: Path, goal: str, hosts: Sequence[str]) -> Spent:
    """Return what a playbook of one task takes, Ansible itself included."""
    task = {
        "name": "Plan",
        "virtfleet.migration.migration_plan": {"snapshot_file": str(path), "goal": goal, "goal_hosts": list(hosts)},
        "register": "planned",
    }
    count = {"name": "Count", "ansible.builtin.debug": {"msg": "moves={{ planned.plan.moves | length }}"}}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task, count]}
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "plan.yml"
        book.write_text(json.dumps([play]), encoding="utf-8")
        python = "ansible_python_interpreter=/usr/bin/python3"
        return _spent([str(PLAYBOOK), "-i", "localhost,", "-e", python, str(book)])


def _spent(argv: Sequence[str]) -> Spent:
    own = {
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "build"),
        "ANSIBLE_HOME": str(CHECKOUT / "build" / "ansible-home"),
        "LC_ALL": "C.UTF-8",
    }
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        child = subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **own})
        _pid, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
        output.seek(0)
        text = output.read()
    if child.returncode != 0:
        sys.exit(f"bench: {' '.join(argv[:3])} failed:\n{text[-2000:]}")
    return Spent(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, text)


def measure(case: Any, say: Any) -> list[Any]:
    """Return the rows of the fleet: seconds and MiB of each goal, alone and by a playbook."""
    from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import to_json
    from planner_measure import at_most, figure

    hosts = case.hosts[: case.size // 10]
    limits = {"evacuate": 3.0, "consolidate": 30.0, "balance": 30.0, "rolling": 10.0}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot.json"
        path.write_text(json.dumps(to_json(case.snapshot)), encoding="utf-8")
        for goal, limit in limits.items():
            chosen = hosts if goal == "evacuate" else []
            for way, run in (("alone", alone), ("playbook", by_playbook)):
                if way == "playbook" and not PLAYBOOK.exists():
                    continue
                say(f"  {case.name} {goal} from a snapshot file, {way}")
                spent, name = run(path, goal, chosen), f"{case.name} {goal}, {way}"
                seconds = f"{name}: CPU seconds, all"
                limited = way == "playbook"
                rows += [
                    at_most(f"{name}: peak", spent.mib, "MiB", MEMORY_MIB),
                    at_most(seconds, spent.cpu, "s", limit) if limited else figure(seconds, spent.cpu, "s"),
                    figure(f"{name}: wall seconds", spent.wall, "s"),
                ]
    return rows


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
