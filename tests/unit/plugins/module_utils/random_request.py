"""Random requests of every goal, with every kind of rule, that make sense for a given fleet. Plans nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import (
    Goal,
    Method,
    Request,
    SurviveLoss,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import Rule, RuleKind, Scope, When
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import Slots
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot

from . import fleet_builder as build

METHODS = (("live",), ("paused",), ("live", "paused", "offline"), ("paused", "offline"), ("restart", "offline"))
GOALS = (Goal.EVACUATE, *Goal)
Options = dict[str, Any]


def random_request(rng: Random, fleet: Snapshot, goals: Sequence[Goal] = GOALS) -> Request:
    """Return a request that makes sense for the fleet."""
    goal = rng.choice(goals)
    if goal in (Goal.MOVE, Goal.RELOCATE) and not any(host.guests for host in fleet.hosts):
        goal = Goal.EVACUATE
    request = Request(
        goal,
        method=rng.choice((None, None, Method.PAUSED)),
        slots=Slots(rng.randint(1, 3), rng.randint(1, 3), rng.randint(1, 6)),
        rules=random_rules(rng, fleet),
        headroom_percent=rng.choice((0.0, 0.0, 0.0, 10.0, 50.0)),
        max_cpu_percent=rng.choice((None, None, None, 30.0, 80.0)),
        survive_loss=rng.choice((*[SurviveLoss.IGNORE] * 4, SurviveLoss.REPORT, SurviveLoss.KEEP)),
        wake=rng.random() < 0.3,
    )
    return replace(request, **OPTIONS[goal](rng, fleet))


def random_rules(rng: Random, fleet: Snapshot) -> tuple[Rule, ...]:
    """Return none to three rules of any kind, about guests and hosts that mostly exist."""
    count = rng.choice((0, 0, 1, 1, 2, 3))
    return tuple(_rule(rng, f"rule {number}", fleet) for number in range(count))


def _rule(rng: Random, name: str, fleet: Snapshot) -> Rule:
    kind = rng.choice(tuple(RuleKind))
    rule = Rule(
        name,
        kind,
        scope=rng.choice(tuple(Scope)),
        hard=rng.random() < 0.7,
        when=rng.choice((When.THROUGHOUT, When.THROUGHOUT, When.AT_END)),
        **_some_guests(rng, fleet),
    )
    if kind in (RuleKind.PIN, RuleKind.BAN, RuleKind.MAX_GUESTS):
        rule = replace(rule, **_some_hosts(rng, fleet))
    if kind is RuleKind.METHODS:
        return replace(rule, methods=rng.choice(METHODS))
    if kind is RuleKind.MAX_GUESTS:
        return replace(rule, most=rng.randint(0, 4))
    return replace(rule, most=rng.choice((None, None, 1, 2))) if kind is RuleKind.ANTI_AFFINITY else rule


def _some_guests(rng: Random, fleet: Snapshot) -> Options:
    names = sorted({place.guest.name for place in fleet.located()})
    few = tuple(rng.sample(names, min(len(names), rng.randint(2, 4)))) or ("nobody",)
    return rng.choice(
        (
            {"guests": few},
            {"guests": few},
            {"labels": {"app": rng.choice(("a", "web", "db"))}},
            {"labels": {"tier": "1"}},
            {"guests": ("*",), "group_by": rng.choice(("app", "tier"))},
            {"guests": (f"{rng.choice('gh')}*[012]",)},
        )
    )


def _some_hosts(rng: Random, fleet: Snapshot) -> Options:
    names = [host.name for host in fleet.hosts]
    return rng.choice(
        (
            {"hosts": tuple(rng.sample(names, rng.randint(1, len(names))))},
            {"hosts": (f"hv[{rng.randint(1, 3)}-9]",)},
            {"host_labels": {"gen": "1"}},
            {"sites": (rng.choice("ab"),)},
            {"racks": ("a1", "b2")},
        )
    )


def _answering(fleet: Snapshot) -> list[str]:
    return [host.name for host in fleet.hosts if host.state is not HostState.UNREACHABLE]


def _hosts(rng: Random, fleet: Snapshot) -> tuple[str, ...]:
    names = _answering(fleet)
    return tuple(rng.sample(names, rng.randint(1, max(1, len(names) // 2))))


def _all_or_some(rng: Random, fleet: Snapshot) -> tuple[str, ...]:
    names = _answering(fleet)
    return () if rng.random() < 0.5 else tuple(rng.sample(names, rng.randint(1, len(names))))


def _sites(fleet: Snapshot) -> list[str]:
    return sorted({host.site for host in fleet.hosts if host.site is not None})


def _dests(rng: Random, fleet: Snapshot) -> Options:
    names, sites = [host.name for host in fleet.hosts], _sites(fleet)
    ways: list[Options] = [{"dests": tuple(rng.sample(names, rng.randint(1, len(names))))}]
    ways.append({"dest_labels": {"gen": rng.choice("12")}})
    ways += [{"dest_sites": (rng.choice(sites),)}] if sites else []
    return rng.choice(ways)


def _evacuate(rng: Random, fleet: Snapshot) -> Options:
    sites = _sites(fleet)
    where: Options = {"hosts": _hosts(rng, fleet)}
    if sites and rng.random() < 0.2:
        where = {"sites": (rng.choice(sites),)}
    dests = _dests(rng, fleet) if rng.random() < 0.3 else {}
    return {**where, **dests, "displace": rng.random() < 0.7, "bring_back": rng.random() < 0.3}


def _restore(rng: Random, fleet: Snapshot) -> Options:
    return {"hosts": _hosts(rng, fleet)}


def _move(rng: Random, fleet: Snapshot) -> Options:
    return {"hosts": (rng.choice(_answering(fleet)),), "guests": _picked(rng, fleet)}


def _picked(rng: Random, fleet: Snapshot) -> tuple[str, ...]:
    uuids = sorted({place.guest.uuid for place in fleet.located()})
    return tuple(rng.sample(uuids, rng.randint(1, len(uuids))))


def _relocate(rng: Random, fleet: Snapshot) -> Options:
    ways: tuple[Options, ...] = (
        {"guests": _picked(rng, fleet)},
        {"labels": {"app": "db"}},
        {"hosts": _hosts(rng, fleet)},
    )
    displacing = {"displace": rng.random() < 0.7, "bring_back": rng.random() < 0.3}
    return {**rng.choice(ways), **_dests(rng, fleet), **displacing}


def _budget(rng: Random) -> Options:
    return {
        "max_moves": rng.choice((None, None, None, 0, 1, 3)),
        "max_bytes": rng.choice((None, None, None, 600 * build.MIB, 3 * build.GIB)),
    }


def _consolidate(rng: Random, fleet: Snapshot) -> Options:
    keep = tuple(rng.sample(_answering(fleet), 1)) if rng.random() < 0.3 else ()
    chosen: Options = {"hosts": _all_or_some(rng, fleet), "keep_on": keep, "min_on": rng.choice((0, 1, 1, 1, 2))}
    marks: Options = {
        "high_cpu_percent": rng.choice((None, 90.0)),
        "horizon_hours": rng.choice((0.0, 0.3, 4.0)),
        "min_on_minutes": rng.choice((0.0, 30.0)),
    }
    return {**chosen, **_budget(rng), **marks}


def _balance(rng: Random, fleet: Snapshot) -> Options:
    return {"hosts": _all_or_some(rng, fleet), "threshold": rng.choice((0.0, 0.0, 0.1)), **_budget(rng)}


def _rolling(rng: Random, fleet: Snapshot) -> Options:
    return {
        "hosts": _all_or_some(rng, fleet),
        "max_at_once": rng.choice((None, 1, 1, 2)),
        "one_per": rng.choice((None, None, Scope.RACK, Scope.SITE)),
        "return_home": rng.random() < 0.5,
    }


def _repair(rng: Random, _fleet: Snapshot) -> Options:
    return _budget(rng)


OPTIONS: Mapping[Goal, Callable[[Random, Snapshot], Options]] = {
    Goal.EVACUATE: _evacuate,
    Goal.RESTORE: _restore,
    Goal.MOVE: _move,
    Goal.RELOCATE: _relocate,
    Goal.CONSOLIDATE: _consolidate,
    Goal.BALANCE: _balance,
    Goal.ROLLING: _rolling,
    Goal.REPAIR: _repair,
}
