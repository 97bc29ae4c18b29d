"""What a half-done move has left in the fleet: values. Words for people are in prose_anomaly.py."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from dataclasses import dataclass

from .guest import VolumeRef


class AnomalyKind(enum.Enum):
    """Codes are stable: playbooks may test them.

    RUNS_TWICE: active on several hosts, and no migration explains it. GHOST: active on one host, and an incoming copy,
    paused, on another one, to which nothing moves. LEFTOVER_DEFINITION: a second, shut-off definition that a move
    of ours has left. DEFINED_TWICE: several definitions that no interrupted move explains. UNFINISHED: a move was
    interrupted, its claim and perhaps volumes are left. LEFT_PAUSED: paused by a migration that nobody drives any more,
    and running nowhere. POST_COPY_BROKEN: part of its memory is on either host, and the link between them broke.
    POST_COPY_HALF: the same, and no host that answers has the other half.
    """

    RUNS_TWICE = "runs_twice"
    GHOST = "ghost"
    LEFTOVER_DEFINITION = "leftover_definition"
    DEFINED_TWICE = "defined_twice"
    UNFINISHED = "unfinished_move"
    LEFT_PAUSED = "left_paused"
    POST_COPY_BROKEN = "post_copy_broken"
    POST_COPY_HALF = "post_copy_half"


@dataclass(frozen=True)
class Anomaly:
    """``hosts``: where the guest belongs, then where something of it is left; ``volumes`` are on the last of them."""

    kind: AnomalyKind
    guest: str
    name: str
    hosts: tuple[str, ...]
    volumes: tuple[VolumeRef, ...] = ()
