"""Placement rules bound to the guests and hosts they select, and what of them is broken. Must import only _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Optional

from ..._model.host import Host
from ..._model.rules import GuestRule, Rule, RuleKind, Scope, When
from .case import Case, Violation

COUNTING = (RuleKind.ANTI_AFFINITY, RuleKind.MAX_GUESTS)


@dataclass(frozen=True)
class BoundRule:
    """One rule, or its part for one value of ``group_by``, with the UUIDs and host names that it speaks of.

    ``own``: it comes from the metadata of guests, or from a host, and has no name that a request gave.
    """

    number: int
    name: str
    kind: RuleKind
    guests: frozenset[str]
    hosts: frozenset[str]
    scope: Scope
    hard: bool
    when: When
    most: int
    methods: tuple[str, ...]
    own: bool = False


def bound_rules(case: Case) -> tuple[BoundRule, ...]:
    """Return all rules of the request, the hosts and the guests, numbered."""
    found = [*_of_request(case), *_of_hosts(case), *_of_guests(case)]
    return tuple(replace(rule, number=number) for number, rule in enumerate(found))


def domain_of(rule: BoundRule, host: Host) -> str:
    """Return the place that the host belongs to for the rule; alike for two hosts means the same place."""
    scope = Scope.HOST if rule.kind is RuleKind.MAX_GUESTS else rule.scope
    return scope_of(scope, host)


def scope_of(scope: Scope, host: Host) -> str:
    """Return the host's rack or site as the scope has it; a host without one stands for itself."""
    place = {Scope.HOST: None, Scope.RACK: host.rack, Scope.SITE: host.site}[scope]
    return f"host {host.name}" if place is None else f"{scope.value} {place}"


def excess(case: Case, rule: BoundRule, where: Mapping[str, str]) -> dict[str, int]:
    """Return by how much the rule is broken where the guests live like that: per place, or per guest and host."""
    if rule.kind is RuleKind.AFFINITY:
        domains = {domain_of(rule, case.hosts[where[uuid]]) for uuid in rule.guests}
        return {"": len(domains) - 1} if len(domains) > 1 else {}
    if rule.kind in (RuleKind.PIN, RuleKind.BAN):
        wrong = rule.kind is RuleKind.BAN
        return {f"{uuid} on {where[uuid]}": 1 for uuid in rule.guests if (where[uuid] in rule.hosts) is wrong}
    counts: dict[str, int] = {}
    for uuid in rule.guests if rule.kind in COUNTING else ():
        if rule.kind is RuleKind.ANTI_AFFINITY or where[uuid] in rule.hosts:
            domain = domain_of(rule, case.hosts[where[uuid]])
            counts[domain] = counts.get(domain, 0) + 1
    return {domain: count - rule.most for domain, count in counts.items() if count > rule.most}


def rule_violations(case: Case, rules: tuple[BoundRule, ...]) -> Iterator[Violation]:
    """Yield the moves that a hard pin, ban or choice of methods forbids, in the order of the plan."""
    binding: dict[str, list[BoundRule]] = {}
    for rule in rules:
        if rule.hard and rule.kind in (RuleKind.PIN, RuleKind.BAN, RuleKind.METHODS):
            for uuid in rule.guests:
                binding.setdefault(uuid, []).append(rule)
    for move in case.plan.moves:
        for rule in binding.get(move.guest, ()) if not move.adopt else ():
            throughout = rule.when is When.THROUGHOUT
            if rule.kind is RuleKind.PIN and throughout and move.dest not in rule.hosts:
                yield Violation("pin", move.id, f"{rule.name} keeps {move.name} off {move.dest}")
            if rule.kind is RuleKind.BAN and throughout and move.dest in rule.hosts:
                yield Violation("ban", move.id, f"{rule.name} keeps {move.name} off {move.dest}")
            if rule.kind is RuleKind.METHODS and move.method.value not in rule.methods:
                yield Violation("methods", move.id, f"{rule.name} does not move {move.name} {move.method.value}")


def end_violations(case: Case, rules: tuple[BoundRule, ...]) -> Iterator[Violation]:
    """Yield the hard rules that the fleet breaks worse, or newly, once the plan is done."""
    for rule in rules:
        if not rule.hard:
            continue
        if rule.kind is RuleKind.AFFINITY:
            yield from _parted(case, rule)
            continue
        before = excess(case, rule, case.before)
        for place, count in sorted(excess(case, rule, case.after).items()):
            if count > before.get(place, 0):
                yield Violation("hard rule at the end", "", f"{rule.name}: {place} is over by {count}")


def _parted(case: Case, rule: BoundRule) -> Iterator[Violation]:
    """Guests of one domain stay together; so the number of domains can't grow either."""
    then: dict[str, str] = {}
    for uuid in sorted(rule.guests):
        now = domain_of(rule, case.hosts[case.before[uuid]])
        after = domain_of(rule, case.hosts[case.after[uuid]])
        if then.setdefault(now, after) != after:
            yield Violation("affinity", "", f"{rule.name}: guests of {now} would be parted")
            return


def _of_request(case: Case) -> Iterator[BoundRule]:
    known: dict[str, set[str]] = {}
    everywhere = frozenset(case.hosts)
    for uuid, place in case.homes.items():
        known.setdefault(uuid, set()).add(uuid)
        known.setdefault(place.guest.name, set()).add(uuid)
    for rule in case.request.rules:
        guests = _selected_guests(case, rule, known)
        picks = bool(rule.hosts or rule.host_labels or rule.sites or rule.racks)
        hosts = (
            frozenset(name for name, host in case.hosts.items() if _selects_host(rule, host)) if picks else everywhere
        )
        whole = BoundRule(
            number=0,
            name=rule.name,
            kind=rule.kind,
            guests=frozenset(guests),
            hosts=hosts,
            scope=rule.scope,
            hard=rule.hard,
            when=rule.when,
            most=1 if rule.most is None else rule.most,
            methods=rule.methods,
        )
        if rule.group_by is None:
            yield whole
            continue
        groups: dict[str, set[str]] = {}
        for uuid in guests:
            value = case.homes[uuid].guest.notes.labels.get(rule.group_by)
            if value is not None:
                groups.setdefault(value, set()).add(uuid)
        for value in sorted(groups):
            yield replace(whole, guests=frozenset(groups[value]))


def _of_hosts(case: Case) -> Iterator[BoundRule]:
    """Yield the most active guests that the inventory lets hosts have; hosts of one number share a rule."""
    active = {uuid for uuid, place in case.homes.items() if place.guest.active}
    for most in sorted({host.max_guests for host in case.hosts.values() if host.max_guests is not None}):
        hosts = {name for name, host in case.hosts.items() if host.max_guests == most}
        yield replace(_own("max_guests of hosts", GuestRule(RuleKind.MAX_GUESTS), active, hosts), most=most)


def _selected_guests(case: Case, rule: Rule, known: Mapping[str, set[str]]) -> set[str]:
    if rule.guests:
        guests = {uuid for text in rule.guests for uuid in known.get(text, ())}
        for text in rule.guests:
            if any(sign in text for sign in "*?["):
                guests.update(uuid for name in known if fnmatchcase(name, text) for uuid in known[name])
    else:
        guests = set(case.homes)
    found = set()
    for uuid in guests:
        guest = case.homes[uuid].guest
        active = guest.active or rule.kind is not RuleKind.MAX_GUESTS
        if active and all(guest.notes.labels.get(key) == value for key, value in rule.labels.items()):
            found.add(uuid)
    return found


def _selects_host(rule: Rule, host: Host) -> bool:
    named = not rule.hosts or any(_names_host(text, host) for text in rule.hosts)
    labelled = all(host.labels.get(key) == value for key, value in rule.host_labels.items())
    placed = (not rule.sites or host.site in rule.sites) and (not rule.racks or host.rack in rule.racks)
    return named and labelled and placed


def _names_host(text: str, host: Host) -> bool:
    return text in (host.name, host.uuid) or fnmatchcase(host.name, text)


def _of_guests(case: Case) -> Iterator[BoundRule]:
    groups: dict[tuple[RuleKind, Scope, str], set[str]] = {}
    hard: set[tuple[RuleKind, Scope, str]] = set()
    for uuid in sorted(case.homes):
        guest = case.homes[uuid].guest
        for rule in guest.notes.rules:
            if rule.kind in (RuleKind.AFFINITY, RuleKind.ANTI_AFFINITY):
                if rule.group is not None:
                    key: tuple[RuleKind, Scope, str] = (rule.kind, rule.scope, rule.group)
                    groups.setdefault(key, set()).add(uuid)
                    hard.update({key} if rule.hard else ())
                continue
            hosts = {name for name, host in case.hosts.items() if any(_names_host(text, host) for text in rule.hosts)}
            yield _own(f"{rule.kind.value} of {guest.name}", rule, {uuid}, hosts)
    for key, uuids in groups.items():
        kind, scope, group = key
        rule = GuestRule(kind, group, scope=scope, hard=key in hard)
        yield _own(f"{kind.value} of group {group}", rule, uuids)


def _own(name: str, rule: GuestRule, guests: set[str], hosts: Optional[set[str]] = None) -> BoundRule:
    return BoundRule(
        number=0,
        name=name,
        kind=rule.kind,
        guests=frozenset(guests),
        hosts=frozenset(hosts or ()),
        scope=rule.scope,
        hard=rule.hard,
        when=When.THROUGHOUT,
        most=1,
        methods=rule.methods,
        own=True,
    )
