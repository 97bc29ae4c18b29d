"""Goal rolling: which hosts are upgraded together, in which order, and how each wave is emptied. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..._model.host import HostState
from ..._model.plan import Bound
from ..board import Board
from ..outcome import Hop, Outcome
from ..rolling_wave import Quota
from ..search_rolling import Rolling
from ..search_rolling import rolling as search
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
    found = search(board.search, todo, quota, return_home=request.return_home, reach_from=reach_from(board))
    hops: list[Hop] = []
    waves = []
    for wave in found.waves:
        hops += [Hop(step.block, step.source, step.dest, step.parking) for step in (*wave.steps, *wave.home)]
        waves.append((wave.hosts, len(hops)))
    return Outcome(
        hops=tuple(hops),
        reasons=_reasons(board, found),
        unplaced={block: left.reason.value for left in found.left for block in left.blocks},
        away=found.away,
        bounds=(
            Bound("waves", "waves", 0, len(found.waves), found.least_waves),
            Bound("moves of a guest", "moves", 0, round(found.moves_per_block, 3)),
        ),
        waves=tuple(waves),
    )


def _reasons(board: Board, found: Rolling) -> dict[int, str]:
    reasons: dict[int, str] = {}
    for wave in found.waves:
        for step in wave.steps:
            name = board.search.hosts[step.source]
            reasons.setdefault(
                step.block, f"{name} is upgraded" if step.source in wave.hosts else f"makes room on {name}"
            )
    return reasons
