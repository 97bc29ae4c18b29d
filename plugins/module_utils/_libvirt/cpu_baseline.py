"""libvirt's own calls for the CPU that hosts share, and what guests' definitions have of it. Changes nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional, TypeVar

from .._model.cpu_baseline import Computed, CpuGroup, Definition, GuestFit, HostKind
from .._model.errors import FleetError
from .._model.guest import GuestCpu
from .._model.host import CpuLack
from .binding import libvirt
from .connection import Fleet, error_text, in_time
from .cpus import lack_of, missing_in, xml_of
from .guest_xml import cpu_of_guest
from .together import ask_hosts
from .xml import parse

T = TypeVar("T")
HYPERVISOR_CALL, HOST_CALL = "virConnectBaselineHypervisorCPU", "virConnectBaselineCPU"
# what of a guest's <cpu> says which CPU it is; the rest (topology, NUMA, cache) is the guest's own affair
_IDENTITY = frozenset({"model", "vendor", "feature"})


@dataclass(frozen=True)
class CpuCalls:
    """libvirt's calls about CPUs, on whichever host is asked. ``migratable``: leave out what could not migrate."""

    fleet: Fleet
    migratable: bool

    def offers(self, group: CpuGroup) -> tuple[dict[str, Optional[GuestCpu]], dict[str, str]]:
        """Return the CPU that each host's QEMU gives for host-model, None where it has none; and who did not answer."""
        kind = (None, group.arch, group.machine, group.virt_type, 0)
        return ask_hosts(
            group.hosts,
            self.fleet.timeout,
            lambda name: host_model(self.fleet.control(name).getDomainCapabilities(*kind)),
        )

    def compute(self, group: CpuGroup, kinds: Sequence[HostKind], expand: bool) -> Computed:
        """Return what the kinds have in common, as the first host says that can tell, the oldest libvirt first."""
        flags = libvirt.VIR_CONNECT_BASELINE_CPU_MIGRATABLE if self.migratable else 0
        flags |= libvirt.VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES if expand else 0
        failures: list[Computed] = []
        for kind in kinds:
            computed = self._computed(group, kinds, kind.speaker, flags)
            if computed.cpu is not None:
                return computed
            failures.append(computed)
        return failures[0]

    def compare(self, group: CpuGroup, host: str, cpu: GuestCpu) -> Optional[CpuLack]:
        """Return what the host lacks for the CPU, None where nothing."""
        return self._on(host, lambda c: lack_of(c, group.arch, group.virt_type, cpu, group.machine))

    def _computed(self, group: CpuGroup, kinds: Sequence[HostKind], host: str, flags: int) -> Computed:
        cpus = [kind.cpu for kind in kinds]
        # each turn takes a feature away, so that there is an end to it
        for _again in range(1 + sum(len(cpu.features) + len(cpu.disabled) for cpu in cpus)):
            xmls = [xml_of(cpu) for cpu in cpus]
            try:
                found = self._on(host, lambda c, xmls=xmls: _hypervisor_baseline(c, group, xmls, flags))
            except _UnsupportedError:
                return self._of_host_cpus(kinds, host, flags)
            except _RefusedError as error:
                strange = {*missing_in(str(error))}
                smaller = [_without(cpu, strange) for cpu in cpus]
                if smaller == cpus:
                    return Computed(host, HYPERVISOR_CALL, error=str(error))
                cpus = smaller
            else:
                return Computed(host, HYPERVISOR_CALL, cpu_of_guest(parse(found)))
        return Computed(host, HYPERVISOR_CALL, error="libvirt names ever more features that it does not know")

    def _of_host_cpus(self, kinds: Sequence[HostKind], host: str, flags: int) -> Computed:
        """Where QEMU's part is not known to libvirt, take what the hosts' own CPUs share."""
        xmls = [self._on(kind.speaker, lambda c: host_cpu(c.getCapabilities())) for kind in kinds]
        try:
            found = self._on(host, lambda c: _call(lambda: c.baselineCPU(xmls, flags), c))
        except (_RefusedError, _UnsupportedError) as error:
            return Computed(host, HOST_CALL, error=str(error))
        return Computed(host, HOST_CALL, cpu_of_guest(parse(found)))

    def _on(self, host: str, call: Callable[[Any], T]) -> T:
        """Return what the host answers; raises FleetError where its connection breaks or it does not answer in time."""
        done, answer, error = in_time(lambda: call(self.fleet.control(host)), self.fleet.timeout)
        if isinstance(error, (_RefusedError, _UnsupportedError)):
            raise error
        if not done or error is not None:
            why = error_text(error) if error is not None else f"no answer within {self.fleet.timeout:g} s"
            raise FleetError(f"{host} answered the survey, and now no more: {why}", "See what is wrong there")
        result: T = answer
        return result


def definitions(
    fleet: Fleet, fits: Iterable[tuple[GuestFit, GuestCpu]]
) -> tuple[dict[str, Definition], dict[str, str]]:
    """Return by UUID what the definitions of these guests should have, and which hosts did not answer, with the reason.

    Guests that have gone meanwhile are missing.
    """
    by_host: dict[str, list[tuple[GuestFit, GuestCpu]]] = {}
    for fit, cpu in fits:
        by_host.setdefault(fit.host, []).append((fit, cpu))
    answers, silent = ask_hosts(
        sorted(by_host), fleet.timeout, lambda name: _definitions(fleet.control(name), by_host[name])
    )
    return {guest: definition for found in answers.values() for guest, definition in found.items()}, silent


def with_cpu(domain: str, cpu: GuestCpu) -> Definition:
    """Return the <cpu> that a definition should have: this CPU, and of its own one all that is no model or feature."""
    old = parse(domain).find("cpu")
    new = parse(xml_of(cpu))
    for child in [] if old is None else old:
        if child.tag not in _IDENTITY:
            new.append(child)
    ET.indent(new)
    there = cpu_of_guest(old)
    same = replace(there, check=None) == replace(cpu, check=None)
    return Definition(ET.tostring(new, encoding="unicode").strip(), same)


def xml_of_cpu(cpu: Optional[GuestCpu]) -> Optional[str]:
    """Return the <cpu> element of a definition that has nothing else to say about its CPU."""
    return with_cpu("<domain/>", cpu).xml if cpu is not None else None


def host_model(domain_capabilities: str) -> Optional[GuestCpu]:
    """Return the CPU that guests of mode host-model get, None where there is no such mode."""
    mode = parse(domain_capabilities).find("cpu/mode[@name='host-model']")
    if mode is None or mode.get("supported") != "yes" or mode.find("model") is None:
        return None
    element = ET.Element("cpu", mode="custom")
    element.extend([child for child in mode if child.tag in _IDENTITY])
    return cpu_of_guest(element)


def host_cpu(capabilities: str) -> str:
    """Return the host's own CPU as XML."""
    element = parse(capabilities).find("host/cpu")
    return "" if element is None else ET.tostring(element, encoding="unicode")


class _RefusedError(FleetError):
    """libvirt can't compute from these CPUs."""


class _UnsupportedError(FleetError):
    """libvirt does not have the call, for this architecture or at all."""


def _hypervisor_baseline(connection: Any, group: CpuGroup, xmls: Sequence[str], flags: int) -> str:
    kind = (None, group.arch, group.machine, group.virt_type)
    return _call(lambda: connection.baselineHypervisorCPU(*kind, list(xmls), flags), connection)


def _call(call: Callable[[], str], connection: Any) -> str:
    try:
        return call()
    except libvirt.libvirtError as error:
        if not connection.isAlive():
            raise
        said = error_text(error)
        if error.get_error_code() in (libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_OPERATION_UNSUPPORTED):
            raise _UnsupportedError(said) from error
        raise _RefusedError(said) from error


def _without(cpu: GuestCpu, names: set[str]) -> GuestCpu:
    return replace(
        cpu,
        features=tuple(name for name in cpu.features if name not in names),
        disabled=tuple(name for name in cpu.disabled if name not in names),
    )


def _definitions(connection: Any, fits: Sequence[tuple[GuestFit, GuestCpu]]) -> dict[str, Definition]:
    found = {}
    for fit, cpu in fits:
        try:
            xml = connection.lookupByUUIDString(fit.guest).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        except libvirt.libvirtError as error:
            # it went away since the survey
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                continue
            raise
        found[fit.guest] = with_cpu(xml, cpu)
    return found
