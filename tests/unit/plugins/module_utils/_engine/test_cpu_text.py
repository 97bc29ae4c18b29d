"""The shared CPU becomes words, tables and totals. Needs nothing else."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

from ansible_collections.virtfleet.migration.plugins.module_utils._engine.cpu_text import cpu_lines, cpu_totals
from ansible_collections.virtfleet.migration.plugins.module_utils._model.cpu_baseline import (
    Baseline,
    Computed,
    CpuGroup,
    Definition,
    GuestFit,
    HeldBack,
    HostKind,
    Lack,
    Misfit,
    Refused,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestCpu
from ansible_collections.virtfleet.migration.plugins.module_utils._model.prose_cpu import (
    describe_baseline,
    describe_fit,
)

GROUP = CpuGroup("x86_64", "kvm", ("hv1", "hv2", "hv3"))
SMALL, BIG = GuestCpu("custom", "Small"), GuestCpu("custom", "Big", ("aes",))
KINDS = (HostKind(("hv1",), SMALL, 9_000_000, 7_002_000), HostKind(("hv2", "hv3"), BIG, 11_003_000, 10_000_002))
FOUND = Baseline(
    GROUP,
    KINDS,
    Computed("hv1", "virConnectBaselineHypervisorCPU", SMALL),
    ("sse",),
    held_back=(HeldBack(("hv1",), "Big", ("aes", "avx")),),
)
NOTHING = Computed("hv1", "virConnectBaselineHypervisorCPU", error="CPUs are incompatible")
XML = '<cpu mode="custom">\n  <model>Small</model>\n</cpu>'
FIT = GuestFit("u1", "web", "hv2", GROUP, BIG, True)
APART = replace(FIT, name="db", misfit=Misfit.FEATURES, lacks=(Lack(("hv1",), ("aes", "avx")),))


def test_the_baseline_is_told_with_its_hosts_and_what_holds_it_back() -> None:
    lines = cpu_lines([describe_baseline(FOUND, XML)], [])
    assert lines[0] == (
        "CPU that all of hv1, hv2, hv3 (x86_64, kvm) can give: Small, 1 feature in all, as libvirt on hv1 says"
    )
    assert [" ".join(line.split()) for line in lines[1:4]] == [
        "host own CPU libvirt QEMU without them",
        "hv1 Small 9.0.0 7.2.0 2 features more",
        "hv2, hv3 Big 11.3.0 10.0.2 no more",
    ]
    assert lines[4] == "Without hv1 the others could share Big, with also aes, avx"
    assert lines[5:8] == XML.splitlines()
    assert lines[-1] == "0 of 0 guests have a CPU that every host can give"


def test_guests_that_do_not_fit_are_told_with_what_is_missing_and_what_to_do() -> None:
    guests = [describe_fit(APART, FOUND, Definition(XML, False)), describe_fit(FIT, FOUND, None)]
    assert guests[0]["message"] == "its CPU Big can't be given by hv1 (missing: aes, avx)"
    assert guests[0]["remedy"] == "put the CPU in cpu_xml into its definition (virsh edit), shut it down and start it"
    assert (guests[0]["fits"], guests[0]["code"], guests[0]["cpu_xml"]) == (False, "cpu_features", XML)
    assert (guests[1]["fits"], guests[1]["code"], guests[1]["message"], guests[1]["remedy"]) == (True, None, None, None)
    lines = cpu_lines([describe_baseline(FOUND, XML)], guests)
    assert lines[-1] == "1 of 2 guests have a CPU that every host can give"
    assert f"db: {guests[0]['message']}; {guests[0]['remedy']}" in " ".join(lines).replace("     ", " ")
    assert max(map(len, lines)) <= 120
    assert cpu_totals(guests) == {"guests": 2, "fit": 1}


def test_a_definition_that_is_right_already_only_wants_a_start() -> None:
    assert describe_fit(APART, FOUND, Definition(XML, True))["remedy"] == (
        "shut it down and start it: its definition has the CPU that it needs"
    )


def test_a_guest_that_is_off_gets_its_cpu_before_it_is_started() -> None:
    off = replace(APART, active=False, cpu=GuestCpu("host-model"), misfit=Misfit.AT_START, lacks=(Lack(("hv1",)),))
    found = describe_fit(off, FOUND, Definition(XML, False))
    assert found["message"] == (
        "it takes the CPU of the host that starts it (host-model), and could not go from there to hv1"
    )
    assert found["remedy"] == "put the CPU in cpu_xml into its definition (virsh edit) before it is started"


def test_a_guest_with_its_hosts_own_cpu_is_told_as_such() -> None:
    own = replace(APART, cpu=GuestCpu("host-passthrough"), misfit=Misfit.OWN_HOST, lacks=(Lack(("hv1", "hv3")),))
    found = describe_fit(own, replace(FOUND, computed=NOTHING), None)
    assert found["message"] == "it has the CPU of its own host (host-passthrough), which is not that of hv1, hv3"
    assert found["remedy"].startswith("first find out why there is no CPU that all hosts give")


def test_a_definition_that_could_not_be_read_is_told() -> None:
    assert describe_fit(APART, FOUND, None)["remedy"] == "look again: its definition could not be read on hv2"


def test_where_there_is_no_shared_cpu_the_reason_is_told() -> None:
    failed = replace(FOUND, computed=NOTHING, held_back=())
    facts = describe_baseline(failed, None)
    assert (facts["model"], facts["features"], facts["cpu_xml"]) == (None, [], None)
    lines = cpu_lines([facts], [])
    assert lines[0] == "no CPU that can be given by hv1, hv2, hv3 (x86_64, kvm) was found"
    assert lines[1] == "hv1 says: CPUs are incompatible"
    refused = replace(FOUND, refused=(Refused("hv2", "no"),), left_out=(("hv9", "no answer within 5 s"),))
    lines = cpu_lines([describe_baseline(refused, None)], [])
    assert lines[0] == "hv9 is left out: no answer within 5 s"
    assert "hv2 refuses what the others share: no" in lines


def test_hosts_that_offer_nothing_are_told_before_there_is_no_cpu() -> None:
    nothing = replace(FOUND, kinds=(), computed=Computed("", "", error="no host offers a CPU to compute with"))
    lines = cpu_lines([describe_baseline(replace(nothing, left_out=(("hv1", "why"),), held_back=()), None)], [])
    assert lines[:2] == [
        "hv1 is left out: why",
        "no CPU for guests of x86_64, kvm: no host offers a CPU to compute with",
    ]


def test_no_host_at_all_is_said() -> None:
    assert cpu_lines([], []) == ["no host answered that could be asked"]
