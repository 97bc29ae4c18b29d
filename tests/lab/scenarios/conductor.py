"""Runs ansible-playbook as a user does, and reads what it printed and wrote. Must not look into the collection."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labview import CHECKOUT, INVENTORY

ANSIBLE_PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
COLLECTION = "virtfleet.migration"
FLEET = f"{{{{ groups['hypervisors'] | {COLLECTION}.fleet_hosts(hostvars) }}}}"
RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """What ansible-playbook did. ``output`` is standard output and standard error as they came."""

    status: int
    output: str
    began: float
    seconds: float
    report: dict[str, Any]

    @property
    def changed(self) -> int:
        """The sum of changed= in the recap, which must be there."""
        recap = RECAP.findall(self.output)
        if not recap:
            raise AssertionError(f"no recap in:\n{self.output}")
        return sum(int(row[2]) for row in recap)

    def moves(self) -> list[tuple[str, str, str, str]]:
        """Guest, source, dest and method of each move in the report."""
        return [(move["name"], move["source"], move["dest"], move["method"]) for move in self.report["moves"]]


@dataclass(frozen=True)
class Job:
    """One role for one host, with what all its runs have in common; ``folder`` takes journals and reports."""

    role: str
    host: str
    folder: Path
    settings: Mapping[str, Any]

    @property
    def journal_dir(self) -> Path:
        return self.folder / "journal"

    def argv(self, *flags: str, **variables: Any) -> list[str]:
        """Return the command line. Hosts are looked at where a scenario asks for it: it takes a second each time."""
        values = {
            "hosts": self.host,
            "check_hosts": False,
            "report_dir": str(self.folder / "report"),
            "settings": {"journal_dir": str(self.journal_dir), **self.settings},
            **variables,
        }
        prefixed = {f"{self.role}_{name}": value for name, value in values.items()}
        return playbook_argv(f"{COLLECTION}.{self.role}", *flags, **prefixed)

    def run(self, *flags: str, **variables: Any) -> Run:
        for old in self.folder.glob("report/*.json"):
            old.unlink()
        return execute(self.argv(*flags, **variables), self.folder / "report")


def evacuation(host: str, folder: Path, **settings: Any) -> Job:
    return Job("evacuate", host, folder, settings)


def restoration(host: str, folder: Path, **settings: Any) -> Job:
    return Job("restore", host, folder, settings)


def playbook_argv(playbook: str, *flags: str, **variables: Any) -> list[str]:
    """Return the command line; a later -i in ``flags`` wins over the lab's inventory."""
    return [ANSIBLE_PLAYBOOK, "-i", str(INVENTORY), playbook, "-e", json.dumps(variables), *flags]


def environment(**more: str) -> dict[str, str]:
    own = {
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "build"),
        "ANSIBLE_HOME": str(CHECKOUT / "build" / "ansible-home"),
        "ANSIBLE_FILTER_PLUGINS": str(Path(__file__).with_name("filters")),
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
    return {**os.environ, **own, **more}


def execute(argv: Sequence[str], reports: Path | None = None, timeout: float = 600) -> Run:
    """Run to the end. ``reports``: the folder into which the run writes its report, if it gets that far."""
    began, clock = time.time(), time.monotonic()
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=environment(),
        timeout=timeout,
        check=False,
    )
    return Run(done.returncode, done.stdout, began, time.monotonic() - clock, _report(reports))


def _report(folder: Path | None) -> dict[str, Any]:
    files = list(folder.glob("*.json")) if folder is not None else []
    return json.loads(files[0].read_text(encoding="utf-8")) if files else {}


@dataclass(frozen=True)
class Task:
    """A task of a small play. ``on``: where it runs. ``keywords``: of the task, such as check_mode."""

    module: str
    arguments: Mapping[str, Any]
    on: str = "localhost"
    keywords: Mapping[str, Any] | None = None


def on_fleet(module: str, **arguments: Any) -> Task:
    """Return a task that one of the collection's modules does for the lab's whole fleet."""
    return Task(f"{COLLECTION}.{module}", {"hosts": FLEET, **arguments})


def play(folder: Path, tasks: Sequence[Task], *flags: str, **variables: Any) -> tuple[Run, list[dict[str, Any]]]:
    """Run the tasks in one play; return the run and each task's result, those after a failure left out."""
    run = execute(playbook_argv(str(write_play(folder, tasks)), *flags, **variables))
    return run, results_of(folder)


def write_play(folder: Path, tasks: Sequence[Task]) -> Path:
    """Write a playbook that does the tasks and leaves their results in the folder."""
    book, results = folder / "play.json", folder / "results.json"
    results.unlink(missing_ok=True)
    names = [f"result_{number}" for number in range(len(tasks))]
    wanted = ", ".join(f"{name} | default({{}})" for name in names)
    steps = [_step(task, name) for task, name in zip(tasks, names)]
    keep = f"{{{{ [{wanted}] | to_json | kept_in(results_path) }}}}"
    last = {"ansible.builtin.set_fact": {"results_kept_in": keep}, "vars": {"results_path": str(results)}}
    block = {"block": steps, "always": [last]}
    content = [{"hosts": "localhost", "gather_facts": False, "tasks": [block]}]
    book.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    return book


def results_of(folder: Path) -> list[dict[str, Any]]:
    """Return the results of the tasks that a play in this folder has come to."""
    results = folder / "results.json"
    found = json.loads(results.read_text(encoding="utf-8")) if results.exists() else []
    return [result for result in found if result]


def _step(task: Task, name: str) -> dict[str, Any]:
    step: dict[str, Any] = {"name": name, task.module: dict(task.arguments), **(task.keywords or {})}
    if not task.module.endswith("include_role"):  # which has no result
        step["register"] = name
    return step if task.on == "localhost" else {**step, "delegate_to": task.on}
