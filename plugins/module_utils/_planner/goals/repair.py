"""Goal repair: mend broken rules and overfull hosts with as few bytes as a search finds. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Optional

from ..._model.plan import Bound
from ..._model.request import Request
from ..._model.rules import RuleKind
from ..._model.snapshot import Located, Snapshot
from ..board import Board, kept_free
from ..frailty import newly_frail
from ..outcome import Hop, Kept, Outcome, Wish
from ..ruleset import BoundRule, barred, bind
from ..search.grid import Grid, Layout
from ..search.repair import MEMORY, VCPUS, Broken, Spare, broken
from ..search.repair import repair as search
from ..select import domain_of
from .place import place

TRIES = 16  # beginnings of a repair that are tried where all of it would make the fleet frail
_OVERFULL = {MEMORY: "memory", VCPUS: "vCPUs"}


def misplaced(snapshot: Snapshot, request: Request) -> tuple[Wish, ...]:
    """Return a wish for each guest that a pin or a ban does not let stay, or that is apart from its affinity group."""
    places = snapshot.residents
    bound = bind(request.rules, places, snapshot.hosts)
    closed = barred(bound, snapshot.hosts)
    names = tuple(host.name for host in snapshot.hosts)
    wishes = {
        each.guest.uuid: Wish(
            each,
            tuple(name for name in names if name not in closed[each.guest.uuid]),
            f"rule {closed[each.guest.uuid][each.host]} does not let it be on {each.host}",
        )
        for each in places
        if each.host in closed.get(each.guest.uuid, {})
    }
    for item in bound:
        for wish in _apart(item, places, snapshot):
            wishes.setdefault(wish.place.guest.uuid, wish)
    return tuple(wishes[each.guest.uuid] for each in places if each.guest.uuid in wishes)


def _apart(item: BoundRule, places: Sequence[Located], snapshot: Snapshot) -> list[Wish]:
    """Return wishes that bring the guests of an affinity rule to where most of their memory is already."""
    if item.rule.kind is not RuleKind.AFFINITY:
        return []
    domain = {host.name: domain_of(host, item.rule.scope) for host in snapshot.hosts}
    members = frozenset(item.guests)
    mine = [each for each in places if each.guest.uuid in members]
    memory: dict[str, int] = defaultdict(int)
    for each in mine:
        memory[domain[each.host]] += each.guest.memory
    if len(memory) < 2:
        return []
    best = min(memory, key=lambda name: (-memory[name], name))
    candidates = tuple(name for name in sorted(domain) if domain[name] == best)
    why = f"rule {item.rule.name} wants it beside the others"
    return [Wish(each, candidates, why) for each in mine if domain[each.host] != best]


def repair(board: Board, wishes: Sequence[Wish]) -> Outcome:
    """Return the moves that bring misplaced guests where they belong, then those that mend what is over its room."""
    first = _worthwhile(board, wishes)
    blocks = {board.block[wish.place.guest.uuid] for wish in wishes}
    stay = frozenset(blocks | {hop.block for hop in first.hops})
    found = search(_moved(board, first.hops), stay, Spare(*kept_free(board)))
    hops = [*first.hops, *(Hop(block, source, dest) for block, source, dest in found.moves)]
    reasons = dict(first.reasons)
    for block, source, _dest in found.moves:
        reasons[block] = _reason(board, block, source, found.found)
    most, send = board.request.max_moves, board.request.max_bytes
    kept = _within(board, hops, most, send)
    left = tuple(_words(board, item) for item in found.left)
    cut = ("more would be mended, but max_moves or max_bytes is used up",) if len(kept) < len(hops) else ()
    if cut and not _mends(board, kept, found.found):
        kept = ()  # what only made room for more is for nothing
    frail = newly_frail(board, kept) if kept else ""
    if frail:
        kept, cut = _not_frail(board, kept, found.found), (f"more would be mended, but {frail}",)
    over = broken(Layout(_moved(board, kept)), Spare(*kept_free(board)))
    bound = Bound("over their room", "", len(found.found), len(over))
    return replace(first, hops=kept, reasons=reasons, bounds=(bound,), remarks=(*left, *cut))


def _reason(board: Board, block: int, source: int, over: Sequence[Broken]) -> str:
    """Return what is broken where the block comes from and counts it in; else it only makes room there."""
    host = board.search.hosts[source]
    for index, where in (item.account for item in over):
        if index in (MEMORY, VCPUS):
            if where == source:
                return f"relieves {host}, overfull in {_OVERFULL[index]}"
        elif block in board.search.limits[index].weight and board.search.limits[index].domain[source] == where:
            return f"rule {board.search.limits[index].rule} is broken on {host}"
    return f"relieves {host} for others"


def _not_frail(board: Board, hops: Sequence[Hop], over: Sequence[Broken]) -> tuple[Hop, ...]:
    """Return the longest beginning that mends something and costs the fleet no host that it could lose, if any."""
    for number in range(len(hops) - 1, max(0, len(hops) - 1 - TRIES), -1):
        fewer = _within(board, hops[:number], None, None)
        if fewer and _mends(board, fewer, over) and not newly_frail(board, fewer):
            return fewer
    return ()


def _worthwhile(board: Board, wishes: Sequence[Wish]) -> Outcome:
    """Return what comes of the wishes, without those of guests who would move and bring no group nearer together."""
    given_up: frozenset[str] = frozenset()
    while True:
        first = place(board, [wish for wish in wishes if wish.place.guest.uuid not in given_up])
        vain = _vain(board, first.hops) - given_up
        if not vain:
            why = Kept("it would be alone there: the others of its affinity rule can't come together")
            left = {board.block[uuid]: why for uuid in sorted(given_up)}
            return replace(first, unplaced={**left, **first.unplaced})
        given_up |= vain


def _vain(board: Board, hops: Sequence[Hop]) -> frozenset[str]:
    """Return those who move for an affinity rule only, of which there are as many places after as before."""
    before, after = _where(board, ()), _where(board, hops)
    closed = barred(board.bound, board.snapshot.hosts)
    found: set[str] = set()
    for item in board.bound:
        if item.rule.kind is RuleKind.AFFINITY and 1 < _places(board, item, before) <= _places(board, item, after):
            moved = {uuid for uuid in item.guests if before[uuid] != after[uuid]}
            found |= {uuid for uuid in moved if before[uuid] not in closed.get(uuid, {})}
    return frozenset(found)


def _mends(board: Board, hops: Sequence[Hop], over: Sequence[Broken]) -> bool:
    """Return whether the hops mend a rule, or bring anything nearer to its room."""
    before, after = _where(board, ()), _where(board, hops)
    closed = barred(board.bound, board.snapshot.hosts)
    if any(before[uuid] in names and after[uuid] not in names for uuid, names in closed.items()):
        return True
    together = [item for item in board.bound if item.rule.kind is RuleKind.AFFINITY]
    if any(_places(board, item, after) < _places(board, item, before) for item in together):
        return True
    left = {item.account: item.excess for item in broken(Layout(_moved(board, hops)), Spare(*kept_free(board)))}
    return any(left.get(item.account, 0) < item.excess for item in over)


def _where(board: Board, hops: Sequence[Hop]) -> dict[str, str]:
    return {
        uuid: board.search.hosts[host]
        for block, host in enumerate(_moved(board, hops).at)
        for uuid in board.search.blocks[block]
    }


def _places(board: Board, item: BoundRule, where: Mapping[str, str]) -> int:
    domain = {host.name: domain_of(host, item.rule.scope) for host in board.snapshot.hosts}
    return len({domain[where[uuid]] for uuid in item.guests})


def _moved(board: Board, hops: Sequence[Hop]) -> Grid:
    """Return the grid with the guests where the hops bring them; who has moved stays there."""
    at = list(board.search.at)
    for hop in hops:
        at[hop.block] = hop.dest
    return replace(board.search, at=tuple(at))


def _within(board: Board, hops: Sequence[Hop], most: Optional[int], send: Optional[int]) -> tuple[Hop, ...]:
    """Return the longest beginning of the list that stays within the budget and leaves nobody at a stop."""
    moves, sent, end = 0, 0, 0
    stopped: set[int] = set()
    for number, hop in enumerate(hops, start=1):
        moves += len(board.search.blocks[hop.block])
        sent += board.search.cost[hop.block]
        if (most is not None and moves > most) or (send is not None and sent > send):
            break
        stopped.symmetric_difference_update((hop.block,) if hop.parking or hop.block in stopped else ())
        end = end if stopped else number
    return tuple(hops[:end])


def _words(board: Board, item: Broken) -> str:
    index, where = item.account
    if index in (MEMORY, VCPUS):
        return f"{board.search.hosts[where]} stays overfull in {_OVERFULL[index]}: no move was found that mends it"
    limit = board.search.limits[index]
    return f"{limit.kind.value} {limit.rule} stays exceeded: no move was found that mends it"
