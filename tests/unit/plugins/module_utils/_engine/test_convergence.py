"""What is due for a move follows from its settings, age and phase, each action once."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.convergence import Action, due
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import Phase, Progress
from ansible_collections.virtfleet.migration.plugins.module_utils._model.settings import MoveSettings, TimeoutAction

NONE: frozenset[Action] = frozenset()
ALL = MoveSettings(max_downtime_ms=50, timeout=10)


@pytest.mark.parametrize(
    ("settings", "seconds", "phase", "taken", "actions"),
    [
        (MoveSettings(), 1e6, Phase.MEMORY, NONE, ()),
        (ALL, 9.9, Phase.PREPARING, NONE, ()),
        (ALL, 9.9, Phase.DISKS, NONE, ()),
        (ALL, 9.9, Phase.MEMORY, NONE, (Action.SET_MAX_DOWNTIME,)),
        (ALL, 10.0, Phase.MEMORY, NONE, (Action.SET_MAX_DOWNTIME, Action.ABORT)),
        (ALL, 10.0, Phase.DISKS, NONE, (Action.ABORT,)),
        (ALL, 10.0, Phase.MEMORY, frozenset({Action.SET_MAX_DOWNTIME}), (Action.ABORT,)),
        (ALL, 99.0, Phase.MEMORY, frozenset({Action.SET_MAX_DOWNTIME, Action.ABORT}), ()),
        (ALL, 99.0, Phase.POST_COPY, NONE, ()),
        (MoveSettings(timeout=1, timeout_action=TimeoutAction.PAUSE), 1.0, Phase.MEMORY, NONE, (Action.PAUSE,)),
        (MoveSettings(timeout=1, timeout_action=TimeoutAction.POST_COPY), 1.0, Phase.MEMORY, NONE, (Action.POST_COPY,)),
    ],
)
def test_what_is_due(
    settings: MoveSettings, seconds: float, phase: Phase, taken: frozenset[Action], actions: tuple[Action, ...]
) -> None:
    assert due(settings, seconds, Progress(phase), taken) == actions


def test_nothing_is_due_once_a_move_has_ended() -> None:
    assert due(ALL, 99.0, Progress(Phase.MEMORY, ended=True), NONE) == ()


@pytest.mark.parametrize("action", list(TimeoutAction))
def test_every_timeout_action_leads_to_an_action(action: TimeoutAction) -> None:
    (found,) = due(MoveSettings(timeout=1, timeout_action=action), 2.0, Progress(Phase.MEMORY), NONE)
    assert found.value == action.value
