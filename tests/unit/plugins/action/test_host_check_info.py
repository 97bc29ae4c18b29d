"""How far a clock is ahead is told with the doubt that the way there leaves."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.action.host_check_info import clock


@pytest.mark.parametrize("delay", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("ahead", [-5.0, 0.0, 12.5])
def test_the_true_difference_is_within_the_doubt(delay, ahead):
    looking, way = 2.0, 1.0
    began, there = 1000.0, 1000.0 + delay + ahead
    found = clock(began, began + way + looking, there, looking)
    assert abs(found["offset"] - ahead) <= found["uncertainty"] + 1e-9
    assert found["uncertainty"] == way / 2


def test_a_look_that_took_longer_than_all_of_it_leaves_no_doubt_below_zero():
    assert clock(0.0, 1.0, 0.0, 5.0) == {"offset": 0.0, "uncertainty": 0.0}
