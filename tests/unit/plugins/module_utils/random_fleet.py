"""Random fleets from a seed: small, crowded and uneven, so that capacity and order decide. Asks nothing of them."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import (
    Host,
    HostState,
    NumaCell,
    Pool,
    PowerModel,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import GuestRule, RuleKind, Scope
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot

from . import fleet_builder as build

SOME = (GuestState.RUNNING,) * 6 + (GuestState.PAUSED, GuestState.SHUT_OFF, GuestState.SHUT_OFF, GuestState.CRASHED)
PAGE_KIB = 2048


def random_fleet(rng: Random) -> Snapshot:
    """Return two to six hosts with up to six guests each; hv1 always answers. Every oddity of the model occurs."""
    names = [f"hv{number}" for number in range(1, rng.randint(2, 6) + 1)]
    powered = rng.random() < 0.5
    hosts = [_furnished(rng, _host(rng, name, names), powered) for name in names]
    if rng.random() < 0.3 and len(hosts) > 1 and hosts[0].guests:
        hosts = _double(rng, hosts)
    return build.snapshot(*(_limited(host) for host in hosts))


def small_fleet(rng: Random) -> Snapshot:
    """Return two to five hosts with up to eight guests in all, on shared storage: few enough to try everything."""
    names = [f"hv{number}" for number in range(1, rng.randint(2, 5) + 1)]
    guests: dict[str, list[Guest]] = {name: [] for name in names}
    for number in range(rng.randint(3, 8)):
        guests[rng.choice(names)].append(_plain_guest(rng, f"g{number}"))
    powered = rng.random() < 0.5
    return build.snapshot(*(_limited(_plain_host(rng, name, guests[name], powered)) for name in names))


def _plain_guest(rng: Random, name: str) -> Guest:
    state = rng.choice((GuestState.RUNNING,) * 5 + (GuestState.SHUT_OFF,))
    labels = {"app": rng.choice("ab")} if rng.random() < 0.7 else {}
    memory = rng.choice((1, 2, 2, 3, 4)) * 256 * build.MIB
    return build.guest(name, state=state, memory=memory, vcpus=rng.randint(1, 3), notes=Notes(labels=labels))


def _plain_host(rng: Random, name: str, guests: Sequence[Guest], powered: bool) -> Host:
    """Return a host that has room for its guests and little more."""
    memory = sum(guest.memory for guest in guests if guest.active) + rng.randint(0, 5) * 256 * build.MIB
    vcpus = sum(guest.vcpus for guest in guests if guest.active) + rng.randint(0, 5)
    site = rng.choice("ab")
    return build.host(
        name,
        *guests,
        allocatable_memory=memory,
        allocatable_vcpus=vcpus,
        site=site,
        rack=f"{site}{rng.randint(1, 2)}",
        power=PowerModel(rng.choice((50.0, 100.0, 200.0)), 300.0) if powered else None,
    )


def _host(rng: Random, name: str, names: list[str]) -> Host:
    odd = rng.random()
    state = HostState.UNREACHABLE if odd < 0.08 else HostState.MAINTENANCE if odd < 0.2 else HostState.SCHEDULABLE
    state = HostState.STANDBY if 0.2 < odd < 0.3 else state
    state = HostState.SCHEDULABLE if name == "hv1" else state
    guests = [_guest(rng, name, number, names) for number in range(rng.randint(0, 6))]
    if state is HostState.UNREACHABLE:
        guests = []
    if state is HostState.STANDBY:
        guests = [replace(guest, state=GuestState.SHUT_OFF, job=None) for guest in guests[:1]]
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


def _furnished(rng: Random, host: Host, powered: bool) -> Host:
    """Return the host with what rules and goals look at: place, labels, power, huge pages, NUMA nodes."""
    site = rng.choice((None, "a", "a", "b"))
    pages = {str(PAGE_KIB): rng.choice((0, 64, 256, 1024))}
    cells = (NumaCell(0, host.allocatable_memory // 2, pages), NumaCell(1, host.allocatable_memory // 2))
    found = replace(
        host,
        site=site,
        rack=f"{site}{rng.randint(1, 2)}" if site is not None and rng.random() < 0.8 else None,
        labels={"gen": rng.choice("12")} if rng.random() < 0.8 else {},
        power=PowerModel(rng.choice((50.0, 100.0, 200.0)), 300.0) if powered and rng.random() < 0.95 else None,
        numa_cells=rng.choice(((), cells, cells, cells[:1])),
    )
    # what is set aside as pages is no room for others: half of the hosts have it on top
    beside = sum(count for cell in found.numa_cells for count in cell.hugepages.values()) * PAGE_KIB * 1024
    return replace(found, allocatable_memory=found.allocatable_memory + (beside if host.name[-1] in "135" else 0))


def _limited(host: Host) -> Host:
    """Return the host with, now and then, a number of guests that it has already, has exceeded, or may yet reach.

    Drawn from the host itself, so that all else of a seed stays as it was.
    """
    rng = Random(f"{host.name} {host.allocatable_memory} {host.allocatable_vcpus}")
    return replace(host, max_guests=rng.randint(0, 5)) if rng.random() < 0.1 else host


def _local(rng: Random) -> Pool:
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
    odd = rng.random()
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
        unreadable_rules=("orbit",) if 0.96 < odd < 0.98 else (),
        snapshots=1 if rng.random() < 0.05 else 0,
        job=JobKind.OTHER if rng.random() < 0.05 else None,
        notes=Notes(
            home=rng.choice((None, *names)),
            labels={key: value for key, value in _labels(rng) if value is not None},
            rules=(_own_rule(rng, names),) if rng.random() < 0.1 else (),
        ),
        usage_cpus=rng.choice((None, 0.0, 0.2, 0.5, 1.5)),
        hugepage_kib=PAGE_KIB if odd < 0.1 else None,
        numa_cells=(0, 1) if 0.1 < odd < 0.15 else (1,) if 0.15 < odd < 0.2 else (),
    )


def _labels(rng: Random) -> Iterable[tuple[str, str | None]]:
    return ("app", rng.choice(("web", "db", None))), ("tier", rng.choice(("1", "2", "3", None)))


def _own_rule(rng: Random, names: Sequence[str]) -> GuestRule:
    kind = rng.choice([kind for kind in RuleKind if kind is not RuleKind.MAX_GUESTS])
    hard = rng.random() < 0.7
    if kind in (RuleKind.AFFINITY, RuleKind.ANTI_AFFINITY):
        return GuestRule(kind, rng.choice("xy"), scope=rng.choice(tuple(Scope)), hard=hard)
    if kind is RuleKind.METHODS:
        return GuestRule(kind, methods=rng.choice((("live",), ("paused", "offline"), ("live", "offline"))), hard=hard)
    return GuestRule(kind, hosts=tuple(rng.sample(names, rng.randint(1, len(names)))), hard=hard)


def _double(rng: Random, hosts: list[Host]) -> list[Host]:
    """Return the hosts with one guest of the first known to another too: moving, left over, or unexplained."""
    guest, other = rng.choice(hosts[0].guests), rng.choice(hosts[1:])
    silent = other.state in (HostState.UNREACHABLE, HostState.STANDBY)
    if silent or any(item.name == guest.name for item in other.guests):
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
