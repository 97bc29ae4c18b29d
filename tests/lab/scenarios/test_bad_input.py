"""Scenario: what users get wrong is refused with one clear message, cause and remedy, and nothing is changed."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from conductor import Run, Task, evacuation, on_fleet, play
from labview import INVENTORY, LAB, World, initial_world, lab, world

LAST = True
AT_ONCE = 3
# A run, and words that its message must have.
Came = tuple[Run, Sequence[str]]
# What is tried, given an empty folder and a good plan.
Attempt = Callable[[Path, dict[str, Any]], Came]


@pytest.fixture(scope="module")
def before(fresh_lab: None) -> World:  # noqa: ARG001
    return initial_world()


@pytest.fixture(scope="module")
def plan(fresh_lab: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:  # noqa: ARG001
    """A good plan, to be spoilt."""
    run, results = play(
        tmp_path_factory.mktemp("plan"), [on_fleet("migration_plan", goal="evacuate", goal_hosts=["hv3"])]
    )
    assert run.status == 0, run.output
    return results[0]["plan"]


def assert_refused(run: Run, *words: str) -> None:
    """One clear message: the cause and the remedy are said, and no traceback is shown."""
    assert run.status != 0, run.output
    assert "Traceback" not in run.output, run.output
    (message,) = messages(run)
    for word in words:
        assert word in message, message


def messages(run: Run) -> set[str]:
    """Return the messages of failed tasks, each once however often Ansible repeats it."""
    found = set()
    for line in run.output.splitlines():
        _fatal, marker, result = line.partition("FAILED! => ")
        if marker:
            found.add(json.loads(result)["msg"])
    return found


def variables_of(host: str) -> dict[str, Any]:
    return yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))["hypervisors"]["hosts"][host]


def inventory(folder: Path, group: str = "hypervisors", **hosts: dict[str, Any]) -> list[str]:
    """Return the flags of an inventory that adds to the lab's, or overrules it."""
    path = folder / "more.yml"
    path.write_text(json.dumps({group: {"hosts": hosts}}), encoding="utf-8")
    return ["-i", str(path)]


def an_address_that_nobody_has() -> str:
    network = ipaddress.ip_interface(f"{variables_of('hv1')['ansible_host']}/24").network
    return str(network[250])


def emptying(settings: Mapping[str, Any] | None = None, *words: str, **variables: Any) -> Attempt:
    """Return the attempt to empty hv1 with such settings and variables, which is to be refused in such words."""

    def attempt(folder: Path, _plan: dict[str, Any]) -> Came:
        return evacuation("hv1", folder, **(settings or {})).run(**variables), words

    return attempt


def asking(task: Task, *words: str) -> Attempt:
    """Return the attempt to carry out one task, which is to be refused in such words."""
    return lambda folder, _plan: (play(folder, [task])[0], words)


def a_group_without_hosts(folder: Path, _plan: dict[str, Any]) -> Came:
    run = evacuation("hv1", folder).run(*inventory(folder, group="spare_hypervisors"), group="spare_hypervisors")
    return run, ("group spare_hypervisors ", "Check that the group has hosts")


def a_journal_that_cannot_be_written(folder: Path, _plan: dict[str, Any]) -> Came:
    obstacle = folder / "a file"
    obstacle.write_text("not a folder", encoding="utf-8")
    run = evacuation("hv1", folder, journal_dir=str(obstacle / "journal")).run()
    return run, ("the journal ", "can't be written", "Give another journal_dir")


def a_plan_that_was_cut_off(folder: Path, plan: dict[str, Any]) -> Came:
    file = folder / "plan.json"
    file.write_text(json.dumps(plan)[:-200], encoding="utf-8")
    run, _results = play(folder, [on_fleet("migration_apply", plan_file=str(file))])
    return run, (f"plan file {file}", "It may be cut off")


def a_plan_that_is_not_there(folder: Path, _plan: dict[str, Any]) -> Came:
    run, _results = play(folder, [on_fleet("migration_apply", plan_file=str(folder / "none.json"))])
    return run, ("none.json", "can't be read", "Check the path")


def a_plan_of_another_fleet(folder: Path, plan: dict[str, Any]) -> Came:
    other = json.loads(json.dumps(plan).replace('"hv', '"node'))
    run, _results = play(folder, [on_fleet("migration_apply", plan=other)])
    return run, ("node3", "plan again")


def a_plan_whose_guests_are_gone(folder: Path, plan: dict[str, Any]) -> Came:
    uuid = plan["moves"][0]["guest"]
    other = json.loads(json.dumps(plan).replace(uuid, "00000000-0000-4000-8000-000000000001"))
    run, _results = play(folder, [on_fleet("migration_apply", plan=other)])
    return run, (plan["moves"][0]["name"], "plan again")


# each of these marks hv1 and takes the mark off again, so that they come one after another
MARKING = {
    "host given twice": emptying(None, "hv1 is given twice", "Give it once", hosts="hv1,hv1"),
    "destination given twice": emptying(None, "hv2 is given twice", "Give it once", dests="hv2,hv2"),
    "unknown destination": emptying(None, "unknown host 'hv9'", "Did you mean hv", dests="hv9"),
    "negative bandwidth": emptying({"bandwidth_mibs": -1}, "bandwidth_mibs is -1", "leave it out"),
    "negative timeout": emptying({"timeout": -5}, "timeout is -5", "or 0 for no timeout"),
    "journal that can't be written": a_journal_that_cannot_be_written,
}
OTHERS = {
    "unknown host": emptying(None, "unknown host 'hv11'", "Did you mean hv1", hosts="hv11"),
    "no group": emptying(None, "group hypervisor ", "Check that the group has hosts", group="hypervisor"),
    "no host": emptying(None, "no host is given", "Say which hosts", hosts=""),
    "group without hosts": a_group_without_hosts,
    "unknown guest": asking(
        on_fleet("guest_migration", guest="web11", host="hv2"), "no guest is called 'web11'", "Did you mean web1"
    ),
    "guest to an unknown host": asking(
        on_fleet("guest_migration", guest="web1", host="hv22"), "unknown host 'hv22'", "Did you mean hv2"
    ),
    "plan that was cut off": a_plan_that_was_cut_off,
    "plan that is not there": a_plan_that_is_not_there,
    "plan of another fleet": a_plan_of_another_fleet,
    "plan whose guests are gone": a_plan_whose_guests_are_gone,
}
ATTEMPTS = {**MARKING, **OTHERS}


@pytest.fixture(scope="module")
def attempts(before: World, plan: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Came]:
    """What came of every attempt that no host is spoilt for: several at once, since nothing moves."""
    folders = {name: tmp_path_factory.mktemp("attempt") for name in ATTEMPTS}

    def made(names: Sequence[str]) -> dict[str, Came]:
        return {name: ATTEMPTS[name](folders[name], plan) for name in names}

    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts = list(pool.map(made, [list(MARKING), *([name] for name in OTHERS)]))
    assert world() == before
    return {name: came for part in parts for name, came in part.items()}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_what_makes_no_sense_is_refused(attempts: dict[str, Came], name: str) -> None:
    run, words = attempts[name]
    assert_refused(run, *words)


def test_a_host_that_does_not_answer(tmp_path: Path, before: World) -> None:
    elsewhere = inventory(tmp_path, hv1={"ansible_host": an_address_that_nobody_has()})
    run = evacuation("hv1", tmp_path).run(*elsewhere)
    assert_refused(run, "host hv1 does not answer", "No route to host", "bring it back")
    assert world() == before


@pytest.fixture
def wrong_key(tmp_path: Path) -> dict[str, Any]:
    """Variables of a host that the conductor tries to reach with a key that the host does not know."""
    key, wrapper, config = tmp_path / "id_wrong", tmp_path / "ssh", tmp_path / "ssh_config"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    lines = (LAB / "ssh_config").read_text(encoding="utf-8").splitlines()
    ours = [f"  IdentityFile {key}" if "IdentityFile" in line else line for line in lines]
    config.write_text("\n".join(ours) + "\n", encoding="utf-8")
    wrapper.write_text('#!/bin/sh\nexec ssh -F "${0%/*}/ssh_config" "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    fresh = "-o ControlMaster=no -o ControlPath=none"  # no connection of an earlier run is used again
    return {
        "ansible_ssh_executable": str(wrapper),
        "ansible_ssh_private_key_file": str(key),
        "ansible_ssh_args": fresh,
    }


def test_wrong_credentials(tmp_path: Path, before: World, wrong_key: dict[str, Any]) -> None:
    run = evacuation("hv1", tmp_path).run(*inventory(tmp_path, hv1=wrong_key))
    assert_refused(run, "host hv1 does not answer", "Permission denied", "Check user, key or password")
    assert world() == before


def test_wrong_credentials_everywhere(tmp_path: Path, before: World, wrong_key: dict[str, Any]) -> None:
    run = evacuation("hv1", tmp_path).run(*inventory(tmp_path, hv1=wrong_key, hv2=wrong_key, hv3=wrong_key))
    assert_refused(run, "group hypervisors ", "Check that")
    assert world() == before


def by_tls(host: str) -> dict[str, Any]:
    """Return the variable by which libvirt reaches a host that Ansible may not reach."""
    certificates = LAB / "pki" / "conductor"
    return {"virtfleet_uri": f"qemu+tls://{variables_of(host)['ansible_host']}/system?pkipath={certificates}"}


def test_a_host_that_cannot_be_marked_is_not_emptied(tmp_path: Path, before: World, wrong_key: dict[str, Any]) -> None:
    run = evacuation("hv1", tmp_path).run(*inventory(tmp_path, hv1={**wrong_key, **by_tls("hv1")}))
    assert_refused(run, "mark of hv1 can't be changed", "Permission denied", "Let Ansible reach that host")
    assert world() == before


def test_a_host_whose_mark_is_unknown_takes_no_guests(tmp_path: Path, before: World, wrong_key: dict[str, Any]) -> None:
    silent = inventory(tmp_path, hv3={**wrong_key, **by_tls("hv3")})
    run = evacuation("hv1", tmp_path).run("--check", *silent, dests="hv3", allow_stay=True)
    assert run.status == 0, run.output
    assert run.moves() == []
    assert "hv3 is in maintenance (Ansible could not read its mark" in run.output
    assert world() == before


@pytest.fixture
def hv3_off() -> Iterator[None]:
    """hv3 without power; its guests are gone with it, so that whoever comes next finds a spoilt lab."""
    lab("power", "hv3", "off")
    yield
    lab("power", "hv3", "on")


def test_a_host_that_is_switched_off(tmp_path: Path, hv3_off: None) -> None:  # noqa: ARG001
    dead = world()
    run = evacuation("hv3", tmp_path).run()
    assert_refused(run, "host hv3 does not answer", "bring it back")
    others = evacuation("hv1", tmp_path).run("--check", dests="hv3", allow_stay=True)
    assert others.status == 0, others.output
    assert "hv3 does not answer" in others.output
    assert others.moves() == []
    assert world() == dead
