"""Random fleets and requests from a seed: small, crowded and uneven, so that capacity and order decide."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from random import Random

from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Disk,
    Guest,
    GuestCpu,
    GuestState,
    JobKind,
    Notes,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Goal, Method, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Slots
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot

from . import fleet_builder as build

SOME = (GuestState.RUNNING,) * 6 + (GuestState.PAUSED, GuestState.SHUT_OFF, GuestState.SHUT_OFF, GuestState.CRASHED)


def random_fleet(rng: Random) -> Snapshot:
    """Return two to six hosts with up to six guests each; hv1 always answers. Every oddity of the model occurs."""
    names = [f"hv{number}" for number in range(1, rng.randint(2, 6) + 1)]
    hosts = [_host(rng, name, names) for name in names]
    if rng.random() < 0.3 and len(hosts) > 1 and hosts[0].guests:
        hosts = _double(rng, hosts)
    return build.snapshot(*hosts)


def random_request(rng: Random, fleet: Snapshot) -> Request:
    """Return a request that makes sense for the fleet."""
    answering = [host.name for host in fleet.hosts if host.state is not HostState.UNREACHABLE]
    slots = Slots(rng.randint(1, 3), rng.randint(1, 3), rng.randint(1, 6))
    method = rng.choice((None, None, Method.PAUSED))
    goal = rng.choice((Goal.EVACUATE, Goal.EVACUATE, Goal.RESTORE, Goal.MOVE))
    if goal is Goal.MOVE:
        names = sorted({place.guest.uuid for place in fleet.located()})
        if names:
            picked = rng.sample(names, rng.randint(1, len(names)))
            return Request(goal, (rng.choice(answering),), tuple(picked), method=method, slots=slots)
        goal = Goal.EVACUATE
    return Request(goal, tuple(rng.sample(answering, rng.randint(1, len(answering)))), method=method, slots=slots)


def _host(rng: Random, name: str, names: list[str]) -> Host:
    odd = rng.random()
    state = HostState.UNREACHABLE if odd < 0.08 else HostState.MAINTENANCE if odd < 0.2 else HostState.SCHEDULABLE
    if name == "hv1" or state is not HostState.UNREACHABLE:
        guests = [_guest(rng, name, number, names) for number in range(rng.randint(0, 6))]
        state = state if name != "hv1" else HostState.SCHEDULABLE
    else:
        guests = []
    pools = tuple(pool for pool in (_local(rng), build.SHARED) if rng.random() < 0.9)
    return build.host(
        name,
        *guests,
        state=state,
        allocatable_memory=rng.choice((512, 1024, 2048, 4096)) * build.MIB,
        allocatable_vcpus=rng.randint(2, 16),
        pools=pools,
        machine_types=("pc-q35-7.2",) if rng.random() < 0.2 else ("pc-q35-6.2", "pc-q35-7.2"),
        uuid=build.uuid_of("host hv2" if rng.random() < 0.05 else f"host {name}"),
    )


def _local(rng: Random) -> object:
    return replace(build.LOCAL, available=rng.choice((1, 3, 50)) * build.GIB)


def _guest(rng: Random, host: str, number: int, names: list[str]) -> Guest:
    key = f"{host}-{number}"
    # the first guest of each host may share its name, the second its volume, with those of other hosts
    volume = "same" if number == 1 else key
    disks: tuple[Disk, ...] = rng.choice(
        (
            (),
            (build.disk(key),),
            (build.disk(key),),
            (build.disk(key),),
            (build.disk(key, "local"),),
            (build.disk(volume, "local"),),
        )
    )
    return build.guest(
        key,
        name="same" if number == 0 and rng.random() < 0.5 else key,
        state=rng.choice(SOME),
        memory=rng.choice((64, 128, 512, 1024)) * build.MIB,
        vcpus=rng.randint(1, 4),
        machine=rng.choice(("pc-q35-6.2", "pc-q35-7.2", "pc-q35-7.2", None)),
        cpu=GuestCpu(rng.choice(("custom", "host-model", "host-passthrough")), rng.choice((None, "qemu64", "EPYC"))),
        disks=disks,
        unmovable_devices=("PCI 0000:03:00.0",) if rng.random() < 0.05 else (),
        snapshots=(rng.random() < 0.05 and 1) or 0,
        job=JobKind.OTHER if rng.random() < 0.05 else None,
        notes=Notes(home=rng.choice((None, *names))),
    )


def _double(rng: Random, hosts: list[Host]) -> list[Host]:
    """Return the hosts with one guest of the first known to another too: moving, left over, or unexplained."""
    guest, other = rng.choice(hosts[0].guests), rng.choice(hosts[1:])
    if other.state is HostState.UNREACHABLE or any(item.name == guest.name for item in other.guests):
        return hosts
    claim = build.claimed(hosts[0].name, other.name)
    here, there = rng.choice(
        (
            (
                replace(guest, job=JobKind.OUTGOING, state=GuestState.RUNNING),
                replace(guest, job=JobKind.INCOMING, state=GuestState.PAUSED, persistent=False),
            ),
            (replace(guest, state=GuestState.SHUT_OFF, notes=claim), replace(guest, notes=claim)),
            (guest, replace(guest, state=GuestState.SHUT_OFF)),
            (guest, guest),
        )
    )
    first = replace(hosts[0], guests=tuple(here if item is guest else item for item in hosts[0].guests))
    guests = tuple(sorted((*other.guests, there), key=lambda item: (item.name, item.uuid)))
    return [first, *(replace(host, guests=guests) if host is other else host for host in hosts[1:])]
