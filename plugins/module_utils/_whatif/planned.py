"""The policy of production: the fleet as survey and history would show it, and the planner's own plan. Moves nobody."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Optional

from .._model.energy import moment
from .._model.errors import FleetError
from .._model.guest import Guest
from .._model.host import Host, HostState
from .._model.plan import Plan
from .._model.request import Request
from .._model.snapshot import Snapshot, by_uuid
from .._model.usage_window import Series, UsageWindow, forecast, usage
from .._planner.planner import make_plan
from .values import Decision, Order, Policy, Trace, View

MINUTE = 60


@dataclass(frozen=True)
class Practice:
    """How the fleet is run: what is asked of the planner, how often, and what of the past it is told.

    ``every_minutes``: how often a plan is made and carried out. ``relief_minutes``: how often somebody looks whether a
    host is above ``high_cpu_percent`` of the request, and has a plan made at once if one is; 0: nobody does.
    ``first_samples``: the first plan is made as soon as there are so many; a spread needs two.
    """

    request: Request
    window: UsageWindow = UsageWindow()
    every_minutes: int = 60
    relief_minutes: int = 5
    first_samples: int = 2


def planned(snapshot: Snapshot, practice: Practice) -> Policy:
    """Return the policy that plans as production does."""
    begin = moment(snapshot.taken_at)
    if begin is None:
        raise FleetError(f"taken_at of the snapshot is {snapshot.taken_at!r}", "Give a moment in ISO 8601")
    hosts = {host.name: host for host in snapshot.hosts}

    def policy(view: View) -> Decision:
        if not (_is_due(view, practice) or _is_overloaded(view, practice, hosts)):
            return Decision()
        return _decision(make_plan(seen(snapshot, begin, view, practice.window), practice.request))

    return policy


def _is_due(view: View, practice: Practice) -> bool:
    """Return whether it is time for a plan."""
    first = max(1, practice.first_samples)
    if view.step < first:
        return False
    every = max(1, practice.every_minutes * MINUTE // view.trace.step_seconds)
    return view.step == first or view.step % every == 0


def _is_overloaded(view: View, practice: Practice, hosts: Mapping[str, Host]) -> bool:
    """Return whether a host was above the high mark in the last step, and somebody looks now."""
    high, looks = practice.request.high_cpu_percent, practice.relief_minutes * MINUTE
    if high is None or not looks or view.step == 0 or view.second % max(looks, view.trace.step_seconds):
        return False
    load: dict[str, float] = {}
    for uuid, name in view.placement.items():
        row = view.trace.wanted.get(uuid)
        load[name] = load.get(name, 0.0) + (0.0 if row is None else row[view.step - 1])
    return any(used > hosts[name].cpus * high / 100 for name, used in load.items())


def seen(snapshot: Snapshot, begin: datetime, view: View, window: UsageWindow) -> Snapshot:
    """Return the snapshot that a survey would give now, with what the history file knows of each guest."""
    guests = {uuid: places[0].guest for uuid, places in by_uuid(snapshot).items()}
    length = view.trace.step_seconds
    # a sample is written when its step is over
    times = range(length, (view.step + 1) * length, length)
    on_host: dict[str, list[Guest]] = {}
    for uuid, name in view.placement.items():
        on_host.setdefault(name, []).append(_measured(guests[uuid], view.trace, times, view.second, window))
    hosts = tuple(_host(host, view, begin, tuple(on_host.get(host.name, ()))) for host in snapshot.hosts)
    return replace(snapshot, taken_at=_text(begin, view.second), hosts=hosts)


def _measured(guest: Guest, trace: Trace, times: range, now: float, window: UsageWindow) -> Guest:
    row = trace.wanted.get(guest.uuid)
    if row is None:
        return guest
    series = Series(times, row[: len(times)])
    return replace(guest, usage_cpus=usage(series, now, window), forecast_cpus=forecast(series, now, window))


def _host(host: Host, view: View, begin: datetime, guests: tuple[Guest, ...]) -> Host:
    if host.state not in (HostState.SCHEDULABLE, HostState.STANDBY):
        return replace(host, guests=(*guests, *(guest for guest in host.guests if not guest.active)))
    state = HostState.SCHEDULABLE if host.name in view.on else HostState.STANDBY
    since: Optional[float] = view.since.get(host.name)
    shut_off = tuple(guest for guest in host.guests if not guest.active)
    known = host.power_since if since is None else _text(begin, since)
    # what the host of the snapshot used then is not what this one uses now
    return replace(host, state=state, power_since=known, guests=(*guests, *shut_off), usage_cpus=None, pressure=None)


def _text(begin: datetime, second: float) -> str:
    return (begin + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _decision(plan: Plan) -> Decision:
    orders = tuple(Order(move.id, move.guest, move.dest, move.est_bytes, move.after) for move in plan.moves)
    return Decision(orders, plan.power_on, plan.power_off, planned=True)
