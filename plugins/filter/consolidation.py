"""The filters of the role consolidate: which hosts stay on, which are empty, what came of it. Deciding is in _model."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ..module_utils._model.codec import to_json
from ..module_utils._model.consolidation import Sorted, empty_hosts, not_awake, sort_hosts, summary
from ..module_utils._model.power_state import standby_notes


def consolidation_look(
    names: Sequence[str], hostvars: Mapping[str, Any], keep_on: Sequence[str] = (), conductor: str = ""
) -> dict[str, Any]:
    """Return which hosts stay on and why, which an interrupted run has begun with, which are asleep or left aside."""
    found: dict[str, Any] = to_json(
        sort_hosts(names, hostvars, frozenset(keep_on), conductor, standby_notes(names, hostvars))
    )
    return found


def consolidation_fleet(hosts: Sequence[Mapping[str, Any]], failed: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the option hosts of the modules, without hope of those that could not be woken."""
    return not_awake(hosts, failed)


def consolidation_empty(
    plan: Mapping[str, Any], report: Optional[Mapping[str, Any]], look: Mapping[str, Any]
) -> dict[str, Any]:
    """Return which hosts that the plan empties are empty, and who is on the others."""
    found: dict[str, Any] = to_json(empty_hosts(plan, report or None, look["keep_on"]))
    return found


def consolidation_summary(
    look: Mapping[str, Any],
    plan: Mapping[str, Any],
    report: Optional[Mapping[str, Any]],
    switched: Mapping[str, Any],
    rehearsed: bool = False,
) -> dict[str, Any]:
    """Return what came of the run, as data and as lines for people."""
    names = tuple(look["begun"]), tuple(look["asleep"])
    seen = Sorted(look["keep_on"], *names, look["aside"], look["stuck"], look.get("watts") or {})
    return summary(seen, plan, report or None, switched, bool(rehearsed))


class FilterModule:
    """The filters of this file, as Ansible looks for them."""

    def filters(self) -> dict[str, Any]:
        return {
            "consolidation_look": consolidation_look,
            "consolidation_fleet": consolidation_fleet,
            "consolidation_empty": consolidation_empty,
            "consolidation_summary": consolidation_summary,
        }
