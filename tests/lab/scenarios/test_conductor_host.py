"""Scenario: Ansible runs on a hypervisor, which comes last, is rebooted by a person, and is done after that.

That a lab host is where Ansible runs is made up: it shows the name and the boot of the machine that the lab is on.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conductor import Job, Run
from labview import World, await_host, initial_world, lab, on_host, world
from mishaps import kept, put

HOST, OTHER = "hv2", "hv3"
MACHINE_ID, BOOT_ID = "/etc/machine-id", "/proc/sys/kernel/random/boot_id"
DONE = "/root/upgraded-by-a-scenario"
# an upgrade after which a reboot is due, once
UPGRADE: list[dict[str, Any]] = [
    {
        "name": "Upgrade",
        "ansible.builtin.command": {"argv": ["touch", DONE, "/run/reboot-required"], "creates": DONE},
        "become": True,
    }
]


@dataclass(frozen=True)
class Seen:
    """A run, its summary, and the lab after it."""

    run: Run
    summary: dict[str, Any]
    world: World


@pytest.fixture(scope="module")
def folder_of_job(folder: Path) -> Path:
    (folder / "upgrade.json").write_text(json.dumps(UPGRADE), encoding="utf-8")
    return folder


def rollout(folder: Path, hosts: str, *flags: str) -> Seen:
    tasks = str(folder / "upgrade.json")
    job = Job("rolling_upgrade", hosts, folder, {})
    run = job.run(*flags, upgrade="tasks", tasks=tasks, trial=False)
    summary = json.loads((folder / "report" / "rolling_upgrade.json").read_text(encoding="utf-8"))
    return Seen(run, summary, world())


@pytest.fixture(scope="module")
def here(folder_of_job: Path) -> Iterator[Path]:
    """The folder, while the host is taken for the machine that Ansible runs on."""
    with ExitStack() as mishaps:
        mishaps.callback(on_host, HOST, "rm", "--force", DONE)
        mishaps.enter_context(kept(HOST, MACHINE_ID))
        put(HOST, MACHINE_ID, Path(MACHINE_ID).read_text(encoding="ascii"))
        # below what the container shows instead is the kernel's own, until its next boot
        on_host(HOST, "sh", "-c", f"while umount {BOOT_ID} 2>/dev/null; do :; done")
        assert on_host(HOST, "cat", BOOT_ID) == Path(BOOT_ID).read_text(encoding="ascii")
        yield folder_of_job


@pytest.fixture(scope="module")
def rehearsed(here: Path) -> Seen:
    return rollout(here, f"{HOST},{OTHER}", "--check")


@pytest.fixture(scope="module")
def stopped(here: Path, rehearsed: Seen) -> Seen:  # noqa: ARG001
    return rollout(here, HOST)


@pytest.fixture(scope="module")
def done(here: Path, stopped: Seen) -> Seen:  # noqa: ARG001
    lab("power", HOST, "cycle")
    await_host(HOST)
    return rollout(here, HOST)


def test_the_host_that_ansible_runs_on_comes_last(rehearsed: Seen) -> None:
    assert rehearsed.run.status == 0, rehearsed.run.output
    assert rehearsed.summary["waves"] == [[OTHER], [HOST]]


def test_it_is_upgraded_and_left_to_be_rebooted(stopped: Seen) -> None:
    assert stopped.run.status != 0
    assert "Traceback" not in stopped.run.output
    why = (
        "Ansible runs on this host itself, which is upgraded and has no guests now. Reboot it by hand and run the same"
    )
    assert why in stopped.summary["failed"][HOST]
    assert stopped.world.marks[HOST].startswith(
        "rolling upgrade, failed at Leave the reboot to you: Ansible runs on this"
    )
    assert stopped.world.guests_on(HOST) == []


def test_rebooted_by_hand_the_same_command_ends_it(done: Seen) -> None:
    assert done.run.status == 0, done.run.output
    assert done.summary["done"] == [HOST]
    assert done.world == initial_world()
