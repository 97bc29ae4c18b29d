"""The commands of lab.py: parses, calls, turns a LabError into one line and an exit status. No logic."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator, Sequence

from . import packages


def main(argv: Sequence[str]) -> int:
    arguments = _parser().parse_args(argv)
    if os.geteuid() != 0:
        print("lab: must run as root: it makes namespaces, mounts and a bridge.", file=sys.stderr)
        return 2
    if arguments.command == "packages":
        return _guarded(packages.install)
    missing = _guarded(packages.require)
    if missing:
        return missing
    from . import commands  # needs the packages that were just asked for

    return _guarded(lambda: commands.run(arguments))


def _guarded(act) -> int:
    from .shell import LabError

    try:
        return act() or 0
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("lab: interrupted. `lab.py up` starts from what is left, `lab.py down` removes it.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab.py", description="A lab of real hypervisors on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("packages", help="install the packages that the lab needs from this machine")
    commands.add_parser("images", help="make the host images of all profiles now, which `up` makes when it needs them")
    up = commands.add_parser("up", help="bring the lab up, from whatever state it is in")
    up.add_argument("--hosts", type=int, help="number of hosts (the profile's own number without it)")
    up.add_argument("--profile", default="default", help="a file of tests/lab/profiles")
    down = commands.add_parser("down", help="take the lab away")
    down.add_argument("--purge", action="store_true", help="remove the cached images too")
    status = commands.add_parser("status", help="judge the guests: exit 1 if any is not where and how it should be")
    status.add_argument("--since", type=float, help="judge ticks from this moment on (seconds since 1970)")
    status.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    commands.add_parser("reset", help="back to the initial guests and disks without rebooting hosts")
    _add_guest(commands.add_parser("guest", help="add or remove guests"))
    power = commands.add_parser("power", help="switch a host through its BMC")
    power.add_argument("host")
    power.add_argument("action", choices=("on", "off", "status", "cycle", "reset", "soft"))
    link = commands.add_parser("link", help="plug or unplug a host's cable")
    link.add_argument("host")
    link.add_argument("state", choices=("up", "down"))
    shape = commands.add_parser("shape", help="limit a host's link, both ways")
    shape.add_argument("host")
    shape.add_argument("rate", help="megabit per second, or off")
    offer = commands.add_parser("offer", help="let hosts see packages that they can install")
    offer.add_argument("offer", help="what is offered, such as upgrade")
    offer.add_argument("hosts", nargs="+", metavar="HOST")
    ssh = commands.add_parser("ssh", help="run a command on a host")
    ssh.add_argument("host")
    ssh.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- ARGV")
    for hidden in ("_supervisor", "_recorder", "_remove-cgroups"):
        commands.add_parser(hidden)
    return parser


def _add_guest(guest: argparse.ArgumentParser) -> None:
    actions = guest.add_subparsers(dest="guest_command", required=True)
    add = actions.add_parser("add", help="make guests and wait until they tick")
    add.add_argument("names", nargs="+", metavar="NAME")
    add.add_argument("--host", required=True)
    add.add_argument("--memory", type=int, default=96, help="MiB")
    add.add_argument("--vcpus", type=int, default=1)
    add.add_argument("--touched", type=int, default=0, help="MiB that it holds beside its system")
    add.add_argument("--writes", type=int, default=0, help="MiB that it writes each second, of those it holds")
    add.add_argument("--burns", type=float, default=0.0, help="share of its CPU that it keeps busy, 0 to 1")
    add.add_argument("--machine", default="pc-q35-7.2")
    add.add_argument("--disk", choices=("none", "local", "chain", "mixed", "iscsi", "gluster"), default="none")
    add.add_argument("--state", choices=("running", "paused", "shutoff"), default="running")
    add.add_argument("--bridge", default="", help="a bridge of the hosts that it is plugged into, such as br-guests")
    remove = actions.add_parser("remove", help="take guests and their disks away, wherever they are")
    remove.add_argument("names", nargs="+", metavar="NAME")


@contextlib.contextmanager
def only_one(lock_file) -> Iterator[None]:
    """Commands that change the lab wait for one another."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
