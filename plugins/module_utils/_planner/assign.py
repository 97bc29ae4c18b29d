"""Give each guest that should move the best host that takes it. Pure, and the same answer for the same input."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from .._model.guest import Guest, GuestState
from .._model.host import Host
from .._model.plan import DiskCopy, Method, Stay
from .._model.refusal import Refusal, RefusalCode
from .._model.snapshot import Snapshot
from . import capacity, compat
from .placement import Assignment, Placement, Wish

Fit = Callable[[Host, capacity.Free], float]


@dataclass(frozen=True)
class _Option:
    """A candidate host of one guest, whatever else moves: refusals of host or pair, and disks to copy."""

    host: Host
    refusals: tuple[Refusal, ...]
    copies: tuple[DiskCopy, ...] = ()
    closed: bool = False


def assign(snapshot: Snapshot, wishes: Sequence[Wish]) -> Placement:
    """Place every wish; spread over the emptiest hosts first, and pack tightly only if that leaves fewer behind."""
    options = {wish.place.guest.uuid: _options(snapshot, wish) for wish in wishes}
    attempts = [_attempt(snapshot, wishes, options, fit) for fit in (_emptiest_first, _fullest_first)]
    return min(attempts, key=lambda placement: len(placement.stays))


def method_for(guest: Guest, wanted: Optional[Method]) -> Method:
    """Return how the guest moves: its state decides, except that a running guest may be asked to pause."""
    if guest.state is GuestState.RUNNING:
        return wanted or Method.LIVE
    return Method.PAUSED if guest.active else Method.OFFLINE


def _emptiest_first(host: Host, left: capacity.Free) -> float:
    return -left.memory / max(host.allocatable_memory, 1)


def _fullest_first(host: Host, left: capacity.Free) -> float:
    return -_emptiest_first(host, left)


def _options(snapshot: Snapshot, wish: Wish) -> tuple[_Option, ...]:
    source = snapshot.host(wish.place.host)
    found = []
    for name in wish.candidates:
        host = snapshot.host(name)
        if host is None or source is None:
            continue
        refusals = compat.host_refusals(host, snapshot.hosts)
        if refusals:
            found.append(_Option(host, refusals, closed=True))
        else:
            pair = compat.pair_reach(wish.place.guest, source, host)
            found.append(_Option(host, pair.refusals, pair.copies))
    return tuple(found)


def _attempt(
    snapshot: Snapshot, wishes: Sequence[Wish], options: Mapping[str, tuple[_Option, ...]], fit: Fit
) -> Placement:
    left = {host.name: capacity.free(host) for host in snapshot.hosts}
    assignments, stays = [], []
    for wish in sorted(wishes, key=lambda wish: _difficulty(wish, options)):
        guest = wish.place.guest
        choice = _choose(guest, options[guest.uuid], left, fit)
        if choice is None:
            stays.append(_stay(wish, options[guest.uuid], left))
            continue
        left[choice.host.name] = left[choice.host.name].less(guest, choice.copies)
        method = method_for(guest, wish.method)
        assignments.append(Assignment(wish.place, choice.host.name, method, wish.reason, choice.copies))
    return Placement(tuple(assignments), tuple(stays))


def _difficulty(wish: Wish, options: Mapping[str, tuple[_Option, ...]]) -> tuple[int, int, str, str]:
    guest = wish.place.guest
    choices = sum(1 for option in options[guest.uuid] if not option.refusals)
    return (choices, -guest.memory if guest.active else 0, guest.name, guest.uuid)


def _choose(guest: Guest, options: Sequence[_Option], left: Mapping[str, capacity.Free], fit: Fit) -> Optional[_Option]:
    fitting = [
        option
        for option in options
        if not option.refusals and not capacity.refusals(guest, option.copies, option.host, left[option.host.name])
    ]
    return min(fitting, key=lambda option: (fit(option.host, left[option.host.name]), option.host.name), default=None)


def _stay(wish: Wish, options: Sequence[_Option], left: Mapping[str, capacity.Free]) -> Stay:
    guest = wish.place.guest
    refusals: tuple[Refusal, ...] = () if options else (Refusal(RefusalCode.NO_CANDIDATE, guest.name),)
    for option in options:
        # what a closed host has left is of no interest
        refusals += option.refusals
        if not option.closed:
            refusals += capacity.refusals(guest, option.copies, option.host, left[option.host.name])
    return Stay(guest.uuid, guest.name, wish.place.host, refusals)
