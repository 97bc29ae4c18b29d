"""Goal consolidate: fewer hosts or idle watts, by emptying some that can then be switched off; and back. Pure.

Overloaded hosts are relieved first. Where that takes hosts on standby, the plan wakes them and empties none.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..._model.host import HostState
from ..._model.plan import Bound
from ..._model.rules import RuleKind
from ..._model.rules import Scope as Domain
from ..board import Board
from ..frailty import newly_frail
from ..marks import lately
from ..outcome import Hop, Outcome
from ..scope import Scope
from ..search.consolidate import Consolidation
from ..search.sequence import Sequence as Ordered
from ..search.sequence import sequence
from ..select import goal_hosts
from .emptying import Task, to_switch_off, watts_of, within_budget
from .relieving import Relieved, count_overloaded, relieve
from .ways import hop_of


def consolidate(board: Board) -> Outcome:
    """Return the moves that relieve overloaded hosts, waking others if need be, or else empty as many as pay."""
    awake = in_scope(board)
    if not awake:
        return Outcome(remarks=("there is no schedulable host to consolidate",))
    relief = relieve(board, awake)
    return _relieved(board, relief) if relief.woken or relief.short else _emptied(board, relief)


def in_scope(board: Board) -> list[int]:
    """Return the schedulable hosts that the request is about."""
    chosen = goal_hosts(board.request, board.snapshot.hosts)
    every = not (board.request.hosts or board.request.sites)
    return [
        index
        for index, host in enumerate(board.snapshot.hosts)
        if host.state is HostState.SCHEDULABLE and (every or host.name in chosen)
    ]


def _relieved(board: Board, relief: Relieved) -> Outcome:
    """Return the relief alone: no host is emptied while another is woken, or would be if it could."""
    scope = relief.scope
    hops = _hops(scope, sequence(scope.grid, relief.targets, hop=hop_of(board, scope)))
    frail = newly_frail(board, hops) if hops else ""
    hops, remarks = ((), (frail, *relief.remarks)) if frail else (hops, relief.remarks)
    bounds = _bounds(board, relief, hops, None, ())
    return Outcome(hops, _reasons(board, relief, hops, ()), bounds=bounds, remarks=remarks)


def _emptied(board: Board, relief: Relieved) -> Outcome:
    """Return the moves that empty hosts, those of the relief among them."""
    scope, request = relief.scope, board.request
    names, recent = scope.grid.hosts, lately(board.snapshot.hosts, board.snapshot.taken_at, request.min_on_minutes)
    fresh = frozenset(index for index, name in enumerate(names) if name in recent)
    keep = frozenset(index for index, name in enumerate(names) if name in request.keep_on) | fresh
    found, order = within_budget(Task(board, scope, keep, relief.targets, fresh))
    hops = _hops(scope, order)
    off = to_switch_off(board, scope, hops, found.on)
    remarks = (*relief.remarks, *_young(names, recent, request.min_on_minutes))
    frail = newly_frail(board, hops, off) if hops else ""
    if frail:
        hops, remarks = (), (frail, *remarks)
        off = to_switch_off(board, scope, (), found.on)
    bounds = _bounds(board, relief, hops, found, off)
    return Outcome(hops, _reasons(board, relief, hops, off), bounds=bounds, emptied=off, remarks=remarks)


def _hops(scope: Scope, order: Ordered) -> tuple[Hop, ...]:
    return tuple(
        Hop(scope.blocks[step.block], scope.hosts[step.source], scope.hosts[step.dest], step.parking)
        for step in order.steps
    )


def _young(names: Sequence[str], recent: Collection[str], minutes: float) -> tuple[str, ...]:
    young = [name for name in names if name in recent]
    return (f"{', '.join(young)} stays on, switched on less than {minutes:g} minutes ago",) if young else ()


def _reasons(board: Board, relief: Relieved, hops: Sequence[Hop], off: Collection[int]) -> dict[int, str]:
    hosts, hot = board.search.hosts, {relief.scope.hosts[host] for host in relief.hot}
    found = {}
    for hop in hops:
        name = hosts[hop.source]
        relieves = f"relieves {name}" if hop.source in hot else f"makes room on {name}"
        found[hop.block] = f"{name} is emptied" if hop.source in off else relieves
    return found


def _bounds(
    board: Board, relief: Relieved, hops: Sequence[Hop], found: Consolidation | None, off: Collection[int]
) -> tuple[Bound, ...]:
    """Return hosts on, idle watts and overloaded hosts before and after, with what is proven to be the least."""
    scope = relief.scope
    woken = {hop.dest for hop in hops}.intersection(scope.hosts[host] for host in relief.woken)
    asleep = {scope.hosts[host] for host in relief.woken}
    before = [host for host in scope.hosts if board.snapshot.hosts[host].state is HostState.SCHEDULABLE]
    after = [host for host in (*before, *sorted(woken)) if host not in off]
    # a group that affinity keeps in its rack or site could go elsewhere as a whole: that is not tried, nor counted
    penned = any(item.rule.kind is RuleKind.AFFINITY and item.rule.scope is not Domain.HOST for item in board.bound)
    least = None if penned or found is None or asleep else found
    bounds = [Bound("hosts on", "hosts", len(before), len(after), least.least_hosts if least else None)]
    watts = watts_of(board, scope)
    if watts is not None:
        of = dict(zip(scope.hosts, watts))
        now, then = sum(of[host] for host in before), sum(of[host] for host in after)
        bounds.append(Bound("idle power", "W", now, then, least.least_watts if least else None))
    ends = {hop.block: hop.dest for hop in hops}
    number = {host: index for index, host in enumerate(scope.hosts)}
    at = [number[ends[block]] if block in ends else host for block, host in zip(scope.blocks, scope.grid.at)]
    hot = count_overloaded(board, scope, at)
    if hot is not None:
        bounds.append(Bound("overloaded hosts", "hosts", len(relief.hot), hot))
    return tuple(bounds)
