"""Brings the lab up, from whatever is left of an earlier one: the order of steps from nothing to ticking guests."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from . import (
    cleanup,
    datafiles,
    guestimage,
    guests,
    hostfiles,
    hostpower,
    identity,
    image,
    infra,
    population,
    redfish,
    state,
    wiring,
)
from .inventory import write_inventory
from .settings import Host, Lab
from .shell import LabError, in_parallel, step, wait_until


def up(lab: Lab, count: int | None, profile: str) -> None:
    hosts = datafiles.hosts_of(lab, profile, count)
    digest = _digest(lab, profile, hosts)
    if _is_up(lab, digest):
        with step("the lab is up already, its hosts answer; guests are left as they are (`reset` makes them anew)"):
            hostpower.power_on(lab, hosts)
            hostpower.await_hosts(lab, hosts)
        return
    with step("leftovers removed"):
        cleanup.down(lab)
    plan = _plan(lab, profile, digest, hosts)
    with step("keys, certificates, files of the hosts, inventory"):
        _prepare(lab, plan)
    with step(f"{len(hosts)} hosts booted, storage served"):
        _start_supervisor(lab)
        hostpower.await_hosts(lab, hosts)
    population.populate(lab, plan)


def _digest(lab: Lab, profile: str, hosts: Sequence[Host]) -> str:
    """Changes when a lab that is up is not the one asked for: other hosts, other guests."""
    files = [datafiles.guests_file(lab, profile), lab.source / "guest" / "init", lab.source / "guest" / "ticker.pl"]
    recipe = b"".join(file.read_bytes() for file in files) + repr((profile, hosts)).encode()
    return hashlib.sha256(recipe).hexdigest()


def _is_up(lab: Lab, digest: str) -> bool:
    if state.supervisor_pid(lab) is None or not state.is_complete(lab):
        return False
    if state.offered(lab):  # hosts may be of another release by now than `up` makes them
        return False
    return state.read_plan(lab).digest == digest and all(state.services(lab).values())


def make_images(lab: Lab) -> None:
    _images(lab, datafiles.releases(lab))


def _images(lab: Lab, wanted: Collection[str]) -> dict[str, Path]:
    releases = sorted(wanted)
    with step(f"host images ({', '.join(releases)})"):
        return dict(zip(releases, in_parallel(lambda release: image.build(lab, release), releases)))


def _plan(lab: Lab, profile: str, digest: str, hosts: tuple[Host, ...]) -> state.Plan:
    images = _images(lab, {host.release for host in hosts})
    infra_release = hosts[0].release
    with step("guests' kernel and initramfs"):
        guest_files = guestimage.build(lab, images[infra_release])
    specs = datafiles.guests_of(datafiles.guests_file(lab, profile), [host.name for host in hosts if not host.bare])
    lab.dir.mkdir(parents=True)
    state.write_guests(lab, specs)
    return state.Plan(
        profile=profile,
        digest=digest,
        hosts=hosts,
        images={release: str(path) for release, path in images.items()},
        infra_release=infra_release,
        guest_files=str(guest_files),
        luns={guest.lun: guest.volume for guest in specs if guest.lun},
    )


def _prepare(lab: Lab, plan: state.Plan) -> None:
    lab.packages.mkdir(exist_ok=True)
    for folder in (lab.log_dir, lab.power_dir, *(lab.serial_dir(host.name) for host in plan.hosts)):
        folder.mkdir(parents=True)
    lab.ticks.touch()
    identity.make(lab, plan.hosts)
    for host in plan.hosts:
        hostfiles.lay(lab, host, plan.hosts, lab.host_dir(host.name) / "upper")
    infra.prepare(lab, plan.hosts)
    redfish.prepare(lab, plan.hosts)
    for guest in state.read_guests(lab):
        if guest.lun:
            guests.write_iscsi_image(lab, guest)
    write_inventory(lab, plan.hosts)
    state.write_plan(lab, plan)


def _start_supervisor(lab: Lab) -> None:
    """Process 1 of namespaces of its own: when it ends, everything of the lab ends with it."""
    own = ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]
    with (lab.log_dir / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [*own, sys.executable, str(lab.source / "lab.py"), "_supervisor"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )
    wait_until(lambda: _has_begun(lab, process), 60, "The lab's supervisor did not start")
    wiring.plug_uplink(lab, state.require_supervisor(lab))


def _has_begun(lab: Lab, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise LabError(f"The lab's supervisor ended: {state.supervisor_log(lab)}")
    return state.supervisor_pid(lab) is not None
