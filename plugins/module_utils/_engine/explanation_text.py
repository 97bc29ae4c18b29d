"""Explanations of where guests could go, as data and as lines for people. Pure; decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._model import prose
from .._model.codec import to_json
from .._planner.explain import Candidate, Cost, Explanation
from .plan_text import SHOWN, few, mib, table, wrapped

_HEADER = ("host", "how", "MiB", "seconds", "MiB left", "vCPUs left", "remarks")


def explanation_facts(found: Sequence[Explanation]) -> list[dict[str, Any]]:
    """Return the explanations as a module gives them back, refusals in words."""
    return [
        {
            "guest": each.guest,
            "name": each.name,
            "host": each.host,
            "together": list(each.together),
            "blockers": [prose.describe(refusal) for refusal in each.blockers],
            "hosts": [_facts(candidate) for candidate in each.candidates],
        }
        for each in found
    ]


def explanation_lines(found: Sequence[Explanation], shown: int = SHOWN) -> list[str]:
    """Return the explanations as lines for people; of many hosts for one guest the first ``shown`` (0: all)."""
    return wrapped([line for each in found for line in _lines(each, shown)] or ["no guest is on the hosts given"])


def _facts(candidate: Candidate) -> dict[str, Any]:
    return {
        "host": candidate.host,
        "possible": candidate.cost is not None,
        "refusals": [prose.describe(refusal) for refusal in candidate.refusals],
        "breaks": list(candidate.soft),
        "cost": to_json(candidate.cost),
        "disks": to_json(candidate.disks),
    }


def _lines(each: Explanation, shown: int) -> list[str]:
    possible = [(candidate, candidate.cost) for candidate in each.candidates if candidate.cost is not None]
    most = shown or len(possible)
    along = f", together with {few(each.together)}" if each.together else ""
    lines = [f"{each.name} on {each.host} could go to {len(possible)} of {len(each.candidates)} hosts{along}"]
    if possible:
        lines += table(_HEADER, [_row(candidate, cost) for candidate, cost in possible[:most]])
    if len(possible) > most:
        lines.append(f"... and {len(possible) - most} more hosts: all are in the explanation")
    described = [prose.describe(refusal) for candidate in each.candidates for refusal in candidate.refusals]
    lines += [f"nowhere: {prose.sentence(refusal)}" for refusal in each.blockers]
    return lines + [f"no: {reason}" for reason in prose.summary(described)]


def _row(candidate: Candidate, cost: Cost) -> tuple[str, ...]:
    remarks = [
        *(["has to be switched on"] if cost.wake else []),
        *([f"copies {', '.join(cost.copies)}"] if cost.copies else []),
        *([f"breaks soft rule {', '.join(candidate.soft)}"] if candidate.soft else []),
    ]
    return (
        candidate.host,
        cost.method.value,
        mib(cost.est_bytes),
        f"{cost.est_seconds:.1f}",
        mib(cost.free_memory),
        str(cost.free_vcpus),
        "; ".join(remarks),
    )
