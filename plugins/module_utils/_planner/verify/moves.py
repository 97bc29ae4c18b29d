"""Each move of a plan by itself: may this guest go from this host to that one, this way? Must import only _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..._model.guest import DiskKind, GuestState
from ..._model.host import Host, HostState
from ..._model.request import Method, method_fits
from .case import Case, Hop, Violation, hops, takes_guests, under_way
from .disks import disk_violations, plug_violations
from .ways import way_violations


def move_violations(case: Case) -> Iterator[Violation]:
    """Yield what is wrong with single moves, in the order of the plan."""
    twins = Counter(host.uuid for host in case.snapshot.hosts if host.uuid)
    for hop in hops(case):
        yield from _answers(case, hop)
        if hop.move.adopt:
            yield from _adoption(case, hop)
            continue
        if not takes_guests(case, hop.dest):
            yield _at(hop, "schedulable destination", f"{hop.dest.name} is {hop.dest.state.value}")
        if hop.dest.uuid and twins[hop.dest.uuid] > 1:
            yield _at(hop, "host UUID", f"another host has that of {hop.dest.name}")
        yield from _guest_rules(case, hop)
        yield from _hardware_rules(hop)
        yield from plug_violations(hop)
        yield from disk_violations(hop)
        yield from way_violations(case, hop)


def _at(hop: Hop, rule: str, detail: str) -> Violation:
    return Violation(rule, hop.move.id, detail)


def _answers(case: Case, hop: Hop) -> Iterator[Violation]:
    asleep = hop.source.state is HostState.STANDBY and hop.source.name not in case.plan.power_on
    if hop.source.state is HostState.UNREACHABLE or asleep:
        yield _at(hop, "source answers", f"{hop.source.name} is {hop.source.state.value}")


def _adoption(case: Case, hop: Hop) -> Iterator[Violation]:
    if not under_way(case, hop.move):
        yield _at(hop, "adopted move", f"nobody is moving {hop.guest.name} to {hop.dest.name}")


def _guest_rules(case: Case, hop: Hop) -> Iterator[Violation]:
    guest, move = hop.guest, hop.move
    home = case.homes[move.guest].host
    for place in case.places[move.guest]:
        # an adopted move may come before this one: then its end at the destination is the guest itself
        if place.host not in (home, move.source) and place.guest.active:
            yield _at(hop, "runs once", f"{guest.name} is active on {place.host} too")
    if not method_fits(move.method, guest.state):
        yield _at(hop, "method by state", f"{guest.name} is {guest.state.value}, not for {move.method.value}")
    if guest.job is not None or guest.snapshots:
        job = guest.job.value if guest.job is not None else "snapshots"
        yield _at(hop, "free guest", f"{guest.name} has {job}")
    if guest.unmovable_devices and move.method is not Method.OFFLINE:
        yield _at(hop, "movable devices", f"{guest.name} uses {guest.unmovable_devices[0]}")
    if guest.unreadable_rules:
        yield _at(hop, "readable rules", f"nobody can keep the rule {guest.unreadable_rules[0]} of {guest.name}")


def _hardware_rules(hop: Hop) -> Iterator[Violation]:
    guest, source, dest = hop.guest, hop.source, hop.dest
    writes = any(disk.kind is not DiskKind.NONE and not disk.readonly for disk in guest.disks)
    if guest.state is GuestState.PAUSED and not guest.has_run and writes and source.qemu_version < 10_000_000:
        yield _at(hop, "paused since arrival", f"QEMU of {source.name} would crash {guest.name}")
    if guest.machine is not None and guest.machine not in dest.machine_types:
        yield _at(hop, "machine type", f"{dest.name} does not know {guest.machine}")
    if guest.virt_type not in dest.virt_types or guest.arch != dest.cpu.arch:
        yield _at(hop, "kind of guest", f"{dest.name} does not run {guest.arch} {guest.virt_type}")
    if guest.cpu.mode == "custom" and guest.cpu.model and guest.cpu.model not in dest.cpu.usable_models:
        yield _at(hop, "CPU model", f"{dest.name} can't give {guest.cpu.model}")
    bound = guest.cpu.mode in ("host-passthrough", "maximum") and guest.active and guest.virt_type == "kvm"
    if bound and (source.cpu.vendor, source.cpu.model) != (dest.cpu.vendor, dest.cpu.model):
        yield _at(hop, "same CPU", f"{guest.name} has the CPU of {source.name}, {dest.name} another")
    lost = _features_lost(hop)
    if lost:
        yield _at(hop, "CPU features", f"{dest.name} lacks {min(lost)} for {guest.name}")
    if guest.tpm == "emulator" and dest.emulates_tpm is False:
        yield _at(hop, "TPM", f"{dest.name} can't give {guest.name} its TPM")
    missing = set(guest.numa_cells) - {cell.id for cell in dest.numa_cells}
    if missing and guest.active:
        yield _at(hop, "NUMA nodes", f"{dest.name} has no node {min(missing)}")


def _features_lost(hop: Hop) -> set[str]:
    """Return what libvirt misses at the destination and not at the source, in its words where it names no features."""

    def missed(host: Host) -> set[str]:
        same = [lack for lack in host.cpu.lacks if lack.cpu == hop.guest.cpu and lack.virt_type == hop.guest.virt_type]
        return {name for lack in same for name in lack.missing or ("its kind of CPU",)}

    return missed(hop.dest) - missed(hop.source)
