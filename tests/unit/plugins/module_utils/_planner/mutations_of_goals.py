"""Ways to break what a valid plan promises as a whole: waves, power, losses, collisions. As mutations.py."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Optional

from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import (
    Guest,
    Notes,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import CpuLack, Host, HostState, NumaCell
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Move, Wave
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, SurviveLoss
from ansible_collections.virtfleet.migration.plugins.module_utils._model.rules import (
    Rule,
    RuleKind,
    Scope,
    When,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.mutate import (
    Mutate,
    _resident,
    active,
    only,
    some_move,
    with_guest,
    with_host,
    with_plan,
    with_request,
    with_rule,
)
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.valid_plans import (
    MIB,
    PAGE_KIB,
    Case,
)


def rolling(mutate: Callable[[Random, Case, tuple[Wave, ...]], Case]) -> Mutate:
    return lambda rng, case: mutate(rng, case, case.plan.waves) if case.plan.waves else None


def _waves_mixed(_rng: Random, case: Case, waves: tuple[Wave, ...]) -> Case:
    return with_plan(case, waves=(waves[1], waves[0], *waves[2:]))


def _wave_twice(rng: Random, case: Case, waves: tuple[Wave, ...]) -> Case:
    stolen = rng.choice(waves[0].moves)
    return with_plan(case, waves=(waves[0], replace(waves[1], moves=(*waves[1].moves, stolen)), *waves[2:]))


def _wave_lost(rng: Random, case: Case, waves: tuple[Wave, ...]) -> Case:
    lost = rng.randrange(len(waves))
    number = rng.randrange(len(waves[lost].moves))
    less = replace(waves[lost], moves=waves[lost].moves[:number] + waves[lost].moves[number + 1 :])
    return with_plan(case, waves=(*waves[:lost], less, *waves[lost + 1 :]))


def _waves_joined(_rng: Random, case: Case, waves: tuple[Wave, ...]) -> Case:
    both = Wave(waves[0].hosts + waves[2].hosts, waves[0].moves)
    return with_plan(case, waves=(both, waves[1], Wave((), waves[2].moves)))


def _neighbours_joined(rng: Random, case: Case, waves: tuple[Wave, ...]) -> Case:
    case = with_request(_waves_joined(rng, case, waves), max_at_once=2, one_per=Scope.RACK)
    for name in waves[0].hosts + waves[2].hosts:
        case = with_host(case, name, rack="r1")
    return case


def _host_left_out(rng: Random, case: Case, waves: tuple[Wave, ...]) -> Case:
    lost = rng.randrange(len(waves))
    return with_plan(case, waves=(*waves[:lost], replace(waves[lost], hosts=()), *waves[lost + 1 :]))


def _stranger_upgraded(_rng: Random, case: Case, waves: tuple[Wave, ...]) -> Case:
    return with_plan(case, waves=(*waves, Wave(("hv9",), ())))


def _first_not_first(_rng: Random, case: Case, waves: tuple[Wave, ...]) -> Case:
    return with_request(case, first=waves[1].hosts)


def _last_not_last(rng: Random, case: Case, waves: tuple[Wave, ...]) -> Case:
    there = [place.guest.name for place in case.fleet.located() if place.host in waves[0].hosts]
    return with_request(case, last=(rng.choice(there),))


def _not_home(_rng: Random, case: Case, _waves: tuple[Wave, ...]) -> Case:
    return with_request(case, return_home=True)


def _ghost_moves(_rng: Random, case: Case, waves: tuple[Wave, ...]) -> Case:
    return with_plan(case, waves=(*waves[:-1], replace(waves[-1], moves=(*waves[-1].moves, "m9999"))))


def of_goal(goal: Goal, mutate: Callable[[Case], Case]) -> Mutate:
    return lambda _rng, case: mutate(case) if case.plan.request.goal is goal else None


def full_host_off(rng: Random, case: Case) -> Optional[Case]:
    return with_plan(case, power_off=(*case.plan.power_off, rng.choice([move.dest for move in case.plan.moves])))


def surely_frail(case: Case) -> list[str]:
    """Return the hosts whose active guests are, at the end, more than all others together have free."""
    end = {place.guest.uuid: place.host for place in case.fleet.located()}
    end.update((move.guest, move.dest) for move in case.plan.moves)
    load = {host.name: 0 for host in case.fleet.hosts}
    for uuid, name in end.items():
        load[name] += case.guest(uuid).memory * case.guest(uuid).active
    takers = [h for h in case.fleet.hosts if h.name not in case.plan.power_off and h.state is HostState.SCHEDULABLE]
    free = {host.name: max(0, host.allocatable_memory - load[host.name]) for host in takers}
    return [name for name in free if load[name] > sum(free.values()) - free[name]]


def frail_concealed(rng: Random, case: Case) -> Optional[Case]:
    frail = surely_frail(case)
    if case.plan.frail is None or not frail:
        return None
    hidden = rng.choice(frail)
    return with_plan(case, frail=tuple(name for name in case.plan.frail if name != hidden))


def loss_now_fatal(_rng: Random, case: Case) -> Optional[Case]:
    """Before, an idle host could have taken all guests of another; the plan switches it off."""
    if case.plan.request.goal is not Goal.CONSOLIDATE or not surely_frail(case):
        return None
    case = _with_spare(case)
    return with_plan(case, power_off=(*case.plan.power_off, "spare"), frail=None)


def loss_now_fatal_without_the_emptied(_rng: Random, case: Case) -> Optional[Case]:
    """Before, an idle host could have taken all guests of another; it is to be evacuated too, and takes nobody then."""
    if case.plan.request.goal is not Goal.EVACUATE or not surely_frail(case):
        return None
    case = _with_spare(case)
    return with_request(case, hosts=(*case.plan.request.hosts, "spare"))


def _with_spare(case: Case) -> Case:
    """Another host, idle and large, that any guest may go to; no loss may become fatal."""
    for place in tuple(case.fleet.located()):
        case = with_guest(case, place.guest.uuid, hugepage_kib=None, numa_cells=(), disks=())
    copyless = tuple(replace(move, copies=()) for move in case.plan.moves)
    case = with_request(with_plan(case, moves=copyless), survive_loss=SurviveLoss.KEEP, min_on=1, rules=())
    spare = build.host("spare", allocatable_memory=1024 * build.GIB, allocatable_vcpus=1024)
    return replace(case, fleet=build.snapshot(*(replace(host, numa_cells=()) for host in case.fleet.hosts), spare))


def asleep(rng: Random, case: Case, **changes: Any) -> Optional[Case]:
    move = only(rng, case, lambda move, _guest: move.dest not in {other.source for other in case.plan.moves})
    if move is None or case.plan.request.goal is Goal.ROLLING:
        return None
    return with_plan(with_host(case, move.dest, state=HostState.STANDBY), **changes)


def needs_copy(_move: Move, guest: Guest) -> bool:
    return any(disk.pool == "local" for disk in guest.disks)


def features_less(host: Host) -> dict[str, Any]:
    lack = CpuLack(build.guest().cpu, build.guest().virt_type, ("avx512f",))
    return {"cpu": replace(host.cpu, lacks=(lack,))}


def tpm_without_swtpm(rng: Random, case: Case) -> Optional[Case]:
    move = some_move(rng, case, anything)
    return move and with_host(with_guest(case, move.guest, tpm="emulator"), move.dest, emulates_tpm=False)


def small_pools(host: Host) -> dict[str, Any]:
    return {"pools": tuple(replace(pool, available=pool.available - 1) for pool in host.pools)}


def cells_less(memory: int = 0, pages: int = 0) -> Callable[[Host], dict[str, Any]]:
    def less(host: Host) -> dict[str, Any]:
        cells = [
            replace(cell, memory=cell.memory - memory, hugepages={k: v - pages for k, v in cell.hugepages.items()})
            for cell in host.numa_cells
        ]
        return {"numa_cells": tuple(cells)}

    return less


def all_in_pages(host: Host) -> dict[str, Any]:
    """More huge pages than the host has memory for guests."""
    return {"numa_cells": (NumaCell(0, 1 << 50, {str(PAGE_KIB): host.allocatable_memory}), NumaCell(1, 1 << 50))}


def without_pages(_move: Move, guest: Guest) -> bool:
    return guest.active and guest.hugepage_kib is None


def anything(_move: Move, _guest: Guest) -> bool:
    return True


def named_like_resident(rng: Random, case: Case) -> Optional[Case]:
    move = only(rng, case, active)
    resident = _resident(case, move) if move is not None else ""
    return with_guest(case, build.uuid_of(resident), name=move.name) if move is not None and resident else None


def volume_of_resident(rng: Random, case: Case) -> Optional[Case]:
    move = only(rng, case, needs_copy)
    resident = _resident(case, move) if move is not None else ""
    if move is None or not resident:
        return None
    return with_guest(case, build.uuid_of(resident), disks=(build.disk(move.name, "local"),))


def runs_elsewhere(rng: Random, case: Case) -> Optional[Case]:
    move = only(rng, case, active)
    if move is None:
        return None
    spare = build.host("hx", case.guest(move.guest), allocatable_memory=1024 * MIB)
    return replace(case, fleet=build.snapshot(*case.fleet.hosts, spare))


def end_rule(rng: Random, case: Case) -> Optional[Case]:
    move = only(rng, case, active)
    resident = _resident(case, move) if move is not None else ""
    if move is None or not resident:
        return None
    kind = rng.choice((RuleKind.ANTI_AFFINITY, RuleKind.PIN, RuleKind.BAN, RuleKind.MAX_GUESTS))
    hosts = {RuleKind.PIN: (move.source,), RuleKind.BAN: (move.dest,), RuleKind.MAX_GUESTS: (move.dest,)}.get(kind, ())
    guests = (move.name, resident) if kind in (RuleKind.ANTI_AFFINITY, RuleKind.MAX_GUESTS) else (move.name,)
    most = 1 if kind is RuleKind.MAX_GUESTS else None
    return with_rule(case, Rule("late", kind, guests=guests, hosts=hosts, most=most, when=When.AT_END))


def racks_shared(rng: Random, case: Case) -> Optional[Case]:
    """Two of a group in one rack; the guest comes from another rack, its twin lives on the neighbour."""
    move = only(rng, case, lambda move, _guest: case.host(move.source).rack != case.host(move.dest).rack)
    if move is None:
        return None
    rack, moving = case.host(move.dest).rack, {other.guest for other in case.plan.moves}
    near = [h for h in case.fleet.hosts if h.rack == rack and h.name != move.dest]
    twins = [guest.name for host in near for guest in host.guests if guest.uuid not in moving]
    if not twins:
        return None
    labels = {build.uuid_of(name): case.guest(build.uuid_of(name)).notes for name in (move.name, twins[0])}
    for uuid, notes in labels.items():
        case = with_guest(case, uuid, notes=Notes(notes.home, notes.claim, {**notes.labels, "app": "db"}, notes.rules))
    return with_rule(case, Rule("racks", RuleKind.ANTI_AFFINITY, labels={"app": "db"}, scope=Scope.RACK))
