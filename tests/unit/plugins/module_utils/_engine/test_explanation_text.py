"""Explanations as data and as lines: who could go where, at what cost, and why not elsewhere."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._engine.explanation_text import (
    explanation_facts,
    explanation_lines,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import Refusal, RefusalCode
from ansible_collections.virtfleet.migration.plugins.module_utils._model.request import Method
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.explain import Candidate, Cost, Explanation

COST = Cost(Method.LIVE, 512 * 1048576, 6.2, 300, 2048 * 1048576, 5)
MEMORY = Refusal(RefusalCode.MEMORY, "web", "hv3", {"free_mib": "1", "need_mib": "512"})
NO = (
    "no: hv3 has 1 MiB of allocatable memory left, the guest needs 512 MiB; free memory there, or raise its allocatable"
)
WEB = Explanation("u", "web", "hv1", (), ("db",), (Candidate("hv2", (), COST, ("apart",)), Candidate("hv3", (MEMORY,))))


def test_the_lines_name_hosts_that_would_do_with_their_cost_then_the_reasons_of_others() -> None:
    assert explanation_lines([WEB]) == [
        "web on hv1 could go to 1 of 2 hosts, together with db",
        "host  how   MiB  seconds  MiB left  vCPUs left  remarks",
        "hv2   live  512      6.2      2048           5  breaks soft rule apart",
        NO,
        "    memory",
    ]


def test_a_host_to_wake_and_disks_to_copy_are_remarked() -> None:
    cost = Cost(Method.PAUSED, 0, 6.2, 300, 0, 5, ("vda", "vdb"), True)
    lines = explanation_lines([Explanation("u", "web", "hv1", (), (), (Candidate("hv2", (), cost),))])
    assert lines[2].endswith("has to be switched on; copies vda, vdb")


def test_a_guest_that_can_go_nowhere_says_why_once() -> None:
    blocked = Refusal(RefusalCode.SNAPSHOTS, "web", None, {"count": "1"})
    lines = explanation_lines([Explanation("u", "web", "hv1", (blocked,), (), (Candidate("hv2"), Candidate("hv3")))])
    assert lines == [
        "web on hv1 could go to 0 of 2 hosts",
        "nowhere: it has 1 libvirt snapshots, with which libvirt does not migrate; delete them first",
    ]


def test_many_hosts_are_abridged_with_a_count() -> None:
    hosts = tuple(Candidate(f"hv{number:03d}", (), COST) for number in range(100))
    lines = explanation_lines([Explanation("u", "web", "hv1", (), (), hosts)])
    assert lines[-1] == "... and 40 more hosts: all are in the explanation"
    assert len(explanation_lines([Explanation("u", "web", "hv1", (), (), hosts)], shown=0)) == 102


def test_nobody_to_explain_is_said() -> None:
    assert explanation_lines([]) == ["no guest is on the hosts given"]


def test_as_data_each_host_is_possible_or_has_refusals_in_words() -> None:
    (facts,) = explanation_facts([WEB])
    assert (facts["name"], facts["host"], facts["together"], facts["blockers"]) == ("web", "hv1", ["db"], [])
    first, second = facts["hosts"]
    assert (first["possible"], first["breaks"], first["refusals"]) == (True, ["apart"], [])
    assert first["cost"]["method"] == "live"
    assert (second["possible"], second["cost"]) == (False, None)
    assert second["refusals"][0]["code"] == "memory"
    assert second["refusals"][0]["remedy"]
