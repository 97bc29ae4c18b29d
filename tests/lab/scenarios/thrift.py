"""What a scenario about energy does to the lab: guests whose load comes and goes, and its history. Judges nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from conductor import COLLECTION, Task, on_fleet, play
from labview import lab, specs

DAY = 24 * 60 * 60
# where within the hour to come the load of an earlier day lies
SOON = 15 * 60


def record(folder: Path, history: Path) -> float:
    """Add one sample to the history; return how many CPUs all guests together use in it."""
    run, results = play(folder, [on_fleet("fleet_record", path=str(history), measure_usage_seconds=2)])
    assert run.status == 0, run.output
    return float(results[0]["sample"]["guest_cpus"])


def record_until(folder: Path, history: Path, most: float, patience: float = 60) -> float:
    """Record until guests that have begun to burn do so as much as they can, or patience is at an end."""
    end = time.monotonic() + patience
    used = record(folder, history)
    while used < most and time.monotonic() < end:
        used = max(used, record(folder, history))
    return used


def samples(history: Path) -> list[int]:
    with closing(sqlite3.connect(history)) as connection:
        return [row[0] for row in connection.execute("SELECT at FROM samples ORDER BY at")]


def date_back(history: Path, after: int) -> None:
    """Make samples later than that those of yesterday, at a time that comes soon today."""
    with closing(sqlite3.connect(history)) as connection, connection:
        connection.execute("UPDATE samples SET at = at - ? WHERE at > ?", (DAY - SOON, after))


def add(host: str, *names: str, burns: float = 0.0) -> None:
    lab("guest", "add", *names, "--host", host, "--burns", str(burns))


def remove(*names: str) -> None:
    lab("guest", "remove", *names)


def vcpus_on(places: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, int]:
    """Return how many vCPUs of guests that are not shut off are on each host that has any."""
    size = {spec["name"]: spec["vcpus"] for spec in specs()}
    found: dict[str, int] = {}
    for name, ((host, state),) in places.items():
        found[host] = found.get(host, 0) + (0 if state == "shutoff" else size[name])
    return found


def evening_out(hosts: Sequence[str], **options: Any) -> Task:
    """Return the task that balances these hosts, as if the others were not there."""
    fleet = f"{{{{ {list(hosts)} | {COLLECTION}.fleet_hosts(hostvars) }}}}"
    return Task(f"{COLLECTION}.migration_apply", {"hosts": fleet, "goal": "balance", **options})
