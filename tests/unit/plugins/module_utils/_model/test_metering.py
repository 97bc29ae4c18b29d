"""Use follows from two readings of one process; where they are not of one, somebody has to look again."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.metering import (
    Kind,
    Reading,
    Subject,
    by_subject,
    sample_of,
    unknown,
    used,
)

NOON = 1_764_590_400.0
SECOND = 10**9


def reading(name: str = "web", at: float = 0, cpu_seconds: float = 0, host: str = "hv1", process: int = 7) -> Reading:
    """Return a reading of a guest, so many seconds after noon."""
    return Reading(Subject(Kind.GUEST, name), name, host, process, NOON + at, int(cpu_seconds * SECOND), 512)


def test_use_is_cpu_time_over_the_time_in_between() -> None:
    assert used(reading(cpu_seconds=100), reading(at=300, cpu_seconds=550)) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("why", "later"),
    [
        ("it was started again", reading(at=300, cpu_seconds=550, process=8)),
        ("it came from another host", reading(at=300, cpu_seconds=550, host="hv2")),
        ("its CPU time is less than before", reading(at=300, cpu_seconds=50)),
        ("the clock went backwards", reading(at=-300, cpu_seconds=550)),
        ("no time has passed", reading(at=0, cpu_seconds=100)),
        ("the recorder was away for hours", reading(at=7201, cpu_seconds=550)),
        ("its CPU time is not known", replace(reading(at=300), cpu_ns=None)),
    ],
)
def test_nothing_follows_from_readings_that_do_not_belong_together(why: str, later: Reading) -> None:
    assert used(reading(cpu_seconds=100), later) is None, why


def test_nothing_follows_from_a_single_reading() -> None:
    assert used(None, reading()) is None


def test_hosts_are_looked_at_again_where_something_there_has_no_earlier_reading() -> None:
    earlier = by_subject([reading("web"), reading("db")])
    now = by_subject([reading("web", 300, 1), reading("db", 300, 1, "hv2"), reading("mail", 300, 1, "hv3")])
    assert unknown(earlier, now) == {"hv2", "hv3"}


def test_a_host_that_tells_no_cpu_time_is_not_asked_for_it_again() -> None:
    assert unknown({}, by_subject([replace(reading(), cpu_ns=None)])) == frozenset()


def test_the_earlier_readings_are_preferred_to_two_looks_of_the_moment() -> None:
    earlier = by_subject([reading("web")])
    first = by_subject([reading("web", 300, 30), reading("new", 300, 5)])
    second = by_subject([reading("web", 302, 32), reading("new", 302, 6)])
    sample = sample_of(int(NOON) + 300, earlier, first, second)
    assert {use.subject.key: use.cpus for use in sample.uses} == {"web": pytest.approx(0.1), "new": pytest.approx(0.5)}
    assert [use.memory for use in sample.uses] == [512, 512]


def test_who_is_seen_once_only_is_in_the_sample_without_a_figure() -> None:
    sample = sample_of(int(NOON), {}, by_subject([reading("web")]), {})
    assert [(use.subject.key, use.cpus) for use in sample.uses] == [("web", None)]


def test_a_guest_on_its_way_counts_where_it_runs() -> None:
    source = reading(host="hv1", cpu_seconds=50)
    dest = replace(reading(host="hv2", process=1, cpu_seconds=60), running=False)
    assert by_subject([source, dest]) == by_subject([dest, source]) == {source.subject: source}
