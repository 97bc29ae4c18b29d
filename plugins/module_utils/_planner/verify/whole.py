"""What a plan says of itself: waves, power, sums, broken rules. Must import only _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ..._model.host import HostState
from ..._model.plan import Breach, Move
from ..._model.request import Goal
from ..._model.rules import RuleKind
from .case import Case, Violation, asked_hosts
from .rules import BoundRule, excess, scope_of

ROUNDED = 1.0  # seconds that sums may be off, for each figure is rounded by itself


def wave_violations(case: Case) -> Iterator[Violation]:
    """Yield what is wrong with the waves of a rolling plan: their hosts, and who is left on them."""
    if case.request.goal is not Goal.ROLLING:
        return
    asked, seen = asked_hosts(case), Counter(name for wave in case.plan.waves for name in wave.hosts)
    known = {move.id for move in case.plan.moves}
    for number, wave in enumerate(case.plan.waves):
        title = f"wave {number + 1}"
        for name in wave.hosts:
            if name not in asked or seen[name] > 1:
                yield Violation("hosts of the waves", "", f"{name} of {title} was not asked for, or comes twice")
        if not set(wave.moves) <= known:
            yield Violation("moves of the waves", "", f"{title} has moves that the plan has not")
        yield from _size(case, wave.hosts, title)
    yield from _out_of_turn(case)
    yield from _left_behind(case)
    yield from _every_host_once(case, asked - set(seen))
    if case.request.return_home:
        yield from _home_again(case)


def _out_of_turn(case: Case) -> Iterator[Violation]:
    """Hosts that shall come first, then all others, then those that shall come last; each kind in waves of its own."""
    request, turns = case.request, []
    on = {host: {host} for host in case.hosts}
    for uuid, host in case.before.items():
        on[host] |= {uuid, case.homes[uuid].guest.name}
    for wave in case.plan.waves:
        first = [bool(on.get(name, {name}) & set(request.first)) for name in wave.hosts]
        last = [bool(on.get(name, {name}) & set(request.last)) for name in wave.hosts]
        turns += sorted({0 if early else 1 + late for early, late in zip(first, last)})
        if len({*zip(first, last)}) > 1:
            yield Violation("hosts in their turn", "", f"{', '.join(wave.hosts)} are in one wave")
    if turns != sorted(turns):
        yield Violation("hosts in their turn", "", "those that shall come first or last do not")


def _left_behind(case: Case) -> Iterator[Violation]:
    """Replay the waves; after its moves a wave's hosts have only guests that the plan says stay."""
    staying = {stay.guest for stay in case.plan.stays}
    there: dict[str, set[str]] = {name: set() for name in case.hosts}
    for uuid, host in case.before.items():
        there[host].add(uuid)
    moves: dict[int, list[Move]] = {}
    for move, number in zip(case.plan.moves, case.waves):
        moves.setdefault(number, []).append(move)
    for number, wave in enumerate(case.plan.waves):
        for move in moves.get(number, ()):
            there[move.source].discard(move.guest)
            there[move.dest].add(move.guest)
        left = sorted(uuid for name in wave.hosts for uuid in there.get(name, ()) if uuid not in staying)
        if left:
            name = case.homes[left[0]].guest.name
            yield Violation("hosts of a wave are empty", "", f"wave {number + 1} leaves {name}")


def _size(case: Case, hosts: tuple[str, ...], title: str) -> Iterator[Violation]:
    most, scope = case.request.max_at_once, case.request.one_per
    if most is not None and len(hosts) > most:
        yield Violation("hosts at once", "", f"{title} has {len(hosts)}, {most} are allowed")
    places = [scope_of(scope, case.hosts[name]) for name in hosts if name in case.hosts] if scope is not None else []
    if len(set(places)) < len(places):
        yield Violation("one of a place at once", "", f"{title} has two hosts of one {scope.value if scope else ''}")


def _every_host_once(case: Case, left_out: frozenset[str]) -> Iterator[Violation]:
    """A host that is asked for and in no wave is silent or asleep, or somebody stays there."""
    staying = {stay.host for stay in case.plan.stays}
    named = bool(case.request.hosts or case.request.sites)
    for name in sorted(left_out - staying):
        state = case.hosts[name].state
        if state is HostState.SCHEDULABLE or (named and state is HostState.MAINTENANCE):
            yield Violation("every host in its turn", "", f"{name} is in no wave")


def _home_again(case: Case) -> Iterator[Violation]:
    staying = {stay.guest for stay in case.plan.stays}
    for uuid, chain in case.chains.items():
        if case.after[uuid] != case.before[uuid] and uuid not in staying:
            yield Violation("home again", "", f"{chain[0].name} ends on {case.after[uuid]}, not where it was")


def power_violations(case: Case) -> Iterator[Violation]:
    """Yield hosts that are switched on or off and may not be."""
    plan, request = case.plan, case.request
    for name in plan.power_on:
        host = case.hosts.get(name)
        if host is None or host.state is not HostState.STANDBY or not request.wake:
            yield Violation("power on", "", f"{name} is not on standby, or nobody may wake it")
    mended = {(leftover.definition_on, leftover.guest) for leftover in plan.leftovers}
    full = {host: uuid for uuid, host in case.after.items()}
    for uuid, places in case.places.items() if plan.power_off else ():
        moved = {move.source for move in case.chains.get(uuid, ())}
        full.update((p.host, uuid) for p in places if p.host not in moved and (p.host, uuid) not in mended)
    for name in plan.power_off:
        host = case.hosts.get(name)
        if host is None or host.state not in (HostState.SCHEDULABLE, HostState.MAINTENANCE) or name in plan.power_on:
            yield Violation("power off", "", f"{name} is not on, or is switched on as well")
        elif name in full:
            yield Violation("empty before it is off", "", f"{name} has {case.homes[full[name]].guest.name}")
    if request.goal is Goal.CONSOLIDATE:
        yield from _kept_on(case)


def _kept_on(case: Case) -> Iterator[Violation]:
    off, request = set(case.plan.power_off), case.request
    asked = asked_hosts(case)
    for name in sorted(off & set(request.keep_on)):
        yield Violation("hosts that stay on", "", f"{name} shall stay on")
    for name in sorted(off - asked):
        yield Violation("hosts that stay on", "", f"{name} was not given")
    lit = {HostState.SCHEDULABLE, HostState.MAINTENANCE}
    on = [name for name in asked if case.hosts[name].state in lit or name in case.plan.power_on]
    left = len(on) - len(off)
    if off and left < request.min_on:
        yield Violation("hosts that stay on", "", f"{left} stay on, {request.min_on} shall")


def sum_violations(case: Case) -> Iterator[Violation]:
    """Yield figures of the plan that do not follow from those of its moves."""
    plan = case.plan
    seconds = {move.id: move.est_seconds for move in plan.moves}
    if plan.est_bytes != sum(move.est_bytes for move in plan.moves):
        yield Violation("sum of bytes", "", f"{plan.est_bytes} is not what the moves have")
    total, longest = sum(seconds.values()), _longest(case)
    slack = ROUNDED + 0.01 * total
    if plan.est_seconds < longest - slack:
        yield Violation("estimate of seconds", "", f"{plan.est_seconds:g}, but a chain of moves takes {longest:g}")
    if plan.est_seconds > total + slack and not plan.power_on and not plan.waves:
        yield Violation("estimate of seconds", "", f"{plan.est_seconds:g}, one after the other they take {total:g}")
    unknown = [move for move in plan.critical_path if move not in seconds]
    if unknown or sum(seconds[move] for move in plan.critical_path if move in seconds) > plan.est_seconds + slack:
        yield Violation("critical path", "", f"{', '.join(unknown) or 'its moves take longer than the plan'}")
    for bound in plan.bounds:
        if bound.bound is not None and bound.value < bound.bound - 1e-6 * max(abs(bound.bound), 1.0):
            yield Violation("bound", "", f"{bound.what}: {bound.value:g} is better than what is possible")


def _longest(case: Case) -> float:
    """Return the seconds of the longest chain of moves that wait for one another."""
    ends: dict[str, float] = {}
    barrier = latest = 0.0
    for index, move in enumerate(case.plan.moves):
        if index and case.waves[index] != case.waves[index - 1]:
            barrier = latest
        ends[move.id] = max([barrier, *(ends[other] for other in move.after)]) + move.est_seconds
        latest = max(latest, ends[move.id])
    return latest


def breach_violations(case: Case, rules: tuple[BoundRule, ...]) -> Iterator[Violation]:
    """Yield broken rules that the plan conceals, and kept ones that it calls broken.

    Guests' own rules have names that the planner gives them, so only whether they are hard and were broken is compared.
    """
    broken = [rule for rule in rules if _broken_at_end(case, rule)]
    names = {rule.name for rule in rules if not rule.own}
    groups = {rule.name for rule in case.request.rules if rule.group_by is not None}
    listed: dict[str, list[Breach]] = {}
    for breach in case.plan.breaches:
        group = next((name for name in groups if breach.rule.startswith(name) and breach.rule not in names), None)
        listed.setdefault(breach.rule if breach.rule in names else group or "", []).append(breach)
    for name in sorted({*listed, *("" if rule.own else rule.name for rule in broken)}):
        mine = [rule for rule in rules if name == ("" if rule.own else rule.name)]
        flags = {(rule.hard, _broken_before(case, rule)) for rule in mine if rule in broken}
        whole = {(hard, any(_broken_before(case, rule) for rule in mine)) for hard, _before in flags}
        told = {(breach.hard, breach.before) for breach in listed.get(name, ())}
        if flags and not told:
            yield Violation("breaches", "", f"{name or mine[0].name} is broken at the end, and not told")
        elif not told <= flags | whole:
            yield Violation("breaches", "", f"{name or 'a rule of a guest'} is told otherwise than it is")


def _broken_at_end(case: Case, rule: BoundRule) -> bool:
    if rule.kind is RuleKind.METHODS:
        moves = [move for uuid in rule.guests for move in case.chains.get(uuid, ()) if not move.adopt]
        return any(move.method.value not in rule.methods for move in moves)
    return bool(excess(case, rule, case.after))


def _broken_before(case: Case, rule: BoundRule) -> bool:
    return bool(excess(case, rule, case.before))


def repair_violations(case: Case, rules: tuple[BoundRule, ...]) -> Iterator[Violation]:
    """Yield where a repair does not mend: something is less broken than before, and no rule is newly broken."""
    if case.request.goal is not Goal.REPAIR or not any(not move.adopt for move in case.plan.moves):
        return
    kept = [rule for rule in rules if rule.kind is not RuleKind.METHODS]
    before = [sum(excess(case, rule, case.before).values()) for rule in kept]
    after = [sum(excess(case, rule, case.after).values()) for rule in kept]
    for rule, was, now in zip(kept, before, after):
        if now and not was:
            yield Violation("repair", "", f"{rule.name} is newly broken")
    full_before, full_after = _overfull(case, case.before), _overfull(case, case.after)
    if sum(after) >= sum(before) and full_after >= full_before:
        yield Violation("repair", "", "nothing is mended by it")


def _overfull(case: Case, where: Mapping[str, str]) -> float:
    """Return by how much hosts are overfull, each in shares of what it has for guests; second copies count too."""
    memory: Counter[str] = Counter()
    vcpus: Counter[str] = Counter()
    held = [(name, case.homes[uuid].guest) for uuid, name in where.items()]
    for uuid, places in case.places.items():
        held += [(place.host, place.guest) for place in places if place.host != case.before[uuid]]
    for name, guest in held:
        if guest.active:
            memory[name] += guest.memory
            vcpus[name] += guest.vcpus
    over = 0.0
    for name, host in case.hosts.items():
        over += max(0.0, memory[name] / max(host.allocatable_memory, 1) - 1.0)
        over += max(0.0, vcpus[name] / max(host.allocatable_vcpus, 1) - 1.0)
    return over
