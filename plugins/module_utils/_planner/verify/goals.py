"""What each goal promises of the plan as a whole: who ends where, and who moves at all. Must import only _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..._model.host import Host
from ..._model.plan import Move
from ..._model.request import Goal
from ..._model.rules import RuleKind
from .case import Case, Violation, asked_hosts
from .relocated import relocated
from .rules import BoundRule, domain_of

AIMED = (Goal.EVACUATE, Goal.RELOCATE, Goal.MOVE, Goal.RESTORE)
WITHIN = (Goal.CONSOLIDATE, Goal.BALANCE)
LIMITED = (Goal.CONSOLIDATE, Goal.BALANCE, Goal.REPAIR)

Wishes = Mapping[str, frozenset[str]]


def destination_violations(case: Case) -> Iterator[Violation]:
    """Yield moves that go where the goal lets no guest go, in the order of the plan."""
    wishes, goal = wished(case), case.request.goal
    allowed, asked = allowed_dests(case), asked_hosts(case)
    waves = [frozenset(wave.hosts) for wave in case.plan.waves]
    settled = frozenset(case.after.values()) - set(case.plan.power_off)
    for index, move in enumerate(case.plan.moves):
        if move.adopt:
            continue
        back = move.dest == case.before[move.guest]
        if goal is Goal.EVACUATE and move.dest in asked:
            yield Violation("no guest onto an evacuated host", move.id, f"{move.name} would go to {move.dest}")
        elif goal in (Goal.EVACUATE, Goal.RELOCATE) and move.dest not in allowed and not back:
            yield Violation("allowed destination", move.id, f"{move.dest} is not among the allowed ones")
        elif goal in AIMED and not move.parking and move.dest not in wishes.get(move.guest, case.hosts):
            yield Violation("destination as asked", move.id, f"{move.name} was not asked to go to {move.dest}")
        elif goal in WITHIN and not {move.source, move.dest} <= asked:
            yield Violation("among the hosts", move.id, f"{move.source} or {move.dest} was not given")
        elif goal is Goal.CONSOLIDATE and move.dest not in settled:
            yield Violation("no guest onto an emptied host", move.id, f"{move.dest} is emptied in the end")
        elif goal is Goal.ROLLING and move.dest in waves[case.waves[index]]:
            yield Violation("no guest onto a host of its wave", move.id, f"{move.dest} is being emptied")


def allowed_dests(case: Case) -> frozenset[str]:
    """Return the hosts that ``dests``, ``dest_sites`` and ``dest_labels`` allow; all where none of them is given."""
    request = case.request
    if not (request.dests or request.dest_sites or request.dest_labels):
        return frozenset(case.hosts)

    def allows(host: Host) -> bool:
        labelled = all(host.labels.get(key) == value for key, value in request.dest_labels.items())
        return host.name in request.dests or host.site in request.dest_sites or (bool(request.dest_labels) and labelled)

    return frozenset(name for name, host in case.hosts.items() if allows(host))


def wished(case: Case) -> Wishes:
    """Return the hosts on which each guest that the goal speaks of shall live at the end."""
    asked, request = asked_hosts(case), case.request
    if request.goal is Goal.EVACUATE:
        goal = allowed_dests(case) - asked
        return {uuid: goal for uuid, host in case.before.items() if host in asked}
    if request.goal is Goal.RESTORE:
        homes = {uuid: place.guest.notes.home for uuid, place in case.homes.items()}
        return {uuid: frozenset({home}) for uuid, home in homes.items() if home in asked}
    if request.goal is Goal.RELOCATE:
        return relocated(case, allowed_dests(case))
    if request.goal is not Goal.MOVE:
        return {}
    chosen = {uuid for uuid, place in case.homes.items() if {uuid, place.guest.name} & set(request.guests)}
    if request.labels:
        labels = {uuid: place.guest.notes.labels for uuid, place in case.homes.items()}
        wanted = request.labels.items()
        chosen |= {uuid for uuid in labels if all(labels[uuid].get(key) == value for key, value in wanted)}
    return dict.fromkeys(chosen, asked)


def promise_violations(case: Case, rules: tuple[BoundRule, ...]) -> Iterator[Violation]:
    """Yield what the plan as a whole does that its goal does not promise."""
    wishes = wished(case)
    yield from _chains(case, wishes)
    yield from _causes(case, wishes, rules)
    yield from _stays(case, wishes)
    own = [move for move in case.plan.moves if not move.adopt]
    if case.request.all_or_none and own and case.plan.stays:
        yield Violation("all or none", own[0].id, f"{own[0].name} goes, and {case.plan.stays[0].name} can't")
    most, size = case.request.max_moves, case.request.max_bytes
    if case.request.goal in LIMITED:
        if most is not None and len(own) > most:
            yield Violation("number of moves", "", f"{len(own)} where {most} are allowed")
        if size is not None and sum(counted(case, move) for move in own) > size:
            yield Violation("number of bytes", "", f"more than {size}")


def counted(case: Case, move: Move) -> int:
    """Return the bytes by which max_bytes counts a move: memory and copied disks once, however often they are sent."""
    if move.expected is None:
        return move.est_bytes
    guest = case.homes[move.guest].guest
    held = {disk.target: disk.allocation or disk.capacity or 0 for disk in guest.disks}
    return guest.memory + sum(held[copy.target] for copy in move.copies)


def _chains(case: Case, wishes: Wishes) -> Iterator[Violation]:
    """A guest moves once, but for a stop on the way, for the way back, and for what rolling takes."""
    for uuid, chain in case.chains.items():
        own = [move for move in chain if not move.adopt]
        for move, following in zip(own, [*own[1:], None]):
            if move.parking and (following is None or following.parking):
                yield Violation("parking ends", move.id, f"{move.name} is left on {move.dest}")
        moves = [move for move in own if not move.parking]
        if case.request.goal is Goal.ROLLING:
            continue
        back = case.request.bring_back and uuid not in wishes and case.after[uuid] == case.before[uuid]
        if len(moves) > (2 if back else 1):
            yield Violation("one move per guest", moves[-1].id, f"{moves[0].name} moved before, in {moves[0].id}")


def _causes(case: Case, wishes: Wishes, rules: tuple[BoundRule, ...]) -> Iterator[Violation]:
    """Who is not spoken of moves only to make room where others come to, or along with one it must stay with."""
    if case.request.goal not in AIMED:
        return
    aside = _aside(case, wishes)
    if not aside:
        return
    companions = _companions(case, wishes, rules)
    crowded = _crowding(case, rules)
    named = {stay.guest for stay in case.plan.stays}
    for uuid, move in aside.items():
        if uuid in companions:
            continue
        if not case.request.displace:
            yield Violation("nobody displaced", move.id, f"{move.name} is not spoken of, and may not be displaced")
        elif not crowded(move):
            yield Violation("cause", move.id, f"nobody comes to {move.source}, so {move.name} is in nobody's way")
        elif case.request.bring_back and case.after[uuid] != case.before[uuid] and uuid not in named:
            yield Violation("brought back", move.id, f"{move.name} is not back on {case.before[uuid]}")


def _aside(case: Case, wishes: Wishes) -> dict[str, Move]:
    """Return the guests that the goal has no reason of its own to move, each with its first move."""
    found = {}
    for uuid, chain in case.chains.items():
        own = [move for move in chain if not move.adopt]
        if own and case.before[uuid] in wishes.get(uuid, case.hosts):
            found[uuid] = own[0]
    return found


def _companions(case: Case, wishes: Wishes, rules: tuple[BoundRule, ...]) -> frozenset[str]:
    moving = {uuid for uuid in case.chains if case.before[uuid] not in wishes.get(uuid, case.hosts)}
    found: set[str] = set()
    for rule in rules:
        if rule.kind is RuleKind.AFFINITY and rule.guests & moving:
            found |= rule.guests
    return frozenset(found)


def _crowding(case: Case, rules: tuple[BoundRule, ...]) -> Callable[[Move], bool]:
    """Return whether another guest comes to where a move begins, or would be too many of a rule there."""
    coming: dict[str, set[str]] = {}
    for move in case.plan.moves:
        coming.setdefault(move.dest, set()).add(move.guest)
    filled = {
        identity
        for move in case.plan.moves
        for identity in _stores(case, move.dest, {copy.dest.pool for copy in move.copies})
    }
    counting = [rule for rule in rules if rule.kind is RuleKind.ANTI_AFFINITY]
    full = {rule.number: _full_domains(case, rule) for rule in counting}

    def crowded(move: Move) -> bool:
        if coming.get(move.source, set()) - {move.guest}:
            return True
        # what its disks are on is wanted for copies, through whichever host
        if filled & _stores(case, move.source, {copy.source.pool for copy in move.copies}):
            return True
        source = case.hosts[move.source]
        return any(move.guest in rule.guests and domain_of(rule, source) in full[rule.number] for rule in counting)

    return crowded


def _stores(case: Case, host: str, pools: set[str]) -> frozenset[str]:
    """Return the shared storages behind pools of a host."""
    return frozenset(
        pool.identity for pool in case.hosts[host].pools if pool.name in pools and pool.identity is not None
    )


def _full_domains(case: Case, rule: BoundRule) -> frozenset[str]:
    """Return the places where those who live there and those who come are together too many for the rule."""
    there: dict[str, set[str]] = {}
    for uuid in rule.guests:
        for name in (case.before[uuid], *(move.dest for move in case.chains.get(uuid, ()))):
            there.setdefault(domain_of(rule, case.hosts[name]), set()).add(uuid)
    return frozenset(domain for domain, guests in there.items() if len(guests) > rule.most)


def _stays(case: Case, wishes: Wishes) -> Iterator[Violation]:
    """Who should have moved and does not is named, with reasons; nobody else is."""
    named = {stay.guest for stay in case.plan.stays}
    for stay in case.plan.stays:
        hosts = {place.host for place in case.places.get(stay.guest, ())}
        if not stay.refusals:
            yield Violation("stays with reasons", "", f"{stay.name} stays, and nobody knows why")
        if case.request.goal is not Goal.ROLLING and hosts and stay.host not in hosts | {case.after[stay.guest]}:
            yield Violation("stays where it is", "", f"{stay.name} is not on {stay.host}")
        goal = wishes.get(stay.guest, frozenset())
        # one that was where the goal wants it may have stepped aside, and have found no way back
        if stay.guest in case.chains and case.after[stay.guest] in goal and case.before[stay.guest] not in goal:
            yield Violation("stays where it is", "", f"{stay.name} is said to stay, and moves")
    adopted = {move.guest for move in case.plan.moves if move.adopt}
    for uuid, goal in wishes.items():
        if case.after[uuid] not in goal and uuid not in named and uuid not in adopted:
            name = case.homes[uuid].guest.name
            yield Violation("all who stay are named", "", f"{name} ends on {case.after[uuid]}, not as asked")
