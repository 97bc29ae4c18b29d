"""The filter of the role balance: what came of a run, as data and for people. Words and figures are made in _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ..module_utils._model.balance_run import summary


def balance_summary(
    plan: Mapping[str, Any], report: Optional[Mapping[str, Any]], mode: str = "act", rehearsed: bool = False
) -> dict[str, Any]:
    """Return what moves and what does not and why, as data and as lines for people."""
    return summary(plan, report or None, mode, bool(rehearsed))


class FilterModule:
    """The filters of this file, as Ansible looks for them."""

    def filters(self) -> dict[str, Any]:
        return {"balance_summary": balance_summary}
