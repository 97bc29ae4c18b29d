"""The lab's guests through their life: all of them made, reset, some added, some removed; waits until they tick."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from . import guests, guestspec, hostpower, state, wiring
from .guestspec import GuestSpec
from .settings import Host, Lab
from .shell import LabError, run, step, wait_until
from .tickrecord import newest_ticks

TICK_SECONDS = 240
FACTS = "/etc/ansible/facts.d/virtfleet.fact /etc/ansible/facts.d/virtfleet_standby.fact"


def populate(lab: Lab, plan: state.Plan) -> None:
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
    with_libvirt = [host for host in plan.hosts if not host.bare]
    extra = [guest for guest in state.read_guests(lab) if not guest.from_data_file]
    specs = [guest for guest in state.read_guests(lab) if guest.from_data_file]
    with step("hosts answer"):
        hostpower.power_on(lab, plan.hosts)
        for host in plan.hosts:
            wiring.set_link(lab, host, "up")
        hostpower.await_hosts(lab, plan.hosts)
    with step("guests, disks, maintenance marks and standby notes removed"):
        guests.wipe(lab, with_libvirt, lambda _: True, None)
        for guest in extra:
            if guest.lun:
                guests.remove_lun(lab, guest)
        for guest in specs:
            if guest.lun:
                guests.write_iscsi_image(lab, guest)
        for host in plan.hosts:
            run([lab.dir / "ssh", host.name, f"rm -f {FACTS}"])
    state.write_guests(lab, specs)
    if extra:
        guests.refresh_iscsi(lab, with_libvirt)
    populate(lab, plan)


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
            guests.add_lun(lab, guest)
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
        guests.wipe(lab, plan.hosts, lambda uuid: uuid in uuids, _volumes_of(gone, known))
        for guest in gone:
            if guest.lun:
                guests.remove_lun(lab, guest)
        if any(guest.lun for guest in gone):
            guests.refresh_iscsi(lab, plan.hosts)
    state.write_guests(lab, [guest for guest in known if guest.uuid not in uuids])


def _volumes_of(gone: Sequence[GuestSpec], known: Sequence[GuestSpec]) -> set[str]:
    """The files to remove with guests: their own, and what they share once nobody else needs it."""
    found = {guest.volume for guest in gone} | {guest.second_volume for guest in gone}
    left = {guest.disk for guest in known if guest not in gone}
    for kind, name in (("chain", guestspec.BASE_VOLUME), ("mixed", guestspec.MEDIA_VOLUME)):
        if kind in {guest.disk for guest in gone} - left:
            found.add(name)
    return found
