"""A sample says in words what it has, and what it lacks."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._model.metering import (
    Kind,
    Measured,
    Sample,
    Subject,
    Use,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose_usage import sample_facts, sample_lines

MIB = 2**20
HOST = Use(Subject(Kind.HOST, "hv1"), 2.5, 900 * MIB)
WEB = Use(Subject(Kind.GUEST, "web"), 0.5, 100 * MIB, 2.0 * MIB, 0.25 * MIB)
DB = Use(Subject(Kind.GUEST, "db"), None, 28 * MIB, 1.0 * MIB, None)
ALL = "1 guests on 1 hosts use 0.50 CPUs, 100 MiB of memory, 2.00 MiB/s of disks and 0.25 MiB/s of networks"


def lines(*uses: Use) -> list[str]:
    return sample_lines(sample_facts(Measured(Sample(0, uses), {}, (), {})))


def test_a_whole_sample_is_one_line() -> None:
    assert lines(HOST, WEB) == [ALL]


def test_what_was_not_measured_is_counted_apart() -> None:
    assert lines(HOST, WEB, DB)[1:] == [
        "not measured: CPU use of 1 of the hosts and guests, throughput of networks of 1 of the guests"
    ]
    assert lines(HOST, WEB, DB)[0].endswith("128 MiB of memory, 3.00 MiB/s of disks and 0.25 MiB/s of networks")
