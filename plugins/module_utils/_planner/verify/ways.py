"""The way between two hosts, as looks on them found it: would the move come through? Must import only _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator

from ..._model.host_check import Certificates, HostCheck, PeerCheck
from ..._model.settings import Transport
from .case import Case, Hop, Violation


def way_violations(case: Case, hop: Hop) -> Iterator[Violation]:
    """Yield what is in the way of one move, where the source has looked at the destination and it was looked at itself.

    Names in certificates and file systems of disks are left to the planner.
    """
    here, there = case.snapshot.host_checks.get(hop.source.name), case.snapshot.host_checks.get(hop.dest.name)
    peer = here.peer(hop.dest.name) if here is not None else None
    if here is None or there is None or peer is None:
        return
    p2p, tls = case.request.wanted.transport is Transport.P2P, case.request.wanted.tls
    if p2p and peer.error is not None:
        yield _at(hop, "daemon's way", f"{hop.source.name} can't open {peer.uri}: {peer.error}")
    if p2p and (peer.uri or "").partition(":")[0].endswith("+tls"):
        yield from _trust(hop, "libvirt", here, there, mutual=True)
    if hop.guest.active or hop.move.copies:  # disks of a shut-off guest go by QEMU too
        yield from _memory(case, hop, here, there, peer)
        yield from _trust(hop, "qemu", here, there, mutual=there.verifies_clients) if tls else ()


def _at(hop: Hop, rule: str, detail: str) -> Violation:
    return Violation(rule, hop.move.id, detail)


def _memory(case: Case, hop: Hop, here: HostCheck, there: HostCheck, peer: PeerCheck) -> Iterator[Violation]:
    """Yield why QEMU would not get through to QEMU."""
    itself = any(address.startswith("127.") or address == "::1" for address in peer.addresses)
    broken = peer.unresolved or peer.blocked or ("it is the source itself" if itself else None)
    if broken is not None and not (itself and there.migration_host):
        yield _at(hop, "way of the memory", f"{hop.source.name} to {peer.address}: {broken}")
    if there.free_ports == 0:
        yield _at(hop, "free ports", f"{hop.dest.name} has none")
    if (here.tls_forced or there.tls_forced) and not case.request.wanted.tls:
        yield _at(hop, "TLS where it is forced", f"of {hop.source.name} and {hop.dest.name} one takes nothing else")
    if case.request.wanted.post_copy and hop.guest.active and not there.userfaultfd:
        yield _at(hop, "post-copy", f"the kernel of {hop.dest.name} forbids it")


def _trust(hop: Hop, use: str, here: HostCheck, there: HostCheck, *, mutual: bool) -> Iterator[Violation]:
    """Yield certificates that the other end would not accept now."""
    ours, theirs = here.certificates_for(use), there.certificates_for(use)
    if ours is None or theirs is None:
        return
    ends = [(hop.dest.name, theirs.server, there.time, ours)]
    ends += [(hop.source.name, ours.client, here.time, theirs)] if mutual else []
    for host, shown, now, judge in ends:
        over = shown.not_after is not None and shown.not_after <= now
        if not shown.present or over or shown.problem is not None or _foreign(shown.signer, judge):
            yield _at(hop, "certificates", f"{shown.path} of {host} would not be accepted")


def _foreign(signer: object, judge: Certificates) -> bool:
    return signer is not None and bool(judge.authorities) and signer not in judge.authorities
