"""Valid plans of every goal, made by hand on fleets with not one byte to spare. Must not use the planner.

Eight hosts in four racks and two sites. After the moves are drawn, each host gets exactly what the worst order of them
needs, found by trying all sets of arrivals: so a plan that is changed anywhere is too much somewhere.
"""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from random import Random

from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Balanced,
    Guest,
    GuestState,
    Notes,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState, NumaCell
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import (
    Bound,
    Breach,
    Move,
    Plan,
    Purpose,
    Wave,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import (
    Goal,
    Method,
    Request,
    SurviveLoss,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import Rule, RuleKind, Scope, When
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

NAMES = tuple(f"hv{number}" for number in range(1, 9))
MIB = build.MIB
PAGE_KIB = 2048


@dataclass(frozen=True)
class Case:
    """A fleet and a plan for it; ``what`` says how it came about."""

    what: str
    fleet: Snapshot
    plan: Plan

    def guest(self, uuid: str) -> Guest:
        return next(place.guest for place in self.fleet.located() if place.guest.uuid == uuid)

    def host(self, name: str) -> Host:
        found = self.fleet.host(name)
        assert found is not None
        return found


@dataclass(frozen=True)
class Step:
    """A move as drawn: by the names of guest and hosts, waiting for steps by their numbers."""

    guest: str
    source: str
    dest: str
    after: tuple[int, ...] = ()
    parking: bool = False


def valid_case(goal: Goal, seed: int) -> Case:
    """Return a valid plan; the same for the same seed."""
    rng = Random(f"{goal.value} {seed}")
    guests = {name: list(_guests(rng, name)) for name in NAMES}
    request, steps, waves = DRAWN[goal](rng, guests)
    rules = (*_kept_rules(), *request.rules)
    request = replace(request, rules=rules, headroom_percent=rng.choice((0.0, 20.0)), max_cpu_percent=50.0)
    moves = tuple(_move(number, step, guests[_home(steps, step)], request) for number, step in enumerate(steps))
    size, seconds = sum(move.est_bytes for move in moves), sum(move.est_seconds for move in moves)
    plan = Plan("id", request, moves, est_bytes=size, est_seconds=seconds, waves=waves)
    return _promised(Case(f"{goal.value} {seed}", _fleet(guests, plan), plan))


def _guests(rng: Random, host: str) -> Iterator[Guest]:
    for number in range(4):
        name = f"{host}-{number}"
        disk = build.disk(name, "local" if number == 0 else "shared")
        yield build.guest(
            name,
            memory=rng.choice((256, 512, 1024)) * MIB,
            vcpus=4 * rng.randint(1, 3),
            usage_cpus=rng.choice((0.5, 1.0)),
            disks=(disk,),
            state=GuestState.SHUT_OFF if number == 3 else GuestState.RUNNING,
            hugepage_kib=PAGE_KIB if number == 1 else None,
            numa_cells=(0, 1) if number == 2 else (),
            notes=Notes(labels={"tier": f"t{number}", "of": host}),
        )


def _kept_rules() -> Iterator[Rule]:
    """Rules that every drawn plan keeps: they must not disturb, and their readers are tried."""
    yield Rule("four of a kind", RuleKind.ANTI_AFFINITY, group_by="tier", most=8, scope=Scope.SITE)
    yield Rule("nobody on the moon", RuleKind.BAN, guests=("hv*",), sites=("moon",))
    yield Rule("on earth", RuleKind.PIN, labels={"tier": "t1"}, sites=("a", "b"), when=When.AT_END)
    yield Rule("not too many", RuleKind.MAX_GUESTS, racks=("r1", "r2"), most=9)
    yield Rule("off only", RuleKind.METHODS, labels={"tier": "t3"}, methods=("offline",))


Drawn = tuple[Request, tuple[Step, ...], tuple[Wave, ...]]
Guests = dict[str, list[Guest]]


def _leavers(rng: Random, host: str, dests: tuple[str, ...], offset: int = 0) -> list[Step]:
    """All guests of the host go, the first of them to where a guest of that host has made room before."""
    chosen = [rng.choice(dests) for _number in range(4)]
    third = rng.choice([name for name in dests if name != chosen[0]])
    steps = [Step(f"{chosen[0]}-2", chosen[0], third), Step(f"{host}-0", host, chosen[0], (offset,))]
    return steps + [Step(f"{host}-{number}", host, chosen[number]) for number in (1, 2, 3)]


def _evacuate(rng: Random, _guests: Guests) -> Drawn:
    steps = _leavers(rng, "hv1", NAMES[2:])
    extra: list[Step] = []
    back = rng.random() < 0.7
    if back:  # who stepped aside comes home when the plan is done
        extra = [Step(steps[0].guest, steps[0].dest, steps[0].source, (0, 1))]
    dests = rng.choice(((), NAMES[2:]))
    return build.evacuate("hv1", bring_back=back, dests=dests), (*steps, *extra), ()


def _relocate(rng: Random, _guests: Guests) -> Drawn:
    steps = _leavers(rng, "hv1", NAMES[4:])
    return Request(Goal.RELOCATE, labels={"of": "hv1"}, dest_sites=("b",)), tuple(steps), ()


def _move_goal(rng: Random, _guests: Guests) -> Drawn:
    dest, *others = rng.sample(NAMES, 4)
    steps = [Step(f"{dest}-1", dest, others[0])]
    steps += [Step(f"{name}-{number}", name, dest, (0,)) for number, name in enumerate(others)]
    return Request(Goal.MOVE, (dest,), tuple(step.guest for step in steps[1:])), tuple(steps), ()


def _restore(rng: Random, guests: Guests) -> Drawn:
    steps = []
    for name in rng.sample(NAMES[1:], 3):
        number = rng.randrange(1, 4)
        guest = guests[name][number]
        guests[name][number] = replace(guest, notes=replace(guest.notes, home="hv1"))
        steps.append(Step(guest.name, name, "hv1"))
    return Request(Goal.RESTORE, ("hv1",)), tuple(steps), ()


def _consolidate(rng: Random, _guests: Guests) -> Drawn:
    steps = [*_leavers(rng, "hv1", NAMES[2:5]), *_leavers(rng, "hv2", NAMES[5:], 5)]
    request = Request(Goal.CONSOLIDATE, keep_on=("hv8",), min_on=6, survive_loss=SurviveLoss.REPORT, max_moves=10)
    return request, tuple(steps), ()


def _balance(rng: Random, _guests: Guests) -> Drawn:
    a, b, c, park = rng.sample(NAMES, 4)
    # two change places by way of a third host
    steps = [
        Step(f"{a}-1", a, park, parking=True),
        Step(f"{b}-2", b, a, (0,)),
        Step(f"{a}-1", park, b, (0, 1)),
        Step(f"{c}-0", c, park, (2,)),
    ]
    # with a mark that nothing comes near, the imbalance that is told is believed: it does not fall on this fleet
    request = Request(Goal.BALANCE, threshold=0.1, max_bytes=4096 * MIB, high_cpu_percent=100_000.0)
    return request, tuple(steps), ()


def _rolling(rng: Random, _guests: Guests) -> Drawn:
    """Three hosts in waves of their own; each wave's guests go to the host that was done before."""
    spare, *hosts = rng.sample(NAMES, 4)
    steps = [Step(f"{spare}-{number}", spare, hosts[2]) for number in range(4)]
    steps += [Step(f"{hosts[0]}-{number}", hosts[0], spare) for number in range(4)]
    steps += [Step(f"{hosts[1]}-{number}", hosts[1], hosts[0]) for number in range(4)]
    ids = [f"m{number + 1:04d}" for number in range(12)]
    waves = tuple(Wave((name,), tuple(ids[4 * n : 4 * n + 4])) for n, name in enumerate((spare, hosts[0], hosts[1])))
    return Request(Goal.ROLLING, (spare, hosts[0], hosts[1]), one_per=Scope.RACK), tuple(steps), waves


def _repair(rng: Random, _guests: Guests) -> Drawn:
    host, dest, other = rng.sample(NAMES, 3)
    apart = Rule("apart", RuleKind.ANTI_AFFINITY, guests=(f"{host}-0", f"{host}-1", f"{host}-2"))
    steps = (Step(f"{host}-0", host, dest), Step(f"{host}-1", host, other))
    return Request(Goal.REPAIR, rules=(apart,)), steps, ()


DRAWN: dict[Goal, Callable[[Random, Guests], Drawn]] = {
    Goal.EVACUATE: _evacuate,
    Goal.RELOCATE: _relocate,
    Goal.MOVE: _move_goal,
    Goal.RESTORE: _restore,
    Goal.CONSOLIDATE: _consolidate,
    Goal.BALANCE: _balance,
    Goal.ROLLING: _rolling,
    Goal.REPAIR: _repair,
}


def _home(steps: tuple[Step, ...], step: Step) -> str:
    return next(first.source for first in steps if first.guest == step.guest)


def _move(number: int, step: Step, guests: list[Guest], request: Request) -> Move:
    guest = next(guest for guest in guests if guest.name == step.guest)
    return build.move(
        number + 1,
        step.guest,
        step.source,
        step.dest,
        method=Method.LIVE if guest.active else Method.OFFLINE,
        after=tuple(f"m{other + 1:04d}" for other in step.after),
        copies=tuple(build.copy_of(disk) for disk in guest.disks if disk.pool == "local"),
        est_bytes=guest.memory,
        parking=step.parking,
        reason=request.goal.value,
        purpose=Purpose.EVEN_OUT if request.goal is Goal.BALANCE else None,
        balanced=Balanced("2026-01-01T00:00:00Z") if request.goal is Goal.BALANCE else None,
    )


def _promised(case: Case) -> Case:
    """Return the plan with what its goal must say as well."""
    request, plan = case.plan.request, case.plan
    if request.goal is Goal.CONSOLIDATE:
        plan = replace(plan, power_off=("hv1", "hv2"), bounds=(Bound("hosts", "hosts", 8.0, 6.0, 5.0),))
        # full to the last byte, the fleet can lose no host
        plan = replace(plan, frail=NAMES[2:])
    if request.goal is Goal.BALANCE:
        plan = replace(plan, bounds=(Bound("imbalance", "", 0.5, 0.2),))
    return replace(case, plan=plan)


def _fleet(guests: Guests, plan: Plan) -> Snapshot:
    share = (100 - plan.request.headroom_percent) / 100
    hosts = []
    for number, name in enumerate(NAMES):
        by_name = {guest.name: guest for found in guests.values() for guest in found}

        def most(amount: Callable[[Guest], float], start: bool = True, name: str = name) -> float:
            return worst(plan, name, amount, guests[name] if start else [], by_name)  # noqa: B023

        pages = most(lambda guest: guest.memory * (guest.hugepage_kib is not None), start=False) / (PAGE_KIB * 1024)
        cell = int(most(lambda guest: guest.memory / 2 * bool(guest.numa_cells)))
        space = int(most(lambda guest: build.GIB * (guest.disks[0].pool == "local" and guest.active), start=False))
        plain = most(lambda guest: guest.memory * (guest.active and guest.hugepage_kib is None))
        paged = sum(guest.memory for guest in guests[name] if guest.hugepage_kib is not None and guest.active)
        needed = most(lambda guest: guest.memory * guest.active) / share
        beside = plain + paged + int(pages) * PAGE_KIB * 1024
        hosts.append(
            build.host(
                name,
                *guests[name],
                allocatable_memory=max(round(needed), round(beside)),
                allocatable_vcpus=round(most(lambda guest: guest.vcpus * guest.active) / share),
                cpus=round(most(lambda guest: (guest.usage_cpus or 0) * guest.active) * 2),
                numa_cells=(NumaCell(0, cell, {str(PAGE_KIB): int(pages)}), NumaCell(1, cell)),
                pools=(replace(build.LOCAL, available=space), build.SHARED),
                rack=f"r{number // 2 + 1}",
                site="a" if number < 4 else "b",
                labels={"gen": str(number % 2)},
            )
        )
    asleep = build.host("hv9", state=HostState.STANDBY, site="b")
    return build.snapshot(*hosts, asleep)


def worst(
    plan: Plan, host: str, amount: Callable[[Guest], float], start: list[Guest], by_name: dict[str, Guest]
) -> float:
    """Return the most that any order of the moves can bring together on the host: every set of arrivals is tried."""
    before = {move.id: ancestors(plan, move.id) for move in plan.moves}
    arrivals = [move for move in plan.moves if move.dest == host and amount(by_name[move.name])]
    base = sum(amount(guest) for guest in start)
    most = 0.0 if arrivals else base
    for count in range(1, len(arrivals) + 1):
        for some in combinations(arrivals, count):
            over = set().union(*(before[move.id] for move in some))
            come = sum(amount(by_name[move.name]) for move in some)
            gone = sum(amount(by_name[move.name]) for move in plan.moves if move.source == host and move.id in over)
            most = max(most, base + come - gone)
    return most


def ancestors(plan: Plan, identifier: str) -> set[str]:
    """Return the ids of all moves that are over when that one starts."""
    moves = {move.id: move for move in plan.moves}
    found: set[str] = set()
    todo = list(moves[identifier].after)
    for wave in plan.waves:
        if identifier in wave.moves:
            break
        todo += wave.moves
    while todo:
        other = todo.pop()
        if other not in found:
            found.add(other)
            todo += moves[other].after
    return found


def breach(rule: str, hard: bool = True, before: bool = True) -> Breach:
    """Return the entry that tells of a broken rule."""
    return Breach(rule, hard, before, "as made")
