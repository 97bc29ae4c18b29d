"""Energy in figures: watts and kWh of a plan, and what they are in money and CO2. Formulas: docs/design/energy.md."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Optional

from .host import PowerModel

# Liu et al., Performance and energy modeling for live migration of virtual machines (HPDC 2011): E = a * sent + b, for
# both hosts together; see docs/design/energy.md
JOULES_PER_MB = 0.512
JOULES_PER_MOVE = 20.165
JOULES_PER_KWH = 3_600_000.0


@dataclass(frozen=True)
class Energy:
    """What a plan does to the fleet's energy. ``watts`` are those of all hosts, with the load of their guests.

    ``moves_kwh`` is what the moves cost, ``switching_kwh`` what it costs to switch hosts off and on again, or on.
    ``payback_hours``: after this time the plan has saved what it cost, None where it saves nothing. Money and CO2 are
    there where the request has their factors, and negative where the plan takes more power than before.
    """

    watts_before: float
    watts_after: float
    kwh_saved_per_day: float
    moves_kwh: float = 0.0
    switching_kwh: float = 0.0
    payback_hours: Optional[float] = None
    money_per_day: Optional[float] = None
    currency: Optional[str] = None
    co2_kg_per_day: Optional[float] = None


def joules_of_move(sent: int) -> float:
    """Return what sending so many bytes costs the two hosts beyond what they draw anyway; nothing sent is free."""
    return JOULES_PER_MB * sent / 1e6 + JOULES_PER_MOVE if sent else 0.0


def joules_of_switching(power: PowerModel, *, off: bool, on: bool) -> float:
    """Return what switching a host off, on, or both costs at most: full power while it shuts down and boots."""
    return power.full_watts * ((power.shutdown_seconds if off else 0.0) + (power.boot_seconds if on else 0.0))


def moment(text: str) -> Optional[datetime]:
    """Return the moment that the text gives in ISO 8601, UTC where it names no zone; None where it gives none."""
    try:
        found = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=timezone.utc)
