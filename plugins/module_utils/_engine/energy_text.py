"""A plan's watts and energy as lines for people. Pure; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator

from .._model.energy import Energy
from .._model.plan import Plan


def energy_lines(plan: Plan) -> Iterator[str]:
    """Yield the watts before and after, and what that comes to; nothing without power models."""
    if plan.watts_before is None or plan.watts_after is None:
        return
    saved = plan.watts_before - plan.watts_after
    change = f"{abs(saved):.1f} W {'less' if saved > 0 else 'more'}" if abs(saved) >= 0.05 else "no change"
    yield f"Power: {plan.watts_before:.1f} W before, {plan.watts_after:.1f} W after ({change})"
    energy = plan.energy
    if energy is not None and (plan.power_on or plan.power_off):
        per_day = f"{abs(energy.kwh_saved_per_day):.2f} kWh {'less' if saved > 0 else 'more'} per day"
        yield f"Energy: {', '.join([per_day, *_worth(energy)])}"
        yield f"Cost of it: {_costs(energy)}"


def _worth(energy: Energy) -> Iterator[str]:
    if energy.money_per_day is not None:
        yield f"{abs(energy.money_per_day):.2f} {energy.currency or 'of money'}"
    if energy.co2_kg_per_day is not None:
        yield f"{abs(energy.co2_kg_per_day):.2f} kg of CO2"


def _costs(energy: Energy) -> str:
    moves, switching = 1000 * energy.moves_kwh, 1000 * energy.switching_kwh
    text = f"{moves:.1f} Wh for the moves, {switching:.1f} Wh for switching hosts"
    return text if energy.payback_hours is None else f"{text}, saved again after {_time(energy.payback_hours)}"


def _time(hours: float) -> str:
    return f"{hours:.1f} hours" if hours >= 2 else f"{hours * 60:.0f} minutes"
