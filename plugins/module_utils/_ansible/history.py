"""The option history and its way into a window of time. The documentation is in doc_fragments."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._model.usage_window import UsageWindow, check_window

# of what a window takes of the past, and how far it looks ahead
WINDOW_OPTIONS: dict[str, Any] = {
    "window_minutes": {"type": "int", "default": 120},
    "percentile": {"type": "float", "default": 95.0},
    "horizon_minutes": {"type": "int", "default": 60},
    "profile_days": {"type": "int", "default": 7},
    "sigmas": {"type": "float"},
}


def history_spec() -> dict[str, Any]:
    """Return the option ``history``."""
    return {"history": {"type": "dict", "options": {"path": {"type": "path", "required": True}, **WINDOW_OPTIONS}}}


def window_of(given: Mapping[str, Any]) -> UsageWindow:
    """Return what of the past counts; raises FleetError on nonsense."""
    return check_window(
        UsageWindow(
            minutes=given["window_minutes"],
            percentile=given["percentile"],
            horizon_minutes=given["horizon_minutes"],
            profile_days=given["profile_days"],
            sigmas=given["sigmas"],
        )
    )
