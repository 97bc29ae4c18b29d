"""Each guest runs exactly once: compare two snapshots and say where that does not hold. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from .._model.guest import Guest, GuestState, JobKind
from .._model.snapshot import Located, Snapshot, by_uuid, residence, runs_twice


def problems(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return a sentence for each guest that runs twice, is gone, or is in another state than before."""
    old, new = by_uuid(before), by_uuid(after)
    silent = list(after.unreachable)
    found = [_twice(places) for places in new.values() if runs_twice(places)]
    for uuid, places in sorted(old.items()):
        was = residence(places)
        if uuid not in new:
            found.append(_gone(was, silent))
        elif _state(new[uuid]) is not _state(places) and not _started_again(was, new[uuid]):
            found.append(_changed(was, residence(new[uuid])))
    return tuple(found)


def _state(places: tuple[Located, ...]) -> GuestState:
    """Return how the guest is; one in post-copy runs at its destination and looks paused at its source."""
    arriving = [place.guest for place in places if place.guest.job is JobKind.INCOMING]
    if any(guest.state is GuestState.RUNNING for guest in arriving):
        return GuestState.RUNNING
    return residence(places).guest.state


def shut_down_for_its_move(guest: Guest) -> bool:
    """Return whether the guest is off because of a move that was interrupted, and has to run again."""
    claim = guest.notes.claim
    return claim is not None and claim.restart and guest.state is GuestState.SHUT_OFF


def _started_again(was: Located, places: tuple[Located, ...]) -> bool:
    return shut_down_for_its_move(was.guest) and _state(places) is GuestState.RUNNING


def _twice(places: tuple[Located, ...]) -> str:
    hosts = " and ".join(place.host for place in places if place.guest.active)
    return f"{places[0].guest.name} is active on {hosts} at the same time"


def _gone(was: Located, silent: list[str]) -> str:
    text = f"{was.guest.name}, last seen {was.guest.state.value} on {was.host}, is on no host that answers"
    return f"{text} (no answer from {', '.join(silent)})" if silent else text


def _changed(was: Located, now: Located) -> str:
    return f"{was.guest.name} was {was.guest.state.value} on {was.host} and is {now.guest.state.value} on {now.host}"
