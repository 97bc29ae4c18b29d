"""libvirt's calls for a shared CPU, its refusals, and definitions that get it. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import connection as connection_file
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import cpu_baseline, cpus
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt.cpu_baseline import (
    CpuCalls,
    definitions,
    host_model,
    with_cpu,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.cpu_baseline import (
    CpuGroup,
    GuestFit,
    HostKind,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import GuestCpu

GROUP = CpuGroup("x86_64", "kvm", ("hv1", "hv2"), "q35")
OLD, NEW = GuestCpu("custom", "EPYC", ("aes",), ("vme",), "AMD"), GuestCpu("custom", "EPYC", ("aes", "fzrm", "fsrs"))
KINDS = (HostKind(("hv1",), OLD, 1, 1), HostKind(("hv2",), NEW, 2, 2))
SHARED = (
    "<cpu mode='custom' match='exact'><model fallback='forbid'>EPYC</model><feature policy='require' name='aes'/></cpu>"
)
DOMAIN_CAPABILITIES = """<domainCapabilities><cpu><mode name='host-passthrough' supported='yes'/>
<mode name='host-model' supported='yes'><model fallback='forbid'>EPYC</model><vendor>AMD</vendor>
<maxphysaddr mode='passthrough' limit='48'/><feature policy='require' name='aes'/>
<feature policy='disable' name='vme'/></mode></cpu></domainCapabilities>"""
CAPABILITIES = "<capabilities><host><cpu><arch>x86_64</arch><model>{}</model></cpu></host></capabilities>"


class LibvirtError(Exception):
    """Like libvirt's, with a code."""

    def __init__(self, code, text):
        super().__init__(text)
        self._code = code

    def get_error_code(self):
        return self._code


def gone(*_arguments):
    """Answer as a connection that has broken."""
    raise LibvirtError(38, "gone")


@pytest.fixture(autouse=True)
def _binding(monkeypatch):
    binding = SimpleNamespace(
        VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES=1,
        VIR_CONNECT_BASELINE_CPU_MIGRATABLE=2,
        VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE=1,
        VIR_DOMAIN_XML_INACTIVE=2,
        VIR_ERR_NO_SUPPORT=3,
        VIR_ERR_NO_DOMAIN=42,
        VIR_ERR_OPERATION_UNSUPPORTED=84,
        libvirtError=LibvirtError,
    )
    for module in (connection_file, cpu_baseline, cpus):
        monkeypatch.setattr(module, "libvirt", binding)


def calls(migratable=True, **connections):
    """Return the calls, to hosts with these connections."""
    for each in connections.values():
        vars(each).setdefault("isAlive", lambda: 1)
    return CpuCalls(SimpleNamespace(timeout=5, control=lambda name: connections[name]), migratable)


def computing(*answers):
    """Return a connection that answers so, one after the other, and the list of what it is asked."""
    asked, left = [], list(answers)

    def baseline(*arguments):
        asked.append(arguments)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SimpleNamespace(baselineHypervisorCPU=baseline), asked


@pytest.mark.parametrize(
    ("migratable", "expand", "flags"), [(True, False, 2), (True, True, 3), (False, True, 1), (False, False, 0)]
)
def test_libvirt_is_given_every_kinds_cpu_and_the_flags(migratable, expand, flags):
    connection, asked = computing(SHARED)
    found = calls(migratable, hv1=connection).compute(GROUP, KINDS, expand)
    assert (found.host, found.call, found.error) == ("hv1", "virConnectBaselineHypervisorCPU", None)
    assert found.cpu == GuestCpu("custom", "EPYC", ("aes",))
    assert asked == [(None, "x86_64", "q35", "kvm", [cpus.xml_of(OLD), cpus.xml_of(NEW)], flags)]


def test_a_feature_that_the_older_libvirt_does_not_know_can_not_be_shared_and_is_left_out():
    strange = [LibvirtError(1, f"internal error: Unknown CPU feature {name}") for name in ("fzrm", "fsrs")]
    connection, asked = computing(*strange, SHARED)
    assert calls(hv1=connection).compute(GROUP, KINDS, False).cpu.model == "EPYC"
    assert asked[-1][4] == [cpus.xml_of(OLD), cpus.xml_of(GuestCpu("custom", "EPYC", ("aes",)))]


def test_where_one_host_can_not_compute_the_next_is_asked():
    old, _asked = computing(LibvirtError(1, "internal error: Unknown CPU model EPYC-Turin"))
    new, _asked = computing(SHARED)
    assert calls(hv1=old, hv2=new).compute(GROUP, KINDS, False).host == "hv2"


def test_where_none_can_the_first_ones_words_are_kept():
    old, _asked = computing(LibvirtError(91, "CPUs are incompatible"))
    new, _asked = computing(LibvirtError(91, "CPU vendors do not match"))
    found = calls(hv1=old, hv2=new).compute(GROUP, KINDS, False)
    assert (found.host, found.cpu, found.error) == ("hv1", None, "CPUs are incompatible")


@pytest.mark.parametrize("code", [3, 84])
def test_where_the_call_is_not_supported_the_hosts_own_cpus_are_taken(code):
    asked = []
    old, _asked = computing(LibvirtError(code, "this function is not supported"))
    old.baselineCPU = lambda xmls, flags: asked.append((xmls, flags)) or SHARED
    old.getCapabilities = lambda: CAPABILITIES.format("Small")
    new = SimpleNamespace(getCapabilities=lambda: CAPABILITIES.format("Big"))
    found = calls(hv1=old, hv2=new).compute(GROUP, KINDS, False)
    assert (found.call, found.cpu.model) == ("virConnectBaselineCPU", "EPYC")
    own = "<cpu><arch>x86_64</arch><model>{}</model></cpu>"
    assert asked == [([own.format("Small"), own.format("Big")], 2)]


def test_a_broken_connection_is_an_error_of_its_own():
    broken, _asked = computing(LibvirtError(38, "client socket is closed"))
    broken.isAlive = lambda: 0
    with pytest.raises(FleetError, match="hv1 answered the survey, and now no more: client socket is closed"):
        calls(hv1=broken).compute(GROUP, KINDS, False)


def test_a_host_compares_for_the_same_machine_type():
    asked = []

    def compare(*arguments):
        asked.append(arguments)
        raise LibvirtError(91, "Host CPU does not provide required features: fsrs, fzrm")

    found = calls(hv1=SimpleNamespace(compareHypervisorCPU=compare)).compare(GROUP, "hv1", NEW)
    assert found.missing == ("fsrs", "fzrm")
    assert asked == [(None, "x86_64", "q35", "kvm", cpus.xml_of(NEW), 1)]


def test_hosts_offer_the_cpu_of_mode_host_model():
    assert host_model(DOMAIN_CAPABILITIES) == OLD
    offering = SimpleNamespace(getDomainCapabilities=lambda *_kind: DOMAIN_CAPABILITIES)
    dead = SimpleNamespace(getDomainCapabilities=gone)
    assert calls(hv1=offering, hv2=dead).offers(GROUP) == ({"hv1": OLD}, {"hv2": "gone"})


@pytest.mark.parametrize("change", [("host-model' supported='yes'", "host-model' supported='no'"), ("mode ", "kind ")])
def test_a_host_without_that_mode_offers_none(change):
    xml = DOMAIN_CAPABILITIES.replace(*change).replace("</mode>", "</kind>" if "kind " in change else "</mode>")
    assert host_model(xml) is None


def test_a_definition_keeps_what_is_no_model_and_no_feature():
    domain = """<domain><cpu mode='host-passthrough' check='none' migratable='on'><model>Big</model>
    <topology sockets='1' cores='2' threads='1'/><feature policy='require' name='sha-ni'/>
    <numa><cell id='0' cpus='0-1' memory='1'/></numa></cpu></domain>"""
    found = with_cpu(domain, OLD)
    element = ET.fromstring(found.xml)
    assert [child.tag for child in element] == ["model", "vendor", "feature", "feature", "topology", "numa"]
    assert (element.get("mode"), element.findtext("model"), found.there) == ("custom", "EPYC", False)
    assert "sha-ni" not in found.xml


def test_a_definition_that_has_the_cpu_already_is_known():
    assert with_cpu(f"<domain>{cpus.xml_of(OLD)}</domain>", OLD).there
    loose = cpus.xml_of(OLD).replace("<cpu ", '<cpu check="partial" ')
    assert with_cpu(f"<domain>{loose}</domain>", OLD).there
    assert not with_cpu("<domain/>", OLD).there


def test_definitions_are_read_from_each_guests_host_and_one_that_has_gone_is_missing():
    def lookup(uuid):
        if uuid == "u2":
            raise LibvirtError(42, "Domain not found")
        return SimpleNamespace(XMLDesc=lambda flags: f"<domain>{cpus.xml_of(OLD)}</domain>" if flags == 2 else "")

    connection = SimpleNamespace(lookupByUUIDString=lookup)
    fleet = SimpleNamespace(timeout=5, control=lambda _name: connection)
    fits = [(GuestFit(uuid, uuid, "hv1", GROUP, NEW, True), OLD) for uuid in ("u1", "u2")]
    found, silent = definitions(fleet, fits)
    assert (list(found), silent) == (["u1"], {})
    assert found["u1"].there


def test_a_host_whose_definitions_can_not_be_read_is_told():
    dead = SimpleNamespace(lookupByUUIDString=gone)
    fleet = SimpleNamespace(timeout=5, control=lambda _name: dead)
    assert definitions(fleet, [(GuestFit("u1", "web", "hv1", GROUP, NEW, True), OLD)]) == ({}, {"hv1": "gone"})
