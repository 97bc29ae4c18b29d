"""Find places for the guests that a goal wants elsewhere, with others stepping aside where allowed. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..._model.plan import Bound
from ..._model.refusal import RefusalCode
from ..._model.request import Goal, SurviveLoss
from ..board import Board
from ..frailty import frail_before, in_words, newly_lost
from ..outcome import Hop, Kept, Outcome, Wish
from ..search.evacuate import Left, Relocation, Why, relocate
from ..search.grid import Layout
from ..search.keep import Asked, sound_relocation
from ..search.loss import Loss
from ..search.sequence import Sequence as Sequenced
from ..search.sequence import Step
from ..select import allowed_dests, goal_hosts
from .jam import jams
from .relocation import settled
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
    masks = _masks(board, (*settled(board.snapshot, board.request), *wishes))
    found = relocate(board.search, masks, _open(board), displace=_displaces(board), hop=hop_of(board))
    jammed = jams(board, found.sequence.steps, found.sequence.stuck)
    unplaced = {left.block: jammed.get(left.block) or _why(board, left, found) for left in found.left}
    if board.request.survive_loss is SurviveLoss.KEEP and found.sequence.steps:
        found, frail = _keeping(board, masks, found)
        why = Kept(frail, "free memory, add a host, or ask survive_loss: report", RefusalCode.LOSS)
        unplaced = {left.block: unplaced.get(left.block, why) for left in found.left}
    outcome = _outcome(board, wishes, masks, found, unplaced)
    return replace(outcome, remarks=_if_displaced(board, masks, len(found.left)))


def _if_displaced(board: Board, masks: Mapping[int, bytes], left: int) -> tuple[str, ...]:
    """Return a remark where guests stay that others, if they might, would make room for."""
    hopeless = sum(1 for block in _movers(board, masks) if not _moves(board, block))
    if board.request.displace or board.request.goal not in _DISPLACING or left <= hopeless:
        return ()
    fewer = left - len(relocate(board.search, masks, _open(board), displace=True, hop=hop_of(board)).left)
    return (f"{fewer} more could go if others stepped aside for them (displace: true)",) if fewer > 0 else ()


def _moves(board: Board, block: int) -> bool:
    return not any(place.guest.uuid in board.stuck for place in board.members[block])


def _outcome(
    board: Board, wishes: Sequence[Wish], masks: Mapping[int, bytes], found: Relocation, unplaced: Mapping[int, Kept]
) -> Outcome:
    hops, away = _hops(board, masks, found.sequence.steps)
    return Outcome(
        hops=hops,
        reasons=_reasons(board, wishes, found),
        unplaced=unplaced,
        away=away,
        bounds=(_bytes_bound(board, masks, found, hops),),
    )


def _displaces(board: Board) -> bool:
    return board.request.displace and board.request.goal in _DISPLACING


def _keeping(board: Board, masks: Mapping[int, bytes], found: Relocation) -> tuple[Relocation, str]:
    """Return moves after which the fleet can lose all that it could before, and what the plainest would have cost it.

    Where there are none, nobody moves.
    """
    known = frail_before(board)

    def lost(steps: Sequence[Step]) -> tuple[Loss, ...]:
        return newly_lost(board, _hops(board, masks, steps)[0], known)

    losses = lost(found.sequence.steps)
    if not losses:
        return found, ""
    grid = board.search
    size = max((block for loss in losses for block in loss.blocks), key=lambda block: (grid.memory[block], -block))
    asked = Asked(masks, _open(board), _displaces(board), hop_of(board), size)
    better = sound_relocation(grid, asked, lambda steps: not lost(steps))
    words = in_words(board, [loss.host for loss in losses])
    if better is not None:
        return better, words
    stay = tuple(Left(block, Why.NO_ROOM) for block in sorted(_movers(board, masks)))
    return Relocation(Sequenced(()), stay, (), 0, False), words


def _movers(board: Board, masks: Mapping[int, bytes]) -> frozenset[int]:
    return frozenset(block for block, mask in masks.items() if not mask[board.search.at[block]])


def _hops(board: Board, masks: Mapping[int, bytes], steps: Sequence[Step]) -> tuple[tuple[Hop, ...], tuple[int, ...]]:
    """Return the moves, those back included where that is asked, and who stepped aside and finds no way back."""
    hops = [Hop(step.block, step.source, step.dest, step.parking) for step in steps]
    if not board.request.bring_back:
        return tuple(hops), ()
    aside = sorted({step.block for step in steps if not step.parking} - _movers(board, masks))
    back = _back(board, hops, aside)
    return (*hops, *back), tuple(sorted(set(aside) - {hop.block for hop in back}))


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


def _why(board: Board, left: Left, found: Relocation) -> Kept:
    rivals = [member for member in board.members[left.block] if member.guest.uuid in board.stuck]
    if rivals:
        return Kept(f"it stays with {rivals[0].guest.name}, which can't be moved")
    return Kept(_WORDS[left.why] + ("" if found.least_left == len(found.left) else ", as far as the search went"))


def _bytes_bound(board: Board, masks: Mapping[int, bytes], found: Relocation, hops: Sequence[Hop]) -> Bound:
    """Return what the plan sends beside the least it could: each guest that has to go, once."""
    left = {item.block for item in found.left}
    least = sum(board.search.cost[block] for block in _movers(board, masks) - left)
    sent = sum(board.search.cost[hop.block] for hop in hops)
    return Bound("sent", "MiB", 0.0, round(sent / MIB, 1), round((sent if found.least else least) / MIB, 1))
