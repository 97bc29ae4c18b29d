"""`make bench-evacuate`: 12 guests leave a host by the collection and by the ways people do it today, in one run.

Must not use the collection's code: it runs ansible-playbook and virsh as a user does. Every side sends with TLS.
They go to and fro between the two last hosts of a lab of five, which have no other guests; the others stay put.

Usage: evacuate.py [--repeat N] [--slots N ...]      --slots: other limits for the collection to try beside its default
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
LAB = CHECKOUT / "build" / "lab"
OUT = CHECKOUT / "build" / "bench"
INVENTORY = LAB / "inventory.yml"
ANSIBLE_PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
GUESTS = [f"bench{number:02d}" for number in range(1, 13)]
HOSTS, SOURCE, DEST = 5, "hv4", "hv5"
MARK = "/etc/ansible/facts.d/virtfleet.fact"
MIGRATE = ["virsh", "-q", "migrate", "--live", "--p2p", "--persistent", "--undefinesource", "--tls"]
XARGS = (2, 3, 4, 6, 8)
ONE_BY_ONE = "Ansible loop of virsh migrate"
SHELL = "shell loop of virsh migrate"
COLLECTION = "virtfleet.migration.evacuate"


@dataclass(frozen=True)
class Way:
    """One way to move the guests; ``run`` takes the host they are on and the host they go to."""

    name: str
    run: Callable[[str, str], None]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--slots", type=int, nargs="*", default=[])
    arguments = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    lab("up", "--hosts", str(HOSTS))
    left = [guest["name"] for guest in status()["guests"] if guest["name"] in GUESTS]
    if left:
        lab("guest", "remove", *left)
    lab("guest", "add", *GUESTS, "--host", SOURCE, "--memory", "96")
    try:
        return report(measure(ways(arguments.slots), arguments.repeat))
    finally:
        lab("guest", "remove", *GUESTS)


def ways(slots: Sequence[int]) -> list[Way]:
    tried = [Way(f"{COLLECTION}, {number} slots per host", _collection(number)) for number in slots]
    parallel = [Way(f"xargs -P {number} virsh migrate", _xargs(number)) for number in XARGS]
    return [Way(COLLECTION, _collection(None)), *parallel, Way(SHELL, _shell_loop), Way(ONE_BY_ONE, _loop), *tried]


def measure(tried: Sequence[Way], repeat: int) -> dict[str, list[float]]:
    """Run every way in turn, then all again, so that a slow minute of the machine does not fall on one of them."""
    found: dict[str, list[float]] = {way.name: [] for way in tried}
    source, dest = SOURCE, DEST
    for number in range(1, repeat + 1):
        for way in tried:
            begun = time.monotonic()
            way.run(source, dest)
            found[way.name].append(time.monotonic() - begun)
            print(f"run {number}  {found[way.name][-1]:6.1f} s  {source} -> {dest}  {way.name}", flush=True)
            require_arrival(dest)
            call([str(LAB / "ssh"), source, shlex.join(["rm", "-f", MARK])])
            source, dest = dest, source
    return found


def require_arrival(dest: str) -> None:
    """Stop the benchmark unless all guests run where they should: a fast way that loses guests is none."""
    where = {guest["name"]: (guest["host"], guest["state"]) for guest in status()["guests"]}
    lost = [name for name in GUESTS if where.get(name) != (dest, "running")]
    if lost:
        sys.exit(f"bench: not running on {dest}: {', '.join(lost)}")


def _collection(slots: int | None) -> Callable[[str, str], None]:
    """The collection's playbook, with its defaults but for the limits on trial."""

    def run(source: str, dest: str) -> None:
        limits = {} if slots is None else {"max_outbound_per_host": slots, "max_inbound_per_host": slots}
        variables = {
            "evacuate_hosts": source,
            "evacuate_dests": dest,
            "evacuate_slots": limits,
            "evacuate_settings": {"journal_dir": str(OUT / "journal")},
            "virtfleet_allocatable_vcpus": len(GUESTS),
            # the conductor's own connections by TLS: it opens one per host and one per move, and ssh starts two
            # processes for each
            "virtfleet_uri": "qemu+tls://{{ ansible_host }}/system?pkipath=" + str(LAB / "pki" / "conductor"),
        }
        call([ANSIBLE_PLAYBOOK, "-i", str(INVENTORY), COLLECTION, "-e", json.dumps(variables)])

    return run


def _xargs(number: int) -> Callable[[str, str], None]:
    """virsh on the source, as an administrator would start it there, over one ssh connection."""

    def run(source: str, dest: str) -> None:
        argv = ["xargs", "-P", str(number), "-I", "{}", *MIGRATE, "--domain", "{}", *_to(dest)]
        call([str(LAB / "ssh"), source, shlex.join(argv)], "\n".join(GUESTS))

    return run


def _shell_loop(source: str, dest: str) -> None:
    """One after the other, on the source."""
    line = f"for guest in {shlex.join(GUESTS)}; do {shlex.join([*MIGRATE, *_to(dest)])} --domain $guest || exit; done"
    call([str(LAB / "ssh"), source, line])


def _loop(source: str, dest: str) -> None:
    """A play of one task that loops over the guests on the source."""
    task = {
        "name": "Migrate",
        "ansible.builtin.command": {"argv": [*MIGRATE, "--domain", "{{ item }}", *_to(dest)]},
        "loop": GUESTS,
    }
    book = OUT / "loop.json"
    book.write_text(json.dumps([{"hosts": source, "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    call([ANSIBLE_PLAYBOOK, "-i", str(INVENTORY), str(book)])


def _to(dest: str) -> list[str]:
    hosts = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))["hypervisors"]["hosts"]
    name, address = hosts[dest]["virtfleet_peer_name"], hosts[dest]["virtfleet_migration_address"]
    return ["--desturi", f"qemu+tls://{name}/system", "--migrateuri", f"tcp://{address}", "--tls-destination", name]


def report(found: dict[str, list[float]]) -> int:
    """Print the medians and the ratios against the targets, and write both down."""
    medians = {name: statistics.median(seconds) for name, seconds in found.items()}
    print(f"\nmedian of {len(found[COLLECTION])} runs, {len(GUESTS)} guests of 96 MiB, whole wall time")
    for name, seconds in sorted(medians.items(), key=lambda item: item[1]):
        print(f"{seconds:7.1f} s  {name}")
    best = min((name for name in medians if name.startswith("xargs")), key=lambda name: medians[name])
    rows = [_row(medians, best, 1.15), _row(medians, ONE_BY_ONE, 0.6), _row(medians, SHELL, None)]
    print()
    for row in rows:
        verdict = "" if row["target"] is None else f"  target {row['target']}: {'met' if row['met'] else 'MISSED'}"
        print(f"ratio {row['ratio']:5.2f}  to {row['peer']}{verdict}")
    everything = [_figure(name, seconds) for name, seconds in medians.items()]
    (OUT / "evacuate.json").write_text(json.dumps(rows + everything, indent=1) + "\n", encoding="utf-8")
    return 0


def _row(medians: dict[str, float], peer: str, target: float | None) -> dict[str, Any]:
    ratio = medians[COLLECTION] / medians[peer]
    met = None if target is None else ratio <= target
    figures = {"value": round(medians[COLLECTION], 2), "unit": "s", "peer": peer, "peer_value": round(medians[peer], 2)}
    return {"metric": "evacuate 12 guests", **figures, "ratio": round(ratio, 3), "target": target, "met": met}


def _figure(name: str, seconds: float) -> dict[str, Any]:
    nothing = dict.fromkeys(("peer", "peer_value", "ratio", "target", "met"))
    return {"metric": f"evacuate 12 guests, {name}", "value": round(seconds, 2), "unit": "s", **nothing}


def status() -> dict[str, Any]:
    argv = ["/usr/bin/python3", str(CHECKOUT / "tests/lab/lab.py"), "status", "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if not done.stdout:
        sys.exit(f"bench: the lab can't be judged: {done.stderr}")
    return json.loads(done.stdout)


def lab(*arguments: str) -> None:
    call(["/usr/bin/python3", str(CHECKOUT / "tests/lab/lab.py"), *arguments])


def call(argv: Sequence[str], given: str = "") -> None:
    own = {
        "ANSIBLE_COLLECTIONS_PATH": str(CHECKOUT / "build"),
        "ANSIBLE_HOME": str(CHECKOUT / "build" / "ansible-home"),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(argv, input=given, capture_output=True, text=True, env={**os.environ, **own}, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {shlex.join(argv)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
