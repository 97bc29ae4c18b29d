"""Which waiting moves may start now: order, priority, slots and nothing else. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from .._model.plan import Move
from .._model.settings import Slots


def startable(
    waiting: Sequence[Move],
    running: Sequence[Move],
    arrived: Iterable[str],
    slots: Slots,
    over: Collection[str] = (),
    as_planned: bool = False,
) -> list[Move]:
    """Return the moves of ``waiting`` that may start beside ``running``: the highest priority first, then plan order.

    ``arrived`` holds the ids of moves that ended with the guest at its destination, ``over`` of all that ended.
    ``as_planned``: the plan itself is in order of priority, and keeps groups together beyond that.
    """
    done = set(arrived)
    ended = done.union(over)
    outbound = Counter(move.source for move in running)
    inbound = Counter(move.dest for move in running)
    total, found = len(running), []
    for move in waiting if as_planned else sorted(waiting, key=lambda move: -move.policy.priority):
        if total >= slots.max_per_fleet:
            break
        if (
            done.issuperset(move.after)
            and ended.issuperset(move.once_over)
            and outbound[move.source] < slots.max_outbound_per_host
            and inbound[move.dest] < slots.max_inbound_per_host
        ):
            found.append(move)
            total += 1
            outbound[move.source] += 1
            inbound[move.dest] += 1
    return found
