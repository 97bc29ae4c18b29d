"""What a balance promises: each move has its purpose, none in cooldown, the imbalance falls. Must import only _model.

The imbalance is reckoned here anew, from the definition in docs/design/balance.md and not from the planner's code.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median, pstdev
from typing import Optional

from ..._model.balance import AsIfStarted, level_of, stays_until
from ..._model.energy import moment
from ..._model.guest import Guest, GuestState
from ..._model.host import Host, HostState
from ..._model.plan import Move, Purpose
from ..._model.request import Goal, Method
from ..._model.rules import RuleKind, Scope
from .case import Case, Violation, asked_hosts
from .rules import BoundRule, excess

_ORDER = (Purpose.MEND, Purpose.RELIEVE, Purpose.START_ROOM, Purpose.EVEN_OUT)
ROUNDED = 2e-5  # what figures of the plan may be off

Where = Mapping[str, str]


def balance_violations(case: Case, rules: tuple[BoundRule, ...]) -> Iterator[Violation]:
    """Yield what a balance does without a purpose, in a guest's cooldown, or to no avail."""
    if case.request.goal is not Goal.BALANCE:
        yield from (Violation("purpose", move.id, "is of balance only") for move in case.plan.moves if move.purpose)
        return
    own = [move for move in case.plan.moves if not move.adopt]
    yield from _purposes(case, own)
    yield from _cooldowns(case, own, rules)
    yield from _undone(case, own, rules)
    yield from _evenness(case, own)
    ends = case.after
    moved = {move.guest for move in own}
    for told in case.plan.not_moved:
        if told.guest in moved or ends.get(told.guest) != told.host:
            yield Violation("not moved", "", f"{told.name} is said to stay on {told.host}, and does not")


def _purposes(case: Case, own: list[Move]) -> Iterator[Violation]:
    latest = 0
    for move in own:
        if move.purpose is None:
            yield Violation("purpose", move.id, f"nobody knows what {move.name} moves for")
            continue
        rank = _ORDER.index(move.purpose)
        if rank < latest:
            yield Violation("purpose", move.id, f"{move.purpose.value} comes after {_ORDER[latest].value}")
        latest = max(latest, rank)
        guest = case.homes[move.guest].guest
        if move.purpose is Purpose.START_ROOM and (move.method is not Method.OFFLINE or not _counts(case, guest)):
            yield Violation("purpose", move.id, f"{move.name} is not one for which room to start is wanted")
        if move.purpose is Purpose.MEND and not case.request.mend_rules:
            yield Violation("purpose", move.id, "nobody asked that rules be mended")


def _counts(case: Case, guest: Guest) -> bool:
    which = case.request.as_if_started
    wanted = which is AsIfStarted.ALL or (which is AsIfStarted.AUTOSTART and guest.autostart)
    return guest.state is GuestState.SHUT_OFF and wanted


def _cooldowns(case: Case, own: list[Move], rules: tuple[BoundRule, ...]) -> Iterator[Violation]:
    """A guest that was moved lately stays, unless it is part of what is broken, or of a block with one that is."""
    now = moment(case.snapshot.taken_at)
    concerned = frozenset[str]().union(*(rule.guests for rule in rules if excess(case, rule, case.before)))
    broken = _with_mates(case, rules, concerned)
    for move in own:
        noted = case.homes[move.guest].guest.notes.balanced
        until = (
            stays_until(noted, case.request.cooldown_minutes, now) if noted is not None and now is not None else None
        )
        cooling = until is not None and now is not None and now < until
        mends = move.purpose is Purpose.MEND
        if cooling and not (mends and (move.guest in broken or _overfull(case, case.before[move.guest]))):
            yield Violation("cooldown", move.id, f"{move.name} was moved lately, and shall stay until {until}")
        if move.balanced is None or move.balanced.at != case.snapshot.taken_at:
            yield Violation("cooldown", move.id, f"{move.name} would not know when it was moved")


def _with_mates(case: Case, rules: tuple[BoundRule, ...], guests: frozenset[str]) -> set[str]:
    """Return the guests and those that affinity keeps on one host with them."""
    found, size = set(guests), -1
    while len(found) > size:
        size = len(found)
        for rule in rules:
            if rule.kind is RuleKind.AFFINITY and rule.scope is Scope.HOST:
                hosts = {case.before.get(uuid) for uuid in rule.guests if uuid in found}
                found |= {uuid for uuid in rule.guests if case.before.get(uuid) in hosts}
    return found


def _undone(case: Case, own: list[Move], rules: tuple[BoundRule, ...]) -> Iterator[Violation]:
    """No hard rule is more broken at the end than the moves that mend leave it."""
    mended = {**case.before, **{move.guest: move.dest for move in own if move.purpose is Purpose.MEND}}
    for rule in rules if mended != case.before else ():
        then = excess(case, rule, mended)
        later = excess(case, rule, case.after) if rule.hard else {}
        if any(count > then.get(place, 0) for place, count in later.items()):
            yield Violation("mended for good", "", f"{rule.name} is mended, and broken again by moves that follow")


def _overfull(case: Case, name: str) -> bool:
    here = [case.homes[uuid].guest for uuid, host in case.before.items() if host == name]
    copies = [place for places in case.places.values() for place in places if place.host == name]
    here += [place.guest for place in copies if case.before[place.guest.uuid] != name]
    active, host = [guest for guest in here if guest.active], case.hosts[name]
    memory, vcpus = sum(guest.memory for guest in active), sum(guest.vcpus for guest in active)
    return memory > host.allocatable_memory or vcpus > host.allocatable_vcpus


def _evenness(case: Case, own: list[Move]) -> Iterator[Violation]:
    """The moves that even out begin above the threshold and end with less; what the plan tells is so."""
    request, evens = case.request, [move for move in own if move.purpose is Purpose.EVEN_OUT]
    level = level_of(request.aggressiveness, request.threshold, request.min_gain)
    if evens and not level.evens_out:
        yield Violation("imbalance falls", evens[0].id, f"aggressiveness {request.aggressiveness} evens out nothing")
    if own and not case.plan.bounds:
        yield Violation("imbalance falls", "", "the plan does not say how far")
    if not case.plan.bounds:
        return
    told = case.plan.bounds[0]
    if evens and len(evens) == len(own):
        yield from _falls(told.before, told.value, level.threshold)
    if request.high_cpu_percent is not None:
        # a consolidation with the same marks leaves out hosts, which only the planner knows
        return
    middle = {**case.before, **{move.guest: move.dest for move in own if move.purpose is not Purpose.EVEN_OUT}}
    before, between, after = (_imbalance(case, where) for where in (case.before, middle, case.after))
    if abs(told.before - before) > ROUNDED or abs(told.value - after) > ROUNDED:
        yield Violation("imbalance", "", f"{told.before:g} and {told.value:g} told, {before:g} and {after:g} found")
    if evens:
        yield from _falls(between, after, level.threshold)


def _falls(before: float, after: float, threshold: float) -> Iterator[Violation]:
    if before <= threshold - ROUNDED:
        yield Violation("imbalance falls", "", f"{before:g} was good enough, and guests move")
    elif after >= before:
        yield Violation("imbalance falls", "", f"from {before:g} to {after:g}")


def _imbalance(case: Case, where: Where) -> float:
    """Return the sum over all signals of weight times standard deviation of the fill of hosts."""
    asked = asked_hosts(case)
    hosts = [host for name, host in sorted(case.hosts.items()) if name in asked and host.state is HostState.SCHEDULABLE]
    on: dict[str, list[Guest]] = {host.name: [] for host in hosts}
    for uuid, name in where.items():
        guest = case.homes[uuid].guest
        if guest.active and name in on:
            on[name].append(guest)
    pressed = {uuid: _pressed(case.hosts[case.before[uuid]]) for uuid in where}
    share = 1.0 - case.request.headroom_percent / 100.0
    given = case.request.weights
    ratio = median(host.allocatable_vcpus / host.cpus if host.cpus else 1.0 for host in hosts) if hosts else 1.0
    weights = {"memory": 1.0, "vcpus": ratio, "cpu": 1.0, "memory_used": 0.0, "disk": 0.0, "network": 0.0, **given}
    taken, total = _taken(case), 0.0
    for name, weight in weights.items() if hosts else ():
        fills = [_fill(name, host, on[host.name], pressed, taken.get(host.name, 0), share) for host in hosts]
        total += weight * pstdev(fills)
    return total


def _taken(case: Case) -> dict[str, int]:
    """Return by host the vCPUs of further copies of guests, which leave less room there."""
    found: dict[str, int] = {}
    for uuid, places in case.places.items():
        for place in places:
            if place.guest.active and place.host != case.before[uuid]:
                found[place.host] = found.get(place.host, 0) + place.guest.vcpus
    return found


def _fill(name: str, host: Host, guests: list[Guest], pressed: Mapping[str, float], taken: int, share: float) -> float:
    room = max(host.memory, host.allocatable_memory)
    kept = 1.0 - host.allocatable_memory / room if room else 0.0
    if name == "memory":
        return kept + _over(sum(guest.memory for guest in guests), room)
    if name == "memory_used":
        return _over(sum(guest.memory_used or 0 for guest in guests), room)
    if name == "vcpus":
        return _over(sum(guest.vcpus for guest in guests), int(host.allocatable_vcpus * share) - taken)
    if name == "cpu":
        return _over(sum(_wanted(guest, pressed[guest.uuid]) for guest in guests), host.cpus)
    if name == "disk":
        return sum(guest.usage_disk or 0.0 for guest in guests) / 250e6
    return sum(guest.usage_network or 0.0 for guest in guests) / 125e6


def _over(amount: float, room: float) -> float:
    return amount / room if room > 0 else 0.0


def _wanted(guest: Guest, pressed: float) -> float:
    used = max(guest.usage_cpus or 0.0, guest.forecast_cpus or 0.0)
    return min(used * pressed, max(float(guest.vcpus), used))


def _pressed(host: Host) -> float:
    waited: Optional[float] = host.pressure.cpu if host.pressure is not None else None
    return min(2.0, 1.0 / max(0.5, 1.0 - (waited or 0.0) / 100.0))
