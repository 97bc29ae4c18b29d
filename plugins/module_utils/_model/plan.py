"""Plan: what the planner answers to a request. A document with a schema number."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Optional

from .balance import NotMoved
from .codec import read_document
from .crossing import LinkUse, MoveGroup
from .energy import Energy
from .guest import Balanced, MoveClaim, VolumeRef
from .guest_policy import GuestPolicy
from .predict import Prediction
from .refusal import Refusal
from .request import Method, Request
from .rules import RuleFault

SCHEMA = 1


@dataclass(frozen=True)
class DiskCopy:
    """A disk to copy along, and the volume to make for it at the destination. ``capacity`` is in bytes.

    ``backing`` is the path of an image at the destination on which the volume stands: only what is above it is copied.
    Left out, the copy has everything in it.
    """

    target: str
    source: VolumeRef
    dest: VolumeRef
    format: str
    capacity: int
    backing: Optional[str] = None
    backing_format: Optional[str] = None


@dataclass(frozen=True)
class MediaCopy:
    """A read-only image that the destination gets before the guest, and keeps. ``length`` is its file's, in bytes."""

    target: str
    source: VolumeRef
    dest: VolumeRef
    length: int


class ChangeKind(enum.Enum):
    """What of a guest's definition is another at the destination.

    BRIDGE and NETWORK: what interfaces are plugged into. FILE: the path of a disk. POOL: the pool of a disk that names
    its pool. CHAIN: the disk stands on another image there, or on none. EJECT: the drive is empty there.
    """

    BRIDGE = "bridge"
    NETWORK = "network"
    FILE = "file"
    POOL = "pool"
    CHAIN = "chain"
    EJECT = "eject"


@dataclass(frozen=True)
class Change:
    """A change of the definition: ``what`` is a name at the source, or a disk's target; ``to`` what it becomes."""

    kind: ChangeKind
    what: str
    to: str = ""


@dataclass(frozen=True)
class Twin:
    """Two images, on the source and on the destination, that have to hold the same: bases of disks, read-only media."""

    source: VolumeRef
    dest: VolumeRef


class Purpose(enum.Enum):
    """What a move of BALANCE is for.

    MEND a broken rule or an overfull host. RELIEVE an overloaded host. START_ROOM: a shut-off guest goes where it could
    be started. EVEN_OUT the load.
    """

    MEND = "mend"
    RELIEVE = "relieve"
    START_ROOM = "start_room"
    EVEN_OUT = "even_out"


@dataclass(frozen=True)
class Move:
    """One guest from one host to another, once every move of ``after`` is done.

    ``adopt``: the migration is under way already and is only watched. ``home``: noted in the guest when it goes.
    ``once_over``: moves that must be over, whatever became of them: those of another group over the same link.
    ``parking``: a stop on the way, which another move of the same guest ends. While ``est_downtime_ms`` nothing runs.
    ``policy``: the guest's own wishes. ``expected``: where its dirty rate was measured, what the estimates come from.
    ``purpose``: of BALANCE, what it is for. ``balanced``: noted in the guest when it goes; None leaves what it has.
    """

    id: str
    guest: str
    name: str
    source: str
    dest: str
    method: Method
    after: tuple[str, ...] = ()
    once_over: tuple[str, ...] = ()
    copies: tuple[DiskCopy, ...] = ()
    adopt: bool = False
    home: Optional[str] = None
    est_seconds: float = 0.0
    est_bytes: int = 0
    reason: str = ""
    parking: bool = False
    est_downtime_ms: int = 0
    changes: tuple[Change, ...] = ()
    twins: tuple[Twin, ...] = ()
    policy: GuestPolicy = GuestPolicy()
    expected: Optional[Prediction] = None
    media: tuple[MediaCopy, ...] = ()
    purpose: Optional[Purpose] = None
    balanced: Optional[Balanced] = None


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
class Wave:
    """Hosts that are upgraded together, once these moves have emptied them, which takes ``est_seconds``."""

    hosts: tuple[str, ...]
    moves: tuple[str, ...]
    est_seconds: float = 0.0


@dataclass(frozen=True)
class Breach:
    """A rule that the fleet breaks once the plan is done. ``before``: it was broken already when the plan was made."""

    rule: str
    hard: bool
    before: bool
    detail: str


@dataclass(frozen=True)
class Bound:
    """How good the result is: the value reached, and one that no plan could have been better than (both in ``unit``).

    ``before`` is the value as the fleet is now.
    """

    what: str
    unit: str
    before: float
    value: float
    bound: Optional[float] = None


@dataclass(frozen=True)
class Plan:
    """The answer to a request. ``plan_id`` is the digest of snapshot and request.

    ``power_on`` before the first move, ``power_off`` after the last. ``waves``: of ROLLING only. ``bounds``: the goal's
    own numbers. ``breaches``: rules that do not hold at the end. ``frail``: hosts whose loss the others could not take,
    None where nobody asked. ``critical_path``: ids of the moves that decide ``est_seconds``. Watts and ``energy`` are
    None without power models. ``remarks``: what the planner noticed and could not honour, in words. ``rule_faults``:
    rules that nobody can keep, whatever the plan; the remarks have them in words. ``not_moved``: of BALANCE, who stays
    on a host that is fuller than the mean, and why. ``groups``: of RELOCATE, guests that go as a whole.
    """

    plan_id: str
    request: Request
    moves: tuple[Move, ...]
    stays: tuple[Stay, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    est_seconds: float = 0.0
    est_bytes: int = 0
    est_downtime_ms: int = 0
    power_on: tuple[str, ...] = ()
    power_off: tuple[str, ...] = ()
    waves: tuple[Wave, ...] = ()
    bounds: tuple[Bound, ...] = ()
    breaches: tuple[Breach, ...] = ()
    frail: Optional[tuple[str, ...]] = None
    critical_path: tuple[str, ...] = ()
    watts_before: Optional[float] = None
    watts_after: Optional[float] = None
    energy: Optional[Energy] = None
    remarks: tuple[str, ...] = ()
    rule_faults: tuple[RuleFault, ...] = ()
    not_moved: tuple[NotMoved, ...] = ()
    groups: tuple[MoveGroup, ...] = ()
    links: tuple[LinkUse, ...] = ()
    schema: int = SCHEMA


def read_plan(text: str, what: str) -> Plan:
    """Parse a saved plan; ``what`` names it in errors."""
    return read_document(Plan, text, what, SCHEMA)
