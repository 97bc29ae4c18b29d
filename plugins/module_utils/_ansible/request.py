"""The options that say what a plan is for, and their way into a request. The documentation is in doc_fragments."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._model.errors import FleetError
from .._model.plan import Goal, Method, Request
from .arguments import slots_of, slots_spec


def request_spec(required: bool) -> dict[str, Any]:
    """Return the options of a request; ``required``: the module does nothing without one."""
    return {
        **slots_spec(),
        "goal": {"type": "str", "choices": ["evacuate", "restore", "move"], "required": required},
        "goal_hosts": {"type": "list", "elements": "str", "required": required},
        "guests": {"type": "list", "elements": "str", "default": []},
        "dests": {"type": "list", "elements": "str", "default": []},
        "method": {"type": "str", "choices": ["auto", "paused"], "default": "auto"},
    }


def request_of(params: Mapping[str, Any]) -> Request:
    """Return what the user asks for; raises FleetError where the goal is about no host."""
    hosts = _names(params["goal_hosts"])
    if not hosts:
        raise FleetError("no host is given", f"Say which hosts the goal {params['goal']} is about")
    return Request(
        goal=Goal(params["goal"]),
        hosts=hosts,
        guests=tuple(params["guests"]),
        dests=_names(params["dests"]),
        method=Method.PAUSED if params["method"] == "paused" else None,
        slots=slots_of(params),
    )


def _names(given: Sequence[str]) -> tuple[str, ...]:
    """Return the names without the blanks of ``a, b``, and without the empty one that a variable without value is."""
    return tuple(name.strip() for name in given if name.strip())
