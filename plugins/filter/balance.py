"""The filters of the role balance: a saved plan taken up, what came of a run. Words and figures are made in _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional, Union

from ansible.errors import AnsibleFilterError

from ..module_utils._model.balance_run import saved_plan, summary
from ..module_utils._model.errors import FleetError


def balance_saved(plan: Union[str, Mapping[str, Any]], what: str = "the plan") -> dict[str, Any]:
    """Return a saved plan of the goal balance; raises AnsibleFilterError on anything else."""
    try:
        return saved_plan(plan, what)
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from None  # its cause is told already


def balance_summary(
    plan: Mapping[str, Any], report: Optional[Mapping[str, Any]], mode: str = "act", rehearsed: bool = False
) -> dict[str, Any]:
    """Return what moves and what does not and why, as data and as lines for people."""
    return summary(plan, report or None, mode, bool(rehearsed))


class FilterModule:
    """The filters of this file, as Ansible looks for them."""

    def filters(self) -> dict[str, Any]:
        return {"balance_saved": balance_saved, "balance_summary": balance_summary}
