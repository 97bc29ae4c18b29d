"""What only a look on a host tells of its moves: certificates, ways to its peers, ports, switches. Values only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from .codec import DecodeError, from_json
from .errors import FleetError


@dataclass(frozen=True)
class Certificate:
    """A certificate as its own host finds it; ``not_after`` in seconds since 1970.

    ``problem`` says why the host itself would not use it. ``signer`` is the fingerprint of the authority, of those in
    the host's own file, that has signed it; None where that could not be found out.
    """

    path: str
    present: bool = True
    names: tuple[str, ...] = ()
    not_after: Optional[float] = None
    signer: Optional[str] = None
    problem: Optional[str] = None


@dataclass(frozen=True)
class Certificates:
    """What libvirt, or QEMU, shows and accepts on a host; ``authorities`` are fingerprints of those it trusts."""

    use: str
    server: Certificate
    client: Certificate
    authority_file: str
    authorities: tuple[str, ...] = ()


@dataclass(frozen=True)
class PeerCheck:
    """What a host finds of another: the URI at which its daemon reaches it, and where its QEMU would send memory.

    ``error`` says why the URI can't be opened; ``unresolved`` why there is no address for ``address``, ``blocked`` why
    QEMU would not get through to it.
    """

    name: str
    uri: Optional[str] = None
    error: Optional[str] = None
    advice: Optional[str] = None
    address: Optional[str] = None
    addresses: tuple[str, ...] = ()
    unresolved: Optional[str] = None
    blocked: Optional[str] = None


@dataclass(frozen=True)
class Mount:
    """A mounted file system: where, and of which kind."""

    path: str
    kind: str


@dataclass(frozen=True)
class Clock:
    """Seconds by which a host's clock is ahead of the conductor's, and by how much that may be wrong."""

    offset: float
    uncertainty: float


@dataclass(frozen=True)
class HostCheck:
    """The look on one host. ``time`` is its own clock; ``free_ports`` are those of its range for migrations.

    ``userfaultfd``: QEMU's user may do what post-copy needs. ``nfs_allowed`` is SELinux' word, None without SELinux.
    """

    time: float
    peers: tuple[PeerCheck, ...] = ()
    certificates: tuple[Certificates, ...] = ()
    first_port: int = 49152
    last_port: int = 49215
    free_ports: int = 64
    userfaultfd: bool = True
    tls_forced: bool = False
    verifies_clients: bool = True
    migration_host: Optional[str] = None
    mounts: tuple[Mount, ...] = ()
    shared_filesystems: tuple[str, ...] = ()
    nfs_allowed: Optional[bool] = None
    mtus: Mapping[str, int] = field(default_factory=dict)
    clock: Optional[Clock] = None

    def peer(self, name: str) -> Optional[PeerCheck]:
        """Return what this host found of another, None where it did not look."""
        return next((each for each in self.peers if each.name == name), None)

    def certificates_for(self, use: str) -> Optional[Certificates]:
        """Return the certificates of libvirt or of QEMU."""
        return next((each for each in self.certificates if each.use == use), None)


def read_checks(data: Mapping[str, Any]) -> dict[str, HostCheck]:
    """Return the looks by host; raises FleetError on what no look gave."""
    try:
        return {str(name): from_json(HostCheck, data[name], f"host_checks.{name}") for name in sorted(data)}
    except DecodeError as error:
        raise FleetError(error.message, "Give what host_check_info returned as check, by host") from error
