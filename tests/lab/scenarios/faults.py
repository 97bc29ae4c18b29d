"""What goes wrong on the lab's hosts, done on purpose; and the runs that it happens to. Judges nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from conductor import Task, on_fleet, play, playbook_argv, results_of, write_play
from labview import INVENTORY, initial_world, lab, on_host, world
from running import Running, running


@dataclass(frozen=True)
class Ended:
    """What a run came to: its result as a playbook sees it, and when it began."""

    result: dict[str, Any]
    output: str
    began: float

    @property
    def moves(self) -> dict[str, dict[str, Any]]:
        return {move["name"]: move for move in self.result["report"]["moves"]}


class Faulty:
    """A run under way that something happens to."""

    def __init__(self, run: Running, folder: Path) -> None:
        self.run = run
        self._folder = folder

    def until_sending(self, *guests: str) -> None:
        """Wait until the memory of these guests is on its way."""
        self.run.until(lambda: self.run.moving() >= set(guests), f"{guests} on their way")

    def until_event(self, what: str, **facts: Any) -> None:
        """Wait until the journal has such a line."""
        wanted = {"event": what, **facts}
        self.run.until(lambda: any(wanted.items() <= event.items() for event in self.run.events()), str(wanted))

    def end(self, patience: float = 400) -> Ended:
        self.run.wait(patience)
        (result,) = results_of(self._folder)
        return Ended(result, self.run.output(), self.run.began)


def moving_to(host: str, *guests: str, **options: Any) -> Task:
    """Return the task that moves guests to a host, slowly unless told otherwise, so that there is a middle."""
    slow = {"bandwidth_mibs": 2, "goal": "move", "goal_hosts": [host], "guests": list(guests)}
    return on_fleet("migration_apply", **{**slow, **options})


@contextmanager
def started(folder: Path, task: Task) -> Iterator[Faulty]:
    """Start a run of one task; nothing of it is left afterwards."""
    journals = folder / "journal"
    own = Task(task.module, {**task.arguments, "journal_dir": str(journals)})
    argv = playbook_argv(str(write_play(folder, [own])))
    with running(argv, folder / "run.log", journals) as run:
        yield Faulty(run, folder)


def kill_guest(host: str, guest: str, signal: str = "KILL") -> None:
    """End the process that a guest is on a host."""
    on_host(host, "sh", "-c", 'kill "-$1" "$(cat "/run/libvirt/qemu/$2.pid")"', "sh", signal, guest)


def kill_daemon(host: str) -> None:
    """End libvirt's daemon, not the guests in its control group, as a crash would; systemd starts it again."""
    on_host(host, "systemctl", "kill", "--kill-who=main", "--signal=KILL", "libvirtd")


@contextmanager
def cut_off(host: str) -> Iterator[None]:
    """Pull the host's cable for a while."""
    lab("link", host, "down")
    try:
        yield
    finally:
        lab("link", host, "up")


def put_back(folder: Path) -> None:
    """Start what went off and bring home what is elsewhere."""
    wanted = initial_world().places
    away = {name: places for name, places in world().places.items() if places != wanted[name]}
    for name, ((host, state),) in sorted(away.items()):
        if state == "shutoff":
            on_host(host, "virsh", "-q", "start", name)
    homes = [(name, wanted[name][0][0]) for name, ((host, _state),) in sorted(away.items())]
    tasks = [on_fleet("guest_migration", guest=name, host=home) for name, home in homes if away[name][0][0] != home]
    if tasks:
        run, _results = play(folder, tasks)
        assert run.status == 0, run.output
    assert world() == initial_world()


def address(host: str) -> str:
    """Return a host's address."""
    inventory = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))
    return inventory["hypervisors"]["hosts"][host]["ansible_host"]


@contextmanager
def apart(host: str, other: str) -> Iterator[None]:
    """Let what a host sends to another one be lost for a while; everybody else still reaches both."""
    route = ("blackhole", f"{address(other)}/32")
    on_host(host, "ip", "route", "add", *route)
    try:
        yield
    finally:
        on_host(host, "ip", "route", "del", *route)


def state_of(host: str, guest: str) -> str:
    """Return a guest's state with its reason, as virsh has it."""
    return on_host(host, "virsh", "domstate", "--reason", guest).strip()
