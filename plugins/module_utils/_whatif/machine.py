"""What one host does over time, off, booting, on, shutting down, and what it draws and lacks meanwhile. Pure."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._model.host import Host, PowerModel
from .._planner.power import watts

FOREVER = float("inf")


class Phase(enum.Enum):
    """BOOT and SHUTDOWN draw as much as full load and carry nobody."""

    OFF = "off"
    BOOT = "boot"
    ON = "on"
    SHUTDOWN = "shutdown"


@dataclass(frozen=True)
class Since:
    """A phase and the second at which it begins."""

    second: float
    phase: Phase


@dataclass(frozen=True)
class Spell:
    """What a stretch of time came to for one host: joules, seconds on, seconds overloaded and at its limit.

    ``short`` are CPU seconds that were wanted and not there, ``full`` seconds in which all or more was wanted.
    """

    joules: float = 0.0
    on: float = 0.0
    overloaded: float = 0.0
    full: float = 0.0
    short: float = 0.0


def switch_on(phases: Sequence[Since], model: PowerModel, now: float) -> tuple[Since, ...]:
    """Return the phases of a host that is switched on now, or as soon as it is down."""
    begin = max(now, phases[-1].second)
    return (*phases, Since(begin, Phase.BOOT), Since(begin + model.boot_seconds, Phase.ON))


def switch_off(phases: Sequence[Since], model: PowerModel, now: float) -> tuple[Since, ...]:
    """Return the phases of a host that is shut down at that second, or as soon as it is up."""
    begin = max(now, phases[-1].second)
    return (*phases, Since(begin, Phase.SHUTDOWN), Since(begin + model.shutdown_seconds, Phase.OFF))


def phase_at(phases: Sequence[Since], second: float) -> Phase:
    """Return the phase at that second: of two that begin then, the later one."""
    return next(item.phase for item in reversed(phases) if item.second <= second)


def past_dropped(phases: Sequence[Since], now: float) -> tuple[Since, ...]:
    """Return the phases from the present one on."""
    first = max(index for index, item in enumerate(phases) if item.second <= now)
    return tuple(phases[first:])


def spell(
    host: Host, phases: Sequence[Since], load: float, changes: Iterable[tuple[float, float]], begin: float, end: float
) -> Spell:
    """Return what the time from ``begin`` to ``end`` came to; ``changes`` are seconds and by how much load changes.

    Load is what guests want, in CPUs; power follows it up to all CPUs of the host.
    """
    events = sorted(changes)
    total = Spell()
    for index, item in enumerate(phases):
        until = min(end, phases[index + 1].second if index + 1 < len(phases) else FOREVER)
        now = max(begin, item.second)
        while now < until:
            while events and events[0][0] <= now:
                load += events.pop(0)[1]
            then = min(until, events[0][0] if events else until)
            total = _add(total, _stretch(host, item.phase, load, then - now))
            now = then
    return total


def _stretch(host: Host, phase: Phase, load: float, seconds: float) -> Spell:
    """Return what a time came to in which nothing changed."""
    model = host.power
    if phase is not Phase.ON:
        drawn = 0.0 if model is None else model.off_watts if phase is Phase.OFF else watts(model, 1.0)
        return Spell(drawn * seconds)
    lacks = max(0.0, load - host.cpus)
    tolerance = 1e-9 * host.cpus
    return Spell(
        joules=0.0 if model is None else watts(model, load / host.cpus if host.cpus else 0.0) * seconds,
        on=seconds,
        overloaded=seconds if lacks > tolerance else 0.0,
        full=seconds if load >= host.cpus - tolerance else 0.0,
        short=lacks * seconds,
    )


def _add(left: Spell, right: Spell) -> Spell:
    return Spell(
        left.joules + right.joules,
        left.on + right.on,
        left.overloaded + right.overloaded,
        left.full + right.full,
        left.short + right.short,
    )
