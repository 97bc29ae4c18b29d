"""Why a guest does not get to a host as a placement stands: typed reasons behind what a search left. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from .._model.plan import Stay
from .._model.refusal import Refusal, RefusalCode
from .._model.snapshot import Located
from .board import Board
from .compat import host_refusals
from .outcome import Kept
from .search.grid import Grid, Kind, Layout, Limit

MIB = 1024 * 1024


def stay(board: Board, layout: Layout, place: Located, candidates: Iterable[str], why: Optional[Kept]) -> Stay:
    """Return the guest with a refusal for each candidate. ``why`` is what a candidate lacks that has room as it is."""
    guest = place.guest
    refusals = list(board.stuck.get(guest.uuid, ()))
    names = tuple(candidates)
    if not refusals and not names:
        refusals.append(Refusal(RefusalCode.NO_CANDIDATE, guest.name))
    if not refusals:
        refusals += [refusal for name in names for refusal in refusals_at(board, layout, place, name, why)]
    return Stay(guest.uuid, guest.name, place.host, tuple(refusals))


def refusals_at(
    board: Board, layout: Layout, place: Located, dest: str, why: Optional[Kept] = None
) -> tuple[Refusal, ...]:
    """Return why the guest does not go to ``dest`` with all others as in ``layout``."""
    closed = host_refusals(board.snapshot.hosts[board.host[dest]], board.snapshot.hosts, board.wake)
    if closed:
        return closed  # what a closed host has left is of no interest
    if why is not None and why.at == dest:
        return (Refusal(why.code, place.guest.name, dest, {"why": why.why, "remedy": why.remedy}),)
    found = board.reaches.refusals(place, dest)
    said = {refusal.code for refusal in found}
    # a NUMA node that is not there has no room either, which need not be said twice
    found = (*found, *(each for each in room_refusals(board, layout, place, dest) if each.code not in said))
    if found or why is None:
        return found
    return (Refusal(why.code, place.guest.name, dest, {"why": why.why, "remedy": why.remedy}),)


def room_refusals(board: Board, layout: Layout, place: Located, dest: str) -> tuple[Refusal, ...]:
    """Return what the host lacks for the guest, or for the block that it moves with."""
    grid, host = layout.grid, board.host[dest]
    block = board.block[place.guest.uuid]
    if layout.at[block] == host:
        return ()
    found = (
        _memory(grid, layout, block, host, place.guest.name),
        _vcpus(grid, layout, block, host, place.guest.name),
        *(
            _limit(grid.limits[index], layout.used[index], layout, block, host, board, place)
            for index in _of(grid, block)
        ),
    )
    return tuple(refusal for refusal in found if refusal is not None)


def _of(grid: Grid, block: int) -> tuple[int, ...]:
    return grid.limits_of[block] if grid.limits_of else ()


def _memory(grid: Grid, layout: Layout, block: int, host: int, name: str) -> Optional[Refusal]:
    need, free = grid.memory[block], layout.memory[host]
    if not need or need <= free:
        return None
    facts = {"free_mib": str(max(free, 0) // MIB), "need_mib": str(-(-need // MIB))}
    return Refusal(RefusalCode.MEMORY, name, grid.hosts[host], facts)


def _vcpus(grid: Grid, layout: Layout, block: int, host: int, name: str) -> Optional[Refusal]:
    need, free = grid.vcpus[block], layout.vcpus[host]
    if not need or need <= free:
        return None
    return Refusal(RefusalCode.VCPUS, name, grid.hosts[host], {"free": str(max(free, 0)), "need": str(need)})


def _limit(
    limit: Limit, used: list[int], layout: Layout, block: int, host: int, board: Board, place: Located
) -> Optional[Refusal]:
    domain = limit.domain[host]
    if domain < 0 or domain == limit.domain[layout.at[block]]:
        return None
    need, free = limit.weight[block], max(limit.room[domain] - used[domain], 0)
    if need <= free:
        return None
    code, facts = _words(limit, need, free)
    if limit.kind in (Kind.NAME, Kind.RULE):
        others = _others(limit, layout, domain, board)
        facts = {"uuid": others[0].guest.uuid if others else ""} if limit.kind is Kind.NAME else _because(limit, others)
    if limit.kind is Kind.POOL:
        facts = {**facts, "pool": _own_pool(board, layout.grid.hosts[host], limit.rule)}
    return Refusal(code, place.guest.name, layout.grid.hosts[host], facts)


def _own_pool(board: Board, host: str, store: str) -> str:
    """Return what the host calls the pool that is named after others of its kind."""
    maps = next(each.maps for each in board.snapshot.hosts if each.name == host)
    return maps.pools.get(store, store)


def _words(limit: Limit, need: int, free: int) -> tuple[RefusalCode, dict[str, str]]:
    mib = {"free_mib": str(free // MIB), "need_mib": str(-(-need // MIB))}
    pool, _slash, volume = limit.rule.partition("/")
    return {
        Kind.CPU_USAGE: (RefusalCode.CPU_USAGE, {"need": f"{need / 1000:g}", "free": f"{free / 1000:g}"}),
        Kind.BESIDE_PAGES: (RefusalCode.MEMORY_BESIDE_PAGES, mib),
        Kind.HUGEPAGES: (RefusalCode.HUGEPAGES, {**mib, "size_kib": limit.rule}),
        Kind.NUMA: (RefusalCode.NUMA, {**mib, "cell": limit.rule}),
        Kind.POOL: (RefusalCode.DISK_SPACE, {**mib, "pool": limit.rule}),
        Kind.VOLUME: (RefusalCode.DISK_EXISTS, {"pool": pool, "volume": volume}),
        Kind.NAME: (RefusalCode.NAME_TAKEN, {}),
        Kind.RULE: (RefusalCode.RULE, {}),
    }[limit.kind]


def _others(limit: Limit, layout: Layout, domain: int, board: Board) -> list[Located]:
    """Return the guests that take up the limit there."""
    return [
        place
        for block in sorted(limit.weight)
        if limit.domain[layout.at[block]] == domain
        for place in board.members[block]
    ]


def _because(limit: Limit, others: list[Located]) -> dict[str, str]:
    names = ", ".join(sorted(place.guest.name for place in others)[:3])
    return {"rule": limit.rule, "why": f"it has {names}" + (" ..." if len(others) > 3 else "")}
