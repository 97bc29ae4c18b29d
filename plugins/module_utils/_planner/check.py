"""Requests that make no sense for a snapshot, refused with one sentence before anything is planned. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections.abc import Sequence

from .._model.balance import check_level, check_weights
from .._model.errors import FleetError
from .._model.host import Host, HostState
from .._model.request import Goal, Method, Request
from .._model.rules import check_rules
from .._model.settings import check_slots
from .._model.snapshot import Snapshot
from .check_relocation import check_places, check_relocation
from .find import guest_named, similar
from .select import goal_hosts

_NEEDS_HOSTS = frozenset({Goal.EVACUATE, Goal.RESTORE, Goal.MOVE})
_LEAVES = frozenset({Goal.EVACUATE, Goal.RELOCATE})
_TAKES_DESTS = frozenset({Goal.EVACUATE, Goal.RELOCATE})
_TAKES_GUESTS = frozenset({Goal.MOVE, Goal.RELOCATE})
_COUNTS = ("max_moves", "max_bytes", "min_on")
_SHARES = (
    *("headroom_percent", "max_cpu_percent", "high_cpu_percent", "threshold", "min_gain", "cooldown_minutes"),
    *("horizon_hours", "min_on_minutes", "min_off_minutes", "price_per_kwh", "co2_g_per_kwh"),
    "max_split_minutes",
)
_YEAR_MINUTES = 365 * 24 * 60


def check_request(snapshot: Snapshot, request: Request) -> None:
    """Raise FleetError on what is unknown, given twice or contradictory, or whose guests nobody can see."""
    check_slots(request.slots)
    check_rules(request.rules)
    if request.goal in _NEEDS_HOSTS and not (request.hosts or request.sites):
        raise FleetError("no host is given", "Say which hosts the goal is about")
    for label in ("hosts", "dests", "guests", "sites", "dest_sites", "keep_on"):
        _refuse_doubles(label, getattr(request, label))
    for name in (*request.hosts, *request.dests, *request.keep_on):
        _known_host(name, snapshot)
    for name in (*request.sites, *request.dest_sites):
        _known_site(name, snapshot)
    check_places(snapshot, request)
    _check_options(request)
    check_numbers(request)
    _check_guests(snapshot, request)
    # nobody knows what is on a host that does not answer, so nothing about it can be promised
    # where all or none are to leave a site, that goes for each of its hosts
    whole = request.all_or_none and request.goal in _LEAVES
    left = goal_hosts(request, snapshot.hosts) if whole else frozenset[str]()
    for name in dict.fromkeys((*request.hosts, *sorted(left))):
        host = _known_host(name, snapshot)
        if host.state is HostState.UNREACHABLE:
            raise FleetError(f"host {name} does not answer: {host.error}", "Nothing was changed; bring it back first")


def _check_options(request: Request) -> None:
    """Refuse what the goal could not honour."""
    goal, dests = request.goal, bool(request.dests or request.dest_sites or request.dest_labels)
    if goal is Goal.MOVE and (len(request.hosts) != 1 or request.sites):
        raise FleetError("the goal move takes exactly one host", "Give one destination")
    if goal is Goal.MOVE and not (request.guests or request.labels):
        raise FleetError("no guest is given", "Say which guests are to move")
    check_relocation(request, dests)
    if goal not in _TAKES_GUESTS and (request.guests or request.labels):
        raise FleetError(f"guests mean nothing to the goal {goal.value}", "Leave guests and labels out")
    if goal not in _TAKES_DESTS and dests:
        raise FleetError(f"dests means nothing to the goal {goal.value}", "Its hosts are the destinations")
    if request.method is Method.OFFLINE:
        raise FleetError(
            "method offline can't be asked for", "Shut-off guests move offline by themselves; leave it out"
        )


def check_numbers(request: Request) -> None:
    """Raise FleetError on numbers that make no sense for any fleet."""
    check_level(request.aggressiveness)
    check_weights(request.weights)
    for label in _COUNTS:
        value = getattr(request, label)
        if value is not None and value < 0:
            raise FleetError(f"{label} is {value}", "Give zero or more")
    for label in _SHARES:
        value = getattr(request, label)
        if value is not None and (value < 0 or not math.isfinite(value)):
            raise FleetError(f"{label} is {value:g}", "Give zero or more")
    _check_marks(request)
    if request.cooldown_minutes > _YEAR_MINUTES:
        raise FleetError(f"cooldown_minutes is {request.cooldown_minutes:g}", "Give a year (525600) at most")
    if request.headroom_percent > 100:
        raise FleetError(f"headroom_percent is {request.headroom_percent:g}", "Give at most 100")
    if request.max_at_once is not None and request.max_at_once < 1:
        raise FleetError(f"max_at_once is {request.max_at_once}", "Give 1 or more, or leave it out for as many as fit")


def _check_marks(request: Request) -> None:
    low, high = request.max_cpu_percent, request.high_cpu_percent
    if low is not None and high is not None and high <= low:
        raise FleetError(
            f"high_cpu_percent is {high:g}, max_cpu_percent is {low:g}",
            "Give more than max_cpu_percent: what is between the two keeps the fleet from swinging",
        )


def _check_guests(snapshot: Snapshot, request: Request) -> None:
    places = snapshot.residents
    for name in request.guests:
        guest_named(name, places, snapshot)


def _known_host(name: str, snapshot: Snapshot) -> Host:
    host = snapshot.host(name)
    if host is None:
        names = [host.name for host in snapshot.hosts]
        raise FleetError(f"unknown host {name!r}", similar(name, names) or f"Known are: {', '.join(names)}")
    return host


def _known_site(name: str, snapshot: Snapshot) -> None:
    sites = sorted({host.site for host in snapshot.hosts if host.site is not None})
    if name not in sites:
        known = f"Known are: {', '.join(sites)}" if sites else "No host of the inventory has a site"
        raise FleetError(f"no host is on a site {name!r}", similar(name, sites) or known)


def _refuse_doubles(label: str, names: Sequence[str]) -> None:
    doubles = sorted({name for name in names if names.count(name) > 1})
    if doubles:
        raise FleetError(f"{doubles[0]} is given twice in {label}", "Give it once")
