"""What speaks against a move: of the guest itself, of a host, of the two together. Capacity is in capacity.py."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Optional

from .._model.guest import DiskKind, Guest, GuestState, JobKind
from .._model.host import Host, HostState, version_text
from .._model.plan import Change, ChangeKind
from .._model.refusal import Refusal, RefusalCode
from .._model.snapshot import Located, runs_twice
from .firmware import firmware_refusals
from .maps import plug_at
from .storage import Reach, reach

MIB = 1024 * 1024
SAFE_PAUSED_QEMU = 10_000_000
_PLUGS = {"direct": "network device"}
MOVABLE_STATES = frozenset({GuestState.RUNNING, GuestState.PAUSED, GuestState.SHUT_OFF})


def blockers(places: Sequence[Located], place: Located) -> tuple[Refusal, ...]:
    """Return why the guest can't be moved anywhere from where it lives (``place``).

    ``places`` are all hosts that know it. A migration under way that serves the goal is adopted before this is asked.
    """
    guest = place.guest
    if runs_twice(tuple(places)):
        return (_of_guest(RefusalCode.RUNS_TWICE, guest, hosts=_hosts(p for p in places if p.guest.active)),)
    found = []
    if len(places) > 1 and unfinished_copy(places) is None and not in_flight(places):
        found.append(_of_guest(RefusalCode.DEFINED_TWICE, guest, hosts=_hosts(places)))
    if guest.state not in MOVABLE_STATES:
        found.append(_of_guest(RefusalCode.STATE, guest, state=guest.state.value))
    if _left_paused(place) and not in_flight(places):
        found.append(_of_guest(RefusalCode.LEFT_PAUSED, guest))
    elif guest.job is not None:
        found.append(_of_guest(RefusalCode.BUSY, guest))
    if guest.unmovable_devices and guest.active:
        found.append(_of_guest(RefusalCode.DEVICE, guest, devices=", ".join(guest.unmovable_devices)))
    if guest.unreadable_rules:
        kinds = ", ".join(guest.unreadable_rules)
        found.append(_of_guest(RefusalCode.RULE_UNREADABLE, guest, kinds=kinds))
    if guest.snapshots:
        found.append(_of_guest(RefusalCode.SNAPSHOTS, guest, count=str(guest.snapshots)))
    return tuple(found)


def _left_paused(place: Located) -> bool:
    """Return whether the guest stands still at the source of a move; libvirt calls that incoming too."""
    guest, claim = place.guest, place.guest.notes.claim
    held = guest.job is JobKind.INCOMING and guest.state is GuestState.PAUSED
    return held and claim is not None and claim.source == place.host


def in_flight(places: Sequence[Located]) -> Optional[str]:
    """Return the host to which the guest is migrating right now, or None."""
    if not any(place.guest.job is JobKind.OUTGOING for place in places):
        return None
    return next((place.host for place in places if place.guest.job is JobKind.INCOMING), None)


def unfinished_copy(places: Sequence[Located]) -> Optional[Located]:
    """Return the shut-off definition that a move of ours left, or None.

    One that was not confirmed leaves it at its source. One that failed at its very end can leave it at its destination:
    libvirt keeps the definition there before the guest is to run, and it bears the claim of its move.
    """
    claims = {place.guest.notes.claim for place in places if place.guest.notes.claim is not None}
    if len(claims) != 1 or len(places) != 2:
        return None
    (claim,) = claims
    source = next((place for place in places if place.host == claim.source), None)
    dest = next((place for place in places if place.host == claim.dest), None)
    if source is None or dest is None:
        return None
    if not source.guest.active:
        return source if dest.guest.persistent else None
    failed = not dest.guest.active and dest.guest.notes.claim is not None and source.guest.job is None
    return dest if failed else None


def host_refusals(host: Host, hosts: Sequence[Host], wake: Container[str] = ()) -> tuple[Refusal, ...]:
    """Return why ``host`` takes no guest at all; the refusals name no guest. Hosts of ``wake`` may be woken."""
    if host.state is HostState.UNREACHABLE:
        return (Refusal(RefusalCode.HOST_UNREACHABLE, "", host.name, {"error": host.error or "no answer"}),)
    found = []
    if host.state is HostState.STANDBY and host.name not in wake:
        found.append(Refusal(RefusalCode.HOST_ON_STANDBY, "", host.name))
    if host.state is HostState.MAINTENANCE:
        reason = (host.maintenance.reason if host.maintenance else "") or "no reason given"
        found.append(Refusal(RefusalCode.HOST_IN_MAINTENANCE, "", host.name, {"reason": reason}))
    twin = next((other for other in hosts if other.name != host.name and host.uuid and other.uuid == host.uuid), None)
    if twin is not None:
        facts = {"other": twin.name, "uuid": str(host.uuid)}
        found.append(Refusal(RefusalCode.HOST_UUID_TWICE, "", host.name, facts))
    return tuple(found)


def pair_reach(guest: Guest, source: Host, dest: Host) -> Reach:
    """Return the copies that the move would need, and every refusal of the pair but capacity."""
    storage = reach(guest, source, dest)
    checks = (
        _paused_since_arrival(guest, source, dest),
        _virt_type(guest, dest),
        _machine(guest, dest),
        _cpu(guest, source, dest) or _cpu_features(guest, source, dest),
        _tpm(guest, dest),
    )
    refusals = tuple(check for check in checks if check is not None)
    plugs, missing = _networks(guest, source, dest)
    return Reach(
        copies=storage.copies,
        refusals=(
            *refusals,
            *storage.refusals,
            *firmware_refusals(guest, source, dest),
            *missing,
            *_cells(guest, dest),
        ),
        changes=(*plugs, *storage.changes),
        twins=storage.twins,
        media=storage.media,
    )


def _cells(guest: Guest, dest: Host) -> tuple[Refusal, ...]:
    there = {cell.id for cell in dest.numa_cells}
    need = -(-guest.memory // (MIB * max(len(guest.numa_cells), 1)))
    return tuple(
        Refusal(RefusalCode.NUMA, guest.name, dest.name, {"cell": str(cell), "free_mib": "0", "need_mib": str(need)})
        for cell in guest.numa_cells
        if guest.active and cell not in there
    )


def _paused_since_arrival(guest: Guest, source: Host, dest: Host) -> Optional[Refusal]:
    """QEMU before 10.0 gives up its disks a second time and dies of it (assertion in bdrv_inactivate_recurse)."""
    writes = any(disk.kind is not DiskKind.NONE and not disk.readonly for disk in guest.disks)
    if guest.state is not GuestState.PAUSED or guest.has_run or not writes or source.qemu_version >= SAFE_PAUSED_QEMU:
        return None
    facts = {"source": source.name, "qemu": version_text(source.qemu_version)}
    return Refusal(RefusalCode.PAUSED_SINCE_ARRIVAL, guest.name, dest.name, facts)


def _virt_type(guest: Guest, dest: Host) -> Optional[Refusal]:
    if guest.virt_type in dest.virt_types:
        return None
    return Refusal(RefusalCode.VIRT_TYPE, guest.name, dest.name, {"virt_type": guest.virt_type})


def _machine(guest: Guest, dest: Host) -> Optional[Refusal]:
    if guest.machine is None or guest.machine in dest.machine_types:
        return None
    facts = {"machine": guest.machine, "qemu": version_text(dest.qemu_version)}
    return Refusal(RefusalCode.MACHINE_TYPE, guest.name, dest.name, facts)


def _cpu(guest: Guest, source: Host, dest: Host) -> Optional[Refusal]:
    cpu = guest.cpu
    if guest.arch != dest.cpu.arch:
        return _cpu_refusal(guest, dest, guest.arch, f"its architecture is {dest.cpu.arch}")
    if cpu.mode == "custom" and cpu.model and cpu.model not in dest.cpu.usable_models:
        return _cpu_refusal(guest, dest, cpu.model, "the model is not usable there")
    if cpu.mode in ("host-passthrough", "maximum") and guest.active and guest.virt_type == "kvm":
        here, there = (source.cpu.vendor, source.cpu.model), (dest.cpu.vendor, dest.cpu.model)
        if here != there:
            return _cpu_refusal(guest, dest, cpu.mode, f"its CPU is {there[1]}, the guest was started on {here[1]}")
    return None


def _cpu_features(guest: Guest, source: Host, dest: Host) -> Optional[Refusal]:
    """What the source lacks as well the guest has done without so far."""
    there, here = dest.cpu.lack(guest.cpu, guest.virt_type), source.cpu.lack(guest.cpu, guest.virt_type)
    if there is None:
        return None
    lost = sorted({*there.missing} - {*(here.missing if here is not None else ())})
    if not lost and here is not None:
        return None
    why = f"features missing there: {', '.join(lost)}" if lost else there.said
    facts = {"cpu": guest.cpu.model or guest.cpu.mode, "why": why}
    return Refusal(RefusalCode.CPU_FEATURES, guest.name, dest.name, facts)


def _tpm(guest: Guest, dest: Host) -> Optional[Refusal]:
    if guest.tpm != "emulator" or dest.emulates_tpm is not False:
        return None
    return Refusal(RefusalCode.TPM, guest.name, dest.name)


def _cpu_refusal(guest: Guest, dest: Host, cpu: str, why: str) -> Refusal:
    return Refusal(RefusalCode.CPU_MODEL, guest.name, dest.name, {"cpu": cpu, "why": why})


def _networks(guest: Guest, source: Host, dest: Host) -> tuple[tuple[Change, ...], tuple[Refusal, ...]]:
    """Return what the guest's networks and bridges are called there, and those that are not there."""
    changes, missing = set(), set()
    for interface in guest.interfaces:
        kind, name = interface.kind, interface.source or ""
        if kind not in ("network", "bridge", "direct"):
            continue
        plug = plug_at(interface, source, dest)
        if plug is None:
            missing.add((kind, name))
        elif plug != name:
            changes.add((kind, name, plug))
    return (
        tuple(Change(ChangeKind(kind), name, plug) for kind, name, plug in sorted(changes)),
        tuple(
            Refusal(
                RefusalCode.NETWORK_MISSING, guest.name, dest.name, {"kind": _PLUGS.get(kind, kind), "network": name}
            )
            for kind, name in sorted(missing)
        ),
    )


def _of_guest(code: RefusalCode, guest: Guest, **facts: str) -> Refusal:
    return Refusal(code, guest.name, None, facts)


def _hosts(places: Iterable[Located]) -> str:
    return " and ".join(sorted(place.host for place in places))
