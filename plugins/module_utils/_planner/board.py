"""A snapshot and a request as grids, and the way back from their indices to guests, hosts and reasons. Pure.

The grid for the search has every rule; the one for the order of moves leaves out those that hold at the end only.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import add

from .._model.host import Host, HostState
from .._model.refusal import Refusal, RefusalCode
from .._model.request import Method, Request
from .._model.rules import Rule, RuleKind, Scope, When
from .._model.snapshot import Located, Snapshot, by_uuid
from . import ruleset
from .compat import blockers
from .outcome import Hop, Wish
from .reach import Reaches, method_for, method_refusals, parkable
from .resources import resource_limits
from .ruleset import BoundRule
from .search.grid import Grid, Kind, Layout, Limit
from .stores import local_sizes

Group = tuple[Located, ...]


@dataclass(frozen=True)
class Board:
    """``search`` and ``order`` are the same fleet with all rules, and with those that hold throughout.

    ``members`` are the guests of each block, where they live; ``block`` and ``host`` give indices by UUID and by name;
    ``stuck`` says by UUID why a guest can't be moved anywhere; ``methods`` how it moves. ``bound`` are all rules, the
    soft ones too where the grids leave them out. ``wake``: hosts on standby that take guests. ``restarts`` is
    ``reaches`` without what was found on the hosts themselves: a guest that is started anew needs no way between them.
    """

    snapshot: Snapshot
    request: Request
    search: Grid
    order: Grid
    members: tuple[Group, ...]
    block: Mapping[str, int]
    host: Mapping[str, int]
    stuck: Mapping[str, tuple[Refusal, ...]]
    methods: Mapping[str, Method]
    bound: tuple[BoundRule, ...]
    reaches: Reaches
    restarts: Reaches
    wake: frozenset[str]
    # where guests may go, by block, though a part of a plan holds them; empty: as ``search`` has it
    free: tuple[bytes, ...] = ()


def make_board(
    snapshot: Snapshot,
    request: Request,
    wishes: Sequence[Wish],
    adopted: Mapping[str, str],
    *,
    soft: bool,
    wake: frozenset[str],
    held: frozenset[str] = frozenset(),
) -> Board:
    """Return the board; ``soft`` rules bind like hard ones or not at all; ``wake``: hosts on standby that take guests.

    ``adopted``: destinations, by UUID, of moves under way that serve the goal. Their guests are on the grid where they
    are going, to stay there, and their sources have so much less room. ``held`` guests do not leave the rack or site
    in which an affinity rule has them together with others.
    """
    places = tuple(_where(place, adopted) for place in snapshot.residents)
    bound = ruleset.bind(request.rules, places, snapshot.hosts)
    binding = tuple(item for item in bound if item.rule.hard or soft)
    lasting = tuple(item for item in binding if item.rule.when is When.THROUGHOUT)
    methods, stuck = _movable(snapshot, places, request, binding, adopted)
    still = stuck.keys() | adopted.keys()
    members = _blocks(places, binding)
    block = {place.guest.uuid: index for index, group in enumerate(members) for place in group}
    host = {each.name: index for index, each in enumerate(snapshot.hosts)}
    weights = {place.guest.uuid: (block[place.guest.uuid], place.guest.active) for place in places}
    ghosts = _ghosts(snapshot, places)
    resources = resource_limits(places, ghosts, block, snapshot.hosts, request.arrival_percent)
    base = _base(snapshot, request, members, host, ghosts, methods)
    at = {place.guest.uuid: place.host for place in places}
    wanted = {wish.place.guest.uuid: frozenset(wish.candidates) for wish in wishes}
    pens = ruleset.pens(binding, snapshot.hosts, at, wanted, held.union(still))
    closed = _joined(ruleset.barred(binding, snapshot.hosts), pens)
    judged_for = request.wanted if snapshot.host_checks else None
    reaches = Reaches(snapshot, closed, wake, judged_for)

    def grid(rules: Sequence[BoundRule], each: Reaches) -> Grid:
        limits = [*resources, *ruleset.limits(rules, snapshot.hosts, weights)]
        return _ruled(replace(base, reach=_masks(members, each, still)), limits)

    search = grid(binding, reaches)
    # mostly the same, and on a large board dear
    order = search
    if pens or lasting != binding:
        order = grid(lasting, Reaches(snapshot, ruleset.barred(lasting, snapshot.hosts), wake, judged_for))
    restarts = reaches if judged_for is None else Reaches(snapshot, closed, wake)
    return Board(snapshot, request, search, order, members, block, host, stuck, methods, bound, reaches, restarts, wake)


def settled(board: Board, hops: Iterable[Hop], closed: Iterable[int] = ()) -> Layout:
    """Return the placement after the hops, to judge a loss on: no headroom is kept, and only hosts that are on take
    guests. ``closed`` are hosts that will take none: emptied to go away, or to be switched off."""
    grid = board.search
    at = list(grid.at)
    woken = set()
    for hop in hops:
        at[hop.block] = hop.dest
        woken.add(hop.dest)
    shut = frozenset(closed)
    takes = [
        index not in shut
        and (host.state is HostState.SCHEDULABLE or (host.state is HostState.STANDBY and index in woken))
        for index, host in enumerate(board.snapshot.hosts)
    ]
    reach = [_restarts(board, block, row) for block, row in enumerate(board.free or grid.reach)]
    rows = {
        (row, host): bytes(1 if index == host else int(takes[index] and may) for index, may in enumerate(row))
        for row, host in set(zip(reach, at))
    }
    memory, vcpus = kept_free(board)
    moved = replace(
        grid,
        at=tuple(at),
        reach=tuple(rows[key] for key in zip(reach, at)),
        room_memory=tuple(map(add, grid.room_memory, memory)),
        room_vcpus=tuple(map(add, grid.room_vcpus, vcpus)),
    )
    # after a loss guests are started again: nothing is copied, and nobody asks how busy the others are
    return Layout(_ruled(moved, [limit for limit in grid.limits if limit.kind not in (Kind.CPU_USAGE, Kind.POOL)]))


def _restarts(board: Board, block: int, row: bytes) -> bytes:
    """Return where the block could be started again, whatever keeps it from being moved: only devices bind it then."""
    reasons = [refusal.code for place in board.members[block] for refusal in board.stuck.get(place.guest.uuid, ())]
    if RefusalCode.DEVICE in reasons or RefusalCode.RULE_UNREADABLE in reasons:
        return row
    if not reasons and board.restarts is board.reaches:
        return row
    return _common(board.members[block], board.restarts)


def torn_apart(board: Board, hops: Iterable[Hop], *, soft: bool) -> frozenset[str]:
    """Return the guests that the hops part from others of an affinity rule, ``soft`` ones too if asked."""
    names, at = board.search.hosts, list(board.search.at)
    for hop in hops:
        at[hop.block] = hop.dest
    before, after = (
        {place.guest.uuid: names[host] for group, host in zip(board.members, where) for place in group}
        for where in (board.search.at, at)
    )
    binding = (item for item in board.bound if item.rule.hard or soft)
    return ruleset.parted(binding, board.snapshot.hosts, before, after)


def kept_free(board: Board) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the memory and vCPUs of each host that headroom keeps free of arrivals: those on it may have them."""
    share, hosts = 1 - board.request.headroom_percent / 100, board.snapshot.hosts
    return (
        tuple(host.allocatable_memory - int(host.allocatable_memory * share) for host in hosts),
        tuple(host.allocatable_vcpus - int(host.allocatable_vcpus * share) for host in hosts),
    )


def _joined(
    barred: Mapping[str, Mapping[str, str]], pens: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    return {guest: {**pens.get(guest, {}), **barred.get(guest, {})} for guest in {*barred, *pens}}


def _where(place: Located, adopted: Mapping[str, str]) -> Located:
    dest = adopted.get(place.guest.uuid)
    return place if dest is None else replace(place, host=dest)


def _movable(
    snapshot: Snapshot,
    places: Sequence[Located],
    request: Request,
    binding: Sequence[BoundRule],
    adopted: Mapping[str, str],
) -> tuple[dict[str, Method], dict[str, tuple[Refusal, ...]]]:
    """Return how each guest would move, and why some can't at all."""
    copies, rules = by_uuid(snapshot), ruleset.method_rules(binding)
    asleep = {host.name for host in snapshot.hosts if host.state is HostState.STANDBY}
    none: tuple[Rule, ...] = ()
    methods, stuck = {}, {}
    for place in places:
        guest = place.guest
        mine = rules.get(guest.uuid, none)
        method = methods[guest.uuid] = method_for(guest, request.method, mine)
        refusals = (*blockers(copies[guest.uuid], place), *method_refusals(guest, method, mine))
        if place.host in asleep:  # what a host that is off holds, nobody can send
            refusals = (*refusals, Refusal(RefusalCode.HOST_ON_STANDBY, guest.name, place.host))
        if refusals and guest.uuid not in adopted:
            stuck[guest.uuid] = refusals
    return methods, stuck


def _blocks(places: Sequence[Located], binding: Iterable[BoundRule]) -> tuple[Group, ...]:
    """Return guests on one host that affinity keeps together as blocks, all others as blocks of one."""
    leader = {place.guest.uuid: place.guest.uuid for place in places}
    home = {place.guest.uuid: place.host for place in places}

    def root(guest: str) -> str:
        while leader[guest] != guest:
            guest = leader[guest]
        return guest

    for item in binding:
        if item.rule.kind is RuleKind.AFFINITY and item.rule.scope is Scope.HOST:
            first: dict[str, str] = {}
            for guest in item.guests:
                leader[root(guest)] = root(first.setdefault(home[guest], guest))
    groups: dict[str, list[Located]] = defaultdict(list)
    for place in places:
        groups[root(place.guest.uuid)].append(place)
    return tuple(sorted((tuple(group) for group in groups.values()), key=_name_of))


def _name_of(group: Group) -> tuple[str, str]:
    return group[0].guest.name, group[0].guest.uuid


def _ghosts(snapshot: Snapshot, places: Sequence[Located]) -> tuple[Located, ...]:
    """Return further copies of guests, on hosts where they do not live."""
    home = {place.guest.uuid: place.host for place in places}
    return tuple(place for place in snapshot.located() if home[place.guest.uuid] != place.host)


def _base(
    snapshot: Snapshot,
    request: Request,
    members: tuple[Group, ...],
    host: Mapping[str, int],
    ghosts: Sequence[Located],
    methods: Mapping[str, Method],
) -> Grid:
    """Return the grid without reach and limits."""
    hosts = {each.name: each for each in snapshot.hosts}
    memory, vcpus = _held(ghosts)
    share = 1 - request.headroom_percent / 100
    active = [[place.guest for place in group if place.guest.active] for group in members]
    return Grid(
        hosts=tuple(hosts),
        room_memory=tuple(int(each.allocatable_memory * share) - memory[each.name] for each in snapshot.hosts),
        room_vcpus=tuple(int(each.allocatable_vcpus * share) - vcpus[each.name] for each in snapshot.hosts),
        blocks=tuple(tuple(place.guest.uuid for place in group) for group in members),
        names=tuple(group[0].guest.name for group in members),
        memory=tuple(sum(guest.memory for guest in group) for group in active),
        vcpus=tuple(sum(guest.vcpus for guest in group) for group in active),
        cost=tuple(sum(_cost(place, hosts[place.host]) for place in group) for group in members),
        at=tuple(host[group[0].host] for group in members),
        reach=(),
        # a stop would have one that is shut down for its move shut down twice
        parkable=tuple(
            all(
                methods[place.guest.uuid] is not Method.RESTART and parkable(place, hosts[place.host])
                for place in group
            )
            for group in members
        ),
    )


def _held(ghosts: Iterable[Located]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the memory and vCPUs that active copies hold by host."""
    memory: dict[str, int] = defaultdict(int)
    vcpus: dict[str, int] = defaultdict(int)
    for ghost in ghosts:
        if ghost.guest.active:
            memory[ghost.host] += ghost.guest.memory
            vcpus[ghost.host] += ghost.guest.vcpus
    return memory, vcpus


def _cost(place: Located, host: Host) -> int:
    """Return the bytes that a move of the guest sends, its local disks included."""
    return (place.guest.memory if place.guest.active else 0) + sum(local_sizes(place.guest, host).values())


def _masks(members: Sequence[Group], reaches: Reaches, still: Iterable[str]) -> tuple[bytes, ...]:
    fixed = frozenset(still)
    return tuple(
        reaches.nowhere(group[0]) if any(place.guest.uuid in fixed for place in group) else _common(group, reaches)
        for group in members
    )


def _common(group: Group, reaches: Reaches) -> bytes:
    """Return where all guests of the block may go."""
    mask = reaches.mask(group[0])
    for place in group[1:]:
        mask = bytes(left & right for left, right in zip(mask, reaches.mask(place)))
    return mask


def _ruled(grid: Grid, limits: Sequence[Limit]) -> Grid:
    """Return the grid with its limits; those that count nobody are left out."""
    kept = tuple(limit for limit in limits if limit.weight)
    of: list[list[int]] = [[] for _block in grid.blocks]
    for index, limit in enumerate(kept):
        for block in limit.weight:
            of[block].append(index)
    return replace(grid, limits=kept, limits_of=tuple(tuple(indices) for indices in of) if kept else ())
