"""Options that a move's two hosts are too old for, or that its destination can't honour. Pure; asks no host."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .._model.host import Host, version_text
from .._model.migrate_table import flag
from .._model.plan import Move
from .._model.refusal import Refusal, RefusalCode
from .._model.request import Method
from .._model.settings import MoveSettings
from .._model.snapshot import Snapshot
from .._model.transfer import Compression
from .courses import Course
from .link_gates import link_refusals


@dataclass(frozen=True)
class _Gate:
    """An option in use, and the first releases of libvirt and QEMU with which it works; 0 is any."""

    option: str
    libvirt: int = 0
    qemu: int = 0


def refusals_of(
    moves: Sequence[Move], courses: Mapping[str, Course], fleet: Snapshot
) -> Mapping[str, tuple[Refusal, ...]]:
    """Return what the options have against each move, by its id; a migration that is under way is past asking."""
    found = {}
    for move in moves:
        source, dest = fleet.host(move.source), fleet.host(move.dest)
        if source is not None and dest is not None and not move.adopt:
            settings = courses[move.id].settings
            over = link_refusals(settings, fleet.link(source, dest), move)
            found[move.id] = (*over, *transfer_refusals(settings, source, dest, move))
    return found


def transfer_refusals(settings: MoveSettings, source: Host, dest: Host, move: Move) -> tuple[Refusal, ...]:
    """Return a refusal for each option and end that is too old for it, and one where the new name is taken."""
    gates = () if move.method in (Method.OFFLINE, Method.RESTART) and not move.copies else _gates(settings, move)
    old = [
        refusal for gate in gates for host in (source, dest) for refusal in _too_old(gate, host, move)
    ]  # both ends, since both read the parameters
    return (*old, *_name_taken(settings, dest, move))


def _gates(settings: MoveSettings, move: Move) -> tuple[_Gate, ...]:
    options, live = settings.transfer, move.method is Method.LIVE
    used = {
        "TLS": settings.tls,
        "PARALLEL": options.parallel_connections is not None,
        "ZEROCOPY": options.zerocopy,
        "NON_SHARED_SYNCHRONOUS_WRITES": options.storage_synchronous_writes and bool(move.copies),
        "migrate_disks_detect_zeroes": options.detect_zeroes and bool(move.copies),
        "disks_uri": options.disks_uri is not None and bool(move.copies),
        "POSTCOPY": live and settings.permit_post_copy,
        "bandwidth.postcopy": live and settings.permit_post_copy and options.post_copy_bandwidth_mibs is not None,
        "bandwidth.avail.switchover": options.switchover_bandwidth_mibs is not None,
    }
    found = [_of_row(name) for name, wanted in used.items() if wanted]
    if options.compression in (Compression.ZLIB, Compression.ZSTD):
        # the parameter is older than these two methods, whose levels came with them
        level = flag(f"compression.{options.compression.value}.level")
        found.append(_Gate(f"compression {options.compression.value}", level.since, level.qemu))
    if used["PARALLEL"] and used["POSTCOPY"]:
        found.append(_Gate("parallel_connections together with post-copy", qemu=10_001_000))
    return tuple(found)


def _of_row(name: str) -> _Gate:
    row = flag(name)
    return _Gate(row.option, row.since, row.qemu)


def _too_old(gate: _Gate, host: Host, move: Move) -> list[Refusal]:
    ends = (("libvirt", host.libvirt_version, gate.libvirt), ("QEMU", host.qemu_version, gate.qemu))
    return [
        Refusal(
            RefusalCode.OPTION_UNSUPPORTED,
            move.name,
            host.name,
            {"option": gate.option, "has": f"{what} {version_text(has)}", "needs": f"{what} {version_text(needs)}"},
        )
        for what, has, needs in ends
        if 0 < has < needs
    ]


def _name_taken(settings: MoveSettings, dest: Host, move: Move) -> list[Refusal]:
    other = next((guest for guest in dest.guests if guest.name == settings.transfer.new_name), None)
    if other is None or other.uuid == move.guest:
        return []
    return [Refusal(RefusalCode.NAME_TAKEN, move.name, dest.name, {"uuid": other.uuid})]
