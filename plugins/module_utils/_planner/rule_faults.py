"""Which rules can't be kept by anybody, whatever the plan: of nobody, for no host, contradicting, unreadable. Pure.

What is named here is proven from the rules and the list of hosts alone; what a plan breaks is in breaches.py.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Optional

from .._model.host import Host
from .._model.plan import Stay
from .._model.refusal import Refusal, RefusalCode
from .._model.rules import FaultCode, RuleFault, RuleKind, Scope
from .._model.snapshot import Located
from .ruleset import BoundRule, barred
from .select import domain_of

_OF_HOSTS = (RuleKind.PIN, RuleKind.BAN, RuleKind.MAX_GUESTS)
_PATTERN = frozenset("*?[")
_ORDER = (Scope.HOST, Scope.RACK, Scope.SITE)
_BY_RULES = frozenset({RefusalCode.RULE, RefusalCode.NO_WAY})
Closed = Mapping[str, Mapping[str, str]]


def rule_faults(bound: Sequence[BoundRule], places: Sequence[Located], hosts: Sequence[Host]) -> tuple[RuleFault, ...]:
    """Return what is wrong with the rules, sorted; guests are given by UUID."""
    closed = barred(bound, hosts)
    active = frozenset(place.guest.uuid for place in places if place.guest.active)
    found = [
        *_unreadable(places),
        *_of_nobody(bound),
        *_of_hosts(bound, hosts),
        *_no_host_left(closed, places, hosts),
        *_no_method_left(bound),
        *_together_and_apart(bound),
        *_parted_by_pins(bound, closed, hosts),
        *_too_few_places(bound, closed, hosts),
        *_too_few_seats(bound, hosts, active),
    ]
    return tuple(sorted(set(found), key=lambda fault: (fault.code.value, fault.rules, fault.guests, fault.hosts)))


def with_names(faults: Iterable[RuleFault], places: Iterable[Located]) -> tuple[RuleFault, ...]:
    """Return the faults with the names of the guests."""
    name = {place.guest.uuid: place.guest.name for place in places}
    return tuple(replace(fault, guests=tuple(sorted(name[guest] for guest in fault.guests))) for fault in faults)


def for_rules(stay: Stay, faults: Iterable[RuleFault], hard: frozenset[str]) -> Stay:
    """Return the stay with one refusal for all hosts, where hard rules alone keep the guest from each of them."""
    by_rules = all(refusal.code in _BY_RULES for refusal in stay.refusals)
    for fault in faults:
        if stay.guest not in fault.guests or not hard.issuperset(fault.rules):
            continue
        code = _refusal(fault.code, by_rules)
        if code is not None:
            refusal = Refusal(code, stay.name, None, {"rules": " and ".join(fault.rules)})
            return replace(stay, refusals=(refusal,))
    return stay


def _refusal(code: FaultCode, by_rules: bool) -> Optional[RefusalCode]:
    if code is FaultCode.NO_HOST_LEFT:
        return RefusalCode.RULES_LEAVE_NO_HOST
    # guests that are apart already can move in spite of it
    return RefusalCode.RULES_CONTRADICT if code is FaultCode.CONTRADICTION and by_rules else None


def _unreadable(places: Iterable[Located]) -> Iterator[RuleFault]:
    guests: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for place in places:
        if place.guest.unreadable_rules:
            guests[tuple(sorted(set(place.guest.unreadable_rules)))].append(place.guest.uuid)
    for kinds, uuids in guests.items():
        yield RuleFault(FaultCode.UNREADABLE, kinds, tuple(sorted(uuids)))


def _of_nobody(bound: Iterable[BoundRule]) -> Iterator[RuleFault]:
    for item in bound:
        # a limit of a host is no slip of the pen where nobody is there
        if not item.guests and (item.rule.kind is not RuleKind.MAX_GUESTS or item.rule.guests or item.rule.labels):
            yield RuleFault(FaultCode.NO_GUEST, (item.rule.name,))


def _of_hosts(bound: Iterable[BoundRule], hosts: Sequence[Host]) -> Iterator[RuleFault]:
    """Yield rules that name hosts, sites or racks that are not there."""
    known: dict[str, set[Optional[str]]] = {
        "hosts": {host.name for host in hosts},
        "sites": {host.site for host in hosts},
        "racks": {host.rack for host in hosts},
    }
    for item in bound:
        if item.rule.kind not in _OF_HOSTS:
            continue
        given = {"hosts": item.rule.hosts, "sites": item.rule.sites, "racks": item.rule.racks}
        lost = {name for label, names in given.items() for name in names if name not in known[label]}
        strangers = tuple(sorted(name for name in lost if not _PATTERN & set(name)))
        if strangers:
            yield RuleFault(FaultCode.UNKNOWN_HOST, (item.rule.name,), hosts=strangers)
        elif not item.hosts:
            yield RuleFault(FaultCode.NO_HOST, (item.rule.name,))


def _no_host_left(closed: Closed, places: Iterable[Located], hosts: Sequence[Host]) -> Iterator[RuleFault]:
    guests: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for place in places:
        mine = closed.get(place.guest.uuid, {})
        if len(mine) == len(hosts):
            guests[tuple(sorted(set(mine.values())))].append(place.guest.uuid)
    for rules, uuids in guests.items():
        yield RuleFault(FaultCode.NO_HOST_LEFT, rules, tuple(sorted(uuids)))


def _no_method_left(bound: Iterable[BoundRule]) -> Iterator[RuleFault]:
    """Yield rules of methods that have none in common for some guest."""
    mine: dict[str, list[BoundRule]] = defaultdict(list)
    for item in bound:
        for guest in item.guests if item.rule.kind is RuleKind.METHODS else ():
            mine[guest].append(item)
    guests: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for guest, items in mine.items():
        if not frozenset.intersection(*(frozenset(item.rule.methods) for item in items)):
            guests[tuple(sorted(item.rule.name for item in items))].append(guest)
    for rules, uuids in guests.items():
        yield RuleFault(FaultCode.NO_METHOD_LEFT, rules, tuple(sorted(uuids)))


def _together_and_apart(bound: Sequence[BoundRule]) -> Iterator[RuleFault]:
    together = [item for item in bound if item.rule.kind is RuleKind.AFFINITY]
    apart = [item for item in bound if item.rule.kind is RuleKind.ANTI_AFFINITY]
    for left in together:
        for right in apart:
            both = sorted(set(left.guests) & set(right.guests))
            # guests that share a smaller place share the larger one around it too
            inside = _ORDER.index(left.rule.scope) <= _ORDER.index(right.rule.scope)
            if len(both) > (right.rule.most or 1) and inside:
                yield RuleFault(FaultCode.CONTRADICTION, tuple(sorted({left.rule.name, right.rule.name})), tuple(both))


def _parted_by_pins(bound: Iterable[BoundRule], closed: Closed, hosts: Sequence[Host]) -> Iterator[RuleFault]:
    """Yield affinity of guests that pins and bans let nowhere be together."""
    for item in bound:
        bounded = [guest for guest in item.guests if guest in closed]
        if item.rule.kind is not RuleKind.AFFINITY or not bounded or len(item.guests) < 2:
            continue
        open_places = [_open(closed[guest], hosts, item.rule.scope) for guest in bounded]
        if all(open_places) and not frozenset.intersection(*open_places):
            rules = {rule for guest in bounded for rule in closed[guest].values()}
            yield RuleFault(FaultCode.CONTRADICTION, tuple(sorted({item.rule.name, *rules})), tuple(sorted(bounded)))


def _too_few_places(bound: Iterable[BoundRule], closed: Closed, hosts: Sequence[Host]) -> Iterator[RuleFault]:
    """Yield anti-affinity of more guests than there are places: in the fleet, or among those that pins leave them."""
    for item in bound:
        if item.rule.kind is not RuleKind.ANTI_AFFINITY:
            continue
        most, everywhere = item.rule.most or 1, _open({}, hosts, item.rule.scope)
        open_places = {guest: _open(closed.get(guest, {}), hosts, item.rule.scope) for guest in item.guests}
        for chosen in sorted({*open_places.values(), everywhere}, key=lambda some: (len(some), sorted(some))):
            inside = sorted(guest for guest, mine in open_places.items() if mine and mine <= chosen)
            if len(inside) > most * len(chosen):
                pins = {rule for guest in inside for rule in closed.get(guest, {}).values()}
                rules = tuple(sorted({item.rule.name, *(pins if chosen != everywhere else ())}))
                yield RuleFault(FaultCode.TOO_FEW_PLACES, rules, tuple(inside))
                break


def _too_few_seats(bound: Iterable[BoundRule], hosts: Sequence[Host], active: frozenset[str]) -> Iterator[RuleFault]:
    """Yield a number of guests for every host that is too small for all of them together."""
    for item in bound:
        if item.rule.kind is RuleKind.MAX_GUESTS and len(item.hosts) == len(hosts):
            mine = active.intersection(item.guests)
            if len(mine) > (item.rule.most or 0) * len(hosts):
                yield RuleFault(FaultCode.TOO_FEW_PLACES, (item.rule.name,), tuple(sorted(mine)))


def _open(closed: Mapping[str, str], hosts: Sequence[Host], scope: Scope) -> frozenset[str]:
    return frozenset(domain_of(host, scope) for host in hosts if host.name not in closed)
