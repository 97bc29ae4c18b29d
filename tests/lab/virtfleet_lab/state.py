"""What a running lab has written down: its plan, its guests, its supervisor. Reads and writes JSON, decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .guestspec import GuestSpec
from .settings import Host, Lab
from .shell import LabError, write


@dataclass(frozen=True)
class Plan:
    """How this lab was brought up; what the supervisor needs to know."""

    profile: str
    digest: str
    hosts: tuple[Host, ...]
    images: dict[str, str]
    infra_release: str
    guest_files: str
    luns: dict[int, str]


def write_plan(lab: Lab, plan: Plan) -> None:
    write(lab.dir / "plan.json", json.dumps(dataclasses.asdict(plan), indent=1))


def read_plan(lab: Lab) -> Plan:
    content = _read(lab.dir / "plan.json")
    hosts = tuple(Host(**host) for host in content["hosts"])
    luns = {int(number): file for number, file in content["luns"].items()}
    return Plan(**{**content, "hosts": hosts, "luns": luns})


def write_guests(lab: Lab, guests: list[GuestSpec]) -> None:
    write(lab.dir / "guests.json", json.dumps([dataclasses.asdict(guest) for guest in guests], indent=1))


def read_guests(lab: Lab) -> list[GuestSpec]:
    return [GuestSpec(**guest) for guest in _read(lab.dir / "guests.json")]


def mark_complete(lab: Lab) -> None:
    """The last thing that `up` does: without this mark a lab is a leftover."""
    write(lab.dir / "complete", "")


def is_complete(lab: Lab) -> bool:
    return (lab.dir / "complete").exists()


def note_offer(lab: Lab, hosts: Sequence[str], name: str) -> None:
    """Says that these hosts can install packages that their images lack: they are no longer what `up` makes."""
    known = offered(lab)
    added = {host: sorted({*known.get(host, ()), name}) for host in hosts}
    write(lab.dir / "offered.json", json.dumps({**known, **added}))


def offered(lab: Lab) -> dict[str, list[str]]:
    """The repositories that hosts were offered since `up`, by host; empty in most labs."""
    file = lab.dir / "offered.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def services(lab: Lab) -> dict[str, bool]:
    """The daemons of the lab and whether each runs, as the supervisor last saw them."""
    return _read(lab.dir / "services.json")


def _read(path: Path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise LabError("The lab is not up: run `lab.py up` (or `make lab-up`) first.") from error


def own_identity() -> dict[str, int]:
    """Process id and start time of this process, as the /proc mounted now counts them."""
    pid = int(os.readlink("/proc/self"))
    return {"pid": pid, "start": _start_time(pid)}


def supervisor_pid(lab: Lab) -> int | None:
    """The living supervisor's process id; a number reused by some other process is not taken for it."""
    try:
        identity = json.loads((lab.dir / "supervisor.pid").read_text(encoding="utf-8"))
        alive = _start_time(identity["pid"]) == identity["start"]
    except FileNotFoundError:
        return None
    return identity["pid"] if alive else None


def require_supervisor(lab: Lab) -> int:
    pid = supervisor_pid(lab)
    if pid is None:
        raise LabError("The lab is not up: run `lab.py up` (or `make lab-up`) first.")
    return pid


def _start_time(pid: int) -> int:
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return int(text.rpartition(")")[2].split()[19])


def supervisor_log(lab: Lab) -> str:
    lines = (lab.log_dir / "supervisor.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return " | ".join(lines[-5:]) or "it said nothing"
