"""Goals that want certain guests elsewhere: evacuate, restore, move, relocate. Pure: they wish, they place nobody."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..._model.request import Goal, Request
from ..._model.snapshot import Located, Snapshot, by_uuid
from ..compat import unfinished_copy
from ..outcome import Wish
from ..select import allowed_dests, chosen_guest, goal_hosts
from .relocation import relocate


def evacuate(snapshot: Snapshot, request: Request) -> tuple[Wish, ...]:
    """Every guest on the hosts of the request goes; those hosts are no candidates."""
    emptied = goal_hosts(request, snapshot.hosts)
    others = tuple(name for name in sorted(allowed_dests(request, snapshot.hosts)) if name not in emptied)
    copies = by_uuid(snapshot)
    return tuple(
        Wish(place, others, f"{place.host} is evacuated")
        for home in snapshot.residents
        for place in _leaving(home, copies[home.guest.uuid], emptied)
    )


def _leaving(home: Located, copies: Sequence[Located], emptied: frozenset[str]) -> list[Located]:
    """Return the guest if it lives on a host to empty, else its copies there that nothing takes away: to be named."""
    if home.host in emptied:
        return [home]
    mended = unfinished_copy(copies)
    return [place for place in copies if place.host in emptied and place != mended]


def restore(snapshot: Snapshot, request: Request) -> tuple[Wish, ...]:
    """Every guest that is away from a home among the hosts of the request goes there."""
    homes = goal_hosts(request, snapshot.hosts)
    return tuple(
        Wish(place, (home,), f"{home} is its home")
        for place in snapshot.residents
        for home in (place.guest.notes.home,)
        if home is not None and home in homes and home != place.host
    )


def move(snapshot: Snapshot, request: Request) -> tuple[Wish, ...]:
    """The chosen guests go to the one host of the request."""
    (dest,) = request.hosts
    return tuple(
        Wish(place, (dest,), f"asked to be on {dest}")
        for place in snapshot.residents
        if place.host != dest and chosen_guest(request, place.guest)
    )


WISHES: Mapping[Goal, Callable[[Snapshot, Request], tuple[Wish, ...]]] = {
    Goal.EVACUATE: evacuate,
    Goal.RESTORE: restore,
    Goal.MOVE: move,
    Goal.RELOCATE: relocate,
}
