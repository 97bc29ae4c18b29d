"""Placement rules as people state them: who shall be with whom, and where. Values only; the planner gives them meaning.

A rule selects guests by name, UUID or shell pattern (``guests``), by label (``labels``), or both; and hosts likewise,
also by ``sites`` and ``racks``. An empty selection of guests or hosts means all of them.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from .errors import FleetError


class RuleKind(enum.Enum):
    """AFFINITY: its guests share one domain. ANTI_AFFINITY: at most ``most`` of them (default 1) in each domain.

    PIN: its guests live on its hosts only. BAN: its guests never go to its hosts. MAX_GUESTS: each of its hosts has at
    most ``most`` of its guests. METHODS: its guests are moved by ``methods`` only.
    """

    AFFINITY = "affinity"
    ANTI_AFFINITY = "anti_affinity"
    PIN = "pin"
    BAN = "ban"
    MAX_GUESTS = "max_guests"
    METHODS = "methods"


class Scope(enum.Enum):
    """What counts as one place for AFFINITY and ANTI_AFFINITY; a host without rack or site is a domain of its own."""

    HOST = "host"
    RACK = "rack"
    SITE = "site"


class When(enum.Enum):
    """THROUGHOUT: at every step, both ends of a move counted. AT_END: once all moves of the plan are done."""

    THROUGHOUT = "throughout"
    AT_END = "at_end"


@dataclass(frozen=True)
class Rule:
    """One rule. A hard rule is never broken by a plan; a soft one only where otherwise more guests would stay.

    A rule that is broken already is never made worse. AFFINITY holds at the end, whatever ``when`` says: guests move
    one by one. ``group_by`` makes a rule of its own for each value of that label among the selected guests.
    """

    name: str
    kind: RuleKind
    guests: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    group_by: Optional[str] = None
    hosts: tuple[str, ...] = ()
    host_labels: Mapping[str, str] = field(default_factory=dict)
    sites: tuple[str, ...] = ()
    racks: tuple[str, ...] = ()
    scope: Scope = Scope.HOST
    hard: bool = True
    when: When = When.THROUGHOUT
    most: Optional[int] = None
    methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class GuestRule:
    """A rule in a guest's own metadata: it speaks of this guest, and of those with the same ``group`` where given.

    AFFINITY and ANTI_AFFINITY need ``group``, PIN and BAN ``hosts``, METHODS ``methods``.
    """

    kind: RuleKind
    group: Optional[str] = None
    hosts: tuple[str, ...] = ()
    scope: Scope = Scope.HOST
    hard: bool = True
    methods: tuple[str, ...] = ()


class FaultCode(enum.Enum):
    """What is wrong with rules, whatever a plan does. Codes are stable: playbooks may test them."""

    NO_GUEST = "no_guest"
    NO_HOST = "no_host"
    UNKNOWN_HOST = "unknown_host"
    NO_HOST_LEFT = "no_host_left"
    NO_METHOD_LEFT = "no_method_left"
    CONTRADICTION = "contradiction"
    TOO_FEW_PLACES = "too_few_places"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class RuleFault:
    """Rules, by name (of unreadable ones the kind), that nobody can keep, for these guests, because of these hosts."""

    code: FaultCode
    rules: tuple[str, ...]
    guests: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


def check_rules(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return the rules; raises FleetError on the first that says nothing or contradicts itself."""
    seen: set[str] = set()
    for rule in rules:
        problem = _problem(rule)
        if not rule.name:
            raise FleetError("a rule has no name", "Give each rule a name, by which a plan can speak of it")
        if rule.name in seen:
            raise FleetError(f"two rules are called {rule.name!r}", "Give each rule its own name")
        if problem is not None:
            raise FleetError(f"rule {rule.name!r} {problem}", f"It is of kind {rule.kind.value}")
        seen.add(rule.name)
    return rules


def _problem(rule: Rule) -> Optional[str]:
    picks_hosts = bool(rule.hosts or rule.host_labels or rule.sites or rule.racks)
    picks_guests = bool(rule.guests or rule.labels or rule.group_by)
    if rule.kind in (RuleKind.PIN, RuleKind.BAN) and not picks_hosts:
        return "names no hosts"
    if rule.kind is not RuleKind.MAX_GUESTS and not picks_guests:
        return "names no guests"
    if rule.kind is RuleKind.MAX_GUESTS and rule.most is None:
        return "has no number in most"
    if rule.kind not in (RuleKind.MAX_GUESTS, RuleKind.ANTI_AFFINITY) and rule.most is not None:
        return "has a number in most, which means nothing to it"
    if rule.most is not None and rule.most < (1 if rule.kind is RuleKind.ANTI_AFFINITY else 0):
        return f"allows {rule.most} guests"
    if rule.kind is RuleKind.METHODS:
        unknown = sorted(set(rule.methods) - {"live", "paused", "offline", "restart"})
        if unknown or not rule.methods:
            return f"knows no method {unknown[0]!r}" if unknown else "names no methods"
    elif rule.methods:
        return "names methods, which mean nothing to it"
    return None
