"""The CPU that hosts share, who holds it back and who does not fit; hosts are sets of features. Needs no libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.cpu_baseline import Computed, Lack, Misfit
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestCpu, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import CpuLack, Host, HostCpu, HostState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.snapshot import Snapshot
from ansible_collections.virtfleet.migration.plugins.module_utils._planner.cpu_baseline import (
    baselines_of,
    groups_of,
    guest_fits,
    needs,
    without,
)

MODELS = {"small": {"sse"}, "big": {"sse", "avx"}}


def cpu(model="small", *features, disabled=()):
    return GuestCpu("custom", model, tuple(sorted(features)), tuple(sorted(disabled)))


def content(each):
    return (MODELS[each.model] | {*each.features}) - {*each.disabled}


@dataclass
class Calls:
    """libvirt on hosts that can give ``offered``. ``strict``: features that a host refuses although it offers them."""

    offered: dict
    strict: dict = field(default_factory=dict)
    silent: dict = field(default_factory=dict)
    error: str = ""

    def offers(self, group):
        known = {name: self.offered.get(name) for name in group.hosts if name not in self.silent}
        return known, self.silent

    def compute(self, _group, kinds, expand):
        if self.error:
            return Computed(kinds[0].speaker, "call", error=self.error)
        shared = set.intersection(*(content(kind.cpu) for kind in kinds))
        model = max((name for name in MODELS if MODELS[name] <= shared), key=lambda name: len(MODELS[name]))
        features = shared if expand else shared - MODELS[model]
        return Computed(kinds[0].speaker, "call", cpu(model, *features))

    def compare(self, group, host, wanted):
        missing = content(wanted) - content(self.offered[host]) | content(wanted) & {*self.strict.get(host, ())}
        return CpuLack(wanted, group.virt_type, tuple(sorted(missing)), f"{host} refuses") if missing else None


def guest(name="web", given=None, **changes):
    values = {"cpu": given if given is not None else cpu(), **changes}
    return Guest(f"uuid-{name}", name, values.pop("state", GuestState.RUNNING), 1, 1, **values)


def host(name, *guests, **changes):
    values = {"virt_types": ("kvm", "qemu"), "libvirt_version": 9_000_000, "qemu_version": 7_002_000, **changes}
    return Host(name, HostState.SCHEDULABLE, guests=guests, **values)


def fleet(*hosts):
    return Snapshot("", hosts)


def only(snapshot, calls, expand=False):
    (found,) = baselines_of(snapshot, None, expand, calls)
    return found


def test_what_all_hosts_have_is_shared() -> None:
    calls = Calls({"hv1": cpu("big", "aes"), "hv2": cpu("small", "aes", "sha")})
    found = only(fleet(host("hv1"), host("hv2")), calls)
    assert (found.cpu, found.features) == (cpu("small", "aes"), ("aes", "sse"))
    assert found.computed.host == "hv1"


def test_with_every_feature_spelled_out_the_cpu_lists_those_of_its_model_too() -> None:
    calls = Calls({"hv1": cpu("big", "aes"), "hv2": cpu("small", "aes")})
    found = only(fleet(host("hv1"), host("hv2")), calls, expand=True)
    assert (found.cpu, found.features) == (cpu("small", "aes", "sse"), ("aes", "sse"))


def test_hosts_that_are_the_same_to_guests_are_one_kind_and_held_back_together() -> None:
    offered = dict.fromkeys(("hv1", "hv2"), cpu("small")) | {"hv3": cpu("big", "aes")}
    found = only(fleet(host("hv1"), host("hv2"), host("hv3")), Calls(offered))
    assert [kind.hosts for kind in found.kinds] == [("hv1", "hv2"), ("hv3",)]
    (held,) = found.held_back
    assert (held.hosts, held.model, held.gained) == (("hv1", "hv2"), "big", ("aes", "avx"))


def test_who_costs_the_most_comes_first_and_who_costs_nothing_not_at_all() -> None:
    offered = {"hv1": cpu("big", "aes"), "hv2": cpu("small", "aes"), "hv3": cpu("big"), "hv4": cpu("big", "aes", "sha")}
    found = only(fleet(*(host(name) for name in offered)), Calls(offered))
    assert [(each.hosts, each.gained) for each in found.held_back] == [(("hv2",), ("avx",)), (("hv3",), ("aes",))]


def test_other_releases_are_another_kind_and_the_oldest_is_asked_first() -> None:
    offered = dict.fromkeys(("hv1", "hv2"), cpu())
    new = host("hv1", libvirt_version=11_003_000, qemu_version=10_000_000)
    found = only(fleet(new, host("hv2")), Calls(offered))
    assert [kind.speaker for kind in found.kinds] == ["hv2", "hv1"]
    assert found.held_back == ()


def test_what_a_host_refuses_after_all_is_taken_away() -> None:
    offered = {"hv1": cpu("big", "aes"), "hv2": cpu("big", "aes", "sha")}
    found = only(fleet(host("hv1"), host("hv2")), Calls(offered, strict={"hv2": ("aes", "avx")}))
    assert found.cpu == cpu("big", disabled=("avx",))
    assert (found.features, found.refused) == (("sse",), ())


def test_a_feature_asked_for_is_dropped_and_one_of_the_model_disabled() -> None:
    assert without(cpu("big", "aes", "sha"), {"aes", "avx"}) == cpu("big", "sha", disabled=("avx",))


def test_a_host_that_refuses_without_naming_anything_leaves_no_shared_cpu() -> None:
    class Stubborn(Calls):
        def compare(self, _group, host, wanted):
            return CpuLack(wanted, "kvm", (), "no") if host == "hv2" else None

    found = only(fleet(host("hv1"), host("hv2", qemu_version=1)), Stubborn(dict.fromkeys(("hv1", "hv2"), cpu())))
    assert found.cpu is None
    assert [(each.host, each.said) for each in found.refused] == [("hv2", "no")]


def test_where_libvirt_can_not_compute_its_words_are_kept() -> None:
    found = only(fleet(host("hv1")), Calls({"hv1": cpu()}, error="CPUs are incompatible"))
    assert (found.cpu, found.computed.error, found.held_back) == (None, "CPUs are incompatible", ())


def test_hosts_that_offer_nothing_or_do_not_answer_are_left_out_by_name() -> None:
    calls = Calls({"hv1": cpu()}, silent={"hv3": "no answer within 5 s"})
    found = only(fleet(host("hv1"), host("hv2"), host("hv3")), calls)
    assert [kind.hosts for kind in found.kinds] == [("hv1",)]
    assert dict(found.left_out) == {
        "hv2": "its QEMU gives no CPU of mode host-model",
        "hv3": "no answer within 5 s",
    }


def test_no_host_that_offers_one_is_no_baseline() -> None:
    found = only(fleet(host("hv1")), Calls({}))
    assert (found.cpu, found.kinds) == (None, ())
    assert found.computed.error == "no host offers a CPU to compute with"


def test_a_machine_type_that_no_host_has_is_refused() -> None:
    with pytest.raises(FleetError, match="no host has machine type nonsense"):
        baselines_of(fleet(host("hv1", machine_types=("q35",))), "nonsense", False, Calls({"hv1": cpu()}))


def test_there_is_a_group_for_each_type_of_guest_and_the_best_one_where_there_are_none() -> None:
    both = fleet(
        host("hv1", guest("a", virt_type="qemu"), guest("b", virt_type="kvm")), host("hv2", virt_types=("qemu",))
    )
    assert [(each.virt_type, each.hosts) for each in groups_of(both)] == [("kvm", ("hv1",)), ("qemu", ("hv1", "hv2"))]
    assert [each.virt_type for each in groups_of(fleet(host("hv1")))] == ["kvm"]
    assert [each.virt_type for each in groups_of(fleet(host("hv1", guest(virt_type="xen"))))] == ["kvm"]


def test_architectures_are_apart_and_hosts_that_did_not_answer_in_none() -> None:
    arm = host("arm1", cpu=HostCpu("aarch64"))
    silent = Host("hv9", HostState.UNREACHABLE)
    groups = groups_of(fleet(host("hv1"), arm, silent), "q35")
    assert [(each.arch, each.hosts, each.machine) for each in groups] == [
        ("aarch64", ("arm1",), "q35"),
        ("x86_64", ("hv1",), "q35"),
    ]


OFFERED = {"hv1": cpu("small"), "hv2": cpu("small"), "hv3": cpu("big", "aes")}


def fit(where, given, **changes):
    """Return what is found about the one guest of a fleet of two kinds."""
    calls = Calls(OFFERED)
    guests = (guest("web", given, **changes),)
    snapshot = fleet(*(host(name, *(guests if name == where else ())) for name in OFFERED))
    baseline = only(snapshot, calls)
    (found,) = guest_fits(snapshot, baseline, calls)
    assert [each for each, _cpu in needs([(found, baseline)])] == ([found] if found.misfit else [])
    return found.misfit, found.lacks


def test_a_guest_with_what_all_hosts_have_fits() -> None:
    assert fit("hv3", cpu("small")) == (None, ())
    assert fit("hv3", GuestCpu()) == (None, ())


def test_what_a_guest_needs_and_hosts_lack_is_told_with_those_hosts() -> None:
    assert fit("hv3", cpu("big", "aes")) == (Misfit.FEATURES, (Lack(("hv1", "hv2"), ("aes", "avx")),))


def test_what_its_own_host_lacks_as_well_the_guest_has_done_without() -> None:
    assert fit("hv3", cpu("small", "sha")) == (None, ())
    assert fit("hv3", cpu("small", "sha", "aes")) == (Misfit.FEATURES, (Lack(("hv1", "hv2"), ("aes",)),))


@pytest.mark.parametrize("mode", ["host-passthrough", "maximum"])
def test_the_cpu_of_its_own_host_goes_to_hosts_of_the_same_cpu(mode):
    assert fit("hv1", GuestCpu(mode)) == (Misfit.OWN_HOST, (Lack(("hv3",)),))


def test_a_cpu_that_is_chosen_at_the_start_may_not_go_back() -> None:
    chosen = GuestCpu("host-model")
    assert fit("hv3", chosen, state=GuestState.SHUT_OFF) == (Misfit.AT_START, (Lack(("hv1", "hv2")),))


def test_on_hosts_that_are_all_the_same_every_cpu_fits() -> None:
    calls = Calls(dict.fromkeys(("hv1", "hv2"), cpu()))
    every = [guest(mode, GuestCpu(mode)) for mode in ("host-model", "host-passthrough", "maximum", "none")]
    snapshot = fleet(host("hv1", *every), host("hv2"))
    assert [each.misfit for each in guest_fits(snapshot, only(snapshot, calls), calls)] == [None] * 4


def test_each_cpu_is_compared_once_and_guests_of_another_type_not_at_all() -> None:
    asked = []

    class Counting(Calls):
        def compare(self, group, host, wanted):
            asked.append((host, wanted))
            return super().compare(group, host, wanted)

    guests = [guest("a", cpu("big")), guest("b", cpu("big")), guest("c", cpu("big"), virt_type="qemu")]
    snapshot = fleet(host("hv1", *guests), host("hv2"), host("hv3"))
    calls = Counting(OFFERED)
    baseline = next(each for each in baselines_of(snapshot, None, False, calls) if each.group.virt_type == "kvm")
    asked.clear()
    assert [each.name for each in guest_fits(snapshot, baseline, calls)] == ["a", "b"]
    assert asked == [("hv1", cpu("big")), ("hv3", cpu("big"))]
