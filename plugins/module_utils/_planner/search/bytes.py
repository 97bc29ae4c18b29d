"""Lessen the bytes that a filled set of hosts costs. Must not use other hosts than asked, nor order the moves.

Method: a stray is a block that is not where it was though its host is still on. Strays go home where there is room, or
in exchange for a guest that costs less. Then, again and again, one or two are sent home by force, what that overfills
is repaired (search_fill), and all that is taken back if more bytes are sent (iterated local search). Between, another
host of the same kind is emptied instead of the one that was, where that costs no more than the strays are worth.
Bounded by ``steps``: pairs of hosts compared.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

from .fill import NOBODY, Exchange, Packing, exchange_guests, fill, may_exchange, repair

TRADES = 40  # pairs of hosts tried
KICK_STEPS = 60  # steps that one attempt to save bytes may cost


def send_less(packing: Packing, steps: int, kinds: Mapping[int, Hashable]) -> None:
    """Lessen the bytes sent, keeping all that is legal, and the open hosts but for trades between those of one kind."""
    _go_home(packing, packing.hosts)
    end = packing.spent + steps
    _kicks(packing, end - steps // 2)
    for shut, opened in _trades(packing, kinds):
        if packing.spent > end - steps // 4:
            break
        if shut in packing.open and opened not in packing.open:
            _trade(packing, shut, opened)
    _kicks(packing, end)


def _away(packing: Packing) -> list[int]:
    """Return the blocks that gave way to others: they could be at home."""
    return sorted(block for block in packing.stray if packing.home[block] in packing.open)


def _kicks(packing: Packing, end: int) -> None:
    while packing.spent < end:
        away = _away(packing)
        if not away:
            break
        _kick(packing, packing.rng.sample(away, min(len(away), packing.rng.randrange(1, 3))))
    packing.barred = {}


def _trades(packing: Packing, kinds: Mapping[int, Hashable]) -> list[tuple[int, int]]:
    """Return pairs of an open and a shut host whose trade could save bytes, the most promising first."""
    grid, away = packing.grid, _away(packing)
    worth = sum(grid.cost[block] for block in away)
    if not worth:
        return []
    held: dict[int, int] = dict.fromkeys(kinds, 0)
    for block, host in enumerate(packing.home):
        if host in held:
            held[host] += grid.cost[block]
    shut = [host for host in kinds if host not in packing.open and held[host]]
    pairs = [
        (held[host] - held[other], host, other)
        for host in kinds
        if host in packing.open
        for other in shut
        if kinds[host] == kinds[other] and held[host] - held[other] < worth
    ]
    return [(host, other) for _loss, host, other in sorted(pairs)[:TRADES]]


def _trade(packing: Packing, shut: int, opened: int) -> None:
    """Open one host, with its own guests back on it, and empty another into the rest, unless that sends more."""
    before, mark, hosts = packing.bytes, len(packing.journal), packing.open
    packing.reopen(hosts - {shut} | {opened})
    for block in sorted(packing.stray):
        if packing.home[block] == opened and packing.layout.fits(block, opened):
            packing.move(block, opened)
    if fill(packing, sorted(packing.layout.on[shut]), 2 * KICK_STEPS):
        _go_home(packing, packing.hosts)
        if packing.bytes < before:
            return
    packing.undo(mark)
    packing.reopen(hosts)


def _kick(packing: Packing, blocks: list[int]) -> None:
    before, mark = packing.bytes, len(packing.journal)
    packing.spent += 1
    packing.barred = dict.fromkeys(blocks, packing.spent + 2 * KICK_STEPS)
    for block in blocks:
        if packing.allowed(block, packing.home[block]):
            packing.move(block, packing.home[block])
    if repair(packing, sorted({packing.home[block] for block in blocks}), KICK_STEPS):
        _go_home(packing, {host for block, host in packing.journal[mark:]} | {packing.home[block] for block in blocks})
    else:
        packing.undo(mark)
    if packing.bytes > before:
        packing.undo(mark)


def _go_home(packing: Packing, hosts: Iterable[int]) -> None:
    """Send strays that are on ``hosts``, or at home there, home while that saves bytes, in exchange where needed."""
    near, again = frozenset(hosts), True
    while again:
        again = False
        strays = [b for b in packing.stray if packing.layout.at[b] in near or packing.home[b] in near]
        for block in sorted(strays, key=lambda block: (-packing.grid.cost[block], block)):
            if block in packing.stray and packing.home[block] in packing.open:
                again |= _try_home(packing, block)


def _try_home(packing: Packing, block: int) -> bool:
    grid, layout, home = packing.grid, packing.layout, packing.home
    there, here = home[block], layout.at[block]
    need_memory, need_vcpus = grid.memory[block] - layout.memory[there], grid.vcpus[block] - layout.vcpus[there]
    have_memory, have_vcpus = grid.memory[block] + layout.memory[here], grid.vcpus[block] + layout.vcpus[here]
    least, chosen = -grid.cost[block], None
    if need_memory <= 0 and need_vcpus <= 0 and packing.allowed(block, there):
        chosen = NOBODY
    best = 0 if chosen is None else least
    for other in sorted(layout.on[there]):
        if need_memory <= grid.memory[other] <= have_memory and need_vcpus <= grid.vcpus[other] <= have_vcpus:
            cost = grid.cost[other]
            change = least + (-cost if home[other] == here else cost if home[other] == there else 0)
            if change < best and may_exchange(packing, here, there, block, other):
                best, chosen = change, other
    if chosen is None or best >= 0:
        return False
    exchange_guests(packing, here, there, Exchange(best, block, chosen))
    return True
