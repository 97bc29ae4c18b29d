"""Goal balance: rules mended, overloaded hosts relieved, then hosts evened out where that is worth it. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional

from ..._model.balance import Level, NotMovedWhy, level_of
from ..._model.plan import Bound, Purpose
from ..._model.request import Goal
from ..balance_signals import signals_of
from ..board import Board
from ..frailty import newly_frail
from ..outcome import Hop, Outcome, Wish
from ..scope import Scope, narrow
from ..search.balance import ANY, Balanced, Bounds
from ..search.balance import Outcome as Ended
from ..search.balance import balance as search
from ..search.balance_score import Signal, Spread
from ..search.grid import Grid
from .balance_before import Part, advanced, for_arrivals, mended, relieved, room_to_start, torn
from .balance_cost import costs_of
from .balance_why import Curb, Evened, cooling, move_reasons, not_moved
from .consolidate import consolidate, in_scope

CURBED = Curb(NotMovedWhy.CONSOLIDATION, "a consolidation would then switch other hosts off than now")


@dataclass(frozen=True)
class _Evening:
    """The part that evens out: its moves, why it ended there, and what it was done on.

    ``curb``: what keeps it from more, and why in words, apart from the budget.
    """

    part: Part
    scope: Scope
    signals: tuple[Signal, ...]
    extra: tuple[float, ...]
    ended: Optional[Ended]
    curb: Optional[Curb] = None


def balance(board: Board, wishes: Sequence[Wish]) -> Outcome:
    """Return the moves of all parts: for the whole fleet, or for the hosts of the request among themselves."""
    unwanted = _unwanted(board, ())
    hosts = [host for host in in_scope(board) if host not in unwanted]
    if not hosts:
        return Outcome(remarks=("there is no schedulable host to balance",))
    level = level_of(board.request.aggressiveness, board.request.threshold, board.request.min_gain)
    cool = cooling(board)
    parts: list[Part] = []
    now = board
    if board.request.mend_rules:
        parts.append(mended(now, wishes, cool, in_scope(board)))
        now = advanced(now, parts[-1].hops)
    apart = torn(board)
    held = frozenset(cool).union(apart)
    for step in (relieved, room_to_start):
        parts.append(step(now, held, hosts))
        now = advanced(now, parts[-1].hops)
    before = tuple(hop for part in parts for hop in part.hops)
    if before:
        unwanted = _unwanted(board, before)
        hosts = [host for host in in_scope(board) if host not in unwanted] or hosts
    evening = _evened(board, now, before, held, hosts, unwanted, level)
    parts.append(evening.part)
    hops = (*before, *evening.part.hops)
    told = not_moved(advanced(now, evening.part.hops), _of(now, evening, level, apart), cool, hops)
    return Outcome(
        hops,
        {block: why for part in parts for block, why in part.reasons.items()},
        unplaced={block: kept for part in parts for block, kept in part.unplaced.items()},
        away=tuple(block for part in parts for block in part.away),
        bounds=_bounds(board, hops, hosts),
        remarks=(*(remark for part in parts for remark in part.remarks), *_left_out(board, unwanted)),
        purposes={hop.block: part.purpose for part in parts for hop in part.hops},
        not_moved=told,
    )


def _of(now: Board, evening: _Evening, level: Level, apart: Mapping[int, str]) -> Evened:
    return Evened(evening.scope, evening.signals, evening.extra, level, evening.ended, evening.curb, now.request, apart)


def _evened(
    board: Board,
    now: Board,
    before: Sequence[Hop],
    held: frozenset[int],
    hosts: Sequence[int],
    unwanted: frozenset[int],
    level: Level,
) -> _Evening:
    """Return what evens out the fleet as the parts before have left it, on the board ``now``."""
    scope = narrow(now.search, hosts)
    signals = signals_of(now, scope)
    moved = {hop.block for hop in before}
    stay = frozenset(index for index, block in enumerate(scope.blocks) if block in held or block in moved)
    extra = costs_of(now, scope, level.payback_hours) if level.evens_out else ()
    if not level.evens_out:
        said = f"aggressiveness {board.request.aggressiveness} evens out nothing"
        return _Evening(Part(remarks=(said,)), scope, signals, extra, None)
    bounds = _budget(now, level, stay, extra)
    # signals go by what the hosts have, moves by what is left of it for them
    scope = narrow(for_arrivals(now, now.search), hosts)
    found = _direct(scope.grid, signals, bounds)
    hops, curb = _hops(scope, found), None
    while hops:
        against = _against(board, before, hops, unwanted)
        if against is None:
            break
        curb = against
        found = _direct(scope.grid, signals, replace(bounds, max_moves=len(found.moves) // 2))
        hops = _hops(scope, found)
    reasons = move_reasons(scope, signals, found.moves)
    ended = f"more would pay, but {curb.words}" if curb else found.outcome.value
    part = Part(hops, Purpose.EVEN_OUT, reasons, (ended,))
    return _Evening(part, scope, signals, extra, found.outcome, curb)


def _against(board: Board, before: Sequence[Hop], hops: Sequence[Hop], unwanted: frozenset[int]) -> Optional[Curb]:
    """Return what speaks against the hops as a whole: the loss of a host, or a consolidation that they would upset."""
    frail = newly_frail(board, (*before, *hops))
    if frail:
        return Curb(NotMovedWhy.LOSS, frail)
    return CURBED if _unwanted(board, (*before, *hops)) != unwanted else None


def _budget(now: Board, level: Level, stay: frozenset[int], extra: tuple[float, ...]) -> Bounds:
    request = now.request
    return Bounds(
        ANY if request.max_moves is None else request.max_moves,
        ANY if request.max_bytes is None else request.max_bytes,
        level.min_gain,
        level.threshold,
        stay,
        extra,
    )


def _direct(grid: Grid, signals: Sequence[Signal], bounds: Bounds) -> Balanced:
    """Return what evens out with everybody moving once.

    Who would have to make a stop on the way is held until the others are where they go, and looked at again then.
    """
    found, held = _at_once(grid, signals, bounds)
    while held and found.moves:
        at, moved = list(grid.at), frozenset(move[0] for move in found.moves)
        for block, _source, dest in found.moves:
            at[block] = dest
        left = replace(
            bounds,
            max_moves=bounds.max_moves - sum(len(grid.blocks[block]) for block in moved),
            max_bytes=bounds.max_bytes - sum(grid.cost[block] for block in moved),
            stay=bounds.stay | moved,
        )
        more, held = _at_once(replace(grid, at=tuple(at)), signals, left)
        if not more.moves:
            return replace(found, outcome=more.outcome) if more.outcome is Ended.BUDGET else found
        whole = (*found.moves, *more.moves)
        found = replace(more, moves=whole, before=found.before, spreads_before=found.spreads_before)
    return found


def _at_once(grid: Grid, signals: Sequence[Signal], bounds: Bounds) -> tuple[Balanced, frozenset[int]]:
    """Return what evens out with everybody moving once, and the blocks that are held as they would move twice.

    A search counts blocks; where they are of more guests than may move it is given less.
    """
    held: frozenset[int] = frozenset()
    most = bounds.max_moves
    bounds = replace(bounds, stay=bounds.stay.union(b for b, guests in enumerate(grid.blocks) if len(guests) > most))
    while True:
        found = search(grid, signals, bounds)
        if sum(len(grid.blocks[block]) for block in {move[0] for move in found.moves}) > most:
            bounds = replace(bounds, max_moves=min(bounds.max_moves, len(found.moves)) - 1)
            continue
        seen = Counter(block for block, _source, _dest in found.moves)
        twice = frozenset(block for block, times in seen.items() if times > 1)
        if not twice:
            return found, held
        held |= twice
        bounds = replace(bounds, stay=bounds.stay | twice)


def _hops(scope: Scope, found: Balanced) -> tuple[Hop, ...]:
    return tuple(
        Hop(scope.blocks[block], scope.hosts[source], scope.hosts[dest]) for block, source, dest in found.moves
    )


def _unwanted(board: Board, hops: Sequence[Hop]) -> frozenset[int]:
    """Return the hosts that a consolidation with the same settings would switch off once the hops are made.

    Only a request with a mark of load speaks of a fleet that is consolidated too.
    """
    if board.request.high_cpu_percent is None:
        return frozenset()
    at = list(board.search.at)
    for hop in hops:
        at[hop.block] = hop.dest
    request = replace(board.request, goal=Goal.CONSOLIDATE, max_moves=None, max_bytes=None)
    return frozenset(consolidate(replace(board, request=request, search=replace(board.search, at=tuple(at)))).emptied)


def _left_out(board: Board, unwanted: Iterable[int]) -> tuple[str, ...]:
    names = ", ".join(board.search.hosts[host] for host in sorted(unwanted))
    return (f"{names} takes no part, as a consolidation would switch it off",) if names else ()


def _bounds(board: Board, hops: Sequence[Hop], hosts: Sequence[int]) -> tuple[Bound, ...]:
    """Return the imbalance of these hosts and each signal's spread, as the fleet is now and after all moves."""
    ends = [_spread(each, hosts) for each in (board, advanced(board, hops))]
    (signals, before), (_same, after) = ends
    spreads = zip(signals, before.by_signal(), after.by_signal())
    return (
        Bound("imbalance", "", round(before.imbalance(), 5), round(after.imbalance(), 5)),
        *(Bound(f"spread of {each.name}", "", round(was, 5), round(now, 5)) for each, was, now in spreads),
    )


def _spread(board: Board, hosts: Sequence[int]) -> tuple[tuple[Signal, ...], Spread]:
    scope = narrow(board.search, hosts)
    signals = signals_of(board, scope)
    return signals, Spread(signals, scope.grid.at, len(scope.hosts))
