"""Places from which the fleet can still lose a host are found where the plainest ones are none. Judges no order."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search import keep
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.evacuate import Relocation, relocate
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid, Layout
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.keep import Asked, sound_relocation
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.loss import survives_loss
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.sequence import Step
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils._planner.tiny_grids import grid

# host 0 is emptied of small blocks; the large one of host 1 needs a hole of ten on host 2 or 3 if its host fails
HOLES = grid([40, 10, 10, 10], [*[(0, 2)] * 3, (1, 10)])
MANY = grid([40, 40, 44, 44], [*[(0, 2)] * 14, (1, 40)])


def asked(fleet: Grid) -> Asked:
    wishes = {block: b"\0\1\1\1" for block, host in enumerate(fleet.at) if host == 0}
    return Asked(wishes, b"\0\1\1\1", False, None, len(fleet.at) - 1)


def safe(fleet: Grid, lost: int = 1) -> Callable[[Sequence[Step]], bool]:
    """Return whether, once the steps are made, the host could be lost with nobody going to host 0."""

    def sound(steps: Sequence[Step]) -> bool:
        layout = Layout(replace(fleet, reach=tuple(b"\0" + row[1:] for row in fleet.reach)))
        for step in steps:
            layout.put(step.block, step.dest)
        return lost not in {loss.host for loss in survives_loss(layout)}

    return sound


def where(found: Optional[Relocation]) -> dict[int, int]:
    assert found is not None
    return {step.block: step.dest for step in found.sequence.steps}


@pytest.mark.parametrize("fleet", [HOLES, MANY])
def test_the_plainest_places_spread_the_holes_away(fleet: Grid) -> None:
    found = relocate(fleet, asked(fleet).wishes, b"\0\1\1\1", displace=False)
    assert not found.left
    assert not safe(fleet)(found.sequence.steps)


@pytest.mark.parametrize("few", [keep.FEW, 0])
@pytest.mark.parametrize("fleet", [HOLES, MANY])
def test_a_hole_is_left_for_the_one_that_needs_it(fleet: Grid, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep, "FEW", few)
    found = sound_relocation(fleet, asked(fleet), safe(fleet))
    assert found is not None
    assert found.left == ()
    assert safe(fleet)(found.sequence.steps)


@pytest.mark.parametrize("few", [keep.FEW, 0])
def test_as_few_as_need_be_are_left_behind(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep, "FEW", few)
    tight = grid([40, 10, 10, 4], [(0, 2), (0, 2), (0, 2), (1, 10)])
    found = sound_relocation(tight, asked(tight), safe(tight))
    assert found is not None
    assert len(where(found)) == 2
    assert len(found.left) == 1
    assert safe(tight)(found.sequence.steps)


@pytest.mark.parametrize("few", [keep.FEW, 0])
def test_where_every_move_costs_the_hole_nobody_moves(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep, "FEW", few)
    fleet = grid([40, 10, 10, 0], [(0, 2), (0, 1), (1, 10)])
    assert sound_relocation(fleet, asked(fleet), safe(fleet)) is None
