"""Looks at the lab, with read-only libvirt connections and its files, and reports. It must never wait long."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import libvirt

from . import checksum, fleet, state, wiring
from .guestspec import GuestSpec
from .settings import Host, Lab
from .shell import LabError
from .tickrecord import newest_in_serial_files, ticks_since
from .ticks import history
from .verdict import Place, Sighting, foreign, main_place, problems_of, problems_of_services

PATIENCE = 1.5
LOOK_BACK = 600
STATES = {
    libvirt.VIR_DOMAIN_RUNNING: "running",
    libvirt.VIR_DOMAIN_BLOCKED: "running",
    libvirt.VIR_DOMAIN_PAUSED: "paused",
    libvirt.VIR_DOMAIN_SHUTDOWN: "shutting down",
    libvirt.VIR_DOMAIN_SHUTOFF: "shutoff",
    libvirt.VIR_DOMAIN_CRASHED: "crashed",
    libvirt.VIR_DOMAIN_PMSUSPENDED: "pmsuspended",
}
INCOMING = (libvirt.VIR_DOMAIN_PAUSED_MIGRATION, libvirt.VIR_DOMAIN_PAUSED_STARTING_UP)
Seen = dict[tuple[str, str], Place]


def judge(lab: Lab, since: float | None) -> dict[str, Any]:
    state.require_supervisor(lab)
    plan = state.read_plan(lab)
    services = state.services(lab)
    specs = state.read_guests(lab)
    hosts, seen = _survey(lab, plan.hosts)
    now = time.time()
    begin = since if since is not None else max(now - LOOK_BACK, min((guest.since for guest in specs), default=now))
    sightings = _sightings(lab, specs, seen, begin, now)
    problems = [] if state.is_complete(lab) else ["the lab did not come up completely: run `lab.py up`"]
    problems += problems_of_services(services)
    problems += [f"host {name} is {how}" for name, how in hosts.items() if how == "unreachable"]
    problems += [problem for guest in sightings for problem in problems_of(guest, now)]
    problems += foreign([key for places in seen for key in places], {guest.uuid for guest in specs})
    return {
        "ok": not problems,
        "problems": problems,
        "since": begin,
        "hosts": hosts,
        "guests": [_as_json(guest, now) for guest in sightings],
    }


def _survey(lab: Lab, hosts: Sequence[Host]) -> tuple[dict[str, str], list[Seen]]:
    """Asks all hosts at once; one that does not answer in time is unreachable, and is not waited for."""
    answers: dict[str, Seen] = {}
    asking = [threading.Thread(target=_ask, args=(lab, host, answers), daemon=True) for host in hosts]
    for thread in asking:
        thread.start()
    deadline = time.monotonic() + PATIENCE
    for thread in asking:
        thread.join(max(0.0, deadline - time.monotonic()))
    how = {host.name: "up" if host.name in answers else _why_silent(lab, host) for host in hosts}
    return how, [answers[host.name] for host in hosts if host.name in answers]


def _why_silent(lab: Lab, host: Host) -> str:
    if wiring.power_state(lab, host) == "off":
        return "off"
    return "bare" if host.bare and fleet.listens(host, port=22) else "unreachable"


def _ask(lab: Lab, host: Host, answers: dict[str, Seen]) -> None:
    """A host that refuses gives no answer: that is what the report says about it."""
    try:
        with fleet.connection(lab, host, readonly=True) as hypervisor:
            answers[host.name] = _places(host, hypervisor)
    except (LabError, libvirt.libvirtError):
        return


def _places(host: Host, hypervisor: libvirt.virConnect) -> Seen:
    found: Seen = {}
    for domain in hypervisor.listAllDomains():
        number, reason = domain.state()
        incoming = number == libvirt.VIR_DOMAIN_PAUSED and reason in INCOMING
        place = Place(host.name, STATES.get(number, "unknown"), bool(domain.isPersistent()), incoming)
        found[(domain.UUIDString(), domain.name())] = place
    return found


def _sightings(lab: Lab, specs: Sequence[GuestSpec], seen: Sequence[Seen], begin: float, now: float) -> list[Sighting]:
    ticks = ticks_since(lab, begin)
    sightings = []
    for guest in specs:
        # whatever it is called: a guest can be renamed as it moves
        places = tuple(place for found in seen for (uuid, _name), place in found.items() if uuid == guest.uuid)
        standing = main_place(places)
        runs = any(place.state == "running" for place in places)
        own = ticks.get(guest.uuid) or newest_in_serial_files(lab, guest.uuid)
        past = history(own, max(begin, guest.since), now if runs else None)
        verdict = checksum.verdict(lab, guest, standing, past)
        sightings.append(Sighting(guest.name, guest.uuid, guest.state, places, past, verdict))
    return sightings


def _as_json(guest: Sighting, now: float) -> dict[str, Any]:
    place, past = guest.place, guest.history
    return {
        "name": guest.name,
        "uuid": guest.uuid,
        "places": [{"host": one.host, "state": one.state, "persistent": one.persistent} for one in guest.places],
        "host": place.host if place else None,
        "state": place.state if place else None,
        "intended_state": guest.intended,
        "newest_tick": past.newest.number if past.newest else None,
        "tick_age_s": round(max(0.0, now - past.newest.time), 2) if past.newest else None,
        "longest_hole_s": None if past.longest_hole_s is None else round(past.longest_hole_s, 2),
        "longest_hole_ended_at": past.longest_hole_ended_at,
        "missing_ticks": past.missing,
        "duplicate_ticks": past.duplicates,
        "checksum": guest.checksum,
    }


def table(report: dict[str, Any]) -> str:
    head = ("guest", "host", "state", "tick", "age s", "hole s", "missing", "twice", "disk")
    rows = [head, *(_row(guest) for guest in report["guests"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    hosts = ", ".join(f"{name} {how}" for name, how in report["hosts"].items())
    begin = time.strftime("%H:%M:%S", time.localtime(report["since"]))
    lines.append(f"hosts: {hosts}; ticks judged since {begin}")
    lines += [f"WRONG  {problem}" for problem in report["problems"]] or ["all guests run exactly once, as they should"]
    return "\n".join(lines)


def _row(guest: dict[str, Any]) -> tuple[str, ...]:
    keys = ("host", "state", "newest_tick", "tick_age_s", "longest_hole_s", "missing_ticks", "duplicate_ticks")
    cells = ["-" if guest[key] is None else str(guest[key]) for key in keys]
    host = " ".join(place["host"] for place in guest["places"]) or "NOWHERE"
    return (guest["name"], host, *cells[1:], guest["checksum"])
