"""Scenario: work on an empty host fails, then the host takes no guests though it looks fit; mended, all is as before.

The first run goes around a host that would accept no guest, which only a look there tells. Test guests that killed runs
have left behind are in the way of all of them.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conductor import COLLECTION, Run, execute, playbook_argv
from labview import World, hosts, initial_world, on_host, world
from looking import QEMU_SERVER, more_inventory
from mishaps import certificate, kept, put

HOST = "hv1"
ROOMY, CLOSED = "hv2", "hv3"
REASON = "new memory"
TRIAL = "virtfleet-trial-"
TRIALS = uuid.UUID("0c1f0a52-8f0e-5a55-9a8e-6c0d3b0f4e92")
LEFT_BEHIND = """<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><title>made at {made}</title>
<memory unit='MiB'>16</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os></domain>"""
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
    guests: list[str]
    """Names of all guests on all hosts, as libvirt there says."""


@pytest.fixture(scope="module")
def work(folder: Path) -> Path:
    path = folder / "work.json"
    path.write_text(json.dumps(WORK), encoding="utf-8")
    return path


def maintain(work: Path, *flags: str, **variables: Any) -> Seen:
    values = {
        "maintenance_hosts": HOST,
        "maintenance_reason": REASON,
        "maintenance_tasks": str(work),
        "maintenance_settings": {"journal_dir": str(work.parent / "journal")},
        **variables,
    }
    run = execute(playbook_argv(f"{COLLECTION}.maintenance", *flags, **values))
    return Seen(run, world(), [name for host in hosts() for name in names_on(host)])


def names_on(host: str) -> list[str]:
    return on_host(host, "virsh", "--quiet", "list", "--all", "--name").split("\n")


def leave_behind(where: str, tried: str, made: float) -> None:
    """Have a test guest on a host, as a run leaves it that is killed in the middle of trying another one."""
    name, path = f"{TRIAL}{tried}", "/root/left-behind.xml"
    put(where, path, LEFT_BEHIND.format(name=name, uuid=uuid.uuid5(TRIALS, name), made=int(made)))
    on_host(where, "virsh", "-q", "create", "--paused", path)
    on_host(where, "rm", path)


@pytest.fixture(scope="module")
def failed(work: Path, folder: Path) -> Seen:
    """The work fails. Only one of the two other hosts can take guests, and a test guest of long ago is on this one."""
    roomy = more_inventory(folder, **{ROOMY: {"virtfleet_allocatable_vcpus": 16}})
    leave_behind(HOST, "hv9", made=0)
    with ExitStack() as mishaps:
        mishaps.enter_context(kept(CLOSED, QEMU_SERVER))
        put(CLOSED, QEMU_SERVER, certificate(folder, CLOSED, expired=True)[0])
        return maintain(work, *roomy, memory_fits=False, maintenance_report_dir=str(folder / "report"))


@pytest.fixture(scope="module")
def lame(work: Path, failed: Seen) -> Seen:  # noqa: ARG001
    """The work is done, and the host can receive no guest. A test guest of an earlier try of it is still somewhere."""
    leave_behind(ROOMY, HOST, made=time.time())
    with ExitStack() as mishaps:
        mishaps.enter_context(kept(HOST, QEMU_SERVER))
        on_host(HOST, "rm", QEMU_SERVER)
        return maintain(work, memory_fits=True)


@pytest.fixture(scope="module")
def mended(work: Path, lame: Seen) -> Seen:  # noqa: ARG001
    return maintain(work, "-v", memory_fits=True)


def test_work_that_fails_is_done_on_an_empty_host_and_makes_the_play_fail(failed: Seen) -> None:
    assert failed.run.status != 0
    assert "Traceback" not in failed.run.output
    assert "Change the memory: it does not fit, and here is nobody" in failed.run.output


def test_the_host_keeps_its_mark_and_the_reason_and_its_guests_are_elsewhere(failed: Seen) -> None:
    assert list(failed.world.marks) == [HOST]
    assert failed.world.marks[HOST].startswith(f"{REASON}, failed at Change the memory: it does not fit")
    assert failed.world.guests_on(HOST) == []
    assert failed.world.places.keys() == initial_world().places.keys()


def test_guests_go_around_a_host_that_would_not_accept_them(failed: Seen, folder: Path) -> None:  # noqa: ARG001
    (report,) = (folder / "report").glob("*.json")
    moves = json.loads(report.read_text(encoding="utf-8"))["moves"]
    assert {(move["outcome"], move["round"]) for move in moves} == {("moved", 1)}
    # the definition of a shut-off guest goes by libvirt, which has a certificate of its own
    assert {move["dest"] for move in moves if move["method"] != "offline"} == {ROOMY}


def test_a_test_guest_that_a_killed_run_has_left_is_nobodys_and_goes(failed: Seen, lame: Seen) -> None:
    assert f"{TRIAL}hv9, a test guest that was left behind on {HOST}, was removed" in failed.run.output
    assert f"{TRIAL}{HOST}, a test guest that was left behind on {ROOMY}, was removed" in lame.run.output
    assert [name for name in (*failed.guests, *lame.guests) if name.startswith(TRIAL)] == []


def test_a_host_that_can_receive_no_guest_keeps_its_mark_and_says_why(lame: Seen, failed: Seen) -> None:
    assert lame.run.status != 0
    assert "Traceback" not in lame.run.output
    reason = lame.world.marks[HOST]
    assert reason.startswith(f"{REASON}, failed at Move a throw-away guest in and out: a test guest could not be moved")
    assert f"moved in from {ROOMY}: " in reason
    assert lame.world.places == failed.world.places


def test_run_again_once_it_is_mended_all_is_as_before(mended: Seen) -> None:
    assert mended.run.status == 0, mended.run.output
    assert f"a test guest was moved in from {ROOMY} and out again" in mended.run.output
    assert mended.world == initial_world()
    assert [name for name in mended.guests if name.startswith(TRIAL)] == []
