"""Which rules a placement breaks, and by how much. Pure; looks at the end of a plan only, not at its steps."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from .._model.guest import Guest
from .._model.host import Host
from .._model.plan import Breach
from .._model.request import Method
from .._model.rules import RuleKind
from .ruleset import BoundRule
from .select import domain_of

Where = Mapping[str, str]  # host by UUID of the guest


def breaches(
    bound: Sequence[BoundRule],
    hosts: Sequence[Host],
    guests: Mapping[str, Guest],
    before: Where,
    after: Where,
    methods: Mapping[str, Method],
) -> tuple[Breach, ...]:
    """Return the rules broken after the plan, each with whether it was before; ``methods``: how those move that do."""
    by_name = {host.name: host for host in hosts}
    found = []
    for item in bound:
        broken = problem(item, by_name, guests, after) or _ways(item, guests, methods)
        if broken:
            was = bool(problem(item, by_name, guests, before))
            found.append(Breach(item.rule.name, item.rule.hard, was, "; ".join(broken)))
    return tuple(found)


def problem(item: BoundRule, hosts: Mapping[str, Host], guests: Mapping[str, Guest], where: Where) -> list[str]:
    """Return how the rule is broken by guests that are ``where``, in words; nothing where it holds."""
    rule = item.rule
    if rule.kind is RuleKind.PIN:
        return [f"{guests[g].name} is on {where[g]}" for g in item.guests if where[g] not in item.hosts]
    if rule.kind is RuleKind.BAN:
        return [f"{guests[g].name} is on {where[g]}" for g in item.guests if where[g] in item.hosts]
    if rule.kind is RuleKind.AFFINITY:
        domains = _by_domain(item, hosts, guests, where)
        return [f"its guests are in {len(domains)} places: {', '.join(sorted(domains))}"] if len(domains) > 1 else []
    if rule.kind is RuleKind.ANTI_AFFINITY:
        domains = _by_domain(item, hosts, guests, where)
        return [
            f"{', '.join(names)} share {place}" for place, names in domains.items() if len(names) > (rule.most or 1)
        ]
    if rule.kind is RuleKind.MAX_GUESTS:
        return _too_many(item, guests, where)
    return []


def _ways(item: BoundRule, guests: Mapping[str, Guest], methods: Mapping[str, Method]) -> list[str]:
    if item.rule.kind is not RuleKind.METHODS:
        return []
    moving = [guest for guest in item.guests if guest in methods]
    wrong = [guest for guest in moving if methods[guest].value not in item.rule.methods]
    return [f"{guests[guest].name} is moved {methods[guest].value}" for guest in wrong]


def _by_domain(
    item: BoundRule, hosts: Mapping[str, Host], guests: Mapping[str, Guest], where: Where
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for guest in item.guests:
        found[domain_of(hosts[where[guest]], item.rule.scope)].append(guests[guest].name)
    return {place: sorted(found[place]) for place in sorted(found)}


def _too_many(item: BoundRule, guests: Mapping[str, Guest], where: Where) -> list[str]:
    count: dict[str, int] = defaultdict(int)
    for guest in item.guests:
        if guests[guest].active and where[guest] in item.hosts:
            count[where[guest]] += 1
    most = item.rule.most or 0
    return [f"{host} has {count[host]} of at most {most} guests" for host in sorted(count) if count[host] > most]
