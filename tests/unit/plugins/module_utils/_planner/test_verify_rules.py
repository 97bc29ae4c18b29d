"""What the verifier must let pass: rules broken already, soft ones that are told of, woken hosts, guests' own rules."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import JobKind
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move, Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import GuestRule, Rule, RuleKind, When
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.verify import verify
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.mutate import (
    with_host,
    with_own_rule,
    with_plan,
    with_request,
    with_rule,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.valid_plans import (
    Case,
    breach,
    valid_case,
    worst,
)

SEEDS = range(4)


def idle(case: Case) -> tuple[str, str]:
    """A guest that does not move, and its host."""
    moving = {move.guest for move in case.plan.moves}
    places = [place for place in case.fleet.located() if place.guest.uuid not in moving]
    place = Random(case.what).choice(places)
    return place.guest.name, place.host


def once(case: Case) -> list[Move]:
    """The moves of guests that move once."""
    guests = [move.guest for move in case.plan.moves]
    return [move for move in case.plan.moves if guests.count(move.guest) == 1]


def banned_before_and_after(case: Case) -> Case:
    name, host = idle(case)
    case = with_rule(case, Rule("old", RuleKind.BAN, guests=(name,), hosts=(host,)))
    return with_plan(case, breaches=(breach("old"),))


def outside_its_pin(case: Case) -> Case:
    name, _host = idle(case)
    case = with_rule(case, Rule("old", RuleKind.PIN, guests=(name,), hosts=("hv9",)))
    return with_plan(case, breaches=(breach("old"),))


def soft_and_told(case: Case) -> Case:
    move = once(case)[-1]
    case = with_rule(case, Rule("wish", RuleKind.BAN, guests=(move.name,), hosts=(move.dest,), hard=False))
    return with_plan(case, breaches=(breach("wish", hard=False, before=False),))


def soft_method_told(case: Case) -> Case:
    move = once(case)[0]
    case = with_rule(case, Rule("wish", RuleKind.METHODS, guests=(move.name,), methods=("paused",), hard=False))
    return with_plan(case, breaches=(breach("wish", hard=False, before=False),))


def soft_of_a_guest_told(case: Case) -> Case:
    move = once(case)[-1]
    case = with_own_rule(case, move.guest, GuestRule(RuleKind.BAN, hosts=(move.dest,), hard=False))
    return with_plan(case, breaches=(breach("as the planner calls it", hard=False, before=False),))


def too_many_already(case: Case) -> Case:
    """Two of a group live together and stay; nobody comes to them."""
    quiet = [h for h in case.fleet.hosts[:8] if h.name not in {e for m in case.plan.moves for e in (m.source, m.dest)}]
    if not quiet:
        return case
    name = quiet[0].name
    case = with_rule(case, Rule("old", RuleKind.ANTI_AFFINITY, guests=(f"{name}-0", f"{name}-1")))
    return with_plan(case, breaches=(breach("old"),))


def woken(case: Case) -> Case:
    """A host that nobody leaves was asleep, and the plan wakes it."""
    sources = {move.source for move in case.plan.moves}
    names = [move.dest for move in case.plan.moves if move.dest not in sources]
    if not names:
        return case
    return with_request(with_plan(with_host(case, names[0], state=HostState.STANDBY), power_on=(names[0],)), wake=True)


def adopted(case: Case) -> Case:
    """A migration that somebody else began is watched, though every rule and host is against it."""
    name, host = idle(case)
    guest = case.guest(build.uuid_of(name))
    there = replace(guest, job=JobKind.INCOMING)
    hx = build.host("hx", there, state=HostState.MAINTENANCE, allocatable_memory=1, site="b")
    here = [replace(g, job=JobKind.OUTGOING) if g.uuid == guest.uuid else g for g in case.host(host).guests]
    case = with_host(case, host, guests=tuple(here))
    case = replace(case, fleet=build.snapshot(*case.fleet.hosts, hx))
    move = build.move(90, name, host, "hx", adopt=True)
    case = with_rule(case, Rule("not there", RuleKind.BAN, guests=(name,), hosts=("hx",)))
    return with_plan(case, moves=(move, *case.plan.moves), breaches=(breach("not there"),))


def unbroken_rules(case: Case) -> Case:
    """Each kind of rule, hard, in a form that the plan keeps."""
    for move in once(case):
        hosts = (move.dest, move.source)
        case = with_rule(case, Rule(f"pin {move.id}", RuleKind.PIN, guests=(move.name,), hosts=hosts))
        case = with_rule(case, Rule(f"ban {move.id}", RuleKind.BAN, guests=(move.guest,), hosts=("hv9",)))
        case = with_rule(
            case, Rule(f"end {move.id}", RuleKind.PIN, guests=(move.name,), hosts=(move.dest,), when=When.AT_END)
        )
        case = with_own_rule(case, move.guest, GuestRule(RuleKind.METHODS, methods=("live", "offline")))
        case = with_own_rule(case, move.guest, GuestRule(RuleKind.ANTI_AFFINITY, group=move.id))
    return case


CHANGES: list[Callable[[Case], Case]] = [
    banned_before_and_after,
    outside_its_pin,
    soft_and_told,
    soft_method_told,
    soft_of_a_guest_told,
    too_many_already,
    unbroken_rules,
]
# a rule newly broken is what REPAIR promises not to leave; who wakes hosts or meets a stranger's migration may not be
# consolidating, whose figures of lost hosts would change, or rolling, whose hosts are all asked for
PARTLY: list[tuple[Callable[[Case], Case], tuple[Goal, ...]]] = [
    (woken, (Goal.EVACUATE, Goal.RELOCATE, Goal.REPAIR)),
    (adopted, (Goal.EVACUATE, Goal.RELOCATE, Goal.MOVE, Goal.RESTORE, Goal.REPAIR, Goal.BALANCE)),
]
EACH = [(c, g) for c in CHANGES for g in Goal if g is not Goal.REPAIR or c not in (soft_and_told, soft_of_a_guest_told)]
EACH += [(change, goal) for change, goals in PARTLY for goal in goals]


@pytest.mark.parametrize(("change", "goal"), [pytest.param(c, g, id=f"{c.__name__} {g.value}") for c, g in EACH])
def test_a_plan_is_accepted_with(change: Callable[[Case], Case], goal: Goal) -> None:
    for seed in SEEDS:
        case = change(valid_case(goal, seed))
        found = verify.first_violation(case.fleet, case.plan)
        assert found is None, f"{case.what}: {found}"


def test_steps_can_be_judged_without_what_the_whole_promises() -> None:
    case = valid_case(Goal.EVACUATE, 0)
    rest = with_plan(case, moves=case.plan.moves[:1])
    whole = verify.first_violation(rest.fleet, rest.plan)
    assert whole is not None
    assert whole.rule in ("all who stay are named", "cause")
    assert verify.first_unsafe_step(rest.fleet, rest.plan) is None
    broken = with_host(rest, rest.plan.moves[0].dest, state=HostState.MAINTENANCE)
    unsafe = verify.first_unsafe_step(broken.fleet, broken.plan)
    assert unsafe is not None
    assert unsafe.rule == "schedulable destination"


def test_room_is_judged_exactly_as_by_trying_all_sets_of_arrivals() -> None:
    """On small random orders; a host that is overfull from the start may be entered once it no longer is."""
    fitting = 0
    for seed in range(300):
        rng = Random(seed)
        names = [f"g{number}" for number in range(7)]
        guests = {name: build.guest(name, memory=rng.randint(1, 4) * build.MIB) for name in names}
        where = {name: rng.choice(("hv1", "hv2", "hv3")) for name in names}
        moves = []
        for number, name in enumerate(names):
            dest = rng.choice([host for host in ("hv1", "hv2", "hv3") if host != where[name]])
            after = tuple(move.id for move in moves if rng.random() < 0.3)
            moves.append(build.move(number, name, where[name], dest, after=after))
        plan = Plan("id", Request(Goal.REPAIR), tuple(moves))
        hosts, fits = [], True
        for host in ("hv1", "hv2", "hv3"):
            there = [guests[name] for name in names if where[name] == host]
            need = worst(plan, host, lambda guest: guest.memory, there, guests)
            size = max(0, int(need) + rng.choice((-1, 0, 0, 0)))
            fits = fits and (size >= need or not any(move.dest == host for move in moves))
            hosts.append(build.host(host, *there, allocatable_memory=size))
        fitting += fits
        found = verify.first_unsafe_step(build.snapshot(*hosts), plan)
        assert (found is None) is fits, f"{seed}: {found}"
    assert 50 < fitting < 250
