"""CPU time leads where hosts run out of it first; what is legal stays the same."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.consolidate import consolidate
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.grid import Grid, Kind, Limit
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.search.lead import led_by_cpu


def grid(used: list[int], cpus: list[int], vcpus: int = 1, room_vcpus: int = 100) -> Grid:
    """A guest on each host; memory is ample."""
    hosts = range(len(used))
    limit = Limit("", dict(enumerate(used)), tuple(hosts), tuple(cpus), Kind.CPU_USAGE)
    return Grid(
        hosts=tuple(f"hv{host}" for host in hosts),
        room_memory=(1 << 40,) * len(used),
        room_vcpus=(room_vcpus,) * len(used),
        blocks=tuple((f"g{host}",) for host in hosts),
        names=tuple(f"g{host}" for host in hosts),
        memory=(1 << 30,) * len(used),
        vcpus=(vcpus,) * len(used),
        cost=(1 << 30,) * len(used),
        at=tuple(hosts),
        reach=(bytes([1] * len(used)),) * len(used),
        parkable=(True,) * len(used),
        limits=(limit,),
        limits_of=((0,),) * len(used),
    )


def test_where_cpu_time_is_scarcer_it_becomes_the_size_and_vcpus_a_limit() -> None:
    before = grid([500, 700], [1000, 1000])
    after = led_by_cpu(before)
    assert after.vcpus == (500, 700)
    assert after.room_vcpus == (1000, 1000)
    assert after.limits[0].weight == {0: 1, 1: 1}
    assert after.limits[0].room == (100, 100)


def test_where_vcpus_are_scarcer_nothing_changes() -> None:
    before = grid([5, 7], [1000, 1000], vcpus=50)
    assert led_by_cpu(before) is before


def test_a_guest_that_uses_no_cpu_still_counts_against_vcpus() -> None:
    after = led_by_cpu(grid([0, 700], [1000, 1000]))
    assert after.limits_of == ((0,), (0,))
    assert after.vcpus == (0, 700)


def test_hosts_whose_cpus_alone_are_scarce_are_packed_to_the_least_that_is_possible() -> None:
    # 12 guests in pairs that fill a host each: 600 + 400, 700 + 300, 550 + 450
    used = [600, 400, 700, 300, 550, 450] * 2
    found = consolidate(grid(used, [1000] * 12), [90] * 12)
    assert len(found.on) == found.least_hosts == 6


def test_of_hosts_with_more_cpus_for_their_watts_the_better_ones_stay_on() -> None:
    found = consolidate(grid([100] * 6, [200, 200, 200, 600, 200, 200]), [90, 90, 90, 95, 90, 90])
    assert found.on == (3,)
