"""Guests that belong together go to one site, all of them or none, and one group after the other. Pure.

Which guests belong together, where a group goes, and whether it is whole; the order of its moves is in group_order.py.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from .._model.crossing import MoveGroup
from .._model.plan import Move
from .._model.refusal import RefusalCode
from .._model.request import Goal, Request
from .._model.snapshot import Snapshot
from .board import Board
from .goals.relocation import latencies
from .group_order import Ordered, Step, ordered
from .link_use import Spans
from .outcome import Hop, Kept, Outcome, Wish

Attempt = Callable[[Sequence[Wish]], tuple[Board, Outcome]]


@dataclass(frozen=True)
class Party:
    """Guests with one value of the label: those that are to go, and those that are at a destination already.

    ``sites`` are those to which all of them may go, the one with most room first.
    """

    name: str
    guests: frozenset[str]
    there: frozenset[str]
    sites: tuple[Optional[str], ...]


@dataclass(frozen=True)
class Whole:
    """What a goal came to with no group in parts: ``why`` has, by group that stays, what keeps it."""

    board: Board
    outcome: Outcome
    why: Mapping[str, Kept]


def parties_of(
    snapshot: Snapshot, request: Request, wishes: Sequence[Wish], adopted: Mapping[str, str]
) -> tuple[Party, ...]:
    """Return the groups of which somebody is to go and that have more than one guest, by name.

    ``adopted`` guests are on their way already, to these hosts.
    """
    if request.goal is not Goal.RELOCATE or not request.group_label:
        return ()
    going: dict[str, list[Wish]] = defaultdict(list)
    for wish in wishes:
        name = wish.place.guest.notes.labels.get(request.group_label)
        if name:
            going[name].append(wish)
    found = (_party(snapshot, request, name, going[name], adopted) for name in sorted(going))
    return tuple(party for party in found if party.guests and len(party.guests) + len(party.there) > 1)


def _party(
    snapshot: Snapshot, request: Request, name: str, wishes: Sequence[Wish], adopted: Mapping[str, str]
) -> Party:
    site = {host.name: host.site for host in snapshot.hosts}
    leaving = frozenset(wish.place.guest.uuid for wish in wishes).difference(adopted)
    goals = frozenset(host for wish in wishes for host in wish.candidates)
    there = frozenset(
        place.guest.uuid
        for place in snapshot.residents
        if place.guest.notes.labels.get(request.group_label) == name
        and (place.guest.uuid in adopted or (place.host in goals and place.guest.uuid not in leaving))
    )
    common = frozenset[Optional[str]].intersection(*(frozenset(site[host] for host in w.candidates) for w in wishes))
    where = {place.guest.uuid: adopted.get(place.guest.uuid, place.host) for place in snapshot.residents}
    taken = {site[where[guest]] for guest in there}
    room, far = _rooms(snapshot, goals), _latency_of_sites(snapshot, request, goals)
    # where some of it are already, the others go; else where who uses them is nearest; else where most room is
    sites = sorted(common, key=lambda each: (each not in taken, far.get(each, 0.0), -room[each], each or ""))
    return Party(name, leaving, there, tuple(sites))


def _rooms(snapshot: Snapshot, names: Collection[str]) -> dict[Optional[str], int]:
    """Return the memory that is free on each site, on those hosts of it."""
    room: dict[Optional[str], int] = defaultdict(int)
    for host in snapshot.hosts:
        if host.name in names:
            room[host.site] += host.allocatable_memory - sum(guest.memory for guest in host.guests if guest.active)
    return room


def _latency_of_sites(snapshot: Snapshot, request: Request, names: Collection[str]) -> dict[Optional[str], float]:
    known = latencies(request, snapshot.hosts)
    found: dict[Optional[str], float] = {}
    for host in snapshot.hosts:
        if host.name in names and host.name in known:
            found[host.site] = min(known[host.name], found.get(host.site, known[host.name]))
    return found


def kept_whole(
    snapshot: Snapshot, parties: Sequence[Party], wishes: Sequence[Wish], attempt: Attempt, out: Mapping[str, Kept]
) -> Whole:
    """Return the best attempt in which each group goes as a whole, to one site, or not at all; ``out`` never go."""
    why = {**{party.name: _no_site(party) for party in parties if not party.sites}, **out}
    tried = dict.fromkeys((party.name for party in parties), 0)
    while True:
        going = [party for party in parties if party.name not in why]
        board, outcome = attempt(_narrowed(snapshot, wishes, parties, going, tried))
        torn = [
            party
            for party in going
            if _torn(party, _behind(party, wishes, board, outcome), last=tried[party.name] + 1 >= len(party.sites))
        ]
        # who shares a block with one that stays can't go either
        tied = _tied(board, parties, why)
        if not torn and not tied:
            return Whole(board, outcome, why)
        why.update(tied)
        for party in torn:
            tried[party.name] += 1
            if tried[party.name] >= len(party.sites):
                why[party.name] = _incomplete(party, wishes, board, outcome)


def _no_site(party: Party) -> Kept:
    why = f"its group {party.name} would end on several sites, and goes as a whole or not at all"
    return Kept(why, _REMEDY, RefusalCode.GROUP_STAYS)


_REMEDY = "change what keeps the other, take the label off one of them, or leave group_label empty"


def _incomplete(party: Party, wishes: Sequence[Wish], board: Board, outcome: Outcome) -> Kept:
    left = sorted(_behind(party, wishes, board, outcome).values())
    names = ", ".join(left[:3]) + (" ..." if len(left) > 3 else "")
    why = f"{names} of its group {party.name} can't go, and a group goes as a whole or not at all"
    return Kept(why, _REMEDY, RefusalCode.GROUP_STAYS)


def _narrowed(
    snapshot: Snapshot,
    wishes: Sequence[Wish],
    parties: Sequence[Party],
    going: Sequence[Party],
    tried: Mapping[str, int],
) -> tuple[Wish, ...]:
    """Return the wishes, each group with one site to go to; who is of a group that stays wishes to be where it is."""
    of = {guest: party for party in parties for guest in party.guests}
    site = {host.name: host.site for host in snapshot.hosts}
    chosen = {party.name: party.sites[tried[party.name]] for party in going}

    def narrow(wish: Wish) -> Wish:
        party = of.get(wish.place.guest.uuid)
        if party is None:
            return wish
        if party.name not in chosen:
            return replace(wish, candidates=(wish.place.host,))
        hosts = tuple(name for name in wish.candidates if site[name] == chosen[party.name])
        return wish if hosts == wish.candidates else replace(wish, candidates=hosts)

    return tuple(map(narrow, wishes))


def _torn(party: Party, behind: Collection[str], last: bool) -> bool:
    """Return whether a part of the group would go and another stay, or all stay where there is one more site to try.

    One that is in parts already is not kept back.
    """
    return not party.there and bool(behind) and (len(behind) < len(party.guests) or not last)


def _behind(party: Party, wishes: Sequence[Wish], board: Board, outcome: Outcome) -> dict[str, str]:
    """Return the guests of the group that do not get where they are to go, with their names."""
    at = list(board.search.at)
    for hop in outcome.hops:
        at[hop.block] = hop.dest
    names = board.search.hosts
    return {
        wish.place.guest.uuid: wish.place.guest.name
        for wish in wishes
        if wish.place.guest.uuid in party.guests
        and names[at[board.block[wish.place.guest.uuid]]] not in wish.candidates
    }


def _tied(board: Board, parties: Sequence[Party], why: Mapping[str, Kept]) -> dict[str, Kept]:
    """Return the groups that affinity ties to one that stays."""
    staying = {board.block[guest]: why[party.name] for party in parties if party.name in why for guest in party.guests}
    return {
        party.name: staying[board.block[guest]]
        for party in parties
        if party.name not in why
        for guest in sorted(party.guests)
        if board.block[guest] in staying
    }


def with_reasons(whole: Whole, parties: Sequence[Party]) -> Outcome:
    """Return the outcome that says of each guest of a group that stays what keeps it."""
    kept = {
        whole.board.block[guest]: whole.why[party.name]
        for party in parties
        if party.name in whole.why
        for guest in party.guests
    }
    return replace(whole.outcome, unplaced={**whole.outcome.unplaced, **kept})


def too_long(groups: Iterable[MoveGroup], parties: Sequence[Party], request: Request) -> dict[str, Kept]:
    """Return the groups that would be on two sites for longer than the request allows; not those that are already."""
    if request.max_split_minutes is None:
        return {}
    most = 60 * request.max_split_minutes
    whole = {party.name for party in parties if not party.there}
    return {
        group.name: Kept(
            f"its group {group.name} would be on two sites for about {group.est_split_seconds / 60:.1f} min",
            f"allow more than {request.max_split_minutes:g} (max_split_minutes), or move it when the link is faster",
            RefusalCode.GROUP_SPLIT,
        )
        for group in groups
        if group.est_split_seconds > most and group.name in whole
    }


def turns_of(board: Board, hops: Sequence[Hop], after: Sequence[Sequence[int]], parties: Sequence[Party]) -> Ordered:
    """Return the order of the hops; only RELOCATE has one of its own, by priority and group after group."""
    if board.request.goal is not Goal.RELOCATE:
        return Ordered(tuple(range(len(hops))), {})
    of = {guest: party.name for party in parties for guest in party.guests}
    sites = [host.site for host in board.snapshot.hosts]
    steps = []
    for hop in hops:
        guests = [place.guest for place in board.members[hop.block]]
        names = tuple(sorted({of[guest.uuid] for guest in guests if guest.uuid in of}))
        ends = frozenset(site or "" for site in (sites[hop.source], sites[hop.dest]))
        way = ends if len(ends) > 1 else frozenset[str]()
        steps.append(Step(max(guest.notes.policy.priority for guest in guests), names, way))
    return ordered(steps, after)


def move_groups(parties: Sequence[Party], moves: Sequence[Move], spans: Spans) -> tuple[MoveGroup, ...]:
    """Return the groups that go, those that are tied to one another as one, by name."""
    by_guest: dict[str, list[Move]] = defaultdict(list)
    for move in moves:
        by_guest[move.guest].append(move)
    found = []
    for party in parties:
        mine = [move for guest in party.guests for move in by_guest.get(guest, ())]
        if not mine:
            continue
        ends = [spans[by_guest[guest][-1].id][1] for guest in party.guests if guest in by_guest]
        first = 0.0 if party.there else min(ends)
        ids = tuple(sorted(move.id for move in mine))
        split = round(max(ends) - first, 1)
        found.append(MoveGroup(party.name, ids, tuple(sorted(party.there)), split))
    return tuple(found)
