"""Find places for the guests that a goal wants elsewhere, with others stepping aside where allowed. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ..._model.plan import Bound, Goal
from ..board import Board
from ..frailty import newly_frail
from ..outcome import Hop, Outcome, Wish
from ..search.evacuate import Left, Relocation, Why, relocate
from ..search.grid import Layout
from ..select import allowed_dests, goal_hosts
from .ways import hop_of

MIB = 1024 * 1024
# who is asked to move a guest or to bring one home does not expect others to move
_DISPLACING = frozenset({Goal.EVACUATE, Goal.RELOCATE})
_WORDS = {
    Why.NO_HOST: "no host that it may go to could ever take it",
    Why.NO_ROOM: "there is no room for all of them together",
    Why.NO_ORDER: "the guests block one another's way, and there is no room to step aside",
}


def place(board: Board, wishes: Sequence[Wish]) -> Outcome:
    """Return how the wishes are fulfilled; what is already where it should be, or can't move at all, is left out."""
    found = _place(board, wishes)
    why = newly_frail(board, found.hops) if found.hops else ""
    return Outcome(unplaced=dict.fromkeys(sorted({*found.unplaced, *_masks(board, wishes)}), why)) if why else found


def _place(board: Board, wishes: Sequence[Wish]) -> Outcome:
    grid = board.search
    masks = _masks(board, wishes)
    displace = board.request.displace and board.request.goal in _DISPLACING
    found = relocate(grid, masks, _open(board), displace=displace, hop=hop_of(board))
    hops = [Hop(step.block, step.source, step.dest, step.parking) for step in found.sequence.steps]
    away: tuple[int, ...] = ()
    if board.request.bring_back:
        back = _back(board, hops, found.displaced)
        hops += back
        away = tuple(sorted(set(found.displaced) - {hop.block for hop in back}))
    return Outcome(
        hops=tuple(hops),
        reasons=_reasons(board, wishes, found),
        unplaced={left.block: _why(board, left, found) for left in found.left},
        away=away,
        bounds=(_bytes_bound(board, masks, found, hops),),
    )


def _masks(board: Board, wishes: Sequence[Wish]) -> dict[int, bytes]:
    """Return for each block where its wishes let it go: a byte for each host."""
    masks: dict[int, bytes] = {}
    known: dict[tuple[str, ...], bytes] = {}
    for wish in wishes:
        uuid = wish.place.guest.uuid
        block = board.block[uuid]
        if board.search.hosts[board.search.at[block]] != wish.place.host:
            continue  # adopted: on the grid it is there already
        if wish.candidates not in known:
            known[wish.candidates] = _mask(board, wish.candidates)
        mask = known[wish.candidates]
        masks[block] = bytes(left & right for left, right in zip(masks[block], mask)) if block in masks else mask
    return masks


def _mask(board: Board, names: Sequence[str]) -> bytes:
    chosen = frozenset(names)
    return bytes(1 if name in chosen else 0 for name in board.search.hosts)


def _open(board: Board) -> bytes:
    """Return the hosts to which guests may step aside: allowed ones, and none that is being emptied."""
    request, hosts = board.request, board.snapshot.hosts
    if request.goal not in _DISPLACING:
        return bytes([1]) * len(hosts)
    closed = goal_hosts(request, hosts) if request.goal is Goal.EVACUATE else frozenset()
    return _mask(board, tuple(allowed_dests(request, hosts) - closed))


def _back(board: Board, hops: Sequence[Hop], displaced: Sequence[int]) -> list[Hop]:
    """Return the moves that bring guests back who stepped aside, as far as there is room now."""
    layout = Layout(board.search)
    for hop in hops:
        layout.put(hop.block, hop.dest)
    allowed, found = hop_of(board), []
    for block in sorted(displaced, key=lambda block: (board.search.cost[block], block)):
        stop, home = layout.at[block], board.search.at[block]
        if board.search.parkable[block] and layout.fits(block, home) and allowed(block, stop, home):
            found.append(Hop(block, stop, home))
            layout.put(block, home)
    return found


def _reasons(board: Board, wishes: Sequence[Wish], found: Relocation) -> dict[int, str]:
    reasons = {board.block[wish.place.guest.uuid]: wish.reason for wish in wishes}
    coming: dict[int, list[str]] = defaultdict(list)
    for step in found.sequence.steps:
        if step.block in reasons:
            coming[step.dest].append(board.search.names[step.block])
    for block in found.displaced:
        host = board.search.at[block]
        names = sorted(coming[host])[:3] or ["others"]
        reasons[block] = f"makes room on {board.search.hosts[host]} for {', '.join(names)}"
    for step in found.sequence.steps:
        reasons.setdefault(step.block, "makes room for a move")
    return reasons


def _why(board: Board, left: Left, found: Relocation) -> str:
    rivals = [member for member in board.members[left.block] if member.guest.uuid in board.stuck]
    if rivals:
        return f"it stays with {rivals[0].guest.name}, which can't be moved"
    return _WORDS[left.why] + ("" if found.least_left == len(found.left) else ", as far as the search went")


def _bytes_bound(board: Board, masks: Mapping[int, bytes], found: Relocation, hops: Sequence[Hop]) -> Bound:
    """Return what the plan sends beside the least it could: each guest that has to go, once."""
    left = {item.block for item in found.left}
    least = sum(board.search.cost[block] for block in masks if block not in left)
    sent = sum(board.search.cost[hop.block] for hop in hops)
    return Bound("sent", "MiB", 0.0, round(sent / MIB, 1), round((sent if found.least else least) / MIB, 1))
