#!/usr/bin/python
"""The module cpu_baseline_info: the CPU that all hosts share. A thin shell; libvirt computes it, _planner judges."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cpu_baseline_info
short_description: Compute the CPU that all hosts share, and say what holds it back and which guests do not fit
version_added: 0.1.0
description:
  - Has libvirt compute the best CPU that every host can give to its guests (C(virConnectBaselineHypervisorCPU)), one
    for each architecture and type of guest (V(kvm), V(qemu)), and has every host confirm it. Nothing is changed.
  - Says which hosts hold it back, by leaving out one kind of host after the other; which guests could not go to every
    host, and for what features; and for each of those the C(<cpu>) element with which it could.
  - Give in O(hosts) the hosts that guests are to move among. Hosts on standby are not asked.
  - A guest's CPU is what it has now. One that runs keeps it until it is shut down and started.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
  - virtfleet.migration.attributes.info
options:
  hosts:
    required: true
  machine:
    description:
      - Compute for guests of this machine type, such as V(pc-q35-7.2). Left out, for each host's default; it makes no
        difference for most.
    type: str
  expand_features:
    description:
      - List in the CPU every feature that it has, those of its model included. Such a CPU does not depend on what a
        libvirt takes a model to be.
    type: bool
    default: false
  migratable:
    description: Leave out features that keep a guest from moving, such as V(invtsc).
    type: bool
    default: true
seealso:
  - module: virtfleet.migration.machine_type_info
  - module: virtfleet.migration.migration_check_info
"""

EXAMPLES = r"""
- name: Which CPU could all guests have, to go anywhere?
  virtfleet.migration.cpu_baseline_info:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
  delegate_to: localhost
  run_once: true
  register: cpus

- name: Show it
  ansible.builtin.debug:
    var: cpus.text

- name: Stop if a guest could not go everywhere
  ansible.builtin.assert:
    that: cpus.totals.fit == cpus.totals.guests
"""

RETURN = r"""
baselines:
  description: The shared CPU for each architecture and type of guest.
  returned: success
  type: list
  elements: dict
  contains:
    arch:
      description: Architecture of the hosts.
      type: str
    virt_type:
      description: V(kvm) or V(qemu).
      type: str
    machine:
      description: The machine type of O(machine).
      type: str
    hosts:
      description: The hosts that share it.
      type: list
      elements: str
    model:
      description: Its model, V(null) where there is no CPU that all accept.
      type: str
    features:
      description: Every feature that it has, sorted.
      type: list
      elements: str
    cpu_xml:
      description: The C(<cpu>) element for guests' definitions, V(null) as above.
      type: str
    computed_on:
      description: The host whose libvirt computed it, one with the oldest that could.
      type: str
    call:
      description: The function of libvirt, C(virConnectBaselineCPU) where the other one is not supported.
      type: str
    error:
      description: Why there is none.
      type: str
    refused:
      description: Hosts that do not accept what the others share (C(host)), with libvirt's words (C(said)).
      type: list
      elements: dict
    held_back:
      description:
        - Hosts that hold it back (C(hosts)), the model that the others could share (C(model)) and the features that
          they would gain (C(gained)), the most first.
      type: list
      elements: dict
    kinds:
      description: Hosts that are the same to guests (C(hosts)), with their own C(model), and C(libvirt) and C(qemu).
      type: list
      elements: dict
    left_out:
      description: Hosts that offer no CPU to compute with, with the reason. Their guests are not judged.
      type: dict
  sample:
    - arch: x86_64
      virt_type: kvm
      machine: null
      hosts: [hv1, hv2, hv3]
      model: Skylake-Client-IBRS
      features: [aes, apic, avx, avx2]
      cpu_xml: <cpu mode="custom" match="exact"><model fallback="forbid">Skylake-Client-IBRS</model></cpu>
      computed_on: hv1
      call: virConnectBaselineHypervisorCPU
      error: null
      refused: []
      held_back:
        - {hosts: [hv1], model: Icelake-Server, gained: [avx512f, avx512vl]}
      kinds:
        - {hosts: [hv1], model: Skylake-Client-IBRS, libvirt: 9.0.0, qemu: 7.2.0}
        - {hosts: [hv2, hv3], model: Icelake-Server, libvirt: 11.3.0, qemu: 10.0.2}
      left_out: {}
guests:
  description: Each guest on those hosts, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    guest:
      description: UUID of the guest.
      type: str
    name:
      description: Name of the guest.
      type: str
    host:
      description: The host it is on.
      type: str
    arch:
      description: Architecture of the guest.
      type: str
    virt_type:
      description: V(kvm) or V(qemu).
      type: str
    cpu:
      description: Model of its CPU, or its mode where that names none.
      type: str
    fits:
      description: Whether every host can give its CPU.
      type: bool
    code:
      description:
        - V(cpu_features) (hosts lack features), V(cpu_of_its_host) (C(host-passthrough) or C(maximum)), or
          V(cpu_chosen_at_start) (C(host-model), shut off); V(null) where it fits.
      type: str
    lacks:
      description: Hosts that it could not go to (C(hosts)), and the features that they do not have (C(missing)).
      type: list
      elements: dict
    message:
      description: The same in words.
      type: str
    remedy:
      description: What to do.
      type: str
    cpu_xml:
      description:
        - The C(<cpu>) element with which it could go everywhere, V(null) where it fits. Topology, NUMA and caches are
          kept from its definition.
      type: str
  sample:
    - guest: 5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01
      name: web
      host: hv2
      arch: x86_64
      virt_type: kvm
      cpu: Icelake-Server
      fits: false
      code: cpu_features
      lacks:
        - {hosts: [hv1], missing: [avx512f, avx512vl]}
      message: "its CPU Icelake-Server can't be given by hv1 (missing: avx512f, avx512vl)"
      remedy: put the CPU in cpu_xml into its definition (virsh edit), shut it down and start it
      cpu_xml: <cpu mode="custom" match="exact"><model fallback="forbid">Skylake-Client-IBRS</model></cpu>
text:
  description: All of it as lines for people.
  returned: success
  type: list
  elements: str
totals:
  description: How many C(guests) were judged, and how many C(fit).
  returned: success
  type: dict
  sample: {guests: 12, fit: 11}
unreachable_hosts:
  description: Hosts that did not answer, with the reason. The CPU was computed without them.
  returned: success
  type: dict
  sample: {hv4: no answer within 15 s}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import fleet_spec, hosts_of
from ..module_utils._ansible.shell import run_module
from ..module_utils._engine.cpu_text import cpu_lines, cpu_totals
from ..module_utils._libvirt.binding import libvirt
from ..module_utils._libvirt.connection import Fleet
from ..module_utils._libvirt.cpu_baseline import CpuCalls, definitions, xml_of_cpu
from ..module_utils._libvirt.survey import survey
from ..module_utils._model.prose_cpu import describe_baseline, describe_fit
from ..module_utils._planner.cpu_baseline import baselines_of, guest_fits, needs


def body(module: AnsibleModule) -> dict[str, Any]:
    """Look, have libvirt compute and compare, and return what was found as data and in words."""
    params = module.params
    with Fleet(hosts_of(params), params["connect_timeout"]) as fleet:
        snapshot = survey(fleet)
        calls = CpuCalls(fleet, params["migratable"])
        found = baselines_of(snapshot, params["machine"], params["expand_features"], calls)
        fits = [(fit, baseline) for baseline in found for fit in guest_fits(snapshot, baseline, calls)]
        wanted, silent = definitions(fleet, needs(fits))
    baselines = [describe_baseline(each, xml_of_cpu(each.cpu)) for each in found]
    guests = [describe_fit(fit, baseline, wanted.get(fit.guest)) for fit, baseline in fits]
    silent.update(snapshot.unreachable)
    return {
        "baselines": baselines,
        "guests": sorted(guests, key=lambda guest: (guest["name"], guest["host"])),
        "text": cpu_lines(baselines, guests),
        "totals": cpu_totals(guests),
        "unreachable_hosts": silent,
    }


def main() -> None:
    """Run the module."""
    spec = {
        **fleet_spec(),
        "machine": {"type": "str"},
        "expand_features": {"type": "bool", "default": False},
        "migratable": {"type": "bool", "default": True},
    }
    run_module(AnsibleModule(argument_spec=spec, supports_check_mode=True), body, missing=libvirt is None)


if __name__ == "__main__":
    main()
