"""The simulated fleet: who is where, which hosts are on, moves under way, each step's account. Plans nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Optional

from .._model.errors import FleetError
from .._model.host import Host, HostState
from .._model.snapshot import Snapshot
from .layout import Transfer, lay_out
from .machine import Phase, Since, Spell, past_dropped, phase_at, spell, switch_off, switch_on
from .values import Decision, Moving, StepFigures, Switched, Trace, View

LONG_AGO = float("-inf")


@dataclass(frozen=True)
class Account:
    """What a step came to: its figures, the sum over hosts, CPU seconds that guests wanted and lost by moving."""

    figures: StepFigures
    spell: Spell
    wanted: float
    lost: float
    moved_bytes: int


class World:
    """The fleet as it changes; lives in one run."""

    def __init__(self, snapshot: Snapshot, trace: Trace, moving: Moving) -> None:
        self.trace, self.moving = trace, moving
        self.hosts = {host.name: host for host in snapshot.hosts if host.state is not HostState.UNREACHABLE}
        self.guests = {place.guest.uuid: place.guest for place in snapshot.residents}
        active = (place for place in snapshot.residents if place.guest.active and place.host in self.hosts)
        self.placement = {place.guest.uuid: place.host for place in active}
        self.phases: dict[str, tuple[Since, ...]] = {
            name: (Since(LONG_AGO, _first_phase(host)),) for name, host in self.hosts.items()
        }
        self.since: dict[str, float] = {}
        self.under_way: list[Transfer] = []
        self.to_switch_off: set[str] = set()
        self.switched: list[Switched] = []
        self.memory_breaches = 0
        self._check()

    def view(self, step: int) -> View:
        """Return what a policy may know at the begin of that step."""
        now = step * self.trace.step_seconds
        on = (name for name in self.hosts if self.is_on(name, now))
        return View(step, now, self.trace, dict(self.placement), frozenset(on), dict(self.since))

    def is_on(self, name: str, now: float) -> bool:
        """Return whether the host is on, or boots."""
        return phase_at(self.phases[name], now) in (Phase.ON, Phase.BOOT)

    def busy(self) -> bool:
        """Return whether the last decision is still being carried out."""
        return bool(self.under_way)

    def carry_out(self, decision: Decision, step: int) -> None:
        """Switch hosts on and begin the moves; hosts to switch off follow when their last guest has left."""
        now = float(step * self.trace.step_seconds)
        for name in decision.power_on:
            self._switch(name, now, on=True)
        ready = {name: self.phases[name][-1].second for name in decision.power_on}
        self.under_way = list(lay_out(decision.orders, self.placement, ready, now, self.moving))
        self._count_memory_breaches()
        self.to_switch_off |= set(decision.power_off)
        self._switch_off_empty(now)

    def advance(self, step: int) -> Account:
        """Let the step pass and return its account."""
        length = self.trace.step_seconds
        begin, end = float(step * length), float((step + 1) * length)
        self._drop_ended(step)
        wanted = {uuid: self.wanted(uuid, step) for uuid in self.placement}
        load: dict[str, float] = defaultdict(float)
        for uuid, name in self.placement.items():
            load[name] += wanted[uuid]
        lost = sum(_overlap(item, begin, end) * wanted.get(item.guest, 0.0) for item in self.under_way)
        arrived = self._arrive(end)
        changes: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for item in arrived:
            changes[item.source].append((item.end, -wanted[item.guest]))
            changes[item.dest].append((item.end, wanted[item.guest]))
        spells = {
            name: spell(host, self.phases[name], load[name], changes.get(name, ()), begin, end)
            for name, host in self.hosts.items()
        }
        figures = self._figures(spells, sum(wanted.values()), len(arrived), end)
        self.phases = {name: past_dropped(phases, end) for name, phases in self.phases.items()}
        sent = sum(item.bytes for item in arrived)
        lost *= self.moving.lost_share
        return Account(figures, _sum(spells.values()), sum(wanted.values()) * length, lost, sent)

    def wanted(self, uuid: str, step: int) -> float:
        """Return the CPUs that the guest wants in that step."""
        row = self.trace.wanted.get(uuid)
        return (self.guests[uuid].usage_cpus or 0.0) if row is None else row[step]

    def _arrive(self, end: float) -> list[Transfer]:
        """Let the moves that end before the step does arrive, and switch off what is empty then."""
        arrived = sorted((item for item in self.under_way if item.end <= end), key=lambda item: item.end)
        self.under_way = [item for item in self.under_way if item.end > end]
        for item in arrived:
            self.placement[item.guest] = item.dest
            if item.source in self.to_switch_off:
                self._switch_off_empty(item.end)
        return arrived

    def _switch_off_empty(self, now: float) -> None:
        used = set(self.placement.values()) | {item.dest for item in self.under_way}
        for name in sorted(self.to_switch_off - used):
            self._switch(name, now, on=False)
            self.to_switch_off.discard(name)

    def _switch(self, name: str, now: float, *, on: bool) -> None:
        host = self.hosts[name]
        if host.power is None:
            raise FleetError(f"host {name} has no power model", "Give each host one: idle_watts and full_watts")
        change = switch_on if on else switch_off
        self.phases[name] = change(self.phases[name], host.power, now)
        self.since[name] = now
        self.switched.append(Switched(now, name, on))

    def _count_memory_breaches(self) -> None:
        """Count moves that begin although their destination has too little memory: both ends hold it meanwhile."""
        free = {name: host.allocatable_memory for name, host in self.hosts.items()}
        for uuid, name in self.placement.items():
            free[name] -= self.guests[uuid].memory
        happens = [(item.begin, 1, item.dest, item) for item in self.under_way]
        happens += [(item.end, 0, item.source, item) for item in self.under_way]
        for _second, begins, name, item in sorted(happens, key=lambda each: each[:3]):
            free[name] += -self.guests[item.guest].memory if begins else self.guests[item.guest].memory
            self.memory_breaches += bool(begins and free[name] < 0)

    def _figures(self, spells: Mapping[str, Spell], wanted: float, moves: int, end: float) -> StepFigures:
        length = self.trace.step_seconds
        on = [name for name in self.hosts if phase_at(self.phases[name], end - 1e-6) is Phase.ON]
        return StepFigures(
            hosts_on=len(on),
            watts=round(sum(item.joules for item in spells.values()) / length, 3),
            wanted_cpus=round(wanted, 6),
            cpus_on=sum(self.hosts[name].cpus for name in on),
            overloaded=sum(1 for item in spells.values() if item.overloaded),
            moves=moves,
        )

    def _drop_ended(self, step: int) -> None:
        gone = [uuid for uuid, last in self.trace.ends.items() if last <= step and uuid in self.placement]
        for uuid in gone:
            del self.placement[uuid]
            self.under_way = [item for item in self.under_way if item.guest != uuid]

    def _check(self) -> None:
        for uuid, name in sorted(self.placement.items()):
            if not self.is_on(name, 0.0):
                raise FleetError(f"guest {self.guests[uuid].name} is on {name}, which is off", "Begin it on another")


def _first_phase(host: Host) -> Phase:
    return Phase.OFF if host.state is HostState.STANDBY else Phase.ON


def _overlap(item: Transfer, begin: float, end: float) -> float:
    return max(0.0, min(end, item.end) - max(begin, item.begin))


def _sum(spells: Iterable[Spell]) -> Spell:
    found: Optional[list[float]] = None
    for item in spells:
        row = [item.joules, item.on, item.overloaded, item.full, item.short]
        found = row if found is None else [a + b for a, b in zip(found, row)]
    return Spell(*(found or ()))
