"""Scenario: hosts that must not go off stay on, whatever is wrong; one that wakes badly is marked until it is fit."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from conductor import COLLECTION, Run, execute, playbook_argv
from labview import INVENTORY, LAB, World, initial_world, lab, on_host, once_again_well, world

HOSTS = 4
# no guest is at home there, and its BMC is the one that speaks Redfish
EMPTY = "hv4"
BUSY, WRONG_PASSWORD, SILENT_BMC = "hv1", "hv2", "hv3"
NOTES = "/etc/ansible/facts.d/virtfleet_standby.fact"
SECRET, WRONG_SECRET = "lab-bmc-secret", "not-this-word"
NOBODYS_PORT = 6230
# long enough for whoever answers at all: the ones waited for here never will
NEVER_SECONDS = 10
PATIENCE = 240
BEHIND = "behind"
NETWORK_UNITS = ("systemd-networkd.socket", "systemd-networkd.service")
MASK = LAB / "hosts" / EMPTY / "upper/etc/systemd/system/systemd-networkd.service"
# a daemon whose last act is to start a guest of which nobody knows; systemd-run comes back when that runs
DROP_IN = "/run/systemd/system/libvirtd.service.d/behind.conf"
EMULATOR = "/usr/bin/qemu-system-x86_64 -name guest=behind -machine none -display none -nodefaults"
LAST_ACT = f"[Service]\nExecStopPost=/usr/bin/systemd-run --unit={BEHIND} --service-type=exec {EMULATOR}\n"
# the first boot after this has no network, later ones have
MEND = (
    "[Service]\nType=oneshot\nExecStart=/usr/bin/systemctl unmask systemd-networkd.socket systemd-networkd.service\n"
    "[Install]\nWantedBy=multi-user.target\n"
)
POOL = "/etc/libvirt/storage/gluster.xml"


@dataclass(frozen=True)
class Seen:
    """A run, and the lab after it. ``notes``: what a host that stays on knows of others."""

    run: Run
    result: dict[str, Any]
    notes: dict[str, dict[str, Any]]


def switch(state: str, hosts: str, *flags: str, **variables: Any) -> Seen:
    """Run the playbook as a user does, with all that Ansible can be made to say."""
    values = {"power_state": state, "power_hosts": hosts, "power_reason": "night", **variables}
    run = execute(playbook_argv(f"{COLLECTION}.power", "-vvv", *flags, **values))
    return Seen(run, result_of(run), notes())


def result_of(run: Run) -> dict[str, Any]:
    """Return what the run showed at its end."""
    _before, found, after = run.output.rpartition('"power_result": ')
    assert found, run.output
    result: dict[str, Any] = json.JSONDecoder().raw_decode(after)[0]
    return result


def notes() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(
        on_host(BUSY, "sh", "-c", f"if [ -e {NOTES} ]; then cat {NOTES}; else echo '{{}}'; fi")
    )
    return found


def write_on(host: str, path: str, text: str) -> None:
    on_host(host, "mkdir", "-p", str(Path(path).parent))
    on_host(host, "sh", "-c", f"printf %s '{text}' >{path}")


def started() -> str:
    """Return since when the host runs: a container's boot is that of its first process."""
    return on_host(EMPTY, "stat", "--format=%Y", "/proc/1")


def wait_until(state: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not state():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.5)


def lacks_pool() -> bool:
    """Return whether the host answers, and its libvirt has begun without the pool."""
    try:
        return "gluster" in on_host(EMPTY, "virsh", "--quiet", "pool-list", "--inactive")
    except RuntimeError:  # it boots yet
        return False


def mark_of_empty() -> str:
    return world().marks.get(EMPTY, "")


@pytest.fixture(scope="module")
def wrong(folder: Path) -> Path:
    """Return an inventory in which two BMCs are not what they are."""
    path = folder / "wrong.json"
    made = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))["hypervisors"]["hosts"]
    wrong_word = {**made[WRONG_PASSWORD]["virtfleet_bmc"], "password": WRONG_SECRET}
    nobody = {**made[SILENT_BMC]["virtfleet_bmc"], "port": NOBODYS_PORT}
    bmcs = {WRONG_PASSWORD: wrong_word, SILENT_BMC: nobody}
    content = {"hypervisors": {"hosts": {name: {"virtfleet_bmc": bmc} for name, bmc in bmcs.items()}}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def refused(wrong: Path) -> tuple[Seen, World]:
    seen = switch("off", f"{BUSY},{WRONG_PASSWORD},{SILENT_BMC}", "-i", str(wrong))
    return seen, world()


@pytest.fixture(scope="module")
def behind(refused: Any) -> tuple[Seen, str]:  # noqa: ARG001
    """Switch the empty host off while its daemon starts a guest with its last breath; leave it as it was."""
    before = started()
    write_on(EMPTY, DROP_IN, LAST_ACT)
    on_host(EMPTY, "systemctl", "daemon-reload")
    seen = switch("off", EMPTY)
    states = on_host(EMPTY, "sh", "-c", f"systemctl is-active libvirtd.socket {BEHIND}; virsh -q list --all")
    on_host(EMPTY, "systemctl", "stop", BEHIND)
    on_host(EMPTY, "rm", DROP_IN)
    on_host(EMPTY, "systemctl", "daemon-reload")
    assert started() == before, "it was switched off"
    return seen, states


@pytest.fixture(scope="module")
def rehearsed(behind: Any) -> tuple[Seen, World]:  # noqa: ARG001
    return switch("off", EMPTY, "--check"), world()


@pytest.fixture(scope="module")
def slept(rehearsed: Any) -> tuple[Seen, str]:  # noqa: ARG001
    """Switch the empty host off; it will boot without its network once, and then without its storage."""
    write_on(EMPTY, "/etc/systemd/system/mend.service", MEND)
    on_host(EMPTY, "systemctl", "enable", "mend.service")
    on_host(EMPTY, "systemctl", "mask", *NETWORK_UNITS)
    on_host(EMPTY, "sed", "-i", "s,dir path='/guests',dir path='/nowhere',", POOL)
    seen = switch("off", EMPTY)
    return seen, lab("power", EMPTY, "status")


@pytest.fixture(scope="module")
def silent(slept: Any) -> Seen:  # noqa: ARG001
    """Wake it: it has no network."""
    return switch("on", EMPTY, power_on_timeout=NEVER_SECONDS)


@pytest.fixture(scope="module")
def unfit(silent: Seen) -> tuple[Seen, str]:  # noqa: ARG001
    """Reset it when the boot without a network has done what it was for. Then it answers, but lacks a pool."""
    wait_until(lambda: not os.path.lexists(MASK))
    lab("power", EMPTY, "reset")
    wait_until(lacks_pool)
    seen = switch("on", EMPTY, power_ready_timeout=NEVER_SECONDS)
    return seen, mark_of_empty()


@pytest.fixture(scope="module")
def woken(unfit: Any) -> Seen:  # noqa: ARG001
    """Mend its storage, and wake it once more."""
    on_host(EMPTY, "sed", "-i", "s,dir path='/nowhere',dir path='/guests',", POOL)
    on_host(EMPTY, "sh", "-c", f"virsh pool-define {POOL} && virsh pool-start gluster")
    on_host(EMPTY, "sh", "-c", "systemctl disable mend.service && rm /etc/systemd/system/mend.service")
    return switch("on", EMPTY)


def test_hosts_stay_on_with_guests_and_where_their_bmc_does_not_answer_or_refuses_the_password(
    refused: tuple[Seen, World],
) -> None:
    seen, after = refused
    assert seen.run.status != 0
    why = seen.result["failed"]
    assert "it stays on" in why[BUSY]
    assert "web1" in why[BUSY]
    assert "Incorrect password" in why[WRONG_PASSWORD]
    assert "no answer" in why[SILENT_BMC]
    assert seen.result["off"] == []
    assert after == initial_world()
    assert BUSY not in seen.notes


def test_a_guest_started_behind_our_back_at_the_last_moment_runs_on(behind: tuple[Seen, str]) -> None:
    seen, states = behind
    assert f"started at the last moment: {BEHIND}" in seen.result["failed"][EMPTY]
    assert states.split() == ["active", "active"], "the daemon is back, and the guest was left alone"
    assert EMPTY not in seen.notes
    assert mark_of_empty() == ""


def test_a_rehearsal_says_that_the_host_goes_off_and_changes_nothing(rehearsed: tuple[Seen, World]) -> None:
    seen, after = rehearsed
    assert seen.run.status == 0, seen.run.output
    assert seen.result["off"] == [EMPTY]
    assert seen.notes == {}
    assert after == initial_world()


def test_an_empty_host_goes_off_and_the_others_know(slept: tuple[Seen, str]) -> None:
    seen, power = slept
    assert seen.run.status == 0, seen.run.output
    assert seen.result["off"] == [EMPTY]
    assert power.strip() == "Chassis Power is off"
    note = seen.notes[EMPTY]
    assert (note["power"], note["reason"], note["known"]["name"]) == ("off", "night", EMPTY)


def test_one_that_does_not_wake_is_noted_so_that_no_plan_counts_on_it(silent: Seen) -> None:
    assert silent.run.status != 0
    assert "Wait until it answers" in silent.result["failed"][EMPTY]
    assert silent.notes[EMPTY]["failure"].startswith("it does not wake: Wait until it answers")


def test_one_that_wakes_without_its_storage_keeps_its_mark_with_the_reason(unfit: tuple[Seen, str]) -> None:
    seen, mark = unfit
    assert "storage pool gluster starts by itself and is not active" in seen.result["failed"][EMPTY]
    assert mark.startswith("standby: night, failed to wake: ")
    assert "storage pool gluster" in mark
    assert "storage pool gluster" in seen.notes[EMPTY]["failure"]


def test_once_it_is_fit_its_mark_is_off_and_all_is_as_before(woken: Seen) -> None:
    assert woken.run.status == 0, woken.run.output
    assert woken.result["on"] == [EMPTY]
    assert list(woken.notes[EMPTY]) == ["power", "since"]
    assert woken.notes[EMPTY]["power"] == "on"
    assert world() == initial_world()


def test_no_guest_was_disturbed_and_no_password_was_shown(refused: tuple[Seen, World], woken: Seen, request) -> None:
    judged = once_again_well(refused[0].run.began)
    assert judged["ok"], judged["problems"]
    for name in ("behind", "rehearsed", "slept", "unfit"):
        assert SECRET not in request.getfixturevalue(name)[0].run.output
    assert SECRET not in woken.run.output
    assert WRONG_SECRET not in refused[0].run.output
