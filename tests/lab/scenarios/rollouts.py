"""Rollouts as scenarios run them: to the end, the lab seen after it, marks and journals read. Judges nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from conductor import Job, Run, execute
from labview import LAB, MARK, World, once_again_well, world

RUN_SECONDS = 600
PACE_SECONDS = 0.1


@dataclass(frozen=True)
class Seen:
    """A run to its end, and the lab after it."""

    run: Run
    summary: dict[str, Any]
    world: World
    judged: dict[str, Any]


def finished(job: Job, argv: Sequence[str], lost: Collection[str] = ()) -> Seen:
    """Run to the end. ``lost``: hosts that are not expected to answer after it."""
    run = execute(argv, timeout=RUN_SECONDS)
    summary = json.loads((job.folder / "report" / "rolling_upgrade.json").read_text(encoding="utf-8"))
    return Seen(run, summary, world(lost), once_again_well(run.began, off=unreachable(lost)))


def unreachable(hosts: Collection[str]) -> list[str]:
    """Return the problems that the judge sees with hosts that do not answer, word for word."""
    return [f"host {host} is unreachable" for host in hosts]


def events(job: Job) -> list[dict[str, Any]]:
    """Return what all runs of the job have noted so far; each evacuation and home-coming has its own journal."""
    lines = [
        line
        for path in sorted(job.journal_dir.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True)
    ]
    return [json.loads(line) for line in lines if line.endswith("\n")]


@dataclass
class Marks:
    """The hosts in maintenance, as they became others: (when, their names)."""

    seen: list[tuple[float, frozenset[str]]] = field(default_factory=list)

    def at(self, moment: float) -> frozenset[str]:
        return [marked for when, marked in self.seen if when <= moment][-1]

    def first(self, host: str) -> float:
        """Return when the host was marked for the first time."""
        return next(when for when, marked in self.seen if host in marked)


@contextmanager
def marks_watched(hosts: Sequence[str]) -> Iterator[Marks]:
    """Watch the maintenance marks all the time, on the hosts' disks: it costs the hosts nothing, and one may hang."""
    found, over = Marks(), threading.Event()

    def watch() -> None:
        while not over.wait(PACE_SECONDS):
            now, marked = time.time(), frozenset(host for host in hosts if is_marked(host))
            if not found.seen or marked != found.seen[-1][1]:
                found.seen.append((now, marked))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


def is_marked(host: str) -> bool:
    return bool(mark_on_disk(host))


def mark_on_disk(host: str) -> dict[str, str]:
    """Return the mark as it stands on the host's disk, whether the host answers or not; empty where there is none."""
    path = LAB / "hosts" / host / "upper" / MARK.lstrip("/")
    try:
        return json.loads(path.read_text(encoding="utf-8")).get("maintenance") or {}
    except FileNotFoundError:
        return {}
