"""The part of goal consolidate that relieves overloaded hosts, and wakes others for it where nothing else helps. Pure.

Hosts that are on come first. Where they have no room, hosts on standby are woken: as few as do, and of these the ones
that draw least at rest. A host that was switched off lately sleeps on, unless one is overloaded already.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Optional

from ..._model.host import Host
from ..board import Board, kept_free
from ..marks import busy_now, lately, milli_cpus, milli_percent
from ..power import idle_watts
from ..scope import Scope, narrow
from ..search.relief import Budget, Marks, Relief, overloaded
from ..search.relief import relieve as search
from ..select import goal_hosts


@dataclass(frozen=True)
class Relieved:
    """``targets`` by block of ``scope``; ``hot`` hosts were overloaded, by its indices; ``woken`` ones take guests.

    ``short``: a host stays overloaded for which another would be woken if it had been off for longer.
    """

    scope: Scope
    targets: dict[int, int] = field(default_factory=dict)
    hot: tuple[int, ...] = ()
    woken: tuple[int, ...] = ()
    short: bool = False
    remarks: tuple[str, ...] = ()


def marks_of(board: Board, scope: Scope) -> Optional[Marks]:
    """Return what is too much for the hosts of the scope; None where the request does not say."""
    high = board.request.high_cpu_percent
    if high is None:
        return None
    memory, _vcpus = kept_free(board)
    loads = (milli_cpus(place.guest for place in board.members[block]) for block in scope.blocks)
    most = (milli_percent(board.snapshot.hosts[host], high) for host in scope.hosts)
    return Marks(tuple(loads), tuple(most), tuple(memory[host] for host in scope.hosts))


def count_overloaded(board: Board, scope: Scope, at: Sequence[int]) -> Optional[int]:
    """Return how many hosts of the scope are overloaded with everybody there; None where the request has no mark."""
    marks = marks_of(board, scope)
    return None if marks is None else len(overloaded(replace(scope.grid, at=tuple(at)), marks))


def relieve(board: Board, awake: Sequence[int]) -> Relieved:
    """Return who leaves overloaded hosts of those that are on, ``awake``, and whom to wake for it."""
    scope = narrow(board.search, awake)
    marks = marks_of(board, scope)
    hot = overloaded(scope.grid, marks) if marks else ()
    if not marks or not hot:
        return Relieved(scope)
    found = search(scope.grid, marks, (), _budget(board))
    if not found.left:
        return Relieved(scope, found.targets, hot)
    urgent = busy_now(_hosts(board, scope, hot), board.request.high_cpu_percent or 0.0)
    ready, tired = _asleep(board)
    for wakeable in (ready, [*ready, *tired]) if urgent else (ready,):
        waking = _fewest(board, awake, wakeable, found)
        if waking is not None:
            return replace(waking, remarks=_why(board, waking, tired))
    short = not urgent and _fewest(board, awake, [*ready, *tired], found) is not None
    return Relieved(scope, found.targets, hot, short=short, remarks=_left(board, scope, found, tired if short else ()))


def _budget(board: Board) -> Budget:
    return Budget(board.request.max_moves, board.request.max_bytes)


def _hosts(board: Board, scope: Scope, indices: Collection[int]) -> list[Host]:
    return [board.snapshot.hosts[scope.hosts[index]] for index in indices]


def _asleep(board: Board) -> tuple[list[int], list[int]]:
    """Return the hosts that may be woken: those off for long enough, and those that were switched off lately."""
    request, hosts = board.request, board.snapshot.hosts
    chosen = goal_hosts(request, hosts) if request.hosts or request.sites else board.wake
    recent = lately(hosts, board.snapshot.taken_at, request.min_off_minutes)
    asleep = [index for index, host in enumerate(hosts) if host.name in board.wake and host.name in chosen]
    return (
        [index for index in asleep if hosts[index].name not in recent],
        [index for index in asleep if hosts[index].name in recent],
    )


def _fewest(board: Board, awake: Sequence[int], wakeable: Sequence[int], without: Relief) -> Optional[Relieved]:
    """Return the relief that as few woken hosts as possible bring, None where waking brings none."""
    tried = [_least_of(board, awake, order, without) for order in _orders(board, wakeable)]
    found = [each for each in tried if each is not None]
    return min(found, key=lambda each: (len(each.woken), _watts(board, each)), default=None)


def _orders(board: Board, wakeable: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return the hosts by what they draw, and by how much they hold: either may bring the fewest."""
    hosts = board.snapshot.hosts

    def draw(index: int) -> float:
        watts = idle_watts(hosts[index])
        return float("inf") if watts is None else watts

    def size(index: int) -> tuple[int, int]:
        return -hosts[index].cpus, -hosts[index].allocatable_memory

    return (
        sorted(wakeable, key=lambda index: (draw(index), size(index), index)),
        sorted(wakeable, key=lambda index: (size(index), draw(index), index)),
    )


def _watts(board: Board, found: Relieved) -> float:
    return sum(idle_watts(host) or 0.0 for host in _hosts(board, found.scope, found.woken))


def _least_of(board: Board, awake: Sequence[int], order: Sequence[int], without: Relief) -> Optional[Relieved]:
    """Return what as few as possible, from the first on, bring that is as good as all; None where that is nothing."""
    every = _woken(board, awake, order)
    if every is None or len(every[1].left) >= len(without.left):
        return None
    best, low, high = every, 0, len(order)
    while high - low > 1:
        middle = (low + high) // 2
        tried = _woken(board, awake, order[:middle])
        if tried is not None and len(tried[1].left) <= len(every[1].left):
            best, high = tried, middle
        else:
            low = middle
    return best[0]


def _woken(board: Board, awake: Sequence[int], hosts: Sequence[int]) -> Optional[tuple[Relieved, Relief]]:
    scope = narrow(board.search, [*awake, *hosts])
    marks, fresh = marks_of(board, scope), frozenset(hosts)
    if marks is None or not hosts:
        return None
    woken = frozenset(index for index, host in enumerate(scope.hosts) if host in fresh)
    found = search(scope.grid, marks, woken, _budget(board))
    used = tuple(sorted(woken.intersection(found.targets.values())))
    return Relieved(scope, found.targets, overloaded(scope.grid, marks), used), found


def _why(board: Board, found: Relieved, tired: Collection[int]) -> tuple[str, ...]:
    early = [host.name for host in _hosts(board, found.scope, found.woken) if board.host[host.name] in tired]
    if not early:
        return ()
    names = ", ".join(host.name for host in _hosts(board, found.scope, found.hot))
    after = f"less than {board.request.min_off_minutes:g} minutes after it was switched off"
    return (f"{', '.join(early)} wakes {after}, as {names} is overloaded now",)


def _left(board: Board, scope: Scope, found: Relief, tired: Sequence[int]) -> tuple[str, ...]:
    """Return in words which hosts stay overloaded, and who sleeps on although it could help."""
    remarks = []
    for host in sorted(found.left):
        remarks.append(f"{scope.grid.hosts[host]} stays overloaded: no host that may be on takes a guest of it")
    if tired:
        names, minutes = ", ".join(board.search.hosts[host] for host in tired), board.request.min_off_minutes
        remarks.append(f"{names} was switched off less than {minutes:g} minutes ago and is not woken for a forecast")
    return tuple(remarks)
