"""Who is told which speed when: those that get less first, so that no limit is exceeded in sum at any moment.

What a share is, is decided in bandwidth.py.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Optional

from .._model.plan import Move
from .bandwidth import Limits, shares
from .events import Emit
from .ports import Driver
from .steering import Running, told


class Shared(NamedTuple):
    """The moves under way with what they have been told, and what those that start now may have, by id."""

    running: list[Running]
    share: dict[str, Optional[int]]


def make_room(
    running: Sequence[Running],
    following: Sequence[Move],
    limits: Limits,
    own: Callable[[Move], Optional[int]],
    driver: Driver,
    emit: Emit,
) -> Shared:
    """Tell those under way that get less for the sake of ``following``; these share what is really left to them."""
    wanted = _shares(running, following, limits, own, driver)
    fewer = [told(item, wanted[item.move.id], driver, emit) if _less(item, wanted) else item for item in running]
    held = _held(fewer, wanted)
    return Shared(fewer, _shares(fewer, following, limits, own, driver, held) if held else wanted)


def share_out(
    running: Sequence[Running], limits: Limits, own: Callable[[Move], Optional[int]], driver: Driver, emit: Emit
) -> list[Running]:
    """Tell all under way whose share has changed, those that get more last."""
    shared = make_room(running, (), limits, own, driver, emit)
    return [told(item, shared.share[item.move.id], driver, emit) for item in shared.running]


def _shares(
    running: Sequence[Running],
    following: Sequence[Move],
    limits: Limits,
    own: Callable[[Move], Optional[int]],
    driver: Driver,
    held: Optional[dict[str, int]] = None,
) -> dict[str, Optional[int]]:
    moves = [*(item.move for item in running), *following]
    return shares(moves, limits.at(driver.now()), {move.id: own(move) for move in moves}, held)


def _less(item: Running, wanted: dict[str, Optional[int]]) -> bool:
    share = wanted[item.move.id]
    return share is not None and item.mibs is not None and share < item.mibs


def _held(running: Sequence[Running], wanted: dict[str, Optional[int]]) -> dict[str, int]:
    """Return what those have that should have less and could not be told."""
    return {item.move.id: item.mibs for item in running if item.mibs is not None and _less(item, wanted)}
