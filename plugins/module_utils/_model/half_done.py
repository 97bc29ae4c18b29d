"""The copies of a guest that is not whole on one host, what may be done to them, and why not: values alone."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Optional

from .guest import JobKind, MoveClaim


class Standing(enum.Enum):
    """What a copy of a guest does, and for what reason, as its host's libvirt says.

    ARRIVED: runs, and has come by migration. HELD: paused by a migration, at either of its ends. PAUSED: for any other
    reason, so that it has a state of its own. STARTS: its process is being set up. POST_COPY: it runs or waits with
    part of its memory on another host.
    """

    RUNS = "runs"
    ARRIVED = "arrived"
    HELD = "held"
    PAUSED = "paused"
    STARTS = "starts"
    POST_COPY = "post_copy"
    OFF = "off"
    OTHER = "other"


@dataclass(frozen=True)
class Copy:
    """One host's copy of a guest. ``ran``: its vCPUs have run since its process began there; None: not known.

    ``saved``: there is a saved memory image beside the definition. ``claim``: of an interrupted move of ours.
    """

    host: str
    standing: Standing
    ran: Optional[bool] = None
    job: Optional[JobKind] = None
    persistent: bool = True
    saved: bool = False
    snapshots: int = 0
    claim: Optional[MoveClaim] = None


@dataclass(frozen=True)
class Copies:
    """All copies of one guest at one moment, by host. ``answered``: all hosts that told, ``silent``: that did not."""

    guest: str
    name: str
    found: tuple[Copy, ...]
    answered: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


class Action(enum.Enum):
    """What is done to a copy."""

    DESTROY = "destroy"
    UNDEFINE = "undefine"
    RESUME = "resume"


@dataclass(frozen=True)
class Deed:
    """One step of mending. ``standing``: how the copy must still be when it is done; ``home``: where the guest is."""

    action: Action
    guest: str
    name: str
    host: str
    standing: Standing
    home: str


class Unproven(enum.Enum):
    """Why the copies do not prove what is right. Codes are stable: playbooks may test them."""

    CHANGES = "changes"
    UNDER_WAY = "under_way"
    POST_COPY = "post_copy"
    RUNS_TWICE = "runs_twice"
    NONE_ACTIVE = "none_active"
    NO_SOURCE = "no_source"
    OWN_STATE = "own_state"
    HAS_RUN = "has_run"
    WENT_OFF = "went_off"
    STATE = "state"
    TRANSIENT = "transient"
    SAVED_IMAGE = "saved_image"
    SNAPSHOTS = "snapshots"
    OTHER_END_UNKNOWN = "other_end_unknown"
    OTHER_END_SILENT = "other_end_silent"


@dataclass(frozen=True)
class Doubt:
    """Why nothing is done. ``hosts``: those whose copies leave it open."""

    code: Unproven
    name: str
    hosts: tuple[str, ...]
