"""Request in, verified plan out: the one door of this room. Pure; no plan leaves it that verify has not replayed."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product

from .._model.codec import digest
from .._model.errors import FleetError
from .._model.guest import JobKind
from .._model.plan import Plan
from .._model.request import Goal, Request
from .._model.snapshot import Snapshot, by_uuid
from .board import Board, make_board, torn_apart
from .check import check_request
from .compat import in_flight
from .goals.relocation import all_or_none, farther, narrowed
from .goals.table import outcome_of, wishes_of
from .groups import kept_whole, parties_of, too_long, with_reasons
from .leftovers import leftovers
from .outcome import Kept, Outcome, Wish
from .select import may_wake
from .verify.verify import first_violation
from .write import write_plan

__all__ = ["leftovers", "make_plan"]


def make_plan(snapshot: Snapshot, request: Request) -> Plan:
    """Return a plan that fulfils the request as far as possible; what it can't move is in ``stays`` with reasons.

    Raises FleetError on a request that makes no sense for this snapshot.
    """
    check_request(snapshot, request)
    # ties are broken by name, however the hosts are listed
    fleet = replace(snapshot, hosts=tuple(sorted(snapshot.hosts, key=lambda host: host.name)))
    wishes = wishes_of(fleet, request)
    plan = _whole_plan(fleet, request, wishes, digest(snapshot, request))
    violation = first_violation(snapshot, plan)
    if violation is not None:
        raise FleetError(f"the plan broke its own rule: {violation}", "This is a defect: report snapshot and request")
    return plan


def _whole_plan(snapshot: Snapshot, request: Request, wishes: Sequence[Wish], plan_id: str) -> Plan:
    """Return the plan in which no group goes in parts, or is in parts for longer than it may be."""
    adopted = _adopted(snapshot, wishes)
    parties = parties_of(snapshot, request, wishes, adopted)
    out: dict[str, Kept] = {}
    while True:
        whole = kept_whole(snapshot, parties, wishes, lambda some: _nearest(snapshot, request, some, adopted), out)
        going = tuple(party for party in parties if party.name not in whole.why)
        outcome = with_reasons(whole, parties)
        outcome = all_or_none(whole.board, outcome, wishes) if request.all_or_none else outcome
        plan = write_plan(whole.board, outcome, wishes, adopted, plan_id, going)
        late = too_long(plan.groups, going, request)
        if not late:
            return plan
        out = {**whole.why, **late}


def _nearest(
    snapshot: Snapshot, request: Request, wishes: Sequence[Wish], adopted: Mapping[str, str]
) -> tuple[Board, Outcome]:
    """Place guests on the nearest hosts, and let those who find no place there go farther, one latency at a time."""
    steps: dict[str, int] = {}
    while True:
        narrow = narrowed(snapshot, request, wishes, steps)
        board, outcome = _best(snapshot, request, narrow, adopted)
        more = farther(board, outcome, wishes, narrow, steps)
        if more is None:
            return board, outcome
        steps = more


def _best(
    snapshot: Snapshot, request: Request, wishes: Sequence[Wish], adopted: Mapping[str, str]
) -> tuple[Board, Outcome]:
    """Leave hosts asleep and keep soft rules too, unless that leaves more guests behind; soft rules give way last."""
    asleep = may_wake(snapshot, request)
    # a consolidation finds out by itself whom to wake
    decides = request.goal is Goal.CONSOLIDATE
    wakes = (frozenset[str](), asleep) if asleep and not decides else (asleep,)
    tried: list[tuple[Board, Outcome]] = []
    for soft, wake in product((True, False), wakes):
        # a repair breaks no rule for another, and a balance none for evenness
        kept = request.goal in (Goal.REPAIR, Goal.BALANCE) or (
            tried and all(item.rule.hard for item in tried[0][0].bound)
        )
        if not soft and kept:
            break
        tried.append(_attempt(snapshot, request, wishes, adopted, soft=soft, wake=wake))
        if decides:
            return tried[-1]
        if not tried[-1][1].unplaced:
            return _fewest_awake(tried[-1], partial(_attempt, snapshot, request, wishes, adopted, soft=soft))
    return min(tried, key=lambda attempt: len(attempt[1].unplaced))


def _fewest_awake(attempt: tuple[Board, Outcome], again: Callable[..., tuple[Board, Outcome]]) -> tuple[Board, Outcome]:
    """Return an attempt that places all too and wakes fewer hosts, if halving their number finds one: the largest."""
    board, outcome = attempt
    hosts = board.snapshot.hosts
    woken = {hop.dest for hop in outcome.hops if hosts[hop.dest].name in board.wake}
    largest = sorted(woken, key=lambda host: (-hosts[host].allocatable_memory, hosts[host].name))
    low, high = 0, len(largest)
    while high - low > 1:
        middle = (low + high) // 2
        tried = again(wake=frozenset(hosts[host].name for host in largest[:middle]))
        low, high, attempt = (low, middle, tried) if not tried[1].unplaced else (middle, high, attempt)
    return attempt


def _attempt(
    snapshot: Snapshot,
    request: Request,
    wishes: Sequence[Wish],
    adopted: Mapping[str, str],
    *,
    soft: bool,
    wake: frozenset[str],
) -> tuple[Board, Outcome]:
    """Return what the goal comes to where nobody is parted from those it has affinity to: then all of them stay."""
    held: frozenset[str] = frozenset()
    while True:
        board = make_board(snapshot, request, wishes, adopted, soft=soft, wake=wake, held=held)
        outcome = outcome_of(board, wishes)
        torn = torn_apart(board, outcome.hops, soft=soft) - held
        if not torn:
            return board, outcome
        held |= torn


def _adopted(snapshot: Snapshot, wishes: Sequence[Wish]) -> dict[str, str]:
    """Return where guests are going already whose move under way serves the goal.

    One that goes where the goal does not want it is like any other job: to be waited for.
    """
    places = by_uuid(snapshot)
    found = {}
    for wish in wishes:
        dest = in_flight(places[wish.place.guest.uuid])
        if dest is not None and dest in wish.candidates and wish.place.guest.job is not JobKind.INCOMING:
            found[wish.place.guest.uuid] = dest
    return found
