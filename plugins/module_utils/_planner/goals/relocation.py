"""Goal relocate: which guests go, and to which hosts: allowed ones, those of a map, or near who uses them. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Optional

from ..._model.guest import Guest
from ..._model.host import Host
from ..._model.refusal import RefusalCode
from ..._model.request import Goal, Request
from ..._model.snapshot import Snapshot
from ..board import Board
from ..outcome import Kept, Outcome, Wish
from ..select import allowed_dests, chosen_guest, goal_hosts, labels_of

NAMED = 5


def relocate(snapshot: Snapshot, request: Request) -> tuple[Wish, ...]:
    """The chosen guests, all on the hosts of the request and those of its map go where they are asked to be."""
    return tuple(wish for wish in _wishes(snapshot, request) if wish.place.host not in wish.candidates)


def settled(snapshot: Snapshot, request: Request) -> tuple[Wish, ...]:
    """Return the guests that are where they are asked to be, with all such hosts: no others may they step aside to."""
    if request.goal is not Goal.RELOCATE or not (request.dest_of or request.near is not None):
        return ()
    return tuple(wish for wish in _wishes(snapshot, request) if wish.place.host in wish.candidates)


def _wishes(snapshot: Snapshot, request: Request) -> Iterator[Wish]:
    hosts, leaving = snapshot.hosts, goal_hosts(request, snapshot.hosts)
    allowed = allowed_dests(request, hosts)
    if not (request.dests or request.dest_sites or request.dest_labels):
        allowed -= leaving
    for place in snapshot.residents:
        own = mapped_to(request, place.guest)
        if own is not None or chosen_guest(request, place.guest) or place.host in leaving:
            there = [host for host in hosts if host.name in allowed and (own is None or own in (host.name, host.site))]
            names = (host.name for host in there)
            if request.near is not None and request.max_latency_ms is not None:
                most = request.max_latency_ms
                names = (name for name, value in latencies(request, there).items() if value <= most)
            yield Wish(place, tuple(sorted(names)), f"it leaves {place.host} for {own or _where_to(request)}")


def mapped_to(request: Request, guest: Guest) -> Optional[str]:
    """Return what the map of the request says of a guest: by name, by UUID, or by the first of its labels."""
    keys = (guest.name, guest.uuid, *labels_of(guest))
    return next((request.dest_of[key] for key in keys if key in request.dest_of), None)


def latencies(request: Request, hosts: Sequence[Host]) -> dict[str, float]:
    """Return the milliseconds from each host to the population that the request speaks of, where they are known."""
    known = {host.name: host.latency_ms.get(request.near or "") for host in hosts}
    return {name: value for name, value in known.items() if value is not None}


def _where_to(request: Request) -> str:
    labels = tuple(f"{key}={request.dest_labels[key]}" for key in sorted(request.dest_labels))
    places = " or ".join((*request.dest_sites, *request.dests, *labels))
    near = f"where {request.near} is near" if request.near is not None else ""
    return ", ".join(filter(None, (places, near))) or "another host"


def narrowed(
    snapshot: Snapshot, request: Request, wishes: Sequence[Wish], steps: Mapping[str, int]
) -> tuple[Wish, ...]:
    """Return the wishes with the nearest hosts alone, and as many latencies farther as ``steps`` says by UUID."""
    if request.near is None:
        return tuple(wishes)
    latency = latencies(request, snapshot.hosts)
    found = []
    for wish in wishes:
        if wish.candidates == (wish.place.host,):
            found.append(wish)  # it stays with its group, wherever that is
            continue
        tiers = sorted({latency[name] for name in wish.candidates})
        most = tiers[min(steps.get(wish.place.guest.uuid, 0), len(tiers) - 1)] if tiers else 0.0
        found.append(replace(wish, candidates=tuple(name for name in wish.candidates if latency[name] <= most)))
    return tuple(found)


def farther(
    board: Board, outcome: Outcome, wide: Sequence[Wish], narrow: Sequence[Wish], steps: Mapping[str, int]
) -> Optional[dict[str, int]]:
    """Return the steps by which guests that found no place may go one latency farther, None where there is none."""
    left = {place.guest.uuid for block in outcome.unplaced for place in board.members[block]} - board.stuck.keys()
    more = {
        wish.place.guest.uuid
        for wish, tried in zip(wide, narrow)
        if wish.place.guest.uuid in left and len(tried.candidates) < len(wish.candidates)
    }
    return {**steps, **{uuid: steps.get(uuid, 0) + 1 for uuid in more}} if more else None


def all_or_none(board: Board, outcome: Outcome, wishes: Sequence[Wish]) -> Outcome:
    """Return the outcome, or one in which nobody moves where somebody who should can't."""
    stuck = {wish.place.guest.uuid for wish in wishes} & board.stuck.keys()
    if not (stuck or outcome.unplaced or outcome.away):
        return outcome
    kept = {board.block[uuid] for uuid in stuck} | set(outcome.unplaced) | set(outcome.away)
    names = sorted(place.guest.name for block in kept for place in board.members[block])
    why = Kept(
        f"all or none are to go, and {_few(names)} can't",
        "mend what keeps those, or let the others go without them (all_or_none: false)",
        RefusalCode.ALL_OR_NONE,
    )
    going = {board.block[wish.place.guest.uuid] for wish in wishes if _leaves(board, wish)} - kept
    remark = f"nobody moves, for all or none are to go, and {len(names)} can't: {_few(names)}"
    return Outcome(unplaced={**outcome.unplaced, **dict.fromkeys(sorted(going), why)}, remarks=(remark,))


def _leaves(board: Board, wish: Wish) -> bool:
    # one that is on its way already is, on the grid, there
    return board.search.hosts[board.search.at[board.block[wish.place.guest.uuid]]] == wish.place.host


def _few(names: Collection[str]) -> str:
    shown = list(names)[:NAMED]
    return ", ".join(shown) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


TAKES_ALL_OR_NONE = frozenset({Goal.EVACUATE, Goal.RELOCATE, Goal.MOVE, Goal.RESTORE})
