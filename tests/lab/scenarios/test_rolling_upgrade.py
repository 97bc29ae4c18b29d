"""Scenario: three hosts of Debian 12 get the next release's libvirt and QEMU one after the other, guests ticking on.

One rollout is killed five times, and stopped by a package that can't be installed and by a daemon that does not start;
each time it is started again by the same command. Hosts are not what they were afterwards: it runs last, and the next
`lab.py up` makes the lab anew.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conductor import Job
from labview import MARK, World, lab, on_host, once_again_well, problems, unexplained_holes, world
from rollouts import RUN_SECONDS, Seen, events, finished, unreachable
from running import Running, running
from upgrades import (
    BAD_LUCK,
    boot_of,
    half_upgraded,
    in_order_of_boot,
    left,
    mend_daemon,
    release,
    spoil_daemon,
    versions,
)

PROFILE = "mixed"
HOSTS = 5
LAST = True
OLD = ("hv1", "hv2", "hv3")
NEWER = "hv4"
FLEET = (*OLD, NEWER)
# slow enough that an evacuation has a middle
BANDWIDTH_MIBS = 16
# for a daemon that never will be ready
LAME_SECONDS = 20
# ticks on a host that is not upgraded: how long this machine kept everyone waiting
WITNESS = "witness"


@dataclass(frozen=True)
class Start:
    """The lab before anything is done, and which boot of each host that was."""

    world: World
    boots: dict[str, str]


def rollout(folder: Path) -> Job:
    """Return the rollout over the three and the host beside them that has the newer release already."""
    return Job("rolling_upgrade", ",".join(FLEET), folder, {"bandwidth_mibs": BANDWIDTH_MIBS})


@pytest.fixture(scope="module")
def job(folder: Path) -> Job:
    return rollout(folder)


def command(job: Job, *flags: str, **variables: Any) -> list[str]:
    """Return the one command line of all runs. Nothing on these hosts asks for a reboot, so it is always done."""
    return job.argv(*flags, reboot="always", **variables)


def ended(job: Job, *flags: str, lost: Collection[str] = (), **variables: Any) -> Seen:
    return finished(job, command(job, *flags, **variables), lost)


def killed(job: Job, name: str, what: str, reached: Callable[[Running], bool]) -> float:
    """Start the rollout and kill all of it as soon as it has come to this; return when it began."""
    with running(command(job), job.folder / f"{name}.log", job.journal_dir) as run:
        run.until(lambda: reached(run), what, RUN_SECONDS)
        run.kill_everything()
        return run.began


def is_moving_guests(job: Job) -> bool:
    return any(event["event"] == "progress" and event["processed"] > 0 for event in events(job))


def has_begun(task: str) -> Callable[[Running], bool]:
    """Return whether a run has come to the task of this name."""
    return lambda run: f" : {task}]" in run.output()


@pytest.fixture(scope="module")
def before() -> Start:
    """The lab when the next release has come out for the three, and nothing is done yet."""
    lab("guest", "add", WITNESS, "--host", NEWER)
    lab("offer", "upgrade", *OLD)
    return Start(world(), boots())


def boots() -> dict[str, str]:
    return {host: boot_of(host) for host in FLEET}


@pytest.fixture(scope="module")
def rehearsed(folder: Path, before: Start) -> Seen:
    assert not before.world.marks
    return ended(rollout(folder / "rehearsal"), "--check")


@pytest.fixture(scope="module")
def order(rehearsed: Seen) -> list[str]:
    return [host for wave in rehearsed.summary["waves"] for host in wave]


@pytest.fixture(scope="module")
def stopped(job: Job, order: list[str]) -> Seen:
    """The first host was done in spite of three kills; on the second one a package can't be installed."""
    first, second, _third = order
    release(second, 98, broken=True)
    killed(job, "mid-evacuation", "a guest on its way", lambda _run: is_moving_guests(job))
    killed(job, "mid-upgrade", f"half of {first} upgraded", lambda _run: half_upgraded(first))
    killed(job, "before reboot", "the reboot", has_begun("Reboot the host"))
    return ended(job)


@pytest.fixture(scope="module")
def lame(job: Job, stopped: Seen, order: list[str]) -> Seen:
    """The vendor has mended the package, the second host was done in spite of two kills; the third's daemon ends."""
    (second,) = stopped.summary["failed"]
    release(second, 99, broken=False)
    boot = boot_of(second)
    killed(job, "during reboot", f"{second} goes down", lambda _run: left(second, boot))
    killed(job, "before home-coming", "home-coming", has_begun("Bring guests home"))
    spoil_daemon(order[2])
    return ended(job, lost=order[2:], ready_timeout=LAME_SECONDS)


@pytest.fixture(scope="module")
def done(job: Job, lame: Seen) -> Seen:
    """The third host's daemon was mended too, and the rollout came to its end."""
    (third,) = lame.summary["failed"]
    mend_daemon(third)
    return ended(job)


@pytest.fixture(scope="module")
def once_more(job: Job, done: Seen) -> Seen:
    assert done.run.status == 0, done.run.output
    return ended(job)


def longest_downtimes(job: Job) -> list[dict[str, Any]]:
    longest: dict[str, float] = {}
    for move in (event for event in events(job) if event["event"] == "move_ended"):
        longest[move["name"]] = max(longest.get(move["name"], 0), move["downtime_ms"] or 0)
    return [{"name": name, "downtime_ms": milliseconds} for name, milliseconds in sorted(longest.items())]


def test_a_rehearsal_shows_the_order_and_the_times(rehearsed: Seen, order: list[str]) -> None:
    assert rehearsed.run.status == 0, rehearsed.run.output
    assert sorted(order) == sorted(OLD)
    assert list(rehearsed.summary["skipped"]) == [NEWER]


def test_a_rehearsal_changes_nothing(rehearsed: Seen, before: Start) -> None:
    assert Start(rehearsed.world, boots()) == before
    assert [versions(host)[0].rpartition(".")[0] for host in FLEET] == ["9.0", "9.0", "9.0", "11.3"]


def test_a_package_that_cannot_be_installed_stops_the_rollout(stopped: Seen, order: list[str]) -> None:
    first, second, third = order
    assert stopped.run.status != 0
    assert "Traceback" not in stopped.run.output
    assert stopped.summary["done"] == [first]
    assert list(stopped.summary["failed"]) == [second]
    assert BAD_LUCK in stopped.summary["failed"][second]
    assert list(stopped.summary["untouched"]) == [third]


def test_the_host_that_failed_is_marked_and_says_why(stopped: Seen, order: list[str]) -> None:
    assert list(stopped.world.marks) == [order[1]]
    assert "Upgrade the packages" in stopped.world.marks[order[1]]
    assert BAD_LUCK in stopped.world.marks[order[1]]


def test_no_guest_is_lost_where_the_rollout_stopped(stopped: Seen, order: list[str]) -> None:
    assert stopped.judged["ok"], stopped.judged["problems"]
    assert stopped.world.guests_on(order[1]) == []


def test_a_daemon_that_ends_after_the_upgrade_stops_the_rollout(lame: Seen, order: list[str]) -> None:
    third = order[2]
    assert lame.run.status != 0
    assert "Traceback" not in lame.run.output
    assert list(lame.summary["failed"]) == [third]
    assert lame.summary["untouched"] == {}
    assert '"rolling upgrade, failed at' in on_host(third, "cat", MARK)
    assert problems(lame.judged, unreachable([third])) == []


def test_every_host_has_the_new_release_in_the_end(done: Seen, before: Start, order: list[str]) -> None:
    assert done.run.status == 0, done.run.output
    assert [tuple(version.rpartition(".")[0] for version in versions(host)) for host in FLEET] == [("11.3", "10.0")] * 4
    assert [host for host, boot in boots().items() if boot != before.boots[host]] == list(OLD)
    assert in_order_of_boot(OLD) == order


def test_everything_else_is_as_before(done: Seen, before: Start) -> None:
    assert done.world == before.world


def test_no_guest_missed_more_ticks_than_its_downtime_explains(job: Job, done: Seen, rehearsed: Seen) -> None:
    assert done.run.status == 0, done.run.output
    judged = once_again_well(rehearsed.run.began)
    assert judged["ok"], judged["problems"]
    assert unexplained_holes(judged, longest_downtimes(job)) == []
    assert {guest["checksum"] for guest in judged["guests"]} == {"right", "none"}


def test_a_second_run_finds_nothing_to_do(once_more: Seen, done: Seen) -> None:
    assert once_more.run.status == 0, once_more.run.output
    assert once_more.run.changed == 0
    assert once_more.run.seconds < 60
    assert list(once_more.summary["skipped"]) == list(FLEET)
    assert once_more.world == done.world
