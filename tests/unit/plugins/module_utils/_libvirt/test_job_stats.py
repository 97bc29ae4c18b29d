"""What libvirt counts of a move is what the report says of it, copied disks included. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._engine.ports import Cost, Phase
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.job_stats import (
    cost_of,
    progress_of,
)

ARRIVED = {"time_elapsed": 2500, "downtime": 60, "data_processed": 100, "disk_total": 0, "disk_processed": 0}


def test_the_disks_that_the_destination_does_not_count_are_added():
    assert cost_of(ARRIVED) == Cost(2.5, 100, 60, 0)
    assert cost_of(ARRIVED, 40) == Cost(2.5, 140, 60, 40)


def test_a_destination_that_can_not_tell_is_not_made_up_for():
    assert cost_of({}, 40) == Cost(None, None, None, 40)


def test_disks_go_before_memory():
    stats = {"type": 2, "data_total": 140, "data_processed": 10, "data_remaining": 130, "disk_bps": 7}
    told = progress_of(stats, copies=True, post_copy=False)
    assert (told.phase, told.total, told.processed, told.remaining, told.rate) == (Phase.DISKS, 140, 10, 130, 7)
    assert progress_of({**stats, "memory_iteration": 1}, copies=True, post_copy=False).phase is Phase.MEMORY
    assert progress_of({"type": 0}, copies=True, post_copy=False).phase is Phase.PREPARING
