"""Up, reset, and guests that come and go: the order of steps from nothing to a lab whose guests tick."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import libvirt

from . import cleanup, fleet, guestimage, guests, guestspec, hostfiles, identity, image, infra, packages, state, wiring
from .guestspec import GuestSpec
from .inventory import write_inventory
from .tickrecord import newest_ticks
from .settings import Host, Lab, hosts_of
from .shell import LabError, in_parallel, step, wait_until

POOLS = ("local", "iscsi", "gluster")
BOOT_SECONDS = 120
TICK_SECONDS = 120


def up(lab: Lab, count: int | None, profile: str) -> None:
    packages.require()
    hosts = hosts_of(lab, profile, count)
    digest = _digest(lab, profile, hosts)
    if _is_up(lab, digest):
        with step("the lab is up already; its hosts answer"):
            _power_on(lab, hosts)
            _await_hosts(lab, hosts)
        return
    with step("leftovers removed"):
        cleanup.down(lab)
    plan = _plan(lab, profile, digest, hosts)
    with step("keys, certificates, files of the hosts, inventory"):
        _prepare(lab, plan)
    with step(f"{len(hosts)} hosts booted, storage served"):
        _start_supervisor(lab)
        _await_hosts(lab, hosts)
    _populate(lab, plan)


def _digest(lab: Lab, profile: str, hosts: Sequence[Host]) -> str:
    """Changes when a lab that is up is not the one asked for: other hosts, other guests."""
    files = [lab.source / "guests.yml", lab.source / "guest" / "init", lab.source / "guest" / "ticker.pl"]
    recipe = b"".join(file.read_bytes() for file in files) + repr((profile, hosts)).encode()
    return hashlib.sha256(recipe).hexdigest()


def _is_up(lab: Lab, digest: str) -> bool:
    if state.supervisor_pid(lab) is None or not state.is_complete(lab):
        return False
    return state.read_plan(lab).digest == digest and all(state.services(lab).values())


def _plan(lab: Lab, profile: str, digest: str, hosts: tuple[Host, ...]) -> state.Plan:
    releases = sorted({host.release for host in hosts})
    with step(f"host images ({', '.join(releases)})"):
        images = dict(zip(releases, in_parallel(lambda release: image.build(lab, release), releases)))
    infra_release = hosts[0].release
    with step("guests' kernel and initramfs"):
        guest_files = guestimage.build(lab, images[infra_release])
    specs = guestspec.read_data_file(lab.source / "guests.yml", [host.name for host in hosts])
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
    for folder in (lab.log_dir, lab.power_dir, *(lab.serial_dir(host.name) for host in plan.hosts)):
        folder.mkdir(parents=True)
    lab.ticks.touch()
    identity.make(lab, plan.hosts)
    for host in plan.hosts:
        hostfiles.lay(lab, host, plan.hosts, lab.host_dir(host.name) / "upper")
    infra.prepare(lab, plan.hosts)
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
    wait_until(lambda: _has_begun(lab, process), 20, "The lab's supervisor did not start")
    wiring.plug_uplink(lab, state.require_supervisor(lab))


def _has_begun(lab: Lab, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise LabError(f"The lab's supervisor ended: {_supervisor_log(lab)}")
    return state.supervisor_pid(lab) is not None


def _supervisor_log(lab: Lab) -> str:
    lines = (lab.log_dir / "supervisor.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return " | ".join(lines[-5:]) or "it said nothing"


def _power_on(lab: Lab, hosts: Sequence[Host]) -> None:
    for host in hosts:
        if wiring.power_state(lab, host) == "off":
            wiring.power(host, "on")


def _await_hosts(lab: Lab, hosts: Sequence[Host]) -> None:
    in_parallel(lambda host: _await_host(lab, host), hosts)


def _await_host(lab: Lab, host: Host) -> None:
    def answers() -> bool:
        if state.supervisor_pid(lab) is None:
            raise LabError(f"The lab's supervisor ended: {_supervisor_log(lab)}")
        return fleet.listens(host) and fleet.listens(host, port=22)

    wait_until(answers, BOOT_SECONDS, f"Host {host.name} did not boot, see {lab.log_dir}/{host.name}-console.log", 0.3)
    wait_until(
        lambda: (lab.dir / "services.json").exists(), BOOT_SECONDS, f"The storage is not served: {_supervisor_log(lab)}"
    )
    with fleet.connection(lab, host) as hypervisor:
        for name in POOLS:
            pool = hypervisor.storagePoolLookupByName(name)
            if not pool.isActive():
                _start_pool(host, pool)


def _start_pool(host: Host, pool: libvirt.virStoragePool) -> None:
    try:
        pool.create()
    except libvirt.libvirtError as error:
        if not pool.isActive():  # libvirtd's own autostart may have been faster
            raise LabError(f"Pool {pool.name()} of host {host.name} does not start: {error}") from error


def _populate(lab: Lab, plan: state.Plan) -> None:
    specs = state.read_guests(lab)
    with step(f"{len(specs)} guests made"):
        guests.create(lab, plan.hosts, specs)
    state.write_guests(lab, _settled(lab, plan.hosts, specs))
    state.mark_complete(lab)


def _settled(lab: Lab, hosts: Sequence[Host], specs: Sequence[GuestSpec]) -> list[GuestSpec]:
    """The guests, once every one that was started ticks and those meant to be paused are; judged from now on."""
    with step("guests tick"):
        begin = time.time()
        started = {guest.uuid: guest.name for guest in specs if guest.state != "shutoff"}

        def silent() -> list[str]:
            newest = newest_ticks(lab, begin)
            return [name for uuid, name in started.items() if uuid not in newest]

        try:
            wait_until(lambda: not silent(), TICK_SECONDS, "Not every guest ticks", pause=0.2)
        except LabError as error:
            raise LabError(f"{error} Silent: {', '.join(silent())}.") from error
    guests.suspend(lab, hosts, specs)
    now = time.time()
    return [replace(guest, since=now) for guest in specs]


def reset(lab: Lab) -> None:
    """Back to what `up` made, without rebooting the hosts."""
    state.require_supervisor(lab)
    plan = state.read_plan(lab)
    extra = [guest for guest in state.read_guests(lab) if not guest.from_data_file]
    specs = [guest for guest in state.read_guests(lab) if guest.from_data_file]
    with step("hosts answer"):
        _power_on(lab, plan.hosts)
        for host in plan.hosts:
            wiring.set_link(lab, host, "up")
        _await_hosts(lab, plan.hosts)
    with step("guests, disks and maintenance marks removed"):
        guests.wipe(lab, plan.hosts, lambda uuid: True, None)
        for guest in extra:
            if guest.lun:
                guests.remove_lun(lab, guest)
        for guest in specs:
            if guest.lun:
                guests.write_iscsi_image(lab, guest)
        for host in plan.hosts:
            wiring.in_host(lab, host, ["rm", "-f", "/etc/ansible/facts.d/virtfleet.fact"])
    state.write_guests(lab, specs)
    if extra:
        guests.refresh_iscsi(lab, plan.hosts)
    _populate(lab, plan)


def add_guests(lab: Lab, wanted: Sequence[GuestSpec]) -> None:
    state.require_supervisor(lab)
    plan = state.read_plan(lab)
    known = state.read_guests(lab)
    guests.check_names(known, [guest.name for guest in wanted])
    added: list[GuestSpec] = []
    for guest in wanted:
        lun = guestspec.next_lun([*known, *added]) if guest.disk == "iscsi" else 0
        added.append(guestspec.checked(replace(guest, lun=lun)))
    state.write_guests(lab, [*known, *added])
    for guest in added:
        if guest.lun:
            guests.add_lun(lab, plan.hosts, guest)
    if any(guest.lun for guest in added):
        guests.refresh_iscsi(lab, plan.hosts)
    with step(f"{len(added)} guests made"):
        guests.create(lab, plan.hosts, added)
    state.write_guests(lab, [*known, *_settled(lab, plan.hosts, added)])


def remove_guests(lab: Lab, names: Sequence[str]) -> None:
    """Takes guests away wherever they are now, with their disks."""
    state.require_supervisor(lab)
    plan = state.read_plan(lab)
    known = state.read_guests(lab)
    unknown = sorted(set(names) - {guest.name for guest in known})
    if unknown:
        raise LabError(f"The lab has no guest {', '.join(unknown)}.")
    gone = [guest for guest in known if guest.name in set(names)]
    uuids = {guest.uuid for guest in gone}
    with step(f"{len(gone)} guests removed"):
        guests.wipe(lab, plan.hosts, lambda uuid: uuid in uuids, {guest.volume for guest in gone})
        for guest in gone:
            if guest.lun:
                guests.remove_lun(lab, guest)
        if any(guest.lun for guest in gone):
            guests.refresh_iscsi(lab, plan.hosts)
    state.write_guests(lab, [guest for guest in known if guest.uuid not in uuids])
