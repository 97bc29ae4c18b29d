"""Every combination of what the two ends of a move can say is read in one way only."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from itertools import product
from typing import Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import Place, Whereabouts
from ansible_collections.virtfleet.migration.plugins.module_utils._engine.situation import Situation, situation
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestState, JobKind

# What one end can say, by a word each.
ENDS: dict[str, Optional[Place]] = {
    "absent": None,
    "runs": Place(GuestState.RUNNING, True),
    "paused": Place(GuestState.PAUSED, True),
    "off": Place(GuestState.SHUT_OFF, True),
    "crashed": Place(GuestState.CRASHED, True),
    "leaving": Place(GuestState.RUNNING, True, JobKind.OUTGOING),
    "arriving": Place(GuestState.PAUSED, False, JobKind.INCOMING),
}
# Rows: what the source says. Columns: what the destination says, in the order of ENDS.
TABLE = """
           absent     runs     paused   off        crashed    leaving  arriving
absent     nowhere    at_dest  at_dest  at_dest    at_dest    at_dest  moving
runs       at_source  twice    moving   at_source  at_source  twice    moving
paused     at_source  moving   moving   at_source  at_source  moving   moving
off        at_source  at_dest  at_dest  at_dest    at_dest    at_dest  moving
crashed    at_source  at_dest  at_dest  at_dest    at_dest    at_dest  moving
leaving    at_source  moving   moving   moving     moving     moving   moving
arriving   at_source  moving   moving   at_source  at_source  moving   moving
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()[1:]]
CELLS = [(row[0], dest, cell) for row in ROWS for dest, cell in zip(ENDS, row[1:])]


def test_the_table_is_complete() -> None:
    assert TABLE.split()[: len(ENDS)] == list(ENDS)
    assert [(source, dest) for source, dest, _cell in CELLS] == list(product(ENDS, ENDS))


@pytest.mark.parametrize(("source", "dest", "expected"), CELLS)
def test_both_ends_together_make_a_situation(source: str, dest: str, expected: str) -> None:
    assert situation(Whereabouts(ENDS[source], ENDS[dest])) is Situation(expected)


@pytest.mark.parametrize(("source", "dest"), list(product(ENDS, ENDS)))
def test_while_an_end_is_silent_nothing_is_known(source: str, dest: str) -> None:
    assert situation(Whereabouts(ENDS[source], ENDS[dest], ("hv2",))) is Situation.UNKNOWN


def test_a_transient_definition_that_is_off_is_nobody() -> None:
    gone = Place(GuestState.SHUT_OFF, False)
    assert situation(Whereabouts(ENDS["off"], gone)) is Situation.AT_SOURCE
