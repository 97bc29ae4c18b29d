"""Guests' CPUs are compared with hosts by libvirt itself, each kind once. Must not need libvirt."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._libvirt import cpus
from ansible_collections.virtfleet.migration.plugins.module_utils._model.guest import Guest, GuestCpu, GuestState
from ansible_collections.virtfleet.migration.plugins.module_utils._model.host import CpuLack, Host, HostCpu, HostState

PLAIN = GuestCpu("custom", "qemu64")
FANCY = GuestCpu("custom", "qemu64", ("sgx", "svm"), ("nx",), "AMD", "full")
HOST = Host("hv1", HostState.SCHEDULABLE, cpu=HostCpu("x86_64", usable_models=("qemu64",)), virt_types=("kvm", "qemu"))


class LibvirtError(Exception):
    """Like libvirt's, with a code."""

    def __init__(self, code, text):
        super().__init__(text)
        self._code = code

    def get_error_code(self):
        return self._code


@pytest.fixture(autouse=True)
def _binding(monkeypatch):
    binding = SimpleNamespace(
        VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE=1,
        VIR_ERR_CPU_INCOMPATIBLE=91,
        VIR_ERR_OPERATION_UNSUPPORTED=84,
        VIR_ERR_NO_SUPPORT=3,
        libvirtError=LibvirtError,
    )
    monkeypatch.setattr(cpus, "libvirt", binding)


def guest(cpu, virt_type="kvm", arch="x86_64"):
    return Guest("u", "web", GuestState.RUNNING, 1, 1, cpu=cpu, virt_type=virt_type, arch=arch)


def connection(error=None, asked=None, alive=1):
    def compare(*arguments):
        if asked is not None:
            asked.append(arguments)
        if error is not None:
            raise error

    return SimpleNamespace(compareHypervisorCPU=compare, isAlive=lambda: alive)


def test_each_named_cpu_is_asked_for_once_and_others_not_at_all():
    same = [guest(PLAIN), guest(PLAIN), guest(PLAIN, "qemu"), guest(FANCY)]
    other = [guest(GuestCpu("host-passthrough")), guest(GuestCpu("host-model")), guest(GuestCpu())]
    assert cpus.kinds_of([*other, *same]) == (
        ("x86_64", "kvm", PLAIN),
        ("x86_64", "kvm", FANCY),
        ("x86_64", "qemu", PLAIN),
    )


def test_libvirt_is_given_model_vendor_and_features():
    assert cpus.xml_of(FANCY) == (
        '<cpu mode="custom" match="exact"><model fallback="forbid">qemu64</model><vendor>AMD</vendor>'
        '<feature policy="require" name="sgx" /><feature policy="require" name="svm" />'
        '<feature policy="disable" name="nx" /></cpu>'
    )


@pytest.mark.parametrize(
    ("code", "said", "missing"),
    [
        (91, "the CPU is incompatible with host CPU: Host CPU does not provide required features: sgx, avx512f", 2),
        (1, "internal error: Unknown CPU feature cmpccxadd", 1),
        (91, "the CPU is incompatible with host CPU", 0),
        (27, "XML error: CPU feature 'svm' specified more than once", 0),
    ],
)
def test_what_libvirt_misses_is_kept_with_its_words(code, said, missing):
    found = cpus.with_lacks(connection(LibvirtError(code, said)), HOST, [("x86_64", "kvm", FANCY)])
    (lack,) = found.cpu.lacks
    assert (lack.cpu, lack.virt_type, lack.said, len(lack.missing)) == (FANCY, "kvm", said, missing)
    assert found.cpu.lack(FANCY, "kvm") == lack
    assert found.cpu.lack(FANCY, "qemu") is None


def test_the_names_of_features_are_read():
    said = "Host CPU does not provide required features: vmx-ept, avx512f, 3dnowprefetch"
    assert cpus.missing_in(said) == ("3dnowprefetch", "avx512f", "vmx-ept")


def test_a_host_that_lacks_nothing_stays_as_it_is():
    asked = []
    assert cpus.with_lacks(connection(asked=asked), HOST, [("x86_64", "kvm", PLAIN)]) is HOST
    assert asked == [(None, "x86_64", None, "kvm", cpus.xml_of(PLAIN), 1)]


@pytest.mark.parametrize(
    "kind", [("aarch64", "kvm", PLAIN), ("x86_64", "xen", PLAIN), ("x86_64", "kvm", GuestCpu("custom", "EPYC"))]
)
def test_what_is_known_to_fail_is_not_asked(kind):
    asked = []
    cpus.with_lacks(connection(asked=asked), HOST, [kind])
    assert asked == []


def test_where_qemu_tells_no_cpu_nothing_is_claimed():
    silent = connection(LibvirtError(84, "QEMU does not support reporting CPU model"))
    assert cpus.with_lacks(silent, HOST, [("x86_64", "kvm", PLAIN)]) is HOST


def test_a_broken_connection_is_no_finding():
    gone = connection(LibvirtError(1, "internal error: client socket is closed"), alive=0)
    with pytest.raises(LibvirtError, match="socket"):
        cpus.with_lacks(gone, HOST, [("x86_64", "kvm", PLAIN)])


def test_a_lack_is_a_value():
    assert CpuLack(PLAIN, "kvm", ("a",)) == CpuLack(PLAIN, "kvm", ("a",))
