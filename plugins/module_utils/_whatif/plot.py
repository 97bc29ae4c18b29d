"""Charts of a run as points, ticks and words, so that a template has nothing to compute. Draws nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .values import Run, StepFigures

WIDTH, HEIGHT = 960, 190
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 30, 26
MOST_POINTS = 700
HOUR, DAY = 3600, 86400


@dataclass(frozen=True)
class Tick:
    """A place on an axis in pixels, and what is written there."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A line's points as SVG wants them. ``style`` is main or other."""

    name: str
    style: str
    points: str


@dataclass(frozen=True)
class Chart:
    """One chart; all pixels are from its own upper left corner."""

    title: str
    unit: str
    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def charts_of(run: Run, unchanged: Run) -> tuple[Chart, ...]:
    """Return hosts on, load and power over time, beside the fleet left as it is."""
    seconds = run.step_seconds
    return (
        _chart(
            "Hosts on",
            "",
            seconds,
            (
                ("with consolidation", "main", [step.hosts_on for step in run.steps]),
                ("left as it is", "other", [step.hosts_on for step in unchanged.steps]),
            ),
        ),
        _chart(
            "Load",
            "CPUs",
            seconds,
            (
                ("CPUs of hosts that are on", "other", [step.cpus_on for step in run.steps]),
                ("CPUs that guests want", "main", _wanted(run.steps)),
            ),
        ),
        _chart(
            "Power",
            "W",
            seconds,
            (
                ("with consolidation", "main", [step.watts for step in run.steps]),
                ("left as it is", "other", [step.watts for step in unchanged.steps]),
            ),
        ),
    )


def _wanted(steps: Sequence[StepFigures]) -> list[float]:
    return [step.wanted_cpus for step in steps]


def _chart(title: str, unit: str, seconds: int, rows: Sequence[tuple[str, str, Sequence[float]]]) -> Chart:
    count = max(len(values) for _name, _style, values in rows)
    ticks = _round_ticks(max((value for _name, _style, values in rows for value in values), default=0.0))
    top = ticks[-1]
    lines = tuple(Line(name, style, _points(values, count, top)) for name, style, values in rows)
    return Chart(
        title, unit, lines, _time_ticks(count * seconds), tuple(Tick(_y(tick, top), f"{tick:g}") for tick in ticks)
    )


def _points(values: Sequence[float], count: int, top: float) -> str:
    """Return the means of as many steps each as keep the line readable."""
    each = -(-count // MOST_POINTS)
    parts = [values[begin : begin + each] for begin in range(0, len(values), each)]
    return " ".join(
        f"{_x(min(count, index * each + each / 2) / count):.1f},{_y(sum(part) / len(part), top):.1f}"
        for index, part in enumerate(parts)
    )


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM), 1)


def _round_ticks(most: float) -> list[float]:
    """Return values from 0 to at least ``most``, at 1, 2 or 5 times a power of ten, four to six of them."""
    if most <= 0:
        return [0.0, 1.0]
    size = 10.0 ** math.floor(math.log10(most / 4))
    step = next(size * factor for factor in (1, 2, 5, 10) if most / (size * factor) <= 5)
    return [round(step * number, 10) for number in range(math.ceil(most / step) + 1)]


def _time_ticks(seconds: float) -> tuple[Tick, ...]:
    """Return days as ticks, hours where there are fewer than three days."""
    every = DAY if seconds > 2 * DAY else 3 * HOUR if seconds > 6 * HOUR else HOUR
    while seconds / every > 14:
        every *= 2
    word = "day" if every >= DAY else "h"
    size = DAY if every >= DAY else HOUR
    ticks = range(0, int(seconds) + 1, every)
    return tuple(
        Tick(round(_x(tick / seconds), 1), f"{word} {tick // size}" if word == "day" else f"{tick // size} {word}")
        for tick in ticks
    )
