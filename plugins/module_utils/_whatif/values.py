"""What a simulated fleet lives through and what comes out: traces, decisions, settings, figures. No arithmetic here."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Callable, Optional

from .._model.settings import Slots


@dataclass(frozen=True)
class Trace:
    """CPUs' worth of time that each guest wants, step by step; guests by UUID. Every row is as long as the others.

    ``ends``: guests that are gone from a step on. A guest that has no row wants what its survey measured.
    """

    step_seconds: int
    steps: int
    wanted: Mapping[str, Sequence[float]]
    ends: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """A move that a policy asks for, once those of ``after`` are over. ``bytes`` are what is sent."""

    id: str
    guest: str
    dest: str
    bytes: int
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What a policy wants: hosts switched on, then moves, then hosts switched off when their last guest has left."""

    orders: tuple[Order, ...] = ()
    power_on: tuple[str, ...] = ()
    power_off: tuple[str, ...] = ()
    planned: bool = False


@dataclass(frozen=True)
class View:
    """What a policy may know at the begin of a step: the past, up to the last step, and where everybody is.

    ``on`` are hosts that are on or boot; ``since`` says at which second a host was last switched.
    """

    step: int
    second: float
    trace: Trace
    placement: Mapping[str, str]
    on: frozenset[str]
    since: Mapping[str, float]


Policy = Callable[[View], Decision]


@dataclass(frozen=True)
class Moving:
    """How guests move: bytes per second of one move, its fixed seconds, and the share of CPU a guest loses meanwhile.

    ``slots`` None: any number at once, as the published simulations have it.
    """

    bytes_per_second: float
    fixed_seconds: float = 0.0
    lost_share: float = 0.1
    slots: Optional[Slots] = Slots()


@dataclass(frozen=True)
class Switched:
    """A host that was switched on or off, at that second."""

    second: float
    host: str
    on: bool


@dataclass(frozen=True)
class StepFigures:
    """One step: hosts on at its end, mean watts of all hosts, CPUs wanted and CPUs of the hosts that were on.

    ``overloaded`` hosts wanted more than they had at some moment of it; ``moves`` ended in it.
    """

    hosts_on: int
    watts: float
    wanted_cpus: float
    cpus_on: float
    overloaded: int
    moves: int


@dataclass(frozen=True)
class Figures:
    """What a run comes to. Formulas: docs/design/simulation.md.

    ``overload_percent``: share of the time of hosts that were on in which guests wanted more than the host has;
    ``slatah_percent``: in which they wanted all of it or more. ``pdm_percent``: CPU that guests lost by moving, of what
    they wanted. ``short_percent``: CPU that they wanted and an overloaded host did not have. ``least_on_minutes`` and
    ``least_off_minutes``: the shortest time between two switches of one host, None without any.
    ``memory_breaches``: moves that began although their destination had too little memory.
    """

    kwh: float
    hours: float
    migrations: int
    gib_moved: float
    mean_hosts_on: float
    least_hosts_on: int
    most_hosts_on: int
    switched_on: int
    switched_off: int
    overload_percent: float
    slatah_percent: float
    pdm_percent: float
    slav: float
    esv: float
    short_percent: float
    plans: int
    memory_breaches: int = 0
    least_on_minutes: Optional[float] = None
    least_off_minutes: Optional[float] = None


@dataclass(frozen=True)
class Run:
    """Figures, every step, every switch of a host."""

    figures: Figures
    steps: tuple[StepFigures, ...]
    switched: tuple[Switched, ...]
    step_seconds: int
