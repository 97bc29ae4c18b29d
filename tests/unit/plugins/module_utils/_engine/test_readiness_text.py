"""The matrix of hosts as people read it."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._engine.readiness_text import pair_lines, pairs
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import (
    Caution,
    CautionCode,
    Refusal,
    RefusalCode,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.preflight import Verdict

OLDER = {"what": "QEMU", "here": "10.0.0", "there": "7.2.0"}
VERDICTS = [
    Verdict("", "", "hv1", "hv2"),
    Verdict("", "", "hv2", "hv1", (), (Caution(CautionCode.OLDER_RELEASE, "any guest", "hv1", OLDER),)),
    Verdict("", "", "hv1", "hv3", (Refusal(RefusalCode.HOST_ON_STANDBY, "any guest", "hv3"),)),
]


def test_the_matrix_is_drawn_with_sources_down_and_destinations_across() -> None:
    assert pair_lines(pairs(VERDICTS))[:4] == [
        "from  hv1   hv2  hv3",
        "hv1   -     yes  NO",
        "hv2   care  -    -",
        "hv3   -     -    -",
    ]


def test_each_reason_names_its_pair_and_the_sum_comes_last() -> None:
    lines = pair_lines(pairs(VERDICTS))
    assert any(line.startswith("hv1 to hv3: not ready: ") for line in lines)
    assert any(line.startswith("hv2 to hv1: beware: ") for line in lines)
    assert lines[-1] == "2 of 3 pairs of hosts are ready"


def test_of_more_hosts_than_fit_only_the_reasons_are_shown() -> None:
    many = [Verdict("", "", f"hypervisor{number:03}", "hv0") for number in range(40)]
    assert pair_lines(pairs(many)) == ["40 of 40 pairs of hosts are ready"]


def test_no_hosts_are_said_to_be_none() -> None:
    assert pair_lines([]) == ["there are no two hosts in the group"]
