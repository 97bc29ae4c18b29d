"""The one exception for what a person can mend: a cause and a way out. Must not know where it is shown."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Optional


class FleetError(Exception):
    """Wrong input or a state of the fleet that forbids going on.

    The message states the cause; ``remedy`` (may be None) states what the user can do about it.
    """

    def __init__(self, message: str, remedy: Optional[str] = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}" if self.remedy else self.message
