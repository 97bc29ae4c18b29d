"""Charts have round ticks, few points, and lines that stay inside."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.plot import (
    HEIGHT,
    MOST_POINTS,
    TOP,
    WIDTH,
    charts_of,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._whatif.values import Figures, Run, StepFigures

NONE = Figures(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def run(count: int, watts: float = 437.0, seconds: int = 900) -> Run:
    step = StepFigures(hosts_on=3, watts=watts, wanted_cpus=7.5, cpus_on=48, overloaded=0, moves=0)
    return Run(NONE, (step,) * count, (), seconds)


def test_ticks_of_a_week_are_days_and_of_values_round_numbers() -> None:
    hosts, load, power = charts_of(run(672), run(672))
    assert [tick.label for tick in power.x_ticks] == [f"day {day}" for day in range(8)]
    assert [tick.label for tick in power.y_ticks] == ["0", "100", "200", "300", "400", "500"]
    assert (hosts.title, load.unit) == ("Hosts on", "CPUs")


@pytest.mark.parametrize("count", [1, 7, 672, 2016, 9999])
def test_points_are_few_and_inside_of_the_chart(count: int) -> None:
    for chart in charts_of(run(count), run(count, 900.0)):
        for line in chart.lines:
            points = [tuple(map(float, point.split(","))) for point in line.points.split()]
            assert len(points) <= MOST_POINTS
            assert all(0 <= x <= WIDTH and TOP <= y <= HEIGHT for x, y in points)


def test_a_fleet_that_draws_nothing_has_a_chart_too() -> None:
    assert charts_of(run(4, 0.0), run(4, 0.0))[2].y_ticks[-1].label == "1"
