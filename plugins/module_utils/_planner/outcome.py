"""Values that pass between goals, searches and the planner's door. No decisions here."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from .._model.balance import NotMoved
from .._model.plan import Bound, Purpose
from .._model.refusal import RefusalCode
from .._model.snapshot import Located


@dataclass(frozen=True)
class Wish:
    """A guest that a goal wants elsewhere, with its candidate hosts in order of name."""

    place: Located
    candidates: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Hop:
    """One move of a block, by index: from host to host; ``parking``: to stop there and go on later."""

    block: int
    source: int
    dest: int
    parking: bool = False


@dataclass(frozen=True)
class Kept:
    """What keeps a block from hosts that would have room for it alone: cause and remedy in words, and a code.

    ``at``: the host that it should go to, for which this is the whole truth, whatever room is lacking there now.
    """

    why: str
    remedy: str = "free memory, or add a host"
    code: RefusalCode = RefusalCode.NO_WAY
    at: Optional[str] = None


@dataclass(frozen=True)
class Outcome:
    """What a goal came to: hops in a legal order, each block's reason to move, and who found no place.

    ``unplaced`` has, by block, what kept it. ``away`` should have come back and could not.
    ``purposes`` and ``not_moved`` are of a balance: what each block moves for, and who stays on a fuller host and why.
    ``waves``: hosts of each wave and how many of the hops come before its end. ``emptied``: hosts with nobody left.
    """

    hops: tuple[Hop, ...] = ()
    reasons: Mapping[int, str] = field(default_factory=dict)
    unplaced: Mapping[int, Kept] = field(default_factory=dict)
    away: tuple[int, ...] = ()
    bounds: tuple[Bound, ...] = ()
    waves: tuple[tuple[tuple[int, ...], int], ...] = ()
    emptied: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
    purposes: Mapping[int, Purpose] = field(default_factory=dict)
    not_moved: tuple[NotMoved, ...] = ()
