"""The largest fleet from a snapshot file: by a child process, for its peak memory, and by a playbook task.

Must not plan in this process. Usage of the child: planner_scale.py SNAPSHOT_FILE REQUEST
(the request as JSON).
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
PLAYBOOK = CHECKOUT / "build" / "venv" / "bin" / "ansible-playbook"
MEMORY_MIB = 1024
PATIENCE = 120.0  # seconds; who needs more is stopped, and what it took so far is told


@dataclass(frozen=True)
class Spent:
    """What a process and its children took; ``mib`` is that of the largest of them."""

    cpu: float
    wall: float
    mib: float
    ended: bool


@dataclass(frozen=True)
class Job:
    """A goal to plan for the whole fleet, with the options of the module and the seconds it may take."""

    name: str
    options: dict[str, Any]
    limit: float


def main(path: str, request: str) -> int:
    """Be the child: read the snapshot, plan, print how many moves."""
    from planner_here import resolve

    resolve()
    gc.set_threshold(200_000, 50, 100)  # as modules do
    from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import from_json
    from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Request
    from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import read_snapshot
    from ansible_collections.virtfleet.migration.plugins.module_utils._planner.planner import make_plan

    snapshot = read_snapshot(Path(path).read_text(encoding="utf-8"), path)
    print(len(make_plan(snapshot, from_json(Request, json.loads(request))).moves))
    return 0


def alone(path: Path, job: Job) -> Spent:
    """Return what planning takes in a process of its own."""
    return _spent([sys.executable, str(Path(__file__)), str(path), json.dumps(job.options)])


def by_playbook(path: Path, job: Job) -> Spent:
    """Return what a playbook of one task takes, Ansible itself included."""
    options = {"goal_hosts" if key == "hosts" else key: value for key, value in job.options.items()}
    task = {
        "name": "Plan",
        "virtfleet.migration.migration_plan": {"snapshot_file": str(path), **options},
        "register": "planned",
    }
    # a task that planned nothing has measured nothing
    check = {"name": "Check", "ansible.builtin.assert": {"that": ["planned.plan.moves | length > 0"]}}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [task, check]}
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
    begun, late = time.monotonic(), threading.Event()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        child = subprocess.Popen(
            argv, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **own}, start_new_session=True
        )

        def stop() -> None:
            late.set()
            os.killpg(child.pid, signal.SIGKILL)

        timer = threading.Timer(PATIENCE, stop)
        timer.start()
        _pid, status, usage = os.wait4(child.pid, 0)
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
        output.seek(0)
        text = output.read()
    if child.returncode != 0 and not late.is_set():
        sys.exit(f"bench: {' '.join(argv[:3])} failed:\n{text[-2000:]}")
    return Spent(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, not late.is_set())


def measure(case: Any, say: Callable[[str], None]) -> list[Any]:
    """Return the rows of the fleet: seconds and MiB of each goal, alone and by a playbook."""
    from ansible_collections.virtfleet.migration.plugins.module_utils._model.codec import to_json

    jobs = (
        Job("evacuate 10 %", {"goal": "evacuate", "hosts": case.hosts[: case.size // 10]}, 3.0),
        Job("consolidate", {"goal": "consolidate"}, 30.0),
        # about twice the moves that hbal's search makes
        Job("balance", {"goal": "balance", "aggressiveness": 5, "max_moves": 2 * case.size}, 30.0),
        Job("balance without a budget", {"goal": "balance", "aggressiveness": 5}, 30.0),
        Job("rolling", {"goal": "rolling"}, 10.0),
    )
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot.json"
        path.write_text(json.dumps(to_json(case.snapshot)), encoding="utf-8")
        for job in jobs:
            for way, run in (("alone", alone), ("playbook", by_playbook)):
                if run is by_playbook and not PLAYBOOK.exists():
                    say(f"  no {PLAYBOOK.name} in build/venv: no playbook")
                    continue
                say(f"  {case.name} {job.name} from a snapshot file, {way}")
                rows += _rows(f"{case.name} {job.name}, {way}", run(path, job), job.limit)
    return rows


def _rows(name: str, spent: Spent, limit: float) -> list[Any]:
    from planner_measure import at_most

    label = f"{name}: CPU seconds, all{'' if spent.ended else ' (stopped)'}"
    return [
        at_most(f"{name}: peak", spent.mib, "MiB", MEMORY_MIB),
        at_most(label, spent.cpu if spent.ended else max(spent.cpu, limit + 1), "s", limit, "wall", spent.wall),
    ]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
