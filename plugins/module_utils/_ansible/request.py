"""The options that say what a plan is for, and their way into a request. The documentation is in doc_fragments."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .._model.balance import DEFAULT_AGGRESSIVENESS, LEVELS, WEIGHTS, AsIfStarted
from .._model.codec import from_json
from .._model.errors import FleetError
from .._model.request import Goal, Method, Request, SurviveLoss
from .._model.rules import Rule, RuleKind, Scope, When, check_rules
from .._model.settings import Wanted
from .arguments import slots_of, slots_spec
from .links import LINK_OPTIONS

GOALS = tuple(goal.value for goal in Goal)
# goals that say nothing without a host; the others look at the whole fleet then
_ABOUT_HOSTS = frozenset({Goal.EVACUATE, Goal.RESTORE, Goal.MOVE})


def _names_spec() -> dict[str, Any]:
    return {"type": "list", "elements": "str", "default": []}


_RULE_OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "kind": {"type": "str", "choices": [kind.value for kind in RuleKind], "required": True},
    **{label: _names_spec() for label in ("guests", "hosts", "sites", "racks", "methods")},
    "labels": {"type": "dict", "default": {}},
    "group_by": {"type": "str"},
    "host_labels": {"type": "dict", "default": {}},
    "scope": {"type": "str", "choices": [scope.value for scope in Scope], "default": "host"},
    "hard": {"type": "bool", "default": True},
    "when": {"type": "str", "choices": [when.value for when in When], "default": "throughout"},
    "most": {"type": "int"},
}


_NAMES = ("goal_sites", "guests", "dests", "dest_sites", "keep_on", "first", "last")


def request_spec(required: bool, goals: Sequence[str] = GOALS) -> dict[str, Any]:
    """Return the options of a request; ``required``: the module does nothing without one."""
    return {
        **slots_spec(),
        "goal": {"type": "str", "choices": list(goals), "required": required},
        "goal_hosts": {"type": "list", "elements": "str"},
        **{label: _names_spec() for label in _NAMES},
        "guest_labels": {"type": "dict", "default": {}},
        "dest_labels": {"type": "dict", "default": {}},
        "method": {"type": "str", "choices": ["auto", "paused"], "default": "auto"},
        "rules": {"type": "list", "elements": "dict", "default": [], "options": _RULE_OPTIONS},
        "headroom_percent": {"type": "float", "default": 0.0},
        "max_cpu_percent": {"type": "float"},
        "dest_of": {"type": "dict", "default": {}},
        "near": {"type": "str"},
        "max_latency_ms": {"type": "float"},
        "all_or_none": {"type": "bool", "default": False},
        "survive_loss": {"type": "str", "choices": [each.value for each in SurviveLoss], "default": "ignore"},
        "displace": {"type": "bool", "default": True},
        "bring_back": {"type": "bool", "default": False},
        "wake": {"type": "bool", "default": False},
        "max_moves": {"type": "int"},
        "max_bytes": {"type": "bytes"},
        "min_on": {"type": "int", "default": 1},
        "high_cpu_percent": {"type": "float"},
        "horizon_hours": {"type": "float", "default": 4.0},
        "min_on_minutes": {"type": "float", "default": 30.0},
        "min_off_minutes": {"type": "float", "default": 15.0},
        "price_per_kwh": {"type": "float"},
        "currency": {"type": "str"},
        "co2_g_per_kwh": {"type": "float"},
        "aggressiveness": {"type": "int", "choices": sorted(LEVELS), "default": DEFAULT_AGGRESSIVENESS},
        "threshold": {"type": "float"},
        "min_gain": {"type": "float"},
        "weights": {"type": "dict", "default": {}, "options": {name: {"type": "float"} for name in WEIGHTS}},
        "cooldown_minutes": {"type": "float", "default": 60.0},
        "mend_rules": {"type": "bool", "default": True},
        "as_if_started": {"type": "str", "choices": [each.value for each in AsIfStarted], "default": "autostart"},
        "max_at_once": {"type": "int", "default": 1},
        "one_per": {"type": "str", "choices": ["rack", "site"]},
        "return_home": {"type": "bool", "default": False},
        "group_label": {"type": "str", "default": "group"},
        "max_split_minutes": {"type": "float"},
        "links": {"type": "list", "elements": "dict", "default": [], "options": LINK_OPTIONS},
    }


def request_of(params: Mapping[str, Any], moved: Wanted, goal: Optional[Goal] = None) -> Request:
    """Return what the user asks for, with ``goal`` in place of theirs; raises FleetError on what is wrong anyhow.

    ``moved``: how the guests are going to be moved.
    """
    wanted = goal or Goal(params["goal"])
    hosts, sites = _names(params["goal_hosts"] or ()), _names(params["goal_sites"])
    if wanted in _ABOUT_HOSTS and goal is None and not (hosts or sites):
        raise FleetError("no host is given", f"Say which hosts the goal {wanted.value} is about")
    at_once = params["max_at_once"]
    if at_once < 0:
        raise FleetError(f"max_at_once is {at_once}", "Give 1 or more, or 0 for as many as fit")
    return Request(
        goal=wanted,
        hosts=hosts,
        guests=_names(params["guests"]),
        dests=_names(params["dests"]),
        method=Method.PAUSED if params["method"] == "paused" else None,
        slots=slots_of(params),
        sites=sites,
        labels=_labels(params["guest_labels"]),
        dest_sites=_names(params["dest_sites"]),
        dest_labels=_labels(params["dest_labels"]),
        rules=rules_of(params["rules"]),
        dest_of=_labels(params["dest_of"]),
        near=params["near"] or None,
        survive_loss=SurviveLoss(params["survive_loss"]),
        keep_on=_names(params["keep_on"]),
        first=_names(params["first"]),
        last=_names(params["last"]),
        max_at_once=at_once or None,
        one_per=Scope(params["one_per"]) if params["one_per"] else None,
        weights={name: weight for name, weight in params["weights"].items() if weight is not None},
        as_if_started=AsIfStarted(params["as_if_started"]),
        wanted=moved,
        **{label: params[label] for label in _AS_GIVEN},
    )


_AS_GIVEN = (
    *("headroom_percent", "max_cpu_percent", "displace", "bring_back", "wake"),
    *("max_latency_ms", "all_or_none"),
    *("max_moves", "max_bytes", "min_on", "threshold", "min_gain", "return_home"),
    *("high_cpu_percent", "horizon_hours", "min_on_minutes", "min_off_minutes"),
    *("price_per_kwh", "currency", "co2_g_per_kwh"),
    *("group_label", "max_split_minutes"),
    *("aggressiveness", "cooldown_minutes", "mend_rules"),
)


def rules_of(given: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Return the rules; raises FleetError on the first that says nothing or contradicts itself."""
    return check_rules(
        tuple(
            from_json(
                Rule,
                {**rule, "labels": _labels(rule["labels"]), "host_labels": _labels(rule["host_labels"])},
                f"rules[{index}]",
            )
            for index, rule in enumerate(given)
        )
    )


def _names(given: Sequence[str]) -> tuple[str, ...]:
    """Return the names without the blanks of ``a, b``, and without the empty one that a variable without value is."""
    return tuple(name.strip() for name in given if name.strip())


def _labels(given: Mapping[Any, Any]) -> dict[str, str]:
    # YAML makes numbers and truth values of what people write; a label is text
    return {str(key): str(value) for key, value in given.items()}
