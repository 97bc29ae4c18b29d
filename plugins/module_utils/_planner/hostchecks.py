"""What the looks on two hosts say about moves from one to the other: refusals and cautions. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional
from urllib.parse import urlsplit

from .._model.guest import DiskKind, Guest
from .._model.host import Host
from .._model.host_check import Certificate, Certificates, HostCheck, PeerCheck
from .._model.plan import DiskCopy
from .._model.refusal import Caution, CautionCode, Refusal, RefusalCode
from .._model.settings import Transport, Wanted

DAY = 86_400
SOON_DAYS = 30
# one for memory and one for disks, of each of the six moves that a host takes at once by default
ENOUGH_PORTS = 12
_CLOCKS_APART = 1.0
# file systems that libvirt knows to be of one host only; one that it does not know it may or may not accept
_OF_ONE_HOST = frozenset(("btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "overlay", "reiserfs", "tmpfs", "xfs", "zfs"))


@dataclass(frozen=True)
class Pair:
    """A guest, both hosts, and what was found on them; ``copies`` are the disks that go along."""

    guest: Guest
    source: Host
    dest: Host
    here: HostCheck
    there: HostCheck
    peer: Optional[PeerCheck]
    wanted: Wanted
    copies: tuple[DiskCopy, ...] = ()

    @property
    def by_qemu(self) -> bool:
        """True where QEMU talks to QEMU, which it does not for a shut-off guest whose disks stay where they are."""
        return self.guest.active or bool(self.copies)


def pair_of(guest: Guest, source: Host, dest: Host, checks: Mapping[str, HostCheck], wanted: Wanted) -> Optional[Pair]:
    """Return the pair, None where one of the hosts was not looked at."""
    here, there = checks.get(source.name), checks.get(dest.name)
    if here is None or there is None:
        return None
    return Pair(guest, source, dest, here, there, here.peer(dest.name), wanted)


def check_refusals(pair: Pair, copies: Sequence[DiskCopy]) -> tuple[Refusal, ...]:
    """Return everything that was found on the two hosts and keeps the guest from going."""
    pair = replace(pair, copies=tuple(copies))
    return (
        *_ways(pair),
        *_ports(pair),
        *_certificates(pair),
        *_switches(pair),
        *_file_systems(pair),
    )


def disk_places(guest: Guest, check: HostCheck) -> tuple[tuple[str, str, bool, bool], ...]:
    """Return what decides, of the disks that are files, whether both hosts may use them."""
    return tuple(
        (disk.target, *_place_of(disk.source or "", check), disk.readonly)
        for disk in guest.disks
        if disk.kind is DiskKind.FILE
    )


def check_cautions(pair: Pair) -> tuple[Caution, ...]:
    """Return what was found on the two hosts and should be looked after."""
    return (*_few_ports(pair), *_ends_soon(pair), *_clocks(pair))


def not_checked(guest: Guest, hosts: Sequence[Host], checks: Mapping[str, HostCheck]) -> tuple[Caution, ...]:
    """Return a caution for each host of a pair that was not looked at though others were."""
    return tuple(
        Caution(CautionCode.NOT_CHECKED, guest.name, host.name) for host in hosts if checks and host.name not in checks
    )


def _refused(pair: Pair, code: RefusalCode, **facts: str) -> Refusal:
    return Refusal(code, pair.guest.name, pair.dest.name, {"source": pair.source.name, **facts})


def _ways(pair: Pair) -> Iterator[Refusal]:
    """The daemon's way, and the name or address to which memory goes."""
    peer = pair.peer
    if peer is None:
        return
    if pair.wanted.transport is Transport.P2P and peer.error is not None:
        remedy = (peer.advice or "try virsh -c URI hostname as root there").rstrip(".")
        yield _refused(pair, RefusalCode.PEER_REFUSES, uri=peer.uri or "", error=peer.error, remedy=_lowered(remedy))
    if not pair.by_qemu or peer.address is None:
        return
    if peer.unresolved is not None:
        yield _refused(pair, RefusalCode.NAME_UNKNOWN, name=peer.address, error=peer.unresolved)
    elif any(_is_loopback(address) for address in peer.addresses) and not pair.there.migration_host:
        yield _refused(pair, RefusalCode.NAME_LOOPBACK, name=peer.address, address=peer.addresses[0])
    elif peer.blocked is not None:
        yield _refused(pair, RefusalCode.PORTS_BLOCKED, address=peer.address, error=peer.blocked)


def _ports(pair: Pair) -> Iterator[Refusal]:
    if pair.by_qemu and pair.there.free_ports == 0:
        ports = f"{pair.there.first_port}-{pair.there.last_port}"
        yield _refused(pair, RefusalCode.PORTS_TAKEN, ports=ports)


def _certificates(pair: Pair) -> Iterator[Refusal]:
    uri = urlsplit(pair.peer.uri) if pair.peer is not None and pair.peer.uri else None
    if pair.wanted.transport is Transport.P2P and uri is not None and uri.scheme.endswith("+tls"):
        yield from _both_ends(pair, "libvirt", uri.hostname, verifies_clients=True)
    if pair.wanted.tls and pair.by_qemu:
        address = pair.peer.address if pair.peer is not None else None
        name = uri.hostname if uri is not None and uri.hostname else address
        yield from _both_ends(pair, "qemu", name, verifies_clients=pair.there.verifies_clients)


def _both_ends(pair: Pair, use: str, name: Optional[str], *, verifies_clients: bool) -> Iterator[Refusal]:
    """The server's certificate as the client at the source judges it, and the other way round."""
    here, there = pair.here.certificates_for(use), pair.there.certificates_for(use)
    if here is None or there is None:
        return
    yield from _certificate(pair, there.server, pair.dest.name, pair.there.time, here, pair.source.name)
    if there.server.present and there.server.names and name and not _is_for(name, there.server.names):
        facts = {"path": there.server.path, "where": pair.dest.name, "names": ", ".join(there.server.names)}
        yield _refused(pair, RefusalCode.CERTIFICATE_NAME, name=name, **facts)
    if verifies_clients:
        yield from _certificate(pair, here.client, pair.source.name, pair.here.time, there, pair.dest.name)


def _certificate(
    pair: Pair,
    shown: Certificate,
    where: str,
    now: float,
    judge: Certificates,
    judging: str,
) -> Iterator[Refusal]:
    """Why ``judging`` would refuse the certificate that ``where`` shows."""
    facts = {"path": shown.path, "where": where}
    if not shown.present:
        yield _refused(pair, RefusalCode.CERTIFICATE_MISSING, what=shown.problem or f"{shown.path} is missing", **facts)
    elif shown.not_after is not None and shown.not_after <= now:
        yield _refused(pair, RefusalCode.CERTIFICATE_EXPIRED, days=str(int((now - shown.not_after) // DAY)), **facts)
    elif shown.problem is not None:
        yield _refused(pair, RefusalCode.CERTIFICATE_INVALID, why=shown.problem, **facts)
    elif shown.signer is not None and judge.authorities and shown.signer not in judge.authorities:
        facts["authority"] = judge.authority_file
        yield _refused(pair, RefusalCode.CERTIFICATE_UNTRUSTED, judge=judging, **facts)


def _switches(pair: Pair) -> Iterator[Refusal]:
    if not pair.by_qemu:
        return
    if pair.wanted.post_copy and pair.guest.active and not pair.there.userfaultfd:
        yield _refused(pair, RefusalCode.POST_COPY_DENIED)
    forced = [name for name, found in _named(pair) if found.tls_forced]
    if forced and not pair.wanted.tls:
        yield _refused(pair, RefusalCode.TLS_FORCED, hosts=" and ".join(forced))


def _file_systems(pair: Pair) -> Iterator[Refusal]:
    """Disks that stay where they are and that libvirt, or SELinux, would not let both hosts use."""
    copied = {copy.target for copy in pair.copies}
    for disk in pair.guest.disks:
        path = disk.source or ""
        stays = disk.kind is DiskKind.FILE and disk.target not in copied
        kind, listed = _place_of(path, pair.here) if stays else ("", False)
        if pair.guest.active and not disk.readonly and kind in _OF_ONE_HOST and not listed:
            facts = {"disk": disk.target, "path": path, "kind": kind}
            yield _refused(pair, RefusalCode.NOT_SEEN_AS_SHARED, **facts)
        if kind.startswith("nfs") and pair.there.nfs_allowed is False:
            yield _refused(pair, RefusalCode.SELINUX_NFS, disk=disk.target)


def _few_ports(pair: Pair) -> Iterator[Caution]:
    if pair.by_qemu and 0 < pair.there.free_ports < ENOUGH_PORTS:
        ports = f"{pair.there.first_port}-{pair.there.last_port}"
        facts = {"ports": ports, "free": str(pair.there.free_ports), "most": str(pair.there.free_ports // 2)}
        yield Caution(CautionCode.FEW_PORTS, pair.guest.name, pair.dest.name, facts)


def _ends_soon(pair: Pair) -> Iterator[Caution]:
    for use in ("libvirt", "qemu"):
        for name, found in _named(pair):
            mine = found.certificates_for(use)
            shown = None if mine is None else mine.client if name == pair.source.name else mine.server
            left = None if shown is None or shown.not_after is None else shown.not_after - found.time
            if shown is not None and left is not None and 0 < left < SOON_DAYS * DAY:
                facts = {"path": shown.path, "where": name, "days": str(int(left // DAY))}
                yield Caution(CautionCode.CERTIFICATE_ENDS, pair.guest.name, pair.dest.name, facts)


def _clocks(pair: Pair) -> Iterator[Caution]:
    """Only a difference that the way of measuring does not explain is told."""
    here, there = pair.here.clock, pair.there.clock
    if here is None or there is None:
        return
    apart, doubt = abs(here.offset - there.offset), here.uncertainty + there.uncertainty
    if apart > _CLOCKS_APART + doubt:
        facts = {"source": pair.source.name, "seconds": f"{apart:.1f}", "doubt": f"{doubt:.1f}"}
        yield Caution(CautionCode.CLOCKS_DIFFER, pair.guest.name, pair.dest.name, facts)


def _named(pair: Pair) -> tuple[tuple[str, HostCheck], ...]:
    return ((pair.source.name, pair.here), (pair.dest.name, pair.there))


def _place_of(path: str, check: HostCheck) -> tuple[str, bool]:
    """Return the kind of the file system that holds the path, and whether libvirt has been told that it is shared."""
    if not path.startswith("/"):
        return "", False
    holding = [mount for mount in check.mounts if _is_below(path, mount.path)]
    kind = max(holding, key=lambda mount: len(mount.path)).kind if holding else ""
    return kind, any(_is_below(path, folder) for folder in check.shared_filesystems)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _is_for(name: str, names: Sequence[str]) -> bool:
    """Return whether a certificate with these names is one for ``name``; a star stands for one part at the front."""
    wanted = _plain(name)
    rest = wanted.partition(".")[2]
    return any(_plain(each) == wanted or (rest and _plain(each) == f"*.{rest}") for each in names)


def _plain(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.rstrip(".").lower()


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
