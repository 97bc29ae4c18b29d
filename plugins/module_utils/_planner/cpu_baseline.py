"""The CPU that all hosts share, who holds it back, and which guests do not fit. Pure; libvirt is behind a port."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Optional, Protocol

from .._model.cpu_baseline import (
    Baseline,
    Computed,
    CpuGroup,
    GuestFit,
    HeldBack,
    HostKind,
    Lack,
    Misfit,
    Refused,
)
from .._model.errors import FleetError
from .._model.guest import Guest, GuestCpu
from .._model.host import CpuLack, Host
from .._model.snapshot import Snapshot

# each time a host refuses, what it misses is taken away; it names all of it at once, or one that it does not know
_MOST_REFUSALS = 30
_NO_OFFER = "its QEMU gives no CPU of mode host-model"


class CpuCalls(Protocol):
    """What libvirt is asked about CPUs, on whichever host."""

    def offers(self, group: CpuGroup) -> tuple[Mapping[str, Optional[GuestCpu]], Mapping[str, str]]:
        """Return the best CPU that each host gives to guests, None where it tells none; and who did not answer, why."""

    def compute(self, group: CpuGroup, kinds: Sequence[HostKind], expand: bool) -> Computed:
        """Return what kinds of hosts have in common, with every feature spelled out (``expand``) or not."""

    def compare(self, group: CpuGroup, host: str, cpu: GuestCpu) -> Optional[CpuLack]:
        """Return what a host lacks for a CPU, None where nothing."""


def baselines_of(snapshot: Snapshot, machine: Optional[str], expand: bool, calls: CpuCalls) -> tuple[Baseline, ...]:
    """Return for each group of hosts what they share, and what others could share without each kind of them.

    Raises FleetError on a machine type that no host has.
    """
    if machine is not None and not any(machine in host.machine_types for host in snapshot.hosts):
        raise FleetError(f"no host has machine type {machine}", "Give one that the hosts have, or none")
    return tuple(_of_group(snapshot, group, expand, calls) for group in groups_of(snapshot, machine))


def _of_group(snapshot: Snapshot, group: CpuGroup, expand: bool, calls: CpuCalls) -> Baseline:
    offers, silent = calls.offers(group)
    hosts = [host for host in snapshot.hosts if host.name in group.hosts]
    kinds = kinds_of_hosts(hosts, {name: cpu for name, cpu in offers.items() if cpu is not None})
    nothing = {name: _NO_OFFER for name, cpu in offers.items() if cpu is None}
    left_out = tuple(sorted({**nothing, **silent}.items()))
    if not kinds:
        return Baseline(group, (), Computed("", "", error="no host offers a CPU to compute with"), left_out=left_out)
    shared = _shared(group, kinds, expand, calls)
    return replace(shared, held_back=_held_back(shared, calls), left_out=left_out)


def _held_back(shared: Baseline, calls: CpuCalls) -> tuple[HeldBack, ...]:
    """Return the kinds of hosts without which the others could share more, those that cost the most first."""
    if shared.cpu is None or len(shared.kinds) == 1:
        return ()
    found = []
    for kind in shared.kinds:
        others = _shared(shared.group, [each for each in shared.kinds if each is not kind], False, calls)
        gained = tuple(sorted({*others.features} - {*shared.features}))
        if others.cpu is not None and gained:
            found.append(HeldBack(kind.hosts, others.cpu.model, gained))
    return tuple(sorted(found, key=lambda each: (-len(each.gained), each.hosts)))


def groups_of(snapshot: Snapshot, machine: Optional[str] = None) -> tuple[CpuGroup, ...]:
    """Return the groups of hosts to find a CPU for: for each type of guest that there is, or the best of the hosts."""
    hosts = [host for host in snapshot.hosts if host.virt_types]
    found = []
    for arch in sorted({host.cpu.arch for host in hosts}):
        there = [host for host in hosts if host.cpu.arch == arch]
        used = {guest.virt_type for host in there for guest in host.guests if guest.arch == arch}
        wanted = sorted(used & {each for host in there for each in host.virt_types})
        for virt_type in wanted or [there[0].virt_types[0]]:
            names = tuple(host.name for host in there if virt_type in host.virt_types)
            found.append(CpuGroup(arch, virt_type, names, machine))
    return tuple(found)


def kinds_of_hosts(hosts: Sequence[Host], offers: Mapping[str, GuestCpu]) -> tuple[HostKind, ...]:
    """Return hosts that offer a CPU, those that are the same to guests together, the oldest libvirt first."""
    together: dict[tuple[int, int, GuestCpu], list[str]] = {}
    for host in sorted(hosts, key=lambda each: each.name):
        if host.name in offers:
            key = host.libvirt_version, host.qemu_version, offers[host.name]
            together.setdefault(key, []).append(host.name)
    kinds = [HostKind(tuple(names), cpu, version, qemu) for (version, qemu, cpu), names in together.items()]
    return tuple(sorted(kinds, key=lambda kind: (kind.libvirt_version, kind.qemu_version, kind.hosts)))


def _shared(group: CpuGroup, kinds: Sequence[HostKind], expand: bool, calls: CpuCalls) -> Baseline:
    """Return the CPU that these kinds share, changed until every one of them accepts it."""
    computed = calls.compute(group, kinds, expand)
    whole = computed if expand else calls.compute(group, kinds, True)
    if computed.cpu is None or whole.cpu is None:
        return Baseline(group, tuple(kinds), computed if computed.cpu is None else whole)
    cpu, refusals = _accepted(group, kinds, computed.cpu, calls)
    features = tuple(sorted({*whole.cpu.features} - {*cpu.disabled} - ({*computed.cpu.features} - {*cpu.features})))
    return Baseline(group, tuple(kinds), replace(computed, cpu=cpu), features, refusals)


def _accepted(
    group: CpuGroup, kinds: Sequence[HostKind], cpu: GuestCpu, calls: CpuCalls
) -> tuple[GuestCpu, tuple[Refused, ...]]:
    """Return the CPU without what hosts miss, and those that refuse it even so.

    libvirt computes from what its own QEMU can give and its own version knows; another host has the last word about
    itself.
    """
    for _again in range(_MOST_REFUSALS):
        lacks = [(kind, calls.compare(group, kind.speaker, cpu)) for kind in kinds]
        refusals = tuple(Refused(host, lack.said) for kind, lack in lacks if lack for host in kind.hosts)
        missing = {name for _kind, lack in lacks if lack is not None for name in lack.missing}
        smaller = without(cpu, missing)
        if not refusals or smaller == cpu:
            return cpu, refusals
        cpu = smaller
    return cpu, refusals


def without(cpu: GuestCpu, missing: set[str]) -> GuestCpu:
    """Return the CPU without these features: no longer asked for, or taken away where they are part of its model."""
    kept = tuple(name for name in cpu.features if name not in missing)
    of_model = missing - {*cpu.features}
    return replace(cpu, features=kept, disabled=tuple(sorted({*cpu.disabled} | of_model)))


def guest_fits(snapshot: Snapshot, baseline: Baseline, calls: CpuCalls) -> tuple[GuestFit, ...]:
    """Return for each guest of the group whether its CPU lets it go to every host of it, sorted by name."""
    found, asked = [], {}
    group = baseline.group
    kind_of = {host: kind for kind in baseline.kinds for host in kind.hosts}
    for host in snapshot.hosts:
        for guest in host.guests:
            if host.name not in kind_of or (guest.arch, guest.virt_type) != (group.arch, group.virt_type):
                continue
            if guest.cpu not in asked:
                asked[guest.cpu] = _lacks(baseline, guest.cpu, calls)
            found.append(_fit(guest, kind_of[host.name], host.name, baseline, asked[guest.cpu]))
    return tuple(sorted(found, key=lambda each: (each.name, each.host)))


def needs(fits: Iterable[tuple[GuestFit, Baseline]]) -> list[tuple[GuestFit, GuestCpu]]:
    """Return the guests that do not fit, each with the CPU that it needs, where there is one."""
    return [(fit, each.cpu) for fit, each in fits if fit.misfit is not None and each.cpu is not None]


def _lacks(baseline: Baseline, cpu: GuestCpu, calls: CpuCalls) -> dict[HostKind, Optional[CpuLack]]:
    """Return what each kind of host lacks for a CPU; only one that is named can be compared."""
    if cpu.mode != "custom" or cpu.model is None:
        return {}
    return {kind: calls.compare(baseline.group, kind.speaker, cpu) for kind in baseline.kinds}


def _fit(
    guest: Guest, home: HostKind, host: str, baseline: Baseline, lacks: Mapping[HostKind, Optional[CpuLack]]
) -> GuestFit:
    misfit, found = _misfit(guest, home, baseline, lacks)
    return GuestFit(guest.uuid, guest.name, host, baseline.group, guest.cpu, guest.active, misfit, found)


def _misfit(
    guest: Guest, home: HostKind, baseline: Baseline, lacks: Mapping[HostKind, Optional[CpuLack]]
) -> tuple[Optional[Misfit], tuple[Lack, ...]]:
    others = [kind for kind in baseline.kinds if kind.cpu != home.cpu]
    if guest.cpu.mode in ("host-passthrough", "maximum"):
        # software emulation gives the same CPU wherever it is of the same release, and says nothing more of it
        there = tuple(Lack(kind.hosts) for kind in others if guest.virt_type == "kvm")
        return (Misfit.OWN_HOST, there) if there else (None, ())
    if guest.cpu.mode == "host-model":
        there = tuple(Lack(kind.hosts) for kind in others)
        return (Misfit.AT_START, there) if there else (None, ())
    here = lacks.get(home)
    # what its own host lacks as well the guest has done without so far
    done_without = {*here.missing} if here is not None else set()
    missing = tuple(
        Lack(kind.hosts, tuple(sorted({*lack.missing} - done_without)))
        for kind, lack in lacks.items()
        if lack is not None and kind is not home and (here is None or {*lack.missing} - done_without)
    )
    return (Misfit.FEATURES, missing) if missing else (None, ())
