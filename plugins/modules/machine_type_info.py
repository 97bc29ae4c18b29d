#!/usr/bin/python
"""The module machine_type_info: whose machine type or firmware loses support. A thin shell; judging is in _planner."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: machine_type_info
short_description: Say which guests have a machine type or firmware that hosts lack or will lose
version_added: 0.1.0
description:
  - Looks at the fleet and says for each guest which hosts do not have its machine type, which mark it as deprecated,
    which lack its firmware, and in which release of QEMU the machine type ends. Nothing is changed.
  - Meant for the time after an upgrade, when hosts of two releases are side by side, and before the next one.
  - QEMU deprecates its own versioned machine types (C(pc-q35-7.2), C(pc-i440fx-7.2), C(virt-7.2) and the like) after
    three years and removes them after six, which is since QEMU 9.1 and 10.1. When machine types of a distribution's own
    end (C(pc-q35-rhel9.4.0)) only that distribution knows; that a host marks them as deprecated is told of these too.
  - A guest that runs keeps its machine type. A change takes effect when it is shut down and started again, and it may
    see other devices then; some systems want to be activated or set up anew.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
  - virtfleet.migration.attributes.info
options:
  hosts:
    required: true
seealso:
  - module: virtfleet.migration.cpu_baseline_info
  - module: virtfleet.migration.migration_check_info
"""

EXAMPLES = r"""
- name: Whose machine type or firmware is about to lose support?
  virtfleet.migration.machine_type_info:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
  delegate_to: localhost
  run_once: true
  register: machines

- name: Show the table
  ansible.builtin.debug:
    var: machines.text
"""

RETURN = r"""
guests:
  description: Each guest with its machine type and firmware, sorted by name.
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
    machine:
      description: Its machine type.
      type: str
    deprecated_in:
      description: The release in which QEMU deprecates it, V(null) for a machine type that is not of QEMU's own.
      type: str
    removed_in:
      description: The release from which on QEMU does not have it, V(null) as above.
      type: str
    firmware:
      description:
        - File of the firmware that the guest names, or the kind that libvirt is to find (V(efi), V(bios)); V(null)
          where it has QEMU's default.
      type: str
    suggested:
      description: The newest machine type of its family that every host has and none will drop, V(null) without one.
      type: str
    concerns:
      description:
        - What needs care, with C(code), C(hosts), C(message) and C(remedy).
        - C(code) is V(machine_type_too_new) (for the older QEMU there), V(machine_type_gone) (from the newer QEMU
          there), V(machine_type_unknown) (which of both can't be told), V(machine_type_deprecated) or
          V(firmware_missing).
      type: list
      elements: dict
  sample:
    - guest: 5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01
      name: web
      host: hv1
      machine: pc-q35-6.2
      deprecated_in: QEMU 9.2
      removed_in: QEMU 12.2
      firmware: null
      suggested: pc-q35-7.2
      concerns:
        - code: machine_type_deprecated
          hosts: [hv4]
          message: machine type pc-q35-6.2 is deprecated by QEMU on hv4 (QEMU 10.0.2), and gone in QEMU 12.2
          remedy: >-
            give the guest pc-q35-7.2 when it is shut down next (virsh edit), before an upgrade takes it away
text:
  description: The guests that are concerned as lines for people, a table (of the first 60) and the reasons.
  returned: success
  type: list
  elements: str
totals:
  description: How many C(guests) were looked at, how many are C(concerned), and how many by each code (C(concerns)).
  returned: success
  type: dict
  sample: {guests: 12, concerned: 1, concerns: {machine_type_deprecated: 1}}
unreachable_hosts:
  description: Hosts that did not answer, with the reason. Nobody knows what they have.
  returned: success
  type: dict
  sample: {hv3: no answer within 15 s}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import fleet_spec, hosts_of
from ..module_utils._ansible.shell import run_module
from ..module_utils._engine.machine_text import machine_lines, machine_totals
from ..module_utils._libvirt.binding import libvirt
from ..module_utils._libvirt.connection import Fleet
from ..module_utils._libvirt.firmware import firmware_of
from ..module_utils._libvirt.survey import survey
from ..module_utils._model.prose_machine import describe_machine
from ..module_utils._planner.machine_types import machine_findings


def body(module: AnsibleModule) -> dict[str, Any]:
    """Look, judge, and return the findings as data and in words."""
    with Fleet(hosts_of(module.params), module.params["connect_timeout"]) as fleet:
        snapshot = survey(fleet)
        firmware, silent = firmware_of(fleet, snapshot)
    silent.update(snapshot.unreachable)
    guests = [describe_machine(each) for each in machine_findings(snapshot, firmware)]
    return {
        "guests": guests,
        "text": machine_lines(guests),
        "totals": machine_totals(guests),
        "unreachable_hosts": silent,
    }


def main() -> None:
    """Run the module."""
    run_module(AnsibleModule(argument_spec=fleet_spec(), supports_check_mode=True), body, missing=libvirt is None)


if __name__ == "__main__":
    main()
