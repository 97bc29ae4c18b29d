"""What a move costs before anything is measured: bytes, seconds, and the length of a plan under its slots. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence

from .._model.guest import Guest
from .._model.plan import DiskCopy, Method, Move
from .._model.settings import Slots

# Assumed until a link is measured: 1 Gbit/s less overhead, and what libvirt needs to start and end a move.
ASSUMED_BYTES_PER_SECOND = 110 * 1024 * 1024
FIXED_SECONDS = 1.5


def move_bytes(guest: Guest, method: Method, copies: Sequence[DiskCopy]) -> int:
    """Return an upper guess of the bytes that one pass of the move sends."""
    if method is Method.OFFLINE:
        return 0
    allocation = {disk.target: disk.allocation or disk.capacity or 0 for disk in guest.disks}
    return guest.memory + sum(allocation[copy.target] for copy in copies)


def move_seconds(size: int) -> float:
    """Return the seconds that ``size`` bytes take at the assumed rate."""
    return round(FIXED_SECONDS + size / ASSUMED_BYTES_PER_SECOND, 1)


def makespan(moves: Sequence[Move], slots: Slots) -> float:
    """Return the seconds from first start to last end when every move starts as soon as slots and order allow."""
    waiting, running, done = list(moves), [], set()  # type: ignore[var-annotated]
    outbound: Counter[str] = Counter()
    inbound: Counter[str] = Counter()
    now = 0.0
    while waiting or running:
        for move in list(waiting):
            if (
                done.issuperset(move.after)
                and len(running) < slots.max_per_fleet
                and outbound[move.source] < slots.max_outbound_per_host
                and inbound[move.dest] < slots.max_inbound_per_host
            ):
                waiting.remove(move)
                outbound[move.source] += 1
                inbound[move.dest] += 1
                heapq.heappush(running, (now + move.est_seconds, move.id, move))
        now, _unused, ended = heapq.heappop(running)
        done.add(ended.id)
        outbound[ended.source] -= 1
        inbound[ended.dest] -= 1
    return round(now, 1)
