"""Energy in figures: watts and kWh of a plan, and what they are in money and CO2. Formulas: docs/design/energy.md."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Optional


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


def moment(text: str) -> Optional[datetime]:
    """Return the moment that the text gives in ISO 8601, UTC where it names no zone; None where it gives none."""
    try:
        found = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=timezone.utc)
