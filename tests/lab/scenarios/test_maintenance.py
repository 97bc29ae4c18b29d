"""Scenario: work on an empty host fails, the host keeps its mark and the reason; run again, all is as it was before."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conductor import COLLECTION, Run, execute, playbook_argv
from labview import World, initial_world, world

HOST = "hv1"
REASON = "new memory"
# what is left on the host while the work is done, as the host's own libvirt says; shut-off guests count too
WORK: list[dict[str, Any]] = [
    {
        "name": "Look who is here",
        "ansible.builtin.command": "virsh --quiet list --all --name",
        "changed_when": False,
        "check_mode": False,
        "register": "here",
    },
    {
        "name": "Change the memory",
        "ansible.builtin.assert": {
            "that": ["here.stdout | trim == ''", "memory_fits | bool"],
            "fail_msg": "it does not fit, and here is {{ here.stdout_lines | default([]) | join(' ') or 'nobody' }}",
        },
    },
]


@dataclass(frozen=True)
class Seen:
    """A run, and the lab after it."""

    run: Run
    world: World


@pytest.fixture(scope="module")
def work(folder: Path) -> Path:
    path = folder / "work.json"
    path.write_text(json.dumps(WORK), encoding="utf-8")
    return path


def maintain(work: Path, **variables: Any) -> Seen:
    values = {
        "maintenance_hosts": HOST,
        "maintenance_reason": REASON,
        "maintenance_tasks": str(work),
        "maintenance_settings": {"journal_dir": str(work.parent / "journal")},
        **variables,
    }
    run = execute(playbook_argv(f"{COLLECTION}.maintenance", **values))
    return Seen(run, world())


@pytest.fixture(scope="module")
def failed(work: Path) -> Seen:
    return maintain(work, memory_fits=False)


@pytest.fixture(scope="module")
def mended(work: Path, failed: Seen) -> Seen:  # noqa: ARG001
    return maintain(work, memory_fits=True)


def test_work_that_fails_is_done_on_an_empty_host_and_makes_the_play_fail(failed: Seen) -> None:
    assert failed.run.status != 0
    assert "Traceback" not in failed.run.output
    assert "Change the memory: it does not fit, and here is nobody" in failed.run.output


def test_the_host_keeps_its_mark_and_the_reason_and_its_guests_are_elsewhere(failed: Seen) -> None:
    assert list(failed.world.marks) == [HOST]
    assert failed.world.marks[HOST].startswith(f"{REASON}, failed at Change the memory: it does not fit")
    assert failed.world.guests_on(HOST) == []
    assert failed.world.places.keys() == initial_world().places.keys()


def test_run_again_once_it_is_mended_all_is_as_before(mended: Seen) -> None:
    assert mended.run.status == 0, mended.run.output
    assert mended.world == initial_world()
