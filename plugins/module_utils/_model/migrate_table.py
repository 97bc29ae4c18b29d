"""libvirt's migration flags and typed parameters, and what we make of each. Data only; must call nothing.

The reference page of the documentation is generated from this, and the version gates take their numbers from here.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flag:
    """A flag VIR_MIGRATE_name (``kind`` "flag"), or a typed parameter (``kind`` is its type, and its unit).

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


def _flag(name: str, since: str, *, by: str = "", rule: str = "", but: str = "", qemu: str = "0.0.0") -> Flag:
    return Flag(name, "flag", _version(since), by, rule, but, _version(qemu))


def _parameter(
    name: str, kind: str, since: str, *, by: str = "", rule: str = "", but: str = "", qemu: str = "0.0.0"
) -> Flag:
    return Flag(name, kind, _version(since), by, rule, but, _version(qemu))


# In the order of their bits: the flag at place n is 1 << n.
FLAGS: tuple[Flag, ...] = (
    _flag("LIVE", "0.3.2", by="method auto, of a running guest"),
    _flag("PEER2PEER", "0.7.2", by="transport p2p", rule="the source's daemon must reach the destination's (peer_uri)"),
    _flag(
        "TUNNELLED",
        "0.7.2",
        rule="needs PEER2PEER; excludes PARALLEL, POSTCOPY and the copying of disks",
        but="slow, and replaced by TLS between the QEMUs themselves",
    ),
    _flag("PERSIST_DEST", "0.7.3", by="always, for a guest that has a definition"),
    _flag("UNDEFINE_SOURCE", "0.7.3", by="always, for a guest that has a definition"),
    _flag("PAUSED", "0.7.5", by="always, for a guest that its owner has paused", rule="excludes POSTCOPY"),
    _flag(
        "NON_SHARED_DISK",
        "0.8.2",
        by="always, where the plan copies a disk",
        rule="excludes NON_SHARED_INC, TUNNELLED and OFFLINE",
    ),
    _flag(
        "NON_SHARED_INC",
        "0.8.2",
        by="always, where the plan copies disks that stand on images which the destination has",
        rule="excludes NON_SHARED_DISK, TUNNELLED and OFFLINE",
    ),
    _flag("CHANGE_PROTECTION", "0.9.4", by="transport direct", rule="libvirt implies it with PEER2PEER"),
    _flag(
        "UNSAFE", "0.9.11", by="allow_unsafe", rule="lifts libvirt's own refusal of disks that it holds to be unsafe"
    ),
    _flag(
        "OFFLINE",
        "1.0.1",
        by="method auto, of a guest that is shut off",
        rule="needs PERSIST_DEST; excludes the copying of disks and all that tunes the sending of memory",
    ),
    _flag(
        "COMPRESSED", "1.0.3", by="compression", rule="with PARALLEL the method must be named; here it is always named"
    ),
    _flag(
        "ABORT_ON_ERROR",
        "1.1.0",
        by="abort_on_error",
        rule="a guest that stands still for an input/output error already does not start to move",
    ),
    _flag("AUTO_CONVERGE", "1.2.3", by="auto_converge", rule="of live moves only", qemu="1.6.0"),
    _flag(
        "RDMA_PIN_ALL",
        "1.2.9",
        rule="needs an rdma:// URI and a hard limit of the guest's memory",
        but="RDMA needs hardware that a lab in software does not have, and what was never run is not offered",
    ),
    _flag(
        "POSTCOPY",
        "1.3.3",
        by="timeout_action post_copy",
        rule="needs LIVE; excludes PAUSED and TUNNELLED; with PARALLEL only from QEMU 10.1",
        qemu="2.6.0",
    ),
    _flag("TLS", "3.2.0", by="tls", rule="excludes ZEROCOPY, and disks over a UNIX socket", qemu="2.7.0"),
    _flag(
        "PARALLEL",
        "5.2.0",
        by="parallel_connections",
        rule="excludes TUNNELLED, and xbzrle; with POSTCOPY only from QEMU 10.1",
        qemu="4.0.0",
    ),
    _flag(
        "NON_SHARED_SYNCHRONOUS_WRITES", "8.0.0", by="storage_synchronous_writes", rule="set for moves that copy a disk"
    ),
    _flag(
        "POSTCOPY_RESUME",
        "8.5.0",
        by="always, where a move broke in post-copy",
        rule=(
            "needs POSTCOPY, and CHANGE_PROTECTION or PEER2PEER; on the lab QEMU's own connection heals first, and "
            "libvirt ends the move without it: a resume that did the work was not seen, emulation hangs in it"
        ),
    ),
    _flag(
        "ZEROCOPY",
        "8.5.0",
        by="zerocopy",
        rule=(
            "needs PARALLEL; excludes TLS and compression; a host that may not lock memory refuses at the start, as "
            "the lab's hosts do where the machine under them may not"
        ),
        qemu="7.1.0",
    ),
)

PARAMETERS: tuple[Flag, ...] = (
    _parameter(
        "migrate_uri",
        "string",
        "1.1.0",
        by="migration_address of a host (virtfleet_migration_address), migration_port",
        rule="excludes TUNNELLED; here always tcp://",
    ),
    _parameter(
        "destination_name", "string", "1.1.0", by="new_name", rule="of guest_migration only; free at the destination"
    ),
    _parameter(
        "destination_xml",
        "string",
        "1.1.0",
        by="bridge_map, network_map, pool_map, path_map",
        rule="the guest must see the same machine",
    ),
    _parameter(
        "persistent_xml",
        "string",
        "1.3.4",
        by="bridge_map, network_map, pool_map, path_map",
        rule="needs PERSIST_DEST",
    ),
    _parameter("bandwidth", "ullong, MiB/s", "1.1.0", by="bandwidth_mibs"),
    _parameter(
        "bandwidth.postcopy",
        "ullong, MiB/s",
        "5.1.0",
        by="post_copy_bandwidth_mibs",
        rule="needs POSTCOPY",
        qemu="3.0.0",
    ),
    _parameter("bandwidth.avail.switchover", "ullong, MiB/s", "11.1.0", by="switchover_bandwidth_mibs", qemu="8.2.0"),
    _parameter(
        "graphics_uri",
        "string",
        "1.1.0",
        by="graphics_uri",
        rule=(
            "of guest_migration only; QEMU sends viewers of SPICE after the guest, those of VNC reconnect by "
            "themselves; the lab's guests have no display, there libvirt took it and nobody followed"
        ),
    ),
    _parameter(
        "listen_address",
        "string",
        "1.1.4",
        by="listen_address of a host (virtfleet_listen_address)",
        rule="excludes TUNNELLED and UNIX sockets",
    ),
    _parameter(
        "migrate_disks",
        "string, several",
        "1.2.17",
        by="always, where the plan copies a disk",
        rule="needs NON_SHARED_DISK or NON_SHARED_INC",
    ),
    _parameter(
        "migrate_disks_detect_zeroes",
        "string, several",
        "10.9.0",
        by="detect_zeroes",
        rule="needs NON_SHARED_DISK or NON_SHARED_INC; saves space only where the disk has discard='unmap'",
    ),
    _parameter(
        "migrate_disks_target_zero",
        "string, several",
        "12.2.0",
        rule="needs NON_SHARED_DISK or NON_SHARED_INC",
        but="ruins the disk where the volume is not all zeroes, and no host with libvirt 12.2 was there to try it on",
    ),
    _parameter(
        "disks_port", "int", "1.3.3", by="disks_port", rule="of guest_migration only; excludes disks_uri and TUNNELLED"
    ),
    _parameter(
        "disks_uri",
        "string",
        "6.8.0",
        by="disks_uri",
        rule="of guest_migration only; excludes disks_port; over a UNIX socket excludes TLS",
    ),
    _parameter(
        "compression",
        "string, several",
        "1.3.4",
        by="compression",
        rule=(
            "xbzrle excludes PARALLEL; zlib and zstd need it, and libvirt 9.4 and QEMU 5.0; mt, which QEMU 9.1 "
            "has lost, is not offered"
        ),
    ),
    _parameter(
        "compression.mt.level",
        "int",
        "1.3.4",
        rule="needs compression mt",
        but="QEMU says that this method fails at random, and 9.1 has lost it",
    ),
    _parameter(
        "compression.mt.threads",
        "int",
        "1.3.4",
        rule="needs compression mt",
        but="QEMU says that this method fails at random, and 9.1 has lost it",
    ),
    _parameter(
        "compression.mt.dthreads",
        "int",
        "1.3.4",
        rule="needs compression mt",
        but="QEMU says that this method fails at random, and 9.1 has lost it",
    ),
    _parameter(
        "compression.xbzrle.cache",
        "ullong, bytes",
        "1.3.4",
        by="xbzrle_cache_mib",
        rule="needs compression xbzrle; a power of two",
    ),
    _parameter(
        "compression.zlib.level",
        "int",
        "9.4.0",
        by="compression_level",
        rule="needs compression zlib; 0 to 9; the conductor's libvirt-python must be 9.4 or newer too",
        qemu="5.0.0",
    ),
    _parameter(
        "compression.zstd.level",
        "int",
        "9.4.0",
        by="compression_level",
        rule="needs compression zstd; 0 to 20; the conductor's libvirt-python must be 9.4 or newer too",
        qemu="5.0.0",
    ),
    _parameter(
        "auto_converge.initial",
        "int, percent",
        "2.0.0",
        by="auto_converge_initial",
        rule="needs AUTO_CONVERGE; 1 to 99",
        qemu="2.7.0",
    ),
    _parameter(
        "auto_converge.increment",
        "int, percent",
        "2.0.0",
        by="auto_converge_increment",
        rule="needs AUTO_CONVERGE; 1 to 99",
        qemu="2.7.0",
    ),
    _parameter(
        "parallel.connections", "int", "5.2.0", by="parallel_connections", rule="needs PARALLEL; 1 to 255", qemu="4.0.0"
    ),
    _parameter(
        "tls.destination",
        "string",
        "6.0.0",
        by="tls_destination; else the host's name in peer_uri",
        rule="needs TLS; virtfleet_peer_name sets that name for a fleet",
    ),
)


def flag(name: str) -> Flag:
    """Return the row of that name."""
    return next(row for row in (*FLAGS, *PARAMETERS) if row.name == name)
