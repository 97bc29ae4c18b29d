"""Scenario: five hosts, two at a time where rules and room allow it; one of them does not come back from its reboot.

The rollout goes on without that host, as asked. Somebody resets it, and the same command does the rest.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from conductor import Job
from labview import INVENTORY, World, await_host, lab, problems, specs, world
from rollouts import Marks, Seen, events, finished, is_marked, mark_on_disk, marks_watched, unreachable
from upgrades import boot_of, forget_tool, let_next_boot_hang, release_tool, set_up_at

PROFILE = "mixed"
HOSTS = 5
# memory for guests: hv1 and hv4 together have so much that the others can't take all guests
ROOM_MIB = {"hv1": 1024, "hv2": 512, "hv3": 512, "hv4": 768, "hv5": 128}
FLEET = tuple(ROOM_MIB)
LOST = "hv5"
# it never comes back, so that nothing depends on how long it is waited for
LOST_SECONDS = 30
ABROAD = "abroad"
# never on one host, and at home on three only: of these, no two can go together
APART, APART_ON = ("cache1", "zürich"), ("hv1", "hv2", "hv3")
RULES = [
    {"name": "quorum", "kind": "anti_affinity", "guests": list(APART)},
    {"name": "licences", "kind": "pin", "guests": list(APART), "hosts": list(APART_ON)},
    # where QEMU lets a paused guest go on to another host
    {"name": "paused", "kind": "pin", "guests": ["frozen"], "hosts": ["hv1", "hv4", "hv5"]},
]


@dataclass(frozen=True)
class Start:
    """The lab before anything is done, and which boot of each host that was."""

    world: World
    boots: dict[str, str]


@dataclass(frozen=True)
class Loss:
    """The run in which a host is lost: the marks all the while, and what the host's own mark says after it."""

    seen: Seen
    marks: Marks
    mark: dict[str, str]


def on_all(act: Any, hosts: Collection[str] = FLEET) -> dict[str, Any]:
    with ThreadPoolExecutor() as pool:
        return dict(zip(hosts, pool.map(act, hosts)))


def rollout(folder: Path) -> Job:
    return Job("rolling_upgrade", ",".join(FLEET), folder, {})


def command(job: Job, *flags: str) -> list[str]:
    """Return the one command line of all runs; rooms and how long to wait for the lost host are in the inventory."""
    content = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))
    hosts = content["hypervisors"]["hosts"]
    for host, room in ROOM_MIB.items():
        hosts[host]["virtfleet_allocatable_memory_mib"] = room
    hosts[LOST]["rolling_upgrade_reboot_timeout"] = LOST_SECONDS
    inventory = job.folder / "inventory.yml"
    inventory.parent.mkdir(parents=True, exist_ok=True)
    inventory.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    variables = {"max_hosts_at_once": 2, "on_failure": "continue", "rules": RULES, "trial": False}
    return job.argv("-i", str(inventory), *flags, **variables)


@pytest.fixture(scope="module")
def before() -> Iterator[Start]:
    """The lab when the vendor has released something for all five, that asks for a reboot."""
    lab("guest", "add", ABROAD, "--host", LOST)
    on_all(release_tool)
    let_next_boot_hang(LOST)
    yield Start(world(), on_all(boot_of))
    lab("power", LOST, "reset" if is_marked(LOST) else "on")  # where a test has failed before it came back
    lab("guest", "remove", ABROAD)
    on_all(forget_tool)


@pytest.fixture(scope="module")
def job(folder: Path) -> Job:
    return rollout(folder)


@pytest.fixture(scope="module")
def rehearsed(folder: Path, before: Start) -> Seen:
    assert not before.world.marks
    practice = rollout(folder / "rehearsal")
    return finished(practice, command(practice, "--check"))


@pytest.fixture(scope="module")
def waves(rehearsed: Seen) -> list[list[str]]:
    return rehearsed.summary["waves"]


@pytest.fixture(scope="module")
def loss(job: Job, rehearsed: Seen) -> Loss:
    assert rehearsed.run.status == 0, rehearsed.run.output
    with marks_watched(FLEET) as marks:
        seen = finished(job, command(job), [LOST])
    return Loss(seen, marks, mark_on_disk(LOST))


@pytest.fixture(scope="module")
def done(job: Job, loss: Loss) -> Seen:
    assert list(loss.seen.summary["failed"]) == [LOST], loss.seen.run.output
    lab("power", LOST, "reset")
    await_host(LOST)
    return finished(job, command(job))


def memory_mib() -> dict[str, int]:
    """Return what each guest needs of a host's room; one that is off needs none."""
    return {spec["name"]: 0 if spec["state"] == "shutoff" else spec["memory_mib"] for spec in specs()}


def too_narrow(away: Collection[str]) -> bool:
    """Whether the other hosts have too little room for all guests."""
    return sum(memory_mib().values()) > sum(room for host, room in ROOM_MIB.items() if host not in away)


def breaks_rules(away: Collection[str]) -> bool:
    """Whether the other hosts are too few for the guests that keep apart."""
    return len(set(APART_ON) - set(away)) < len(APART)


def moves_of(job: Job) -> list[dict[str, Any]]:
    found = [event for event in events(job) if event["event"] in ("move_started", "move_ended")]
    return sorted(found, key=lambda event: event["t"])


def replayed(before: World, moves: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, set[str]]]]:
    """Yield each event with where the guests are from then on; one that moves counts on both hosts."""
    at = {guest: {host for host, _state in places} for guest, places in before.places.items()}
    for move in moves:
        hosts = at[move["name"]]
        if move["event"] == "move_started":
            hosts.add(move["dest"])
        else:
            hosts.discard(move["source"] if move["outcome"] in ("moved", "already_there") else move["dest"])
        yield move, at


def breaches(at: dict[str, set[str]]) -> list[str]:
    """Return what is wrong with guests that are on these hosts at once."""
    memory = memory_mib()
    held = {host: sum(memory[guest] for guest, hosts in at.items() if host in hosts) for host in FLEET}
    found = [f"{host} holds {mib} MiB" for host, mib in held.items() if mib > ROOM_MIB[host]]
    for rule in RULES:
        if rule["kind"] == "pin":
            found += [f"{guest} on {at[guest]}" for guest in rule["guests"] if not at[guest] <= set(rule["hosts"])]
        else:
            found += [f"{one} with {two}" for one, two in combinations(rule["guests"], 2) if at[one] & at[two]]
    return found


def test_the_plan_has_pairs_where_rules_and_room_allow_it(rehearsed: Seen, waves: list[list[str]]) -> None:
    assert rehearsed.run.status == 0, rehearsed.run.output
    assert sorted(host for wave in waves for host in wave) == sorted(FLEET)
    assert sorted(map(len, waves)) == [1, 2, 2]
    assert not any(breaks_rules(wave) or too_narrow(wave) for wave in waves)
    # and there are pairs that only the rules forbid, and one that only the room does
    assert (breaks_rules(("hv1", "hv2")), too_narrow(("hv1", "hv2"))) == (True, False)
    assert (breaks_rules(("hv1", "hv4")), too_narrow(("hv1", "hv4"))) == (False, True)


def test_a_rehearsal_changes_nothing(before: Start, rehearsed: Seen) -> None:
    assert rehearsed.world == before.world


def test_the_order_that_happened_is_the_one_that_was_shown(loss: Loss, waves: list[list[str]]) -> None:
    assert loss.seen.summary["waves"] == waves
    marked = {host: loss.marks.first(host) for host in FLEET}
    for wave, following in zip(waves, waves[1:]):
        assert max(marked[host] for host in wave) < min(marked[host] for host in following), marked


def test_the_hosts_of_a_wave_went_together_and_no_other_did(loss: Loss, done: Seen, waves: list[list[str]]) -> None:
    assert done.run.status == 0, done.run.output
    at_work = on_all(set_up_at)
    for number, wave in enumerate(waves):
        lost = {LOST} if any(LOST in earlier for earlier in waves[:number]) else set()
        for host in wave:
            assert loss.marks.at(at_work[host]) == {*wave, *lost}, (host, at_work, loss.marks.seen)


def test_no_rule_was_broken_and_no_host_overfull_at_any_moment(job: Job, before: Start, loss: Loss, done: Seen) -> None:
    steps = 0
    for move, at in replayed(before.world, moves_of(job)):
        assert breaches(at) == [], move
        if move["event"] == "move_started" and move["t"] < loss.seen.run.began + loss.seen.run.seconds:
            assert move["dest"] not in loss.marks.at(move["t"]), move
        steps += 1
    assert steps > 0
    assert at == {guest: {host for host, _state in places} for guest, places in done.world.places.items()}


def test_a_host_that_does_not_come_back_has_failed_and_the_others_are_done(loss: Loss) -> None:
    assert loss.seen.run.status != 0
    assert "Traceback" not in loss.seen.run.output
    assert list(loss.seen.summary["failed"]) == [LOST]
    assert loss.seen.summary["failed"][LOST].startswith("Reboot the host: ")
    assert loss.seen.summary["done"] == [host for host in FLEET if host != LOST]
    assert loss.seen.summary["untouched"] == {}


def test_its_mark_stands_on_it_and_says_why(loss: Loss) -> None:
    assert loss.mark["reason"] == "rolling upgrade, rebooted and not heard of since"


def test_no_guest_is_lost_with_it(before: Start, loss: Loss) -> None:
    assert problems(loss.seen.judged, unreachable([LOST])) == []
    was_there = before.world.guests_on(LOST)
    assert ABROAD in was_there
    for guest, places in loss.seen.world.places.items():
        ((host, state),) = places
        assert host != LOST
        if guest not in was_there:
            assert (host, state) == before.world.places[guest][0]


def test_the_same_command_does_the_rest_when_it_is_back(before: Start, done: Seen) -> None:
    assert done.run.status == 0, done.run.output
    assert done.summary["done"] == [LOST]
    assert list(done.summary["skipped"]) == [host for host in FLEET if host != LOST]
    assert done.judged["ok"], done.judged["problems"]
    assert done.world == before.world
    assert all(boot != before.boots[host] for host, boot in on_all(boot_of).items())
