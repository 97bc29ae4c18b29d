"""An independent check of a plan, written from the rules and not from the planner. Must import only _model.

The rules in words are docs/design/planning.md. `verify_case` reads snapshot and plan, `verify_moves` judges each move
by itself, `verify_taken` whose disks it takes away, `verify_room` what fits at every step, `verify_rules` the placement
rules, `verify_goals` and `verify_whole` what the plan promises as a whole, `verify_loss` whether the fleet could lose a
host, `verify_balance` what a balance does.
"""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Optional

from ..._model.plan import Plan
from ..._model.rules import RuleKind
from ..._model.snapshot import Snapshot
from .balance import balance_violations
from .case import Case, Violation, malformed, misplaced, open_case
from .goals import destination_violations, promise_violations
from .groups import group_violations
from .loss import loss_violations
from .moves import move_violations
from .room import room_violations
from .rules import BoundRule, bound_rules, end_violations, rule_violations
from .saving import saving_violations
from .taken import taken_violations
from .whole import breach_violations, power_violations, repair_violations, sum_violations, wave_violations

__all__ = ["Violation", "first_unsafe_step", "first_violation"]


def first_violation(snapshot: Snapshot, plan: Plan) -> Optional[Violation]:
    """Return the first broken rule of ``plan``, or None if every order it allows is legal and it keeps its promises."""
    broken = malformed(plan)
    if broken is not None:
        return broken
    case = open_case(snapshot, plan)
    rules = bound_rules(case)
    return _first_step(case, rules) or next(_as_a_whole(case, rules), None)


def first_unsafe_step(snapshot: Snapshot, plan: Plan) -> Optional[Violation]:
    """Return the first step that breaks a rule; of a plan that is carried out in part, only the steps can be judged."""
    broken = malformed(plan)
    if broken is not None:
        return broken
    case = open_case(snapshot, plan)
    return _first_step(case, bound_rules(case))


def _first_step(case: Case, rules: tuple[BoundRule, ...]) -> Optional[Violation]:
    """Return the violation that comes first in the plan's order."""
    broken = misplaced(case)
    if broken is not None:
        return broken
    number = {move.id: index for index, move in enumerate(case.plan.moves)}
    found = chain(
        destination_violations(case),
        move_violations(case),
        taken_violations(case),
        rule_violations(case, rules),
        room_violations(case, rules),
    )
    return min(found, key=lambda violation: number[violation.move], default=None)


def _as_a_whole(case: Case, rules: tuple[BoundRule, ...]) -> Iterator[Violation]:
    limits = (RuleKind.AFFINITY, RuleKind.ANTI_AFFINITY, RuleKind.MAX_GUESTS, RuleKind.PIN, RuleKind.BAN)
    limited = frozenset().union(*(rule.guests for rule in rules if rule.kind in limits))
    yield from end_violations(case, rules)
    yield from wave_violations(case)
    yield from power_violations(case)
    yield from promise_violations(case, rules)
    yield from repair_violations(case, rules)
    yield from loss_violations(case, limited)
    yield from breach_violations(case, rules)
    yield from sum_violations(case)
    yield from saving_violations(case)
    yield from group_violations(case, rules)
    yield from balance_violations(case, rules)
