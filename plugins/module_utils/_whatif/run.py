"""The loop: a trace, a fleet and a policy in, figures out. Must not know how a policy decides."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from .._model.snapshot import Snapshot
from .values import Decision, Figures, Moving, Policy, Run, Switched, Trace, View
from .world import Account, World

GIB = 1024**3
JOULES_PER_KWH = 3.6e6


def simulate(snapshot: Snapshot, trace: Trace, policy: Policy, moving: Moving) -> Run:
    """Return what the fleet comes to under the policy, asked at each step unless moves are under way."""
    world = World(snapshot, trace, moving)
    accounts: list[Account] = []
    plans = 0
    for step in range(trace.steps):
        if not world.busy():
            decision = policy(world.view(step))
            plans += decision.planned
            world.carry_out(decision, step)
        accounts.append(world.advance(step))
    steps = tuple(account.figures for account in accounts)
    figures = _figures(accounts, world, plans)
    return Run(figures, steps, tuple(world.switched), trace.step_seconds)


def leave(_view: View) -> Decision:
    """Return the policy that changes nothing: the fleet as it is, which others are compared with."""
    return Decision()


def _figures(accounts: Sequence[Account], world: World, plans: int) -> Figures:
    trace = world.trace
    on = [account.figures.hosts_on for account in accounts]
    total, wanted = [account.spell for account in accounts], sum(account.wanted for account in accounts)
    seconds_on = sum(item.on for item in total)
    kwh = sum(item.joules for item in total) / JOULES_PER_KWH
    slatah = _percent(sum(item.full for item in total), seconds_on)
    pdm = _percent(sum(account.lost for account in accounts), wanted)
    slav = slatah / 100 * pdm / 100
    return Figures(
        kwh=kwh,
        hours=trace.steps * trace.step_seconds / 3600,
        migrations=sum(account.figures.moves for account in accounts),
        gib_moved=sum(account.moved_bytes for account in accounts) / GIB,
        mean_hosts_on=sum(on) / len(on) if on else 0.0,
        least_hosts_on=min(on, default=0),
        most_hosts_on=max(on, default=0),
        switched_on=sum(1 for item in world.switched if item.on),
        switched_off=sum(1 for item in world.switched if not item.on),
        overload_percent=_percent(sum(item.overloaded for item in total), seconds_on),
        slatah_percent=slatah,
        pdm_percent=pdm,
        slav=slav,
        esv=kwh * slav,
        short_percent=_percent(sum(item.short for item in total), wanted),
        plans=plans,
        memory_breaches=world.memory_breaches,
        least_on_minutes=_least_minutes(world.switched, on=True),
        least_off_minutes=_least_minutes(world.switched, on=False),
    )


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0


def _least_minutes(switched: Sequence[Switched], *, on: bool) -> Optional[float]:
    """Return the shortest time that a host stayed as it was switched: on, or off."""
    last: dict[str, Switched] = {}
    found: list[float] = []
    for item in switched:
        before = last.get(item.host)
        if before is not None and before.on is on and item.on is not on:
            found.append((item.second - before.second) / 60)
        last[item.host] = item
    return min(found, default=None)
