"""An outcome written down as a plan: moves with ids and estimates, who stays and why, what it costs. No decisions."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Optional

from .._model import prose
from .._model.balance import noted_move
from .._model.guest import Guest
from .._model.host import Host, HostState
from .._model.plan import Move, Plan, Stay, Wave
from .._model.prose_usage import usage_lines
from .._model.request import Goal, SurviveLoss
from .._model.rules import RuleFault
from .._model.snapshot import Located
from .board import Board
from .breaches import breaches
from .energy import energy_of
from .estimate import (
    Lines,
    Schedule,
    expected,
    line_speed,
    lines_of,
    move_bytes,
    move_downtime_ms,
    move_seconds,
    schedule,
)
from .frailty import frail_after
from .groups import Party, move_groups, turns_of
from .leftovers import leftovers
from .link_use import link_uses
from .outcome import Kept, Outcome, Wish
from .power import fleet_watts, is_on
from .refuse import stay
from .rule_faults import for_rules, rule_faults, with_names
from .search.grid import Layout
from .search.sequence_credit import dependencies

# goals after which "restore" brings a guest back
_NOTES_HOME = frozenset({Goal.EVACUATE, Goal.RELOCATE})


def write_plan(
    board: Board,
    outcome: Outcome,
    wishes: Sequence[Wish],
    adopted: Mapping[str, str],
    plan_id: str,
    parties: Sequence[Party] = (),
) -> Plan:
    """Return the plan; ``adopted`` are the destinations of moves under way, by guest; ``parties`` those that go."""
    lines = lines_of(board.snapshot)
    watched = _adopted_moves(board, wishes, adopted, lines)
    moves, waves = _moves(board, outcome, wishes, lines, watched, parties)
    moves = (*watched, *moves)
    layout = _end(board, outcome)
    timing = _timing(board, moves, waves, lines)
    spans = {one: span for part in timing for one, span in part.spans.items()}
    power_on = _woken(board, moves)
    before, after = _where(board, Layout(board.search), adopted), _where(board, layout, {})
    places = board.snapshot.residents
    guests = {place.guest.uuid: place.guest for place in places}
    # a migration under way counts as over: the plan is not blamed for what it breaks
    settled = _where(board, Layout(board.search), {})
    methods = {move.guest: move.method for move in moves if not move.adopt}
    off = tuple(board.search.hosts[host] for host in outcome.emptied)
    watts = _watts(board, guests, before, (), ()), _watts(board, guests, after, power_on, off)
    faults = rule_faults(board.bound, places, board.snapshot.hosts)
    told = with_names(faults, places)
    return Plan(
        plan_id=plan_id,
        request=board.request,
        moves=moves,
        stays=_stays(board, outcome, wishes, layout, faults),
        leftovers=leftovers(board.snapshot, board.request),
        est_seconds=round(sum(part.seconds for part in timing), 1),
        est_bytes=sum(move.est_bytes for move in moves),
        est_downtime_ms=sum(move.est_downtime_ms for move in moves),
        power_on=power_on,
        power_off=off,
        waves=tuple(replace(wave, est_seconds=part.seconds) for wave, part in zip(waves, timing)),
        bounds=outcome.bounds,
        breaches=breaches(board.bound, board.snapshot.hosts, guests, settled, after, methods),
        frail=_frail(board, outcome),
        critical_path=tuple(one for part in timing for one in part.critical_path),
        watts_before=watts[0],
        watts_after=watts[1],
        energy=energy_of(board.request, board.snapshot.hosts, moves, watts, power_on, off),
        remarks=(
            *(prose.fault(fault) for fault in told),
            *outcome.remarks,
            *usage_lines(board.snapshot, board.request.arrival_percent is not None),
        ),
        rule_faults=told,
        groups=move_groups(parties, moves, spans),
        links=link_uses(board.snapshot, moves, spans),
        not_moved=outcome.not_moved,
    )


def _timing(board: Board, moves: Sequence[Move], waves: Sequence[Wave], lines: Lines) -> tuple[Schedule, ...]:
    """Return how long each wave takes, or all of it without waves; one begins when the one before is over."""
    if not waves:
        return (schedule(moves, board.request.slots, lines),)
    by_id = {move.id: move for move in moves}
    parts = []
    for wave in waves:
        inside = frozenset(wave.moves)
        mine = [by_id[one] for one in wave.moves]
        alone = [replace(move, after=tuple(one for one in move.after if one in inside)) for move in mine]
        parts.append(schedule(alone, board.request.slots, lines))
    return tuple(parts)


def _adopted_moves(board: Board, wishes: Sequence[Wish], adopted: Mapping[str, str], lines: Lines) -> tuple[Move, ...]:
    chosen = sorted((wish for wish in wishes if wish.place.guest.uuid in adopted), key=lambda wish: _key(wish.place))
    found = []
    for number, wish in enumerate(chosen, start=1):
        place, dest = wish.place, adopted[wish.place.guest.uuid]
        move = _move(board, place, dest, number, lines, reason=f"already migrating to {dest}", home=_home(board, place))
        # what its disks do is libvirt's matter by now
        found.append(replace(move, adopt=True, copies=(), changes=(), twins=()))
    return tuple(found)


def _key(place: Located) -> tuple[str, str]:
    return place.guest.name, place.guest.uuid


def _moves(
    board: Board,
    outcome: Outcome,
    wishes: Sequence[Wish],
    lines: Lines,
    watched: Sequence[Move],
    parties: Sequence[Party],
) -> tuple[tuple[Move, ...], tuple[Wave, ...]]:
    """Return a move for each guest of each hop, waiting for those of the hops before it that must be over."""
    wished = {wish.place.guest.uuid for wish in wishes}
    noted = set(wished)
    if board.request.bring_back:
        noted |= {place.guest.uuid for group in board.members for place in group}
    after = dependencies(board.order, [(hop.block, hop.source, hop.dest) for hop in outcome.hops])
    turns = turns_of(board, outcome.hops, after, parties)
    ids: dict[int, tuple[str, ...]] = {}
    moves: list[Move] = []
    now = {place.guest.uuid: place for group in board.members for place in group}
    balances, moment = board.request.goal is Goal.BALANCE, (board.snapshot.taken_at, board.request.cooldown_minutes)
    for index in turns.order:
        hop = outcome.hops[index]
        waits = tuple(one for other in after[index] for one in ids[other])
        apart = tuple(one for other in turns.once_over.get(index, ()) for one in ids[other])
        mine = []
        for place in board.members[hop.block]:
            made = _move(
                board,
                now[place.guest.uuid],
                board.order.hosts[hop.dest],
                len(watched) + len(moves) + 1,
                lines,
                reason=_companion(board, hop.block, place, wished) or outcome.reasons.get(hop.block, ""),
                home=_home(board, place) if place.guest.uuid in noted else place.guest.notes.home,
            )
            balanced = noted_move(place.guest.notes.balanced, *moment) if balances else None
            purpose = outcome.purposes.get(hop.block)
            made = replace(made, after=waits, once_over=apart, parking=hop.parking, purpose=purpose, balanced=balanced)
            moves.append(made)
            mine.append(made.id)
            now[place.guest.uuid] = board.reaches.arrived(now[place.guest.uuid], made.dest)
        ids[index] = tuple(mine)
    return tuple(moves), _waves(board, outcome, [ids[index] for index in range(len(outcome.hops))])


def _companion(board: Board, block: int, place: Located, wished: Collection[str]) -> str:
    """Return whom the guest goes along with, where the goal itself does not speak of it."""
    others = [each.guest.name for each in board.members[block] if each.guest.uuid in wished]
    return f"goes along with {others[0]}" if others and place.guest.uuid not in wished else ""


def _waves(board: Board, outcome: Outcome, ids: Sequence[tuple[str, ...]]) -> tuple[Wave, ...]:
    waves, begin = [], 0
    for hosts, end in outcome.waves:
        members = tuple(one for hop in ids[begin:end] for one in hop)
        waves.append(Wave(tuple(board.order.hosts[host] for host in hosts), members))
        begin = end
    return tuple(waves)


def _move(
    board: Board, place: Located, dest: str, number: int, lines: Lines, *, reason: str, home: Optional[str]
) -> Move:
    guest, method = place.guest, board.methods[place.guest.uuid]
    pair = board.reaches.pair(place, dest)
    size = move_bytes(guest, method, pair.copies, _host(board, place.host))
    found = expected(guest, method, size - guest.memory, line_speed(place.host, dest, lines))
    size = found.sent_bytes if found else size
    seconds = move_seconds(size, place.host, dest, lines)
    return Move(
        id=f"m{number:04d}",
        guest=guest.uuid,
        name=guest.name,
        source=place.host,
        dest=dest,
        method=method,
        copies=pair.copies,
        home=home,
        est_seconds=seconds,
        est_bytes=size,
        est_downtime_ms=found.downtime_ms if found else move_downtime_ms(method, seconds),
        reason=reason,
        changes=pair.changes,
        twins=pair.twins,
        policy=guest.notes.policy,
        expected=found,
        media=pair.media,
    )


def _host(board: Board, name: str) -> Host:
    return next(host for host in board.snapshot.hosts if host.name == name)


def _home(board: Board, place: Located) -> Optional[str]:
    """Return the home to note before the guest leaves: where it has to go from, unless it was away already."""
    return place.guest.notes.home or (place.host if board.request.goal in _NOTES_HOME else None)


def _end(board: Board, outcome: Outcome) -> Layout:
    layout = Layout(board.search)
    for hop in outcome.hops:
        layout.put(hop.block, hop.dest)
    return layout


def _stays(
    board: Board, outcome: Outcome, wishes: Sequence[Wish], layout: Layout, faults: Sequence[RuleFault]
) -> tuple[Stay, ...]:
    """Return who should have gone: wishes of guests that can't move, and all that a search found no place for."""
    wished = [wish for wish in wishes if wish.place.guest.uuid in board.stuck]
    chosen = {wish.place.guest.uuid: wish for wish in wishes}
    everywhere = tuple(host.name for host in board.snapshot.hosts)
    for block in outcome.unplaced:
        for place in board.members[block]:
            moved = layout.at[block] != board.search.at[block]
            now = board.reaches.arrived(place, board.search.hosts[layout.at[block]]) if moved else place
            others = tuple(name for name in everywhere if name != now.host)
            wish = chosen.get(place.guest.uuid) or (None if wishes else Wish(now, others, ""))
            if wish is not None and wish not in wished:
                wished.append(wish)
    for block in outcome.away:
        for place in board.members[block]:
            there = board.reaches.arrived(place, board.search.hosts[layout.at[block]])
            wished.append(Wish(there, (place.host,), ""))
    why = {**dict.fromkeys(outcome.away, Kept("there was no way back for it")), **outcome.unplaced}
    hard = frozenset(item.rule.name for item in board.bound if item.rule.hard)
    found = []
    for wish in wished:
        mine = stay(board, layout, wish.place, wish.candidates, why.get(board.block[wish.place.guest.uuid]))
        found.append(mine if mine.guest in board.stuck else for_rules(mine, faults, hard))
    return tuple(sorted(found, key=lambda item: (item.name, item.guest)))


def _woken(board: Board, moves: Iterable[Move]) -> tuple[str, ...]:
    asleep = {host.name for host in board.snapshot.hosts if host.state is HostState.STANDBY}
    return tuple(sorted(asleep.intersection(move.dest for move in moves)))


def _where(board: Board, layout: Layout, adopted: Mapping[str, str]) -> dict[str, str]:
    """Return the host of each guest; before the plan, an adopted one is still where it comes from."""
    found = {
        place.guest.uuid: board.search.hosts[layout.at[block]]
        for block, group in enumerate(board.members)
        for place in group
    }
    if adopted:
        found.update({place.guest.uuid: place.host for place in board.snapshot.residents})
    return found


def _frail(board: Board, outcome: Outcome) -> Optional[tuple[str, ...]]:
    if board.request.survive_loss is SurviveLoss.IGNORE:
        return None
    return tuple(board.search.hosts[host] for host in frail_after(board, outcome.hops, outcome.emptied))


def _watts(
    board: Board, guests: Mapping[str, Guest], where: Mapping[str, str], woken: Iterable[str], off: Iterable[str]
) -> Optional[float]:
    hosts = board.snapshot.hosts
    if not any(host.power for host in hosts):
        return None
    on = {host.name for host in hosts if is_on(host)}.union(woken).difference(off)
    return fleet_watts(hosts, dict(_by_host(guests, where)), on)


def _by_host(guests: Mapping[str, Guest], where: Mapping[str, str]) -> Iterator[tuple[str, list[Guest]]]:
    found: dict[str, list[Guest]] = {}
    for uuid, host in where.items():
        found.setdefault(host, []).append(guests[uuid])
    yield from found.items()
