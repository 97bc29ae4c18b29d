"""Request and plan: what is asked of the planner and what it answers. Documents with a schema number."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Optional

from .codec import read_document
from .guest import GuestState, MoveClaim, VolumeRef
from .refusal import Refusal
from .settings import Slots

SCHEMA = 1


class Goal(enum.Enum):
    """EVACUATE empties hosts; RESTORE brings home what left them; MOVE sends named guests to one host."""

    EVACUATE = "evacuate"
    RESTORE = "restore"
    MOVE = "move"


class Method(enum.Enum):
    """LIVE: runs on meanwhile. PAUSED: suspended, memory copied, then as before. OFFLINE: only the definition moves."""

    LIVE = "live"
    PAUSED = "paused"
    OFFLINE = "offline"


def method_fits(method: Method, state: GuestState) -> bool:
    """Return whether a guest in that state can be moved that way."""
    if method is Method.OFFLINE:
        return state is GuestState.SHUT_OFF
    if method is Method.LIVE:
        return state is GuestState.RUNNING
    return state in (GuestState.RUNNING, GuestState.PAUSED)


@dataclass(frozen=True)
class Request:
    """What is wanted. ``hosts``: to empty, to fill again, or the one to move to, by goal.

    ``dests`` limits the candidates (empty: all). ``method`` forces PAUSED for running guests; None picks by state.
    """

    goal: Goal
    hosts: tuple[str, ...] = ()
    guests: tuple[str, ...] = ()
    dests: tuple[str, ...] = ()
    method: Optional[Method] = None
    slots: Slots = Slots()


@dataclass(frozen=True)
class DiskCopy:
    """A disk to copy along, and the volume to make for it at the destination. ``capacity`` is in bytes."""

    target: str
    source: VolumeRef
    dest: VolumeRef
    format: str
    capacity: int


@dataclass(frozen=True)
class Move:
    """One guest from one host to another, once every move of ``after`` is done.

    ``adopt``: the migration is under way already and is only watched. ``home``: noted in the guest when it goes.
    """

    id: str
    guest: str
    name: str
    source: str
    dest: str
    method: Method
    after: tuple[str, ...] = ()
    copies: tuple[DiskCopy, ...] = ()
    adopt: bool = False
    home: Optional[str] = None
    est_seconds: float = 0.0
    est_bytes: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Stay:
    """A guest that should leave and can't, with a refusal for each candidate or the blockers of the guest."""

    guest: str
    name: str
    host: str
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class Leftover:
    """What an interrupted move left: its claim, and perhaps volumes or a definition. Mended when a plan is applied.

    ``host`` is where the guest lives, ``definition_on`` the host with a second, shut-off definition of it.
    """

    guest: str
    name: str
    host: str
    claim: MoveClaim
    definition_on: Optional[str] = None


@dataclass(frozen=True)
class Plan:
    """The answer to a request. ``plan_id`` is the digest of snapshot and request."""

    plan_id: str
    request: Request
    moves: tuple[Move, ...]
    stays: tuple[Stay, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    est_seconds: float = 0.0
    est_bytes: int = 0
    schema: int = SCHEMA


def read_plan(text: str, what: str) -> Plan:
    """Parse a saved plan; ``what`` names it in errors."""
    return read_document(Plan, text, what, SCHEMA)
