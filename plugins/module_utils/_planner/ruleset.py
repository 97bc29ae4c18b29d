"""Rules bound to the guests and hosts they speak of, and made into limits. Pure; docs/design/planning.md says what
each rule means."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .._model.guest import Guest
from .._model.host import Host
from .._model.rules import GuestRule, Rule, RuleKind, Scope
from .._model.snapshot import Located
from .search.grid import Limit
from .select import domain_of, domains, in_rule, rule_hosts

_GROUPED = (RuleKind.AFFINITY, RuleKind.ANTI_AFFINITY)


@dataclass(frozen=True)
class BoundRule:
    """A rule with what it selects: guests by UUID in order of name, hosts by name."""

    rule: Rule
    guests: tuple[str, ...]
    hosts: frozenset[str]


def bind(rules: Sequence[Rule], places: Sequence[Located], hosts: Sequence[Host]) -> tuple[BoundRule, ...]:
    """Return every rule, those of hosts and guests' own included, with the guests and hosts it speaks of."""
    pairs = [pair for rule in rules for pair in _split(rule, places)] + list(_of_guests(places))
    bound = [BoundRule(rule, members, rule_hosts(rule, hosts)) for rule, members in pairs]
    bound += _of_hosts(places, hosts)
    return tuple(sorted(bound, key=lambda item: (item.rule.name, item.guests)))


def _of_hosts(places: Sequence[Located], hosts: Sequence[Host]) -> Iterator[BoundRule]:
    """Yield what the inventory limits host by host: one rule for all hosts of the same number."""
    alike: dict[int, list[str]] = defaultdict(list)
    for host in hosts:
        if host.max_guests is not None:
            alike[host.max_guests].append(host.name)
    everybody = tuple(place.guest.uuid for place in places)
    for most, names in alike.items():
        rule = Rule(f"max_guests {most} of the inventory", RuleKind.MAX_GUESTS, hosts=tuple(names), most=most)
        yield BoundRule(rule, everybody, frozenset(names))


def _split(rule: Rule, places: Sequence[Located]) -> list[tuple[Rule, tuple[str, ...]]]:
    """Return the rule with its guests, or one rule for each value of the label that it groups by."""
    chosen = [place.guest for place in places if in_rule(rule, place.guest)]
    if rule.group_by is None:
        return [(rule, tuple(guest.uuid for guest in chosen))]
    groups: dict[str, list[str]] = defaultdict(list)
    for guest in chosen:
        groups[guest.notes.labels[rule.group_by]].append(guest.uuid)
    return [(replace(rule, name=f"{rule.name} ({value})"), tuple(groups[value])) for value in sorted(groups)]


def _of_guests(places: Sequence[Located]) -> Iterator[tuple[Rule, tuple[str, ...]]]:
    groups: dict[tuple[RuleKind, str, Scope], list[str]] = defaultdict(list)
    hard: set[tuple[RuleKind, str, Scope]] = set()
    for place in places:
        for rule in place.guest.notes.rules:
            if rule.kind in _GROUPED:
                key = (rule.kind, rule.group or "", rule.scope)
                groups[key].append(place.guest.uuid)
                hard.update({key} if rule.hard else ())
            else:
                yield _own_rule(place.guest, rule), (place.guest.uuid,)
    for key, members in groups.items():
        kind, group, scope = key
        yield Rule(f"{kind.value} of group {group}", kind, scope=scope, hard=key in hard), tuple(dict.fromkeys(members))


def _own_rule(guest: Guest, rule: GuestRule) -> Rule:
    name = f"{rule.kind.value} of guest {guest.name}"
    return Rule(name, rule.kind, hosts=rule.hosts, hard=rule.hard, methods=rule.methods)


def barred(bound: Iterable[BoundRule], hosts: Sequence[Host]) -> dict[str, dict[str, str]]:
    """Return for each guest that pins and bans speak of the hosts closed to it, and the rule that closes each."""
    everywhere = frozenset(host.name for host in hosts)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for item in bound:
        if item.rule.kind in (RuleKind.PIN, RuleKind.BAN):
            closed = item.hosts if item.rule.kind is RuleKind.BAN else everywhere - item.hosts
            for guest in item.guests:
                for name in closed:
                    found[guest].setdefault(name, item.rule.name)
    return dict(found)


def pens(
    bound: Iterable[BoundRule],
    hosts: Sequence[Host],
    at: Mapping[str, str],
    free: Mapping[str, frozenset[str]],
    held: Container[str],
) -> dict[str, dict[str, str]]:
    """Return, like ``barred``, what affinity by rack or site closes: guests that share one stay in it together.

    ``at`` is each guest's host, ``free`` has the hosts that a goal wants it on. Where all of them have to leave their
    rack or site they go to one other, the one with the most memory: the largest hosts are the likeliest to hold them.
    Those who share a place with one of ``held``, which stays there, stay too.
    """
    by_name = {host.name: host for host in hosts}
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for item in bound:
        if item.rule.kind is not RuleKind.AFFINITY or item.rule.scope is Scope.HOST:
            continue
        groups: dict[str, list[str]] = defaultdict(list)
        for guest in item.guests:
            groups[domain_of(by_name[at[guest]], item.rule.scope)].append(guest)
        for place, guests in groups.items():
            stays = any(guest in held for guest in guests)
            kept = place if stays else _common_place(item, place, guests, hosts, free)
            for guest in guests if len(guests) > 1 else ():
                for host in hosts:
                    if domain_of(host, item.rule.scope) != kept:
                        found[guest].setdefault(host.name, item.rule.name)
    return dict(found)


def parted(
    bound: Iterable[BoundRule], hosts: Sequence[Host], before: Mapping[str, str], after: Mapping[str, str]
) -> frozenset[str]:
    """Return the guests that share a place of an affinity rule before and are not all together after."""
    by_name = {host.name: host for host in hosts}
    found: set[str] = set()
    for item in bound:
        if item.rule.kind is RuleKind.AFFINITY:
            groups: dict[str, list[str]] = defaultdict(list)
            for guest in item.guests:
                groups[domain_of(by_name[before[guest]], item.rule.scope)].append(guest)
            for guests in groups.values():
                if len({domain_of(by_name[after[guest]], item.rule.scope) for guest in guests}) > 1:
                    found.update(guests)
    return frozenset(found)


def _common_place(
    item: BoundRule,
    place: str,
    guests: Sequence[str],
    hosts: Sequence[Host],
    free: Mapping[str, frozenset[str]],
) -> str:
    """Return where the guests that share ``place`` may go: stay there, unless the goal wants all of them elsewhere."""
    wanted = [free[guest] for guest in guests if guest in free]
    if len(wanted) < len(guests):
        return place
    common = frozenset.intersection(*wanted)
    memory: dict[str, int] = defaultdict(int)
    for host in hosts:
        if host.name in common:
            memory[domain_of(host, item.rule.scope)] += host.allocatable_memory
    if not memory or place in memory:
        return place
    return min(memory, key=lambda name: (-memory[name], name))


def method_rules(bound: Iterable[BoundRule]) -> dict[str, tuple[Rule, ...]]:
    """Return for each guest the rules that limit how it moves."""
    found: dict[str, tuple[Rule, ...]] = {}
    for item in bound:
        if item.rule.kind is RuleKind.METHODS:
            for guest in item.guests:
                found[guest] = (*found.get(guest, ()), item.rule)
    return found


def limits(bound: Iterable[BoundRule], hosts: Sequence[Host], weights: Mapping[str, tuple[int, bool]]) -> list[Limit]:
    """Return anti-affinity and guests per host as limits. ``weights``: each guest's block, and whether it is active."""
    found = []
    for item in bound:
        rule = item.rule
        if rule.kind is RuleKind.ANTI_AFFINITY and len(item.guests) > 1:
            domain, names = domains(hosts, rule.scope)
            found.append(Limit(rule.name, _count(item.guests, weights), domain, (rule.most or 1,) * len(names)))
        elif rule.kind is RuleKind.MAX_GUESTS:
            active = [guest for guest in item.guests if weights[guest][1]]
            domain = tuple(index if host.name in item.hosts else -1 for index, host in enumerate(hosts))
            found.append(Limit(rule.name, _count(active, weights), domain, (rule.most or 0,) * len(hosts)))
    return found


def _count(guests: Iterable[str], weights: Mapping[str, tuple[int, bool]]) -> dict[int, int]:
    count: dict[int, int] = {}
    for guest in guests:
        block = weights[guest][0]
        count[block] = count.get(block, 0) + 1
    return count
