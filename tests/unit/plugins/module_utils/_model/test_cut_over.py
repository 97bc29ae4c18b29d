"""The cut-over window: two moments in order, one of which may be missing."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Optional

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.cut_over import CutOver, cut_over
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError


def test_moments_are_those_of_their_zone_or_of_utc() -> None:
    assert cut_over("1970-01-01T01:00:00+01:00", "1970-01-01 00:10:00") == CutOver(0.0, 600.0)
    assert cut_over("1970-01-01T00:00:10Z", None) == CutOver(10.0, None)
    assert cut_over("", "1970-01-01T00:00:10Z") == CutOver(None, 10.0)


@pytest.mark.parametrize(
    ("begin", "end", "message"),
    [
        (None, None, "cut_over has neither from nor to"),
        ("tonight", None, "from of cut_over is 'tonight', not a moment"),
        ("2026-11-27T22:00:00Z", "22:30", "to of cut_over is '22:30', not a moment"),
        ("2026-11-27T22:00:00Z", "2026-11-27T22:00:00Z", "cut_over ends at .*, not after"),
    ],
)
def test_what_is_no_window_is_refused(begin: Optional[str], end: Optional[str], message: str) -> None:
    with pytest.raises(FleetError, match=message):
        cut_over(begin, end)
