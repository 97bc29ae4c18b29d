"""Whether the fleet could lose any one host: what can be proven either way. Must import only _model.

Packing is hard, so there are three answers: the loss can be taken (a placement was found), it can't (a sum says so),
or neither is proven.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..._model.guest import Guest
from ..._model.host import Host, HostState
from ..._model.request import Goal, SurviveLoss
from .case import Case, Violation, asked_hosts, takes_guests


@dataclass(frozen=True)
class Load:
    """A host that could take guests, or lose them: what is free of its memory and vCPUs, and who is active there."""

    host: Host
    memory: int
    vcpus: int
    guests: tuple[Guest, ...]
    takes: bool


def loss_violations(case: Case, limited: frozenset[str]) -> Iterator[Violation]:
    """Yield hosts whose loss is misjudged, or newly fatal; ``limited`` guests may not go just anywhere."""
    asked, frail = case.request.survive_loss, case.plan.frail
    if asked is SurviveLoss.IGNORE:
        return
    if asked is SurviveLoss.REPORT and frail is None:
        yield Violation("frail hosts", "", "were asked for and are not told")
        return
    loads = _loads(case, case.after)
    fatal = _fatal(loads)
    for name in sorted(set(frail or ()) - {load.host.name for load in loads if load.guests}):
        yield Violation("frail hosts", "", f"{name} has no guest to lose")
    for name in sorted(fatal - set(frail)) if frail is not None else ():
        yield Violation("frail hosts", "", f"the loss of {name} can't be taken, and is not told")
    changed = bool(case.plan.power_off) or any(not move.adopt for move in case.plan.moves)
    if asked is SurviveLoss.KEEP and fatal and changed:
        earlier = _loads(case, case.before)
        was_fatal = _fatal(earlier)
        for name in sorted(fatal - was_fatal):
            if _placed_elsewhere(name, earlier, limited):
                yield Violation(
                    "survives a loss", "", f"the loss of {name} could be taken before the plan, and not after"
                )


def _loads(case: Case, where: Mapping[str, str]) -> tuple[Load, ...]:
    """Return the hosts with their guests as in ``where``; what the plan switches or empties counts at its end only."""
    ends = where is case.after
    gone = asked_hosts(case) if case.request.goal is Goal.EVACUATE and ends else frozenset()
    guests: dict[str, list[Guest]] = {name: [] for name in case.hosts}
    for uuid, name in where.items():
        if case.homes[uuid].guest.active:
            guests[name].append(case.homes[uuid].guest)
    found = []
    for name, host in case.hosts.items():
        there = tuple(guests[name])
        memory = host.allocatable_memory - sum(guest.memory for guest in there)
        vcpus = host.allocatable_vcpus - sum(guest.vcpus for guest in there)
        if ends:
            takes = takes_guests(case, host) and name not in gone and name not in case.plan.power_off
        else:
            takes = host.state is HostState.SCHEDULABLE
        found.append(Load(host, max(memory, 0), max(vcpus, 0), there, takes))
    return tuple(found)


def _fatal(loads: tuple[Load, ...]) -> frozenset[str]:
    """Return hosts whose loss surely can't be taken: together, or one guest alone, they need more than there is."""
    takers = [load for load in loads if load.takes]
    memory, vcpus = sum(load.memory for load in takers), sum(load.vcpus for load in takers)
    most_memory = sorted(takers, key=lambda load: load.memory)[-2:]
    most_vcpus = sorted(takers, key=lambda load: load.vcpus)[-2:]
    found = set()
    for load in loads:
        own = (load.memory, load.vcpus) if load.takes else (0, 0)
        room = max((other.memory for other in most_memory if other is not load), default=0)
        seats = max((other.vcpus for other in most_vcpus if other is not load), default=0)
        short = sum(guest.memory for guest in load.guests) > memory - own[0]
        short = short or sum(guest.vcpus for guest in load.guests) > vcpus - own[1]
        if short or any(guest.memory > room or guest.vcpus > seats for guest in load.guests):
            found.add(load.host.name)
    return frozenset(found)


def _placed_elsewhere(name: str, loads: tuple[Load, ...], limited: frozenset[str]) -> bool:
    """Return True where largest-first into the emptiest host finds a place for every guest; False proves nothing."""
    guests = next(load.guests for load in loads if load.host.name == name)
    free = {load.host.name: (load.memory, load.vcpus) for load in loads if load.takes and load.host.name != name}
    hosts = {load.host.name: load.host for load in loads}
    for guest in sorted(guests, key=lambda guest: (-guest.memory, guest.uuid)):
        fits = [
            other
            for other, (memory, vcpus) in free.items()
            if memory >= guest.memory
            and vcpus >= guest.vcpus
            and _could_run(guest, hosts[other])
            and guest.name not in {resident.name for resident in hosts[other].guests}
        ]
        if not fits or guest.uuid in limited or guest.hugepage_kib is not None or guest.numa_cells:
            return False
        best = max(fits, key=lambda other: (free[other], other))
        free[best] = (free[best][0] - guest.memory, free[best][1] - guest.vcpus)
    return True


def _could_run(guest: Guest, host: Host) -> bool:
    """Return whether the host surely could run the guest, were it started there."""
    pools = {pool.name for pool in host.pools if pool.active and pool.identity is not None}
    networks = {network.name for network in host.networks if network.active} | set(host.bridges)
    return (
        (guest.machine is None or guest.machine in host.machine_types)
        and guest.virt_type in host.virt_types
        and guest.arch == host.cpu.arch
        and guest.cpu.mode in ("custom", "none")
        and (guest.cpu.model is None or guest.cpu.model in host.cpu.usable_models)
        and all(disk.pool in pools for disk in guest.disks if disk.source is not None)
        and all(plug.source in networks for plug in guest.interfaces if plug.kind in ("network", "bridge"))
        and not guest.unmovable_devices
        and not guest.unreadable_rules
    )
