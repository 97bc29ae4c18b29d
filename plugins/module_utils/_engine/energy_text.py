"""A plan's watts and energy as lines for people, and what a run came to as data. Pure; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

from .._model.codec import to_json
from .._model.energy import JOULES_PER_KWH, Energy, joules_of_move
from .._model.plan import Plan
from .result import MoveResult


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


def energy_facts(plan: Plan, results: Sequence[MoveResult]) -> Optional[dict[str, Any]]:
    """Return the plan's energy with what its moves cost by the bytes that were really sent; None without power models.

    Watts and what is saved are those of the plan: they come true where its hosts are switched and its moves went well.
    """
    if plan.energy is None:
        return None
    sent = sum(joules_of_move(result.cost.sent_bytes or 0) for result in results) / JOULES_PER_KWH
    estimated = plan.energy.moves_kwh
    return {**to_json(plan.energy), "moves_kwh": round(sent, 6), "moves_kwh_estimated": estimated}


def report_energy_lines(found: Optional[Mapping[str, Any]]) -> list[str]:
    """Return a line for people, none where nothing changes for the fleet's power."""
    if found is None or abs(found["kwh_saved_per_day"]) < 0.005:
        return []
    change = f"{abs(found['kwh_saved_per_day']):.2f} kWh {'less' if found['kwh_saved_per_day'] > 0 else 'more'} per day"
    watts = f"from {found['watts_before']:.1f} W to {found['watts_after']:.1f} W once the plan's hosts are switched"
    return [f"Power: {watts}, {change}; the moves cost {1000 * found['moves_kwh']:.1f} Wh"]


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
