"""What a consolidation may do to hosts' power: wake for overload, switch off what pays. Must import only _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Optional

from ..._model.energy import joules_of_move, joules_of_switching, moment
from ..._model.host import Host, HostState
from ..._model.request import Goal
from .case import Case, Violation, asked_hosts
from .goals import counted

ROUNDED = 1.001  # what fractions of joules may be off


def saving_violations(case: Case) -> Iterator[Violation]:
    """Yield what a consolidation does to the power of hosts without a reason, too soon, or without a profit."""
    if case.request.goal is not Goal.CONSOLIDATE:
        return
    plan, request = case.plan, case.request
    if plan.power_on and plan.power_off:
        yield Violation("either on or off", "", "hosts are switched on, and others off")
    if plan.power_on and not _overloaded(case, case.before):
        yield Violation("power on", "", f"{plan.power_on[0]} is woken, and no host is overloaded")
    for name in plan.power_off:
        if name in case.hosts and _minutes_ago(case, case.hosts[name]) < request.min_on_minutes:
            yield Violation("power off", "", f"{name} was switched on less than {request.min_on_minutes:g} minutes ago")
    for name in plan.power_on:
        lately = name in case.hosts and _minutes_ago(case, case.hosts[name]) < request.min_off_minutes
        if lately and not _overloaded_now(case):
            yield Violation("power on", "", f"{name} was switched off lately, and the load is only forecast")
    yield from _told(case)
    yield from _losses(case)


def _minutes_ago(case: Case, host: Host) -> float:
    now, since = moment(case.snapshot.taken_at), moment(host.power_since) if host.power_since else None
    return float("inf") if now is None or since is None else (now - since).total_seconds() / 60


def _overloaded(case: Case, where: Mapping[str, str]) -> frozenset[str]:
    """Return the hosts of the request that are on and above the mark with guests where they are."""
    high = case.request.high_cpu_percent
    if high is None:
        return frozenset()
    cpus: dict[str, float] = {}
    memory: dict[str, int] = {}
    for uuid, name in where.items():
        guest = case.homes[uuid].guest
        if guest.active:
            used = max(guest.usage_cpus or 0.0, guest.forecast_cpus or 0.0)
            # in thousandths, each rounded up
            cpus[name] = cpus.get(name, 0.0) - (-used * 1000 // 1)
            memory[name] = memory.get(name, 0) + guest.memory
    for uuid, places in case.places.items():  # what is arriving from elsewhere holds memory already
        for place in places:
            if place.guest.active and place.host != case.homes[uuid].host:
                memory[place.host] = memory.get(place.host, 0) + place.guest.memory
    on = {HostState.SCHEDULABLE}
    return frozenset(
        name
        for name in asked_hosts(case)
        for host in (case.hosts[name],)
        if (host.state in on or name in case.plan.power_on)
        and (cpus.get(name, 0.0) > host.cpus * 10 * high + 1e-6 or memory.get(name, 0) > host.allocatable_memory)
    )


def _overloaded_now(case: Case) -> bool:
    """Return whether a host is overloaded by what its guests use, whatever is forecast."""
    high = case.request.high_cpu_percent or 0.0
    for name in _overloaded(case, case.before):
        guests = [guest for guest in case.hosts[name].guests if guest.active]
        used, memory = sum(guest.usage_cpus or 0.0 for guest in guests), sum(guest.memory for guest in guests)
        if used > case.hosts[name].cpus * high / 100 or memory > case.hosts[name].allocatable_memory:
            return True
    return False


def _told(case: Case) -> Iterator[Violation]:
    """The numbers of overloaded hosts are what they are, and grow by no plan."""
    told = [bound for bound in case.plan.bounds if bound.what == "overloaded hosts"]
    if case.request.high_cpu_percent is None or any(move.adopt for move in case.plan.moves):
        return
    before, after = len(_overloaded(case, case.before)), len(_overloaded(case, case.after))
    if after > before:
        yield Violation("overload", "", f"{after} hosts are overloaded at the end, {before} were before")
    for bound in told:
        if abs(bound.value - after) > 0:
            yield Violation("overload", "", f"{bound.value:g} hosts overloaded are told, {after} are")


def _losses(case: Case) -> Iterator[Violation]:
    """Each host that is switched off pays for the moves of its guests, all together for every move."""
    power_off = set(case.plan.power_off)
    costs: dict[str, float] = {}
    for move in case.plan.moves:
        if not move.adopt:
            home = case.before[move.guest]
            costs[home] = costs.get(home, 0.0) + joules_of_move(counted(case, move))
    gains = {name: _gain(case, case.hosts[name]) for name in power_off if name in case.hosts}
    for name, gain in sorted(gains.items()):
        if gain is not None and gain * ROUNDED < costs.get(name, 0.0):
            yield Violation("it pays", "", f"{name} saves {gain:.0f} J and costs {costs[name]:.0f} J")
    emptied = set(case.before.values()) - set(case.after.values())
    known = [gains.get(name) for name in sorted(emptied)]
    if not known or any(gain is None for gain in known):
        return
    spent = sum(cost for name, cost in costs.items() if name not in _overloaded(case, case.before) - emptied)
    if sum(gain for gain in known if gain is not None) * ROUNDED < spent:
        yield Violation("it pays", "", f"the moves cost {spent:.0f} J, more than the hosts save")


def _gain(case: Case, host: Host) -> Optional[float]:
    """Return the joules that the host saves by being off for the horizon, less those of switching; None: not asked."""
    power, hours = host.power, case.request.horizon_hours
    if power is None or not hours:
        return None
    idle = power.table[0] if power.table else power.idle_watts
    return max(0.0, idle - power.off_watts) * hours * 3600 - joules_of_switching(power, off=True, on=True)
