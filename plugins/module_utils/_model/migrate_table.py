"""libvirt's migration flags and typed parameters, and what we make of each. Data only; must call nothing.

The reference page of the documentation is generated from this, and the version gates take their numbers from here.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flag:
    """A flag VIR_MIGRATE_name, or a typed parameter (``kind`` is its type then, ``bit`` None).

    ``since`` and ``qemu``: the first releases of libvirt and QEMU that know it, as libvirt numbers them; 0 is any.
    ``option``: what sets it here; empty where nothing does, and ``why_not`` says why. ``rule``: what it needs or
    excludes.
    """

    name: str
    kind: str
    since: int
    option: str = ""
    rule: str = ""
    why_not: str = ""
    qemu: int = 0


def _version(text: str) -> int:
    major, minor, release = (int(part) for part in text.split("."))
    return major * 1_000_000 + minor * 1000 + release


def _row(
    name: str, kind: str, since: str, option: str = "", rule: str = "", why_not: str = "", qemu: str = "0.0.0"
) -> Flag:
    return Flag(name, kind, _version(since), option, rule, why_not, _version(qemu))


_LATER = "not yet"

# In the order of their bits: the flag at place n is 1 << n.
FLAGS: tuple[Flag, ...] = (
    _row("LIVE", "flag", "0.3.2", "method auto, of a running guest"),
    _row("PEER2PEER", "flag", "0.7.2", "transport p2p", "the source's daemon must reach the destination's (peer_uri)"),
    _row(
        *("TUNNELLED", "flag", "0.7.2", "", "needs PEER2PEER; excludes PARALLEL, POSTCOPY and the copying of disks"),
        why_not="slow, and replaced by TLS between the QEMUs themselves",
    ),
    _row("PERSIST_DEST", "flag", "0.7.3", "always, for a guest that has a definition"),
    _row("UNDEFINE_SOURCE", "flag", "0.7.3", "always, for a guest that has a definition"),
    _row("PAUSED", "flag", "0.7.5", "always, for a guest that its owner has paused", "excludes POSTCOPY"),
    _row(
        *("NON_SHARED_DISK", "flag", "0.8.2", "always, where the plan copies a disk"),
        "excludes NON_SHARED_INC, TUNNELLED and OFFLINE",
    ),
    _row(
        *("NON_SHARED_INC", "flag", "0.8.2", "", "excludes NON_SHARED_DISK, TUNNELLED and OFFLINE"),
        why_not=f"{_LATER}: disks with a backing chain",
    ),
    _row("CHANGE_PROTECTION", "flag", "0.9.4", "transport direct", "libvirt implies it with PEER2PEER"),
    _row("UNSAFE", "flag", "0.9.11", "allow_unsafe", "lifts libvirt's own refusal of disks that it holds to be unsafe"),
    _row(
        *("OFFLINE", "flag", "1.0.1", "method auto, of a guest that is shut off"),
        "needs PERSIST_DEST; excludes the copying of disks and all that tunes the sending of memory",
    ),
    _row(
        *("COMPRESSED", "flag", "1.0.3", "compression"),
        "with PARALLEL the method must be named; here it is always named",
    ),
    _row(
        *("ABORT_ON_ERROR", "flag", "1.1.0", "abort_on_error"),
        "a guest that stands still for an input/output error already does not start to move",
    ),
    _row("AUTO_CONVERGE", "flag", "1.2.3", "auto_converge", "of live moves only", qemu="1.6.0"),
    _row(
        *("RDMA_PIN_ALL", "flag", "1.2.9", "", "needs an rdma:// URI and a hard limit of the guest's memory"),
        why_not="RDMA needs hardware that a lab in software does not have, and what was never run is not offered",
    ),
    _row(
        *("POSTCOPY", "flag", "1.3.3", "timeout_action post_copy"),
        "needs LIVE; excludes PAUSED and TUNNELLED; with PARALLEL only from QEMU 10.1",
        qemu="2.6.0",
    ),
    _row("TLS", "flag", "3.2.0", "tls", "excludes ZEROCOPY, and disks over a UNIX socket", qemu="2.7.0"),
    _row(
        *("PARALLEL", "flag", "5.2.0", "parallel_connections"),
        "excludes TUNNELLED, and xbzrle; with POSTCOPY only from QEMU 10.1",
        qemu="4.0.0",
    ),
    _row(
        *("NON_SHARED_SYNCHRONOUS_WRITES", "flag", "8.0.0", "storage_synchronous_writes"),
        "set for moves that copy a disk",
    ),
    _row(
        *("POSTCOPY_RESUME", "flag", "8.5.0", "", "needs POSTCOPY, and CHANGE_PROTECTION or PEER2PEER"),
        why_not=f"{_LATER}: recovery of a broken post-copy",
    ),
    _row("ZEROCOPY", "flag", "8.5.0", "zerocopy", "needs PARALLEL; excludes TLS and compression", qemu="7.1.0"),
)

PARAMETERS: tuple[Flag, ...] = (
    _row(
        *("migrate_uri", "string", "1.1.0", "migration_address of a host (virtfleet_migration_address), migration_port"),
        "excludes TUNNELLED; here always tcp://",
    ),
    _row("destination_name", "string", "1.1.0", "new_name", "of guest_migration only; free at the destination"),
    _row(
        *("destination_xml", "string", "1.1.0", "", "the guest must see the same machine"),
        why_not=f"{_LATER}: other bridges, paths and pools at the destination",
    ),
    _row(
        *("persistent_xml", "string", "1.3.4", "", "needs PERSIST_DEST"),
        why_not=f"{_LATER}: other bridges, paths and pools at the destination",
    ),
    _row("bandwidth", "ullong, MiB/s", "1.1.0", "bandwidth_mibs"),
    _row(
        *("bandwidth.postcopy", "ullong, MiB/s", "5.1.0", "post_copy_bandwidth_mibs", "needs POSTCOPY"),
        qemu="3.0.0",
    ),
    _row("bandwidth.avail.switchover", "ullong, MiB/s", "11.1.0", "switchover_bandwidth_mibs", qemu="8.2.0"),
    _row(
        *("graphics_uri", "string", "1.1.0", "graphics_uri"),
        "of guest_migration only; QEMU sends viewers of SPICE after the guest, those of VNC reconnect by themselves",
    ),
    _row(
        *("listen_address", "string", "1.1.4", "listen_address of a host (virtfleet_listen_address)"),
        "excludes TUNNELLED and UNIX sockets",
    ),
    _row("migrate_disks", "string, several", "1.2.17", "always, where the plan copies a disk", "needs NON_SHARED_*"),
    _row(
        *("migrate_disks_detect_zeroes", "string, several", "10.9.0", "detect_zeroes"),
        "needs NON_SHARED_*; saves space only where the disk has discard='unmap'",
    ),
    _row(
        *("migrate_disks_target_zero", "string, several", "12.2.0", "", "needs NON_SHARED_*"),
        why_not="ruins the disk where the volume is not all zeroes, and no host with libvirt 12.2 was there to try it on",
    ),
    _row("disks_port", "int", "1.3.3", "disks_port", "of guest_migration only; excludes disks_uri and TUNNELLED"),
    _row(
        *("disks_uri", "string", "6.8.0", "disks_uri"),
        "of guest_migration only; excludes disks_port; over a UNIX socket excludes TLS",
    ),
    _row(
        *("compression", "string, several", "1.3.4", "compression"),
        "xbzrle excludes PARALLEL; zlib and zstd need it, and libvirt 9.4 and QEMU 5.0; mt, which QEMU 9.1 has lost, "
        "is not offered",
    ),
    *(
        _row(
            *(f"compression.mt.{name}", "int", "1.3.4", "", "needs compression mt"),
            why_not="QEMU says that this method fails at random, and 9.1 has lost it",
        )
        for name in ("level", "threads", "dthreads")
    ),
    _row(
        *("compression.xbzrle.cache", "ullong, bytes", "1.3.4", "xbzrle_cache_mib"),
        "needs compression xbzrle; a power of two",
    ),
    *(
        _row(
            *(f"compression.{method}.level", "int", "9.4.0", "compression_level"),
            f"needs compression {method}; 0 to {most}; the conductor's libvirt-python must be 9.4 or newer too",
            qemu="5.0.0",
        )
        for method, most in (("zlib", 9), ("zstd", 20))
    ),
    _row(
        *("auto_converge.initial", "int, percent", "2.0.0", "auto_converge_initial", "needs AUTO_CONVERGE; 1 to 99"),
        qemu="2.7.0",
    ),
    _row(
        *("auto_converge.increment", "int, percent", "2.0.0", "auto_converge_increment", "needs AUTO_CONVERGE; 1 to 99"),
        qemu="2.7.0",
    ),
    _row("parallel.connections", "int", "5.2.0", "parallel_connections", "needs PARALLEL; 1 to 255", qemu="4.0.0"),
    _row(
        *("tls.destination", "string", "6.0.0", "tls_destination; else the host's name in peer_uri"),
        "needs TLS; virtfleet_peer_name sets that name for a fleet",
    ),
)


def flag(name: str) -> Flag:
    """Return the row of that name."""
    return next(row for row in (*FLAGS, *PARAMETERS) if row.name == name)
