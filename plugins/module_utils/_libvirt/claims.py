"""A move's claim, kept in the guest's metadata while it is under way, and the volumes that are made under it."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Optional

from .._engine.ports import DriverError, Failure
from .._model.guest import MoveClaim, VolumeRef
from .._model.plan import Move
from .._model.request import Method
from . import volumes
from .connection import Fleet
from .guest_notes import notes_of, write_notes
from .lookup import domain_on, find, undefine


def claimer(domain: Any, move: Move, active: bool) -> Callable[[tuple[VolumeRef, ...]], None]:
    """Return what writes the move's claim, with the volumes made so far, into the guest's metadata."""
    persistent = bool(domain.isPersistent())
    autostart = persistent and bool(domain.autostart())
    copied, restart = tuple(copy.source for copy in move.copies), move.method is Method.RESTART

    def claim(made: tuple[VolumeRef, ...]) -> None:
        claimed = MoveClaim(move.source, move.dest, autostart, made, copied, restart)
        now = notes_of(domain)
        balanced = move.balanced or now.balanced
        write_notes(
            domain, dataclasses.replace(now, home=move.home, claim=claimed, balanced=balanced), active, persistent
        )

    return claim


def claimed_volumes(fleet: Fleet, move: Move) -> tuple[VolumeRef, ...]:
    """Return the volumes at the destination that an interrupted try of this very move made."""
    claim = notes_of(domain_on(fleet, move.source, move.guest)).claim if move.copies else None
    return claim.volumes if claim is not None and claim.dest == move.dest else ()


def make_volumes(
    fleet: Fleet, move: Move, created: list[VolumeRef], claim: Callable[[tuple[VolumeRef, ...]], None]
) -> None:
    """Make the volumes, claiming each once it is there: what is in a claim may be deleted by a later run.

    ``created`` grows by each, also where a later one fails.
    """
    connection, ours = fleet.control(move.dest), claimed_volumes(fleet, move)
    claim(ours)
    for copy in move.copies:
        if copy.dest in ours:
            volumes.delete(connection, copy.dest)
        # libvirt refuses where somebody else made one of that name since the last look
        volumes.create(connection, copy)
        created.append(copy.dest)
        if copy.dest not in ours:
            ours = (*ours, copy.dest)
            claim(ours)


def fulfil(fleet: Fleet, domain: Any, host: str, home: Optional[str], active: bool) -> None:
    """End the claim of a guest that has arrived on ``host``: what it left behind goes, its settings follow it."""
    now = notes_of(domain)
    claim = now.claim
    if claim is not None:
        _refuse_vanished(fleet, claim)
        # out of date from the first write at the destination, and in the way when the guest comes back
        for ref in claim.copied:
            volumes.delete(fleet.control(claim.source), ref)
        if claim.autostart:
            domain.setAutostart(1)
    arrived = dataclasses.replace(now, home=None if home == host else home, claim=None)
    write_notes(domain, arrived, active, bool(domain.isPersistent()))


def take_back(fleet: Fleet, move: Move) -> None:
    """Remove the definition that a move which failed at its very end left at its destination, known by its claim."""
    left = find(fleet, move.dest, move.guest)
    if left is None or left.isActive():
        return
    claim = notes_of(left).claim
    if claim is not None and (claim.source, claim.dest) == (move.source, move.dest):
        undefine(fleet, move.dest, move.guest)


def give_up(domain: Any, source: str, active: bool) -> None:
    """End the claim of a guest that stays at its source."""
    now = notes_of(domain)
    left = dataclasses.replace(now, home=None if now.home == source else now.home, claim=None)
    write_notes(domain, left, active, bool(domain.isPersistent()))


def _refuse_vanished(fleet: Fleet, claim: MoveClaim) -> None:
    """Raise DriverError where a volume that was made for the guest is gone: then the old one is all there is."""
    for ref in claim.volumes if claim.copied else ():
        if volumes.find(fleet.control(claim.dest), ref) is None:
            what = f"{ref.volume} is gone from pool {ref.pool} of {claim.dest} though the guest has it open"
            remedy = "Copy the disk into a new volume while the guest runs (virsh blockcopy), then run again"
            raise DriverError(Failure(f"{what}; the volume at {claim.source} is kept", remedy))
