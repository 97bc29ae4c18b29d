"""What a scenario about energy does to the lab: guests whose load comes and goes, and its history. Judges nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conductor import COLLECTION, Run, Task, play
from labview import World, lab, specs

DAY = 24 * 60 * 60
# where within the hour to come the load of an earlier day lies
SOON = 15 * 60


@dataclass(frozen=True)
class Step:
    """A run, what it says it did, and the lab right after it."""

    run: Run
    told: dict[str, Any]
    after: World
    judged: dict[str, Any]

    @property
    def ways(self) -> list[tuple[str, str, str]]:
        return [(move["name"], move["source"], move["dest"]) for move in self.told["moves"]]


def record(folder: Path, history: Path, hosts: Sequence[str]) -> float:
    """Add one sample of these hosts to the history; return how many CPUs all their guests together use in it."""
    sample = {"hosts": entries(hosts), "path": str(history), "measure_usage_seconds": 2}
    run, results = play(folder, [Task(f"{COLLECTION}.fleet_record", sample)])
    assert run.status == 0, run.output
    return float(results[0]["sample"]["guest_cpus"])


def entries(hosts: Sequence[str]) -> str:
    """Return the option hosts for these hosts, as if there were no others."""
    return f"{{{{ {list(hosts)} | {COLLECTION}.fleet_hosts(hostvars) }}}}"


def samples(history: Path) -> list[int]:
    with closing(sqlite3.connect(history)) as connection:
        return [row[0] for row in connection.execute("SELECT at FROM samples ORDER BY at")]


def date_back(history: Path, after: int) -> None:
    """Make samples later than that those of yesterday, at a time that comes soon today."""
    with closing(sqlite3.connect(history)) as connection:
        connection.execute("UPDATE samples SET at = at - ? WHERE at > ?", (DAY - SOON, after))
        connection.commit()


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
    """Return the task that balances these hosts."""
    return Task(
        f"{COLLECTION}.migration_apply", {"hosts": entries(hosts), "goal": "balance", "aggressiveness": 5, **options}
    )
