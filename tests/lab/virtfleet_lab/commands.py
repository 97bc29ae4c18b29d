"""What each command of lab.py does, once its packages are there. One function per command."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import argparse
import json

import libvirt

from . import bringup, cleanup, offers, population, recorder, state, status, supervisor, wiring
from .cli import only_one
from .guestspec import GuestSpec
from .settings import Host, Lab, this_lab
from .shell import LabError, step


def run(arguments: argparse.Namespace) -> int | None:
    try:
        return COMMANDS[arguments.command](this_lab(), arguments)
    except libvirt.libvirtError as error:
        raise LabError(f"libvirt: {error}") from error


def _up(lab: Lab, arguments: argparse.Namespace) -> None:
    with only_one(lab.lock_file), step("lab up"):
        bringup.up(lab, arguments.hosts, arguments.profile)


def _images(lab: Lab, _arguments: argparse.Namespace) -> None:
    with only_one(lab.lock_file):
        bringup.make_images(lab)


def _down(lab: Lab, arguments: argparse.Namespace) -> None:
    with only_one(lab.lock_file), step("lab down"):
        cleanup.down(lab)
        if arguments.purge:
            cleanup.purge(lab)


def _status(lab: Lab, arguments: argparse.Namespace) -> int:
    report = status.judge(lab, arguments.since)
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        print(status.table(report))
    return 0 if report["ok"] else 1


def _reset(lab: Lab, _arguments: argparse.Namespace) -> None:
    with only_one(lab.lock_file), step("lab reset"):
        population.reset(lab)


def _guest(lab: Lab, arguments: argparse.Namespace) -> None:
    with only_one(lab.lock_file):
        if arguments.guest_command == "remove":
            return population.remove_guests(lab, arguments.names)
        _host(lab, arguments.host)
        wanted = [
            GuestSpec(
                name=name,
                host=arguments.host,
                disk=arguments.disk,
                state=arguments.state,
                memory_mib=arguments.memory,
                vcpus=arguments.vcpus,
                machine=arguments.machine,
                touched_mib=arguments.touched,
                writes_mib=arguments.writes,
                burns=arguments.burns,
                bridge=arguments.bridge,
            )
            for name in arguments.names
        ]
        return population.add_guests(lab, wanted)


def _power(lab: Lab, arguments: argparse.Namespace) -> None:
    print(wiring.power(lab, _host(lab, arguments.host), arguments.action))


def _link(lab: Lab, arguments: argparse.Namespace) -> None:
    wiring.set_link(lab, _host(lab, arguments.host), arguments.state)


def _shape(lab: Lab, arguments: argparse.Namespace) -> None:
    try:
        rate = None if arguments.rate == "off" else float(arguments.rate)
    except ValueError as error:
        raise LabError(f"Rate {arguments.rate!r}: give megabits per second, or off.") from error
    if rate is not None and rate <= 0:
        raise LabError(f"Rate {arguments.rate!r}: must be above 0; `link HOST down` cuts the link.")
    wiring.shape(lab, _host(lab, arguments.host), rate)


def _offer(lab: Lab, arguments: argparse.Namespace) -> None:
    with only_one(lab.lock_file):
        offers.offer(lab, arguments.offer, [_host(lab, name) for name in arguments.hosts])


def _ssh(lab: Lab, arguments: argparse.Namespace) -> int:
    argv = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
    return wiring.ssh(lab, _host(lab, arguments.host), argv)


def _host(lab: Lab, name: str) -> Host:
    state.require_supervisor(lab)
    hosts = {host.name: host for host in state.read_plan(lab).hosts}
    if name not in hosts:
        raise LabError(f"The lab has no host {name!r}. Its hosts: {', '.join(hosts)}.")
    return hosts[name]


COMMANDS = {
    "images": _images,
    "up": _up,
    "down": _down,
    "status": _status,
    "reset": _reset,
    "guest": _guest,
    "power": _power,
    "link": _link,
    "shape": _shape,
    "offer": _offer,
    "ssh": _ssh,
    "_supervisor": lambda lab, _: supervisor.main(lab),
    "_recorder": lambda lab, _: recorder.main(lab),
    "_remove-cgroups": lambda lab, _: cleanup.remove_cgroups(lab),
}
