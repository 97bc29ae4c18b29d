"""The lab seen from outside: its judge, and virsh on its hosts. Must not import or run anything of the collection."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import shlex
import subprocess
import time
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[3]
LAB = CHECKOUT / "build" / "lab"
INVENTORY = LAB / "inventory.yml"
IMAGES = "/var/lib/libvirt/images"
MARK = "/etc/ansible/facts.d/virtfleet.fact"

# Ticks are a second apart and measured on a machine that emulates every guest in software.
TICK_SECONDS = 1.0
NOISE_SECONDS = 3.0
# How long a host may keep the judge waiting, who asks each for a moment only, on a machine with other things to do.
PATIENCE = 10.0


@dataclass(frozen=True)
class World:
    """Everything that a run may change.

    ``places``: (host, state) of each guest, one pair unless something is wrong. ``marks``: the reason by host.
    """

    places: dict[str, tuple[tuple[str, str], ...]]
    local_volumes: dict[str, tuple[str, ...]]
    marks: dict[str, str]

    def guests_on(self, host: str) -> list[str]:
        return sorted(name for name, places in self.places.items() if host in [place[0] for place in places])


def lab(*argv: str, timeout: float = 300) -> str:
    """Run a command of the lab; its own words are the error."""
    command = ["/usr/bin/python3", str(CHECKOUT / "tests" / "lab" / "lab.py"), *argv]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"lab.py {shlex.join(argv)}: {done.stdout}{done.stderr}")
    return done.stdout


def status(since: float | None = None, lost: Collection[str] = ()) -> dict[str, Any]:
    """Return what the judge says, good or bad; while a host does not answer the judge is asked again.

    ``lost``: hosts that are not expected to answer.
    """
    end = time.monotonic() + PATIENCE
    while True:
        report = _status(since)
        silent = {host for host, how in report["hosts"].items() if how == "unreachable"}
        if silent <= set(lost) or time.monotonic() > end:
            return report
        time.sleep(0.5)


def await_host(host: str, patience: float = 240) -> None:
    """Wait until a host that was switched on answers, as a person does before going on."""
    end = time.monotonic() + patience
    while status()["hosts"][host] != "up":
        if time.monotonic() > end:
            raise RuntimeError(f"{host} does not answer")


def _status(since: float | None) -> dict[str, Any]:
    command = ["/usr/bin/python3", str(CHECKOUT / "tests" / "lab" / "lab.py"), "status", "--json"]
    command += [] if since is None else ["--since", str(since)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"the judge can't judge: {done.stderr}")
    return json.loads(done.stdout)


def on_host(host: str, *argv: str) -> str:
    """Run a command on a host of the lab; it must succeed."""
    done = _ssh(host, argv)
    if done.returncode != 0:
        raise RuntimeError(f"{host}: {shlex.join(argv)}: {done.stderr}")
    return done.stdout


def hosts() -> list[str]:
    """Return the hosts that are hypervisors, which one made bare is to become yet: only then the judge has to look."""
    made = json.loads((LAB / "plan.json").read_text(encoding="utf-8"))["hosts"]
    if any(host["release"].endswith("-bare") for host in made):
        return sorted(host for host, how in status()["hosts"].items() if how != "bare")
    return sorted(host["name"] for host in made)


def world(lost: Collection[str] = ()) -> World:
    """Return the lab as it is now. ``lost``: hosts that are not expected to answer."""
    report = status(lost=lost)
    up = sorted(host for host, how in report["hosts"].items() if how == "up")
    with ThreadPoolExecutor() as pool:
        volumes, marks = zip(*pool.map(_volumes_and_mark, up))
    reasons = {host: mark["reason"] for host, mark in zip(up, marks) if mark}
    return World(places(report), dict(zip(up, volumes)), reasons)


def places(report: dict[str, Any]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return where the judge saw each guest, and in which state."""
    return {
        guest["name"]: tuple(sorted((place["host"], place["state"]) for place in guest["places"]))
        for guest in report["guests"]
    }


def specs() -> list[dict[str, Any]]:
    """Return the lab's guests as they were made: name, host, disk, state and more."""
    return json.loads((LAB / "guests.json").read_text(encoding="utf-8"))


def initial_world() -> World:
    """Return the lab as ``up`` and ``reset`` make it."""
    volumes = {
        host: tuple(sorted(volume_of(spec) for spec in specs() if (spec["host"], spec["disk"]) == (host, "local")))
        for host in hosts()
    }
    return World({spec["name"]: ((spec["host"], spec["state"]),) for spec in specs()}, volumes, {})


def volume_of(spec: dict[str, Any]) -> str:
    return f"{spec['name']}.qcow2"


def stray_volumes(now: World) -> list[str]:
    """Return local volumes that are not exactly where their guest is, and those that are missing there."""
    wanted = {(now.places[spec["name"]][0][0], volume_of(spec)) for spec in specs() if spec["disk"] == "local"}
    found = {(host, volume) for host, volumes in now.local_volumes.items() for volume in volumes}
    return sorted(f"{volume} on {host}" for host, volume in wanted ^ found)


def unexplained_holes(judged: dict[str, Any], moves: Iterable[dict[str, Any]]) -> list[str]:
    """Return guests that missed more ticks than the downtime of their move explains.

    Guests that did not move show how long this machine itself kept everyone waiting in that time.
    """
    downtime = {move["name"]: (move["downtime_ms"] or 0) / 1000 for move in moves}
    holes = {
        guest["name"]: guest["longest_hole_s"]
        for guest in judged["guests"]
        if guest["intended_state"] == "running" and guest["longest_hole_s"] is not None
    }
    bystanders = [hole for name, hole in holes.items() if name not in downtime]
    noise = max([NOISE_SECONDS, *(hole - TICK_SECONDS for hole in bystanders)])
    return [
        f"{name}: a hole of {holes[name]} s, a downtime of {seconds} s, noise of {noise:.2f} s"
        for name, seconds in sorted(downtime.items())
        if name in holes and holes[name] > TICK_SECONDS + seconds + noise
    ]


def once_again_well(since: float, patience: float = 40, off: Collection[str] = ()) -> dict[str, Any]:
    """Return the judge's report as soon as it is good, or the last bad one: libvirt needs a moment after a move.

    ``off``: guests that went off, of which nothing good is expected; or problems, word for word.
    """
    end = time.monotonic() + patience
    while True:
        judged = _status(since)
        if not problems(judged, off) or time.monotonic() > end:
            return judged
        time.sleep(0.5)


def problems(judged: dict[str, Any], off: Collection[str] = ()) -> list[str]:
    """Return what is wrong, but for the guests that went off."""
    return [line for line in judged["problems"] if line.partition(": ")[0] not in off]


def _volumes_and_mark(host: str) -> tuple[tuple[str, ...], dict[str, str] | None]:
    """Return a host's local volumes, and its maintenance mark if it has one: of one look, since each takes a while."""
    look = f"virsh -q 'pool-refresh local; vol-list local' && echo {MARK} && if [ -e {MARK} ]; then cat {MARK}; fi"
    listed, _marker, mark = on_host(host, "sh", "-c", look).partition(f"{MARK}\n")
    lines = [line for line in listed.splitlines() if IMAGES in line]
    volumes = tuple(sorted(line.split(IMAGES)[0].strip() for line in lines))
    return volumes, json.loads(mark).get("maintenance") if mark else None


def _ssh(host: str, argv: Iterable[str]) -> subprocess.CompletedProcess[str]:
    command = [str(LAB / "ssh"), host, shlex.join(argv)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
