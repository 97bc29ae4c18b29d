"""What a live move will take, from what its guest holds, how fast it writes and how fast it is sent. Only arithmetic.

A pass sends what is to be sent; meanwhile the guest writes, and what it wrote is the next pass. Once the rest can be
sent within the downtime, the guest stands still for it. Where a pass leaves no less than the one before, it never ends.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .guest import Guest

MIB = 1024 * 1024
# Of a guest's process, what is not its memory: QEMU itself, its buffers and, without KVM, translated code.
PROCESS_BYTES = {"kvm": 40 * MIB, "qemu": 138 * MIB}
# What no guest goes below: firmware, kernel, and the pages in which QEMU says that others are empty.
_LEAST_SHARE = 0.03
# A switchover takes this much beside sending the rest: devices, the last look at what was written, the network.
SWITCHOVER_MS = 40
# Passes that leave more than this share of what they sent get nowhere.
_GETS_NOWHERE = 0.95
_MOST_PASSES = 50
_LONG_DOWNTIME_MS = 5000


@dataclass(frozen=True)
class Prediction:
    """What a live move is expected to take; ``seconds`` without what libvirt needs to begin and end it.

    ``converges``: pre-copy alone brings it to an end within the downtime. Else the figures are those of a guest that
    stands still for the rest in the end. ``policy``: the convergence policy that is made for that, None: any will do.
    """

    seconds: float
    sent_bytes: int
    downtime_ms: int
    converges: bool
    passes: int
    dirty_rate: int
    policy: Optional[str] = None


def held_by(guest: Guest) -> int:
    """Return the bytes of the guest's memory that hold something: pages never written are nearly free to send."""
    known = [] if guest.held_memory is None else [guest.held_memory]
    if guest.usage_memory is not None:
        known.append(guest.usage_memory - PROCESS_BYTES.get(guest.virt_type, PROCESS_BYTES["kvm"]))
    if not known:
        return guest.memory
    return int(min(guest.memory, max(*known, _LEAST_SHARE * guest.memory)))


def predict(held: int, disks: int, dirty_rate: int, speed: float, max_downtime_ms: int) -> Prediction:
    """Return what to expect of a guest that holds ``held`` bytes and writes ``dirty_rate`` bytes per second of them.

    ``disks``: bytes of disks that are copied first. ``speed``: bytes per second.
    """
    sent, size, passes = 0.0, float(held), 0
    while passes < _MOST_PASSES:
        passes += 1
        sent += size
        written = min(float(held), dirty_rate * size / speed)
        if 1000 * written / speed <= max_downtime_ms:
            return _made(sent + written, disks, written, dirty_rate, speed, passes, None)
        if passes > 1 and written > size * _GETS_NOWHERE:
            break
        size = written
    long = 1000 * written / speed <= _LONG_DOWNTIME_MS
    return _made(sent + written, disks, written, dirty_rate, speed, passes, "very_large" if long else "post_copy")


def _made(
    sent: float, disks: int, rest: float, dirty_rate: int, speed: float, passes: int, policy: Optional[str]
) -> Prediction:
    total = sent + disks
    return Prediction(
        seconds=round(total / speed, 2),
        sent_bytes=int(total),
        downtime_ms=int(SWITCHOVER_MS + 1000 * rest / speed),
        converges=policy is None,
        passes=passes,
        dirty_rate=dirty_rate,
        policy=policy,
    )
