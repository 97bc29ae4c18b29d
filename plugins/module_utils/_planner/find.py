"""Look-ups that every goal needs: who lives where, which hosts may take guests, names that people typed. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from .._model.errors import FleetError
from .._model.host import Host, HostState
from .._model.plan import Goal, Method, Request
from .._model.snapshot import Located, Snapshot, by_uuid, residence


def residents(snapshot: Snapshot) -> tuple[Located, ...]:
    """Return each guest once, where it lives, sorted by name."""
    places = [residence(places) for places in by_uuid(snapshot).values()]
    return tuple(sorted(places, key=lambda place: (place.guest.name, place.guest.uuid)))


def candidates(snapshot: Snapshot, request: Request) -> tuple[str, ...]:
    """Return the hosts that the request allows as destinations, closed ones included so that they can say why."""
    return tuple(host.name for host in snapshot.hosts if not request.dests or host.name in request.dests)


def guest_named(name: str, places: Sequence[Located], snapshot: Snapshot) -> Located:
    """Return the guest of that name or UUID; raises FleetError where there is none, or more than one."""
    found = [place for place in places if name in (place.guest.name, place.guest.uuid)]
    if len(found) == 1:
        return found[0]
    if found:
        where = ", ".join(f"{place.guest.uuid} on {place.host}" for place in found)
        raise FleetError(f"several guests are called {name!r}: {where}", "Give the UUID")
    silent = [host.name for host in snapshot.hosts if host.state is HostState.UNREACHABLE]
    hint = _similar(name, (place.guest.name for place in places))
    if silent:
        hint = f"It may be on {', '.join(silent)}, which did not answer. {hint}".strip()
    raise FleetError(f"no guest is called {name!r} on the hosts that answered", hint or None)


def check_request(snapshot: Snapshot, request: Request) -> None:
    """Raise FleetError on hosts that are unknown, given twice, or whose guests nobody can see."""
    if not request.hosts:
        raise FleetError("no host is given", "Say which hosts the goal is about")
    for label, names in (("hosts", request.hosts), ("dests", request.dests), ("guests", request.guests)):
        _refuse_doubles(label, names)
    for name in (*request.hosts, *request.dests):
        _known_host(name, snapshot)
    _check_options(request)
    # nobody knows what is on a host that does not answer, so nothing about it can be promised
    for name in request.hosts:
        host = _known_host(name, snapshot)
        if host.state is HostState.UNREACHABLE:
            raise FleetError(f"host {name} does not answer: {host.error}", "Nothing was changed; bring it back first")


def _check_options(request: Request) -> None:
    """Refuse what the goal could not honour."""
    if request.goal is Goal.MOVE and len(request.hosts) != 1:
        raise FleetError("the goal move takes exactly one host", "Give one destination")
    if request.goal is Goal.MOVE and not request.guests:
        raise FleetError("no guest is given", "Say which guests are to move")
    if request.goal is not Goal.EVACUATE and request.dests:
        raise FleetError(f"dests means nothing to the goal {request.goal.value}", "Its hosts are the destinations")
    if request.method is Method.OFFLINE:
        raise FleetError(
            "method offline can't be asked for", "Shut-off guests move offline by themselves; leave it out"
        )


def _known_host(name: str, snapshot: Snapshot) -> Host:
    host = snapshot.host(name)
    if host is None:
        names = [host.name for host in snapshot.hosts]
        raise FleetError(f"unknown host {name!r}", _similar(name, names) or f"Known are: {', '.join(names)}")
    return host


def _refuse_doubles(label: str, names: Sequence[str]) -> None:
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise FleetError(f"{doubles[0]} is given twice in {label}", "Give it once")


def _similar(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted(set(known)), n=3)
    return f"Did you mean {' or '.join(close)}?" if close else ""
