"""Rules that nobody can keep are named with a code, and only those. Judges no plan."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model import prose
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import (
    FaultCode,
    Rule,
    RuleFault,
    RuleKind,
    Scope,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.rule_faults import rule_faults, with_names
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.ruleset import bind
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

FLEET = build.snapshot(
    build.host("hv1", build.guest("a"), build.guest("b"), rack="r1"),
    build.host("hv2", build.guest("c"), build.guest("d", state=GuestState.SHUT_OFF), rack="r1"),
    build.host("hv3", build.guest("e"), rack="r2", site="north"),
)


def joined(guests: str, scope: Scope = Scope.HOST) -> Rule:
    return Rule("joined", RuleKind.AFFINITY, tuple(guests), scope=scope)


def apart(guests: str, scope: Scope = Scope.HOST, most: int = 1) -> Rule:
    return Rule("apart", RuleKind.ANTI_AFFINITY, tuple(guests), scope=scope, most=most)


def pin(guests: str, *hosts: str, **more: Any) -> Rule:
    return Rule("pin", RuleKind.PIN, tuple(guests), hosts=hosts, **more)


def ban(guests: str, *hosts: str, **more: Any) -> Rule:
    return Rule("ban", RuleKind.BAN, tuple(guests), hosts=hosts, **more)


def most(number: int, guests: str = "", *hosts: str) -> Rule:
    return Rule("most", RuleKind.MAX_GUESTS, tuple(guests), hosts=hosts, most=number)


def methods(name: str, *ways: str) -> Rule:
    return Rule(name, RuleKind.METHODS, ("a",), methods=ways)


def faults(*rules: Rule, fleet: Snapshot = FLEET) -> tuple[RuleFault, ...]:
    places = fleet.residents
    return with_names(rule_faults(bind(rules, places, fleet.hosts), places, fleet.hosts), places)


@pytest.mark.parametrize(
    ("rules", "code", "guests"),
    [
        ([pin("z", "hv1")], FaultCode.NO_GUEST, ""),
        ([most(1, "z")], FaultCode.NO_GUEST, ""),
        ([ban("a", host_labels={"gen": "9"})], FaultCode.NO_HOST, ""),
        ([ban("a", "hv1", "hv9")], FaultCode.UNKNOWN_HOST, ""),
        ([pin("a", "hv?", sites=("north", "south"))], FaultCode.UNKNOWN_HOST, ""),
        ([pin("a", racks=("r9",))], FaultCode.NO_HOST_LEFT, "a"),
        ([pin("ab", "hv1"), ban("a", racks=("r1",))], FaultCode.NO_HOST_LEFT, "a"),
        ([methods("calls", "live"), methods("safety", "paused")], FaultCode.NO_METHOD_LEFT, "a"),
        ([joined("abc"), apart("bce")], FaultCode.CONTRADICTION, "bc"),
        ([joined("ab"), apart("ab", Scope.RACK)], FaultCode.CONTRADICTION, "ab"),
        ([joined("ab"), pin("a", "hv1"), ban("b", "hv1")], FaultCode.CONTRADICTION, "ab"),
        ([apart("abc", Scope.RACK)], FaultCode.TOO_FEW_PLACES, "abc"),
        ([apart("abc"), pin("ac", "hv2")], FaultCode.TOO_FEW_PLACES, "ac"),
        ([most(1)], FaultCode.TOO_FEW_PLACES, "abce"),
    ],
)
def test_what_nobody_can_keep_is_named(rules: list[Rule], code: FaultCode, guests: str) -> None:
    found = {fault.code: fault for fault in faults(*rules)}
    assert found[code].guests == tuple(guests)
    assert {name for fault in found.values() for name in fault.rules} <= {rule.name for rule in rules}


@pytest.mark.parametrize(
    "rules",
    [
        [pin("a", "hv[12]")],
        [joined("ab", Scope.RACK), apart("ab")],
        [joined("ab"), apart("ab", most=2)],
        [joined("ab"), pin("a", racks=("r1",)), ban("b", "hv1")],
        [apart("abc")],
        [apart("abce", Scope.RACK, most=2)],
        [most(2)],
        [most(0, "", "hv1")],
        [methods("calls", "live", "paused"), methods("safety", "paused")],
    ],
)
def test_rules_that_can_be_kept_are_not_named(rules: list[Rule]) -> None:
    assert faults(*rules) == ()


def test_a_limit_of_a_host_without_guests_is_no_fault() -> None:
    assert faults(fleet=build.snapshot(build.host("hv1", max_guests=3))) == ()


def test_a_rule_that_can_not_be_read_is_named_with_its_guest() -> None:
    (found,) = faults(fleet=build.snapshot(build.host("hv1", build.guest("a", unreadable_rules=("orbit",)))))
    assert (found.code, found.rules, found.guests) == (FaultCode.UNREADABLE, ("orbit",), ("a",))


@pytest.mark.parametrize("code", list(FaultCode), ids=lambda code: code.value)
def test_every_fault_can_be_put_into_words(code: FaultCode) -> None:
    words = prose.fault(RuleFault(code, ("x", "y"), tuple("abcdefghij"), ("hv9",)))
    assert "x" in words
    assert "{" not in words
    assert "j" not in words.split()
