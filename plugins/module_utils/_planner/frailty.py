"""Which hosts the fleet can't lose, before a plan and after it: what survive_loss asks. Pure; moves nobody."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .._model.request import Goal, SurviveLoss
from .board import Board, settled
from .outcome import Hop
from .search.loss import Loss, survives_loss
from .select import goal_hosts


def frail_after(board: Board, hops: Iterable[Hop], off: Iterable[int] = ()) -> tuple[int, ...]:
    """Return the hosts whose loss the others could not take once the hops are made and ``off`` are switched off."""
    return tuple(loss.host for loss in _losses(board, hops, off))


def frail_before(board: Board) -> frozenset[int]:
    """Return the hosts whose loss the others could not take as the fleet stands."""
    return frozenset(loss.host for loss in survives_loss(settled(board, ())))


def newly_lost(board: Board, hops: Iterable[Hop], known: frozenset[int]) -> tuple[Loss, ...]:
    """Return the losses that the fleet could take before, as ``known`` has it, and could not once the hops are made."""
    return tuple(loss for loss in _losses(board, hops, ()) if loss.host not in known)


def newly_frail(board: Board, hops: Iterable[Hop], off: Iterable[int] = ()) -> str:
    """Return in words, where ``survive_loss: keep`` is asked, which hosts can't be lost only once the plan is done."""
    if board.request.survive_loss is not SurviveLoss.KEEP:
        return ""
    known = frail_before(board)
    return in_words(board, [host for host in frail_after(board, hops, off) if host not in known])


def in_words(board: Board, frail: Sequence[int]) -> str:
    """Return a clause that names the hosts; empty where there are none."""
    names = [board.search.hosts[host] for host in frail]
    if not names:
        return ""
    return f"the others could not take the guests of {', '.join(names)} any more if it failed (survive_loss)"


def _losses(board: Board, hops: Iterable[Hop], off: Iterable[int]) -> tuple[Loss, ...]:
    closed = set(off)
    if board.request.goal is Goal.EVACUATE:
        gone = goal_hosts(board.request, board.snapshot.hosts)
        closed.update(index for index, name in enumerate(board.search.hosts) if name in gone)
    return survives_loss(settled(board, hops, closed))
