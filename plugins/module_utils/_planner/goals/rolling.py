"""Goal rolling: which hosts are upgraded together, in which order, and how each wave is emptied. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..._model.errors import FleetError
from ..._model.host import HostState
from ..._model.plan import Bound
from ..._model.refusal import RefusalCode
from ..board import Board
from ..frailty import newly_frail
from ..outcome import Hop, Kept, Outcome
from ..search.rolling import STEPS_ASIDE, Ends, Reason, Rolling, Wave
from ..search.rolling import rolling as search
from ..search.rolling_wave import Quota
from ..search.sequence import Step
from ..select import domains, goal_hosts
from .ways import reach_from


def rolling(board: Board) -> Outcome:
    """Return the waves, each with the moves that empty its hosts and those that bring guests home after it."""
    request, hosts = board.request, board.snapshot.hosts
    chosen = goal_hosts(request, hosts)
    every = not (request.hosts or request.sites)
    todo = frozenset(
        index
        for index, host in enumerate(hosts)
        if host.name in chosen or (every and host.state in (HostState.SCHEDULABLE, HostState.MAINTENANCE))
    )
    domain = domains(hosts, request.one_per)[0] if request.one_per is not None else ()
    quota = Quota(request.max_at_once, domain)
    ends = Ends(_hosts_named(board, "first"), _hosts_named(board, "last"))
    aside = STEPS_ASIDE if request.displace else 0
    look = partial(search, board.search, todo, quota, reach_from=reach_from(board), ends=ends, steps=aside)
    found = look(return_home=request.return_home)
    frail = newly_frail(board, _in_waves(found)[0])
    if frail:  # as before the upgrade, the fleet can lose what it could
        found = look(return_home=True)
    hops, waves = _in_waves(found)
    if frail and newly_frail(board, hops):
        return _only_empty(board, todo, frail)
    # hosts that are left for want of places would have needed waves too
    complete = all(left.reason is not Reason.NOT_FOUND for left in found.left)
    return Outcome(
        hops=hops,
        reasons=_reasons(board, found),
        unplaced={block: Kept(left.reason.value) for left in found.left for block in left.blocks},
        away=found.away,
        bounds=(
            Bound("waves", "waves", 0, len(found.waves), found.least_waves if complete else None),
            Bound("moves of a guest", "moves", 0, round(found.moves_per_block, 3)),
        ),
        waves=waves,
    )


def _hosts_named(board: Board, label: str) -> frozenset[int]:
    """Return the hosts that come first, or last; the name or UUID of a guest stands for its host."""
    names: tuple[str, ...] = getattr(board.request, label)
    where = {host.name: index for index, host in enumerate(board.snapshot.hosts)}
    guests = [place for place in board.snapshot.residents if {place.guest.name, place.guest.uuid} & set(names)]
    on = {name: where[place.host] for place in guests for name in (place.guest.name, place.guest.uuid)}
    unknown = [name for name in names if name not in where and name not in on]
    if unknown:
        raise FleetError(f"{label} names {unknown[0]}, which is no host or guest", "Name those that the fleet has")
    return frozenset(where.get(name, on.get(name, -1)) for name in names)


def _only_empty(board: Board, todo: frozenset[int], why: str) -> Outcome:
    """Return what is left of a rolling upgrade in which nobody may move: the hosts without guests, one by one."""
    used = frozenset(board.search.at)
    waves = tuple(((host,), 0) for host in sorted(todo) if host not in used)
    blocks = [block for block, host in enumerate(board.search.at) if host in todo]
    return Outcome(unplaced=dict.fromkeys(blocks, Kept(why, code=RefusalCode.LOSS)), waves=waves)


def _in_waves(found: Rolling) -> tuple[tuple[Hop, ...], tuple[tuple[tuple[int, ...], int], ...]]:
    """Return all hops, and each wave's hosts with how many of the hops come before its end.

    Guests go home once their hosts are back: at the beginning of the next wave, or in a wave of their own where that
    one empties the host that they go to, and at the end.
    """
    hops: list[Hop] = []
    waves: list[tuple[tuple[int, ...], int]] = []
    home: tuple[Step, ...] = ()
    for wave in (*found.waves, Wave((), ())):
        hops += _hops(home)
        if home and (not wave.hosts or any(step.dest in wave.hosts for step in home)):
            waves.append(((), len(hops)))
        hops += _hops(wave.steps)
        if wave.hosts:
            waves.append((wave.hosts, len(hops)))
        home = wave.home
    return tuple(hops), tuple(waves)


def _hops(steps: Sequence[Step]) -> list[Hop]:
    return [Hop(step.block, step.source, step.dest, step.parking) for step in steps]


def _reasons(board: Board, found: Rolling) -> dict[int, str]:
    reasons: dict[int, str] = {}
    for wave in found.waves:
        for step in wave.steps:
            name = board.search.hosts[step.source]
            reasons.setdefault(
                step.block, f"{name} is upgraded" if step.source in wave.hosts else f"makes room on {name}"
            )
    return reasons
