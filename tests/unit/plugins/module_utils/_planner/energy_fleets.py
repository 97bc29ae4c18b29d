"""Random fleets under load, and what becomes of them once a plan is carried out. Judges nothing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from random import Random

from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import Host, HostState, PowerModel
from ansible_collections.virtfleet.migration.plugins.module_utils._model.plan import Plan
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Goal, Request, SurviveLoss
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.random_request import random_rules
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils.scenario import carry_out

TAKEN_AT = "2026-01-01T12:00:00Z"
LATELY = "2026-01-01T11:55:00Z"


def loaded_fleet(rng: Random) -> Snapshot:
    """Return three to nine hosts of one or two builds, some on standby, with guests of any load."""
    hosts, mixed, modelled = rng.randint(3, 9), rng.random() < 0.4, rng.random() < 0.8
    busy = rng.choice((0.2, 0.6, 1.0))
    found = []
    for number in range(1, hosts + 1):
        asleep = number > 1 and rng.random() < 0.3
        large = mixed and rng.random() < 0.5
        cpus = 16 if large else 8
        names = [] if asleep else [f"g{number}-{one}" for one in range(rng.randint(0, 2 * cpus))]
        guests = tuple(_guest(rng, name, busy) for name in names)
        power = PowerModel(rng.choice((80.0, 120.0)) * (2 if large else 1), 500.0) if modelled else None
        found.append(_host(number, cpus, asleep, guests, power))
    return replace(build.snapshot(*found), taken_at=TAKEN_AT)


def _host(number: int, cpus: int, asleep: bool, guests: tuple[Guest, ...], power: PowerModel | None) -> Host:
    return build.host(
        f"hv{number}",
        *guests,
        state=HostState.STANDBY if asleep else HostState.SCHEDULABLE,
        cpus=cpus,
        memory=cpus * 2 * build.GIB,
        allocatable_memory=cpus * 2 * build.GIB,
        allocatable_vcpus=4 * cpus,
        power=power,
    )


def _guest(rng: Random, name: str, busy: float) -> Guest:
    vcpus = rng.choice((1, 1, 2, 4))
    used = rng.choice((None, 0.0, round(rng.random() * busy * vcpus, 3), round(rng.random() * busy * vcpus, 3)))
    forecast = rng.choice((None, None, round(rng.random() * busy * vcpus, 3)))
    memory = rng.choice((256, 512, 1024, 2048)) * build.MIB
    return build.guest(name, vcpus=vcpus, memory=memory, usage_cpus=used, forecast_cpus=forecast)


def saving(rng: Random, fleet: Snapshot) -> Request:
    """Return a request to consolidate the fleet by marks of load."""
    low = rng.choice((None, 50.0, 70.0))
    return Request(
        Goal.CONSOLIDATE,
        max_cpu_percent=low,
        high_cpu_percent=rng.choice((75.0, 90.0)),
        headroom_percent=rng.choice((0.0, 0.0, 10.0)),
        survive_loss=rng.choice((SurviveLoss.IGNORE, SurviveLoss.IGNORE, SurviveLoss.KEEP)),
        wake=rng.random() < 0.8,
        min_on=rng.choice((1, 1, 2)),
        horizon_hours=rng.choice((0.0, 0.1, 4.0, 4.0)),
        rules=random_rules(rng, fleet) if rng.random() < 0.3 else (),
    )


def switched(fleet: Snapshot, plan: Plan, since: str | None = None) -> Snapshot:
    """Return the fleet once the plan is carried out, with its hosts switched at ``since`` (None: long ago by now)."""
    states = {**dict.fromkeys(plan.power_on, HostState.SCHEDULABLE), **dict.fromkeys(plan.power_off, HostState.STANDBY)}
    after = carry_out(fleet, plan)
    hosts = (
        replace(host, state=states[host.name], power_since=since) if host.name in states else host
        for host in after.hosts
    )
    return replace(after, hosts=tuple(hosts))
