"""What a live move will take follows from what its guest holds, how fast it writes and how fast it is sent."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.predict import MIB, held_by, predict
from ansible_collections.virtfleet.migration.tests.unit.plugins.module_utils import fleet_builder as build

SPEED = 100 * MIB


def test_a_guest_that_does_not_write_is_sent_once() -> None:
    found = predict(500 * MIB, 0, 0, SPEED, 300)
    assert (found.sent_bytes, found.seconds, found.passes) == (500 * MIB, 5.0, 1)
    assert found.converges
    assert found.downtime_ms == 40


def test_what_is_written_meanwhile_is_sent_again_until_the_rest_fits_the_downtime() -> None:
    # 800 in 8 s, then 400 in 4 s, 200, 100, 50 and, standing still, the last 25
    found = predict(800 * MIB, 0, 50 * MIB, SPEED, 300)
    assert found.passes == 5
    assert found.sent_bytes == (800 + 400 + 200 + 100 + 50 + 25) * MIB
    assert found.downtime_ms == 40 + 250
    assert found.converges


def test_copied_disks_are_sent_before_and_written_no_more() -> None:
    with_disks, without = (predict(500 * MIB, disks, 10 * MIB, SPEED, 300) for disks in (1000 * MIB, 0))
    assert with_disks.sent_bytes - without.sent_bytes == 1000 * MIB
    assert with_disks.downtime_ms == without.downtime_ms


def test_a_guest_that_writes_faster_than_it_is_sent_does_not_converge() -> None:
    found = predict(800 * MIB, 0, 150 * MIB, SPEED, 300)
    assert not found.converges
    assert found.policy == "post_copy"
    assert found.downtime_ms == 40 + 8000


def test_one_whose_rest_is_small_needs_a_longer_downtime_only() -> None:
    found = predict(100 * MIB, 0, 150 * MIB, SPEED, 300)
    assert (found.converges, found.policy) == (False, "very_large")
    assert found.downtime_ms == 40 + 1000


def test_a_faster_link_makes_it_converge() -> None:
    assert predict(800 * MIB, 0, 150 * MIB, 4 * SPEED, 300).converges


@pytest.mark.parametrize(("downtime", "converges"), [(300, False), (1000, True)])
def test_so_does_a_longer_downtime(downtime: int, converges: bool) -> None:
    assert predict(100 * MIB, 0, 150 * MIB, SPEED, downtime).converges is converges


@pytest.mark.parametrize("dirty", range(0, 200, 7))
def test_more_writing_never_costs_less(dirty: int) -> None:
    less, more = (predict(800 * MIB, 0, rate * MIB, SPEED, 300) for rate in (dirty, dirty + 7))
    if less.converges and more.converges:
        assert less.sent_bytes - 30 * MIB <= more.sent_bytes
    assert less.converges or not more.converges


@pytest.mark.parametrize(("last", "held"), [(100, 260), (500, 500), (5000, 1024)])
def test_what_its_last_move_found_counts_where_it_is_more(last: int, held: int) -> None:
    guest = build.guest(memory=build.GIB, usage_memory=300 * MIB, held_memory=last * MIB)
    assert held_by(guest) // MIB == held


@pytest.mark.parametrize(
    ("usage", "virt_type", "held"),
    [(None, "kvm", 1024), (300, "kvm", 260), (300, "qemu", 162), (5000, "kvm", 1024), (41, "kvm", 30)],
)
def test_a_guest_holds_what_its_process_has_less_what_qemu_needs_itself(
    usage: int | None, virt_type: str, held: int
) -> None:
    guest = build.guest(memory=build.GIB, virt_type=virt_type, usage_memory=usage and usage * MIB)
    assert held_by(guest) // MIB == held
