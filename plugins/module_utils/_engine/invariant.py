"""Each guest runs exactly once: compare two snapshots and say where that does not hold. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from .._model.host import HostState
from .._model.snapshot import Located, Snapshot, by_uuid, residence, runs_twice


def problems(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return a sentence for each guest that runs twice, is gone, or is in another state than before."""
    old, new = by_uuid(before), by_uuid(after)
    silent = [host.name for host in after.hosts if host.state is HostState.UNREACHABLE]
    found = [_twice(places) for places in new.values() if runs_twice(places)]
    for uuid, places in sorted(old.items()):
        was = residence(places)
        if uuid not in new:
            found.append(_gone(was, silent))
        elif residence(new[uuid]).guest.state is not was.guest.state:
            found.append(_changed(was, residence(new[uuid])))
    return tuple(found)


def _twice(places: tuple[Located, ...]) -> str:
    hosts = " and ".join(place.host for place in places if place.guest.active)
    return f"{places[0].guest.name} is active on {hosts} at the same time"


def _gone(was: Located, silent: list[str]) -> str:
    text = f"{was.guest.name}, last seen {was.guest.state.value} on {was.host}, is on no host that answers"
    return f"{text} (no answer from {', '.join(silent)})" if silent else text


def _changed(was: Located, now: Located) -> str:
    return f"{was.guest.name} was {was.guest.state.value} on {was.host} and is {now.guest.state.value} on {now.host}"
