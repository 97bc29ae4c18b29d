"""Is a host fit to take guests again, judged by what it tells about itself and by a look at its ways. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from .._model.fitness import Libvirt, Unfit, UnfitCode
from .._model.host_check import Certificate, HostCheck, PeerCheck

# libvirt and TLS bear more; a clock that lost its synchronisation is further off, and hosts differ by twice as much
MOST_SECONDS_OFF = 5.0


def unfit(libvirt: Libvirt, check: Optional[HostCheck]) -> tuple[Unfit, ...]:
    """Return everything that keeps the host from being fit; ``check`` is None where nobody has looked at its ways."""
    if libvirt.error is not None:
        return (Unfit(UnfitCode.DAEMON_SILENT, {"error": libvirt.error}),)
    return (*_idle(libvirt), *(_of_check(check) if check is not None else ()))


def _idle(libvirt: Libvirt) -> Iterator[Unfit]:
    for code, names in ((UnfitCode.POOL_IDLE, libvirt.idle_pools), (UnfitCode.NETWORK_IDLE, libvirt.idle_networks)):
        yield from (Unfit(code, {"name": name}) for name in names)


def _of_check(check: HostCheck) -> Iterator[Unfit]:
    yield from _clock(check)
    yield from _peers(check)
    if check.free_ports == 0:
        yield Unfit(UnfitCode.PORTS_TAKEN, {"ports": f"{check.first_port}-{check.last_port}"})
    for use in _needed(check):
        found = check.certificates_for(use)
        for certificate in (found.server, found.client) if found is not None else ():
            yield from _certificate(certificate, check.time)


def _needed(check: HostCheck) -> Iterator[str]:
    """Yield what the host's certificates are needed for: a fleet that goes by ssh, without TLS, has none."""
    if any(peer.uri is not None and "+tls:" in peer.uri for peer in check.peers):
        yield "libvirt"
    found = check.certificates_for("qemu")
    if check.tls_forced or (found is not None and found.server.present):
        yield "qemu"


def _clock(check: HostCheck) -> Iterator[Unfit]:
    clock = check.clock
    if clock is not None and abs(clock.offset) - clock.uncertainty > MOST_SECONDS_OFF:
        yield Unfit(UnfitCode.CLOCK_OFF, {"seconds": f"{abs(clock.offset):.0f}"})


def _peers(check: HostCheck) -> Iterator[Unfit]:
    """Another host may be down; that none is reached is this host's fault."""
    asked = [peer for peer in check.peers if peer.uri is not None]
    if asked and all(peer.error is not None for peer in asked):
        yield Unfit(UnfitCode.PEERS_REFUSE, _facts(asked[0], asked[0].error))
    tried = [peer for peer in check.peers if peer.addresses]
    if tried and all(peer.blocked is not None for peer in tried):
        yield Unfit(UnfitCode.PORTS_BLOCKED, _facts(tried[0], tried[0].blocked))


def _facts(peer: PeerCheck, error: Optional[str]) -> dict[str, str]:
    return {"name": peer.name, "uri": peer.uri or "", "error": error or ""}


def _certificate(found: Certificate, now: float) -> Iterator[Unfit]:
    if not found.present:
        why = found.problem or "there is no such file"
        yield Unfit(UnfitCode.CERTIFICATE_MISSING, {"path": found.path, "why": why})
    elif found.not_after is not None and found.not_after <= now:
        yield Unfit(UnfitCode.CERTIFICATE_EXPIRED, {"path": found.path})
    elif found.problem is not None:
        yield Unfit(UnfitCode.CERTIFICATE_INVALID, {"path": found.path, "why": found.problem})
