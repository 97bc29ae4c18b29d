"""What to beware of in a move that nothing forbids: releases, MTUs, devices left behind. Pure; refuses nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Optional

from .._model.guest import Guest
from .._model.host import Host, version_text
from .._model.plan import ChangeKind, DiskCopy
from .._model.refusal import Caution, CautionCode
from .._model.settings import Wanted
from .storage import reach
from .stores import copy_sizes

GIB = 1024**3
# from here on an encrypted move is long enough for GnuTLS to change keys on its way
LONG_TLS_BYTES = 64 * GIB
_FIRST_TLS_FIX = 11_006_000


def cautions(guest: Guest, source: Host, dest: Host, copies: Sequence[DiskCopy], wanted: Wanted) -> tuple[Caution, ...]:
    """Return everything to beware of when ``guest`` goes from ``source`` to ``dest`` with these copies."""
    return (
        *_older(guest, source, dest),
        *_pairs(guest, source, dest, copies, wanted),
        *_long_tls(guest, source, dest, copies, wanted),
        *_mtus(guest, source, dest),
        *_devices(guest, dest),
        *_ejected(guest, source, dest),
    )


def _older(guest: Guest, source: Host, dest: Host) -> tuple[Caution, ...]:
    """A shut-off guest takes no state along that an older release could misread."""
    releases = (
        ("libvirt", source.libvirt_version, dest.libvirt_version),
        ("QEMU", source.qemu_version, dest.qemu_version),
    )
    return tuple(
        Caution(
            CautionCode.OLDER_RELEASE,
            guest.name,
            dest.name,
            {"what": what, "here": version_text(here), "there": version_text(there)},
        )
        for what, here, there in releases
        if guest.active and 0 < there < here
    )


def _pairs(guest: Guest, source: Host, dest: Host, copies: Sequence[DiskCopy], wanted: Wanted) -> tuple[Caution, ...]:
    if not guest.active:
        return ()
    found = [_ht(guest, source, dest), _vmx(guest, source, dest), _tls_copies(source, dest, copies, wanted)]
    return tuple(
        Caution(CautionCode.RELEASE_PAIR, guest.name, dest.name, {"why": pair[0], "remedy": pair[1]})
        for pair in found
        if pair is not None
    )


_Pair = Optional[tuple[str, str]]


def _ht(guest: Guest, source: Host, dest: Host) -> _Pair:
    """QEMU 10.0 tells libvirt of ht where older ones did not; libvirt 11.10 knows that."""
    crosses = source.qemu_version < 10_000_000 <= dest.qemu_version and dest.libvirt_version < 11_010_000
    if guest.cpu.check != "full" or "ht" in (*guest.cpu.features, *guest.cpu.disabled) or not crosses:
        return None
    return (
        f"from QEMU {version_text(source.qemu_version)} to {version_text(dest.qemu_version)}, "
        f"libvirt {version_text(dest.libvirt_version)} may refuse the guest's CPU (extra features: ht)",
        f"upgrade libvirt on {dest.name} to 11.10 or newer",
    )


def _vmx(guest: Guest, source: Host, dest: Host) -> _Pair:
    """libvirt 9.10 began to list vmx-* features; up to 10.2 it did not take a guest in that came without them."""
    crosses = source.libvirt_version < 9_010_000 <= dest.libvirt_version < 10_002_000
    if "vmx" not in guest.cpu.features or not crosses:
        return None
    return (
        f"libvirt {version_text(dest.libvirt_version)} may refuse a guest with vmx "
        f"from libvirt {version_text(source.libvirt_version)}",
        f"upgrade libvirt on {dest.name} to 10.5 or newer",
    )


def _tls_copies(source: Host, dest: Host, copies: Sequence[DiskCopy], wanted: Wanted) -> _Pair:
    """NEWS of 10.3: QEMU could be given an empty name to find in the certificate. 9.0 does it right, as tried."""
    affected = any(10_000_000 <= host.libvirt_version < 10_003_000 for host in (source, dest))
    if not (copies and wanted.tls and wanted.post_copy and affected):
        return None
    return (
        "libvirt 10.0 to 10.2 may fail to copy disks by TLS where post-copy is allowed",
        "upgrade libvirt on both hosts, or move this guest without post-copy",
    )


def _long_tls(
    guest: Guest, source: Host, dest: Host, copies: Sequence[DiskCopy], wanted: Wanted
) -> tuple[Caution, ...]:
    size = (guest.memory if guest.active else 0) + sum(copy_sizes(guest, copies, source).values())
    oldest = min(source.libvirt_version, dest.libvirt_version)
    if not wanted.tls or size < LONG_TLS_BYTES or oldest >= _FIRST_TLS_FIX:
        return ()
    facts = {"gib": str(size // GIB)}
    return (Caution(CautionCode.LONG_TLS_MOVE, guest.name, dest.name, facts),)


def _mtus(guest: Guest, source: Host, dest: Host) -> tuple[Caution, ...]:
    found: list[Caution] = []
    for kind, name in sorted({(nic.kind, nic.source or "") for nic in guest.interfaces}):
        measure = _MEASURES.get(kind)
        here, there = (measure(source, name), measure(dest, name)) if measure else (None, None)
        if here is not None and there is not None and there < here:
            facts = {"device": f"{kind} {name}", "here": str(here), "there": str(there)}
            found.append(Caution(CautionCode.SMALLER_MTU, guest.name, dest.name, facts))
    return tuple(found)


def _of_network(host: Host, name: str) -> Optional[int]:
    network = next((each for each in host.networks if each.name == name), None)
    if network is None:
        return None
    return network.mtu or host.mtus.get(network.bridge or "")


def _of_device(host: Host, name: str) -> Optional[int]:
    return host.mtus.get(name)


_MEASURES: dict[str, Callable[[Host, str], Optional[int]]] = {
    "network": _of_network,
    "bridge": _of_device,
    "direct": _of_device,
}


def _devices(guest: Guest, dest: Host) -> tuple[Caution, ...]:
    if not guest.host_devices:
        return ()
    facts = {"devices": ", ".join(guest.host_devices)}
    return (Caution(CautionCode.HOST_DEVICE, guest.name, dest.name, facts),)


def _ejected(guest: Guest, source: Host, dest: Host) -> tuple[Caution, ...]:
    return tuple(
        Caution(CautionCode.MEDIA_EJECTED, guest.name, dest.name, {"disk": change.what})
        for change in reach(guest, source, dest).changes
        if change.kind is ChangeKind.EJECT
    )
