"""From the options of a transfer to libvirt's flags and typed parameters. A table; must call nothing of libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from .._model.plan import Move
from .._model.request import Method
from .._model.settings import MoveSettings
from .._model.transfer import Compression, TransferOptions

UNSAFE = 1 << 9
COMPRESSED = 1 << 11
ABORT_ON_ERROR = 1 << 12
PARALLEL = 1 << 17
NON_SHARED_SYNCHRONOUS_WRITES = 1 << 18
ZEROCOPY = 1 << 20
MIB = 1024 * 1024

# An integer goes out as the type that libvirt wants only where the conductor's binding knows the parameter.
TYPED_SINCE_9_4 = frozenset({"compression.zlib.level", "compression.zstd.level"})


def transfer_flags(move: Move, options: TransferOptions) -> int:
    """Return the flags that the options add to a move of memory."""
    wanted = {
        UNSAFE: options.allow_unsafe,
        COMPRESSED: options.compression is not None,
        ABORT_ON_ERROR: options.abort_on_error,
        PARALLEL: options.parallel_connections is not None,
        NON_SHARED_SYNCHRONOUS_WRITES: options.storage_synchronous_writes and bool(move.copies),
        ZEROCOPY: options.zerocopy,
    }
    return sum(bit for bit, on in wanted.items() if on)


def transfer_parameters(move: Move, settings: MoveSettings) -> dict[str, Any]:
    """Return the typed parameters that the options add; what tunes a feature only where the move has that feature."""
    options = settings.transfer
    if move.method is Method.OFFLINE:
        return _given({"destination_name": options.new_name})
    slows = move.method is Method.LIVE and settings.auto_converge
    switches = move.method is Method.LIVE and settings.permit_post_copy
    cache = options.xbzrle_cache_mib
    found = _given(
        {
            "destination_name": options.new_name,
            "graphics_uri": options.graphics_uri,
            "parallel.connections": options.parallel_connections,
            "compression": None if options.compression is None else [options.compression.value],
            "compression.xbzrle.cache": None if cache is None else cache * MIB,
            "bandwidth.avail.switchover": options.switchover_bandwidth_mibs,
            "auto_converge.initial": options.auto_converge_initial if slows else None,
            "auto_converge.increment": options.auto_converge_increment if slows else None,
            "bandwidth.postcopy": options.post_copy_bandwidth_mibs if switches else None,
        }
    )
    if options.compression in (Compression.ZLIB, Compression.ZSTD) and options.compression_level is not None:
        found[f"compression.{options.compression.value}.level"] = options.compression_level
    if move.copies:
        targets = [copy.target for copy in move.copies]
        found.update(_given({"disks_port": options.disks_port, "disks_uri": options.disks_uri}))
        found.update(_given({"migrate_disks_detect_zeroes": targets if options.detect_zeroes else None}))
    return found


def _given(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}
