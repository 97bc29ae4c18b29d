#!/usr/bin/python
"""The module host_fitness_info: is a host fit to take guests again. A thin shell; looking is in _host."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_fitness_info
short_description: Say whether a hypervisor is fit to take guests again, and whether it needs a reboot
version_added: 0.1.0
description:
  - Run it on the hypervisor, as root, after work on it. It asks the host's own libvirt whether it answers, and whether
    the storage pools and networks that start by themselves are active.
  - With O(check), it judges as well what M(virtfleet.migration.host_check_info) found on the host, its clock, its
    certificates, its ports for migrations, and whether it reaches the other hosts. That another host is not reached
    is held against this one only if it reaches none.
  - It tells whether the running system needs a reboot, whether Ansible itself runs on it, and which of libvirt's
    daemons run a program or a library that was replaced since they were started.
  - It changes nothing. Under P(virtfleet.migration.maintenance#role) and P(virtfleet.migration.rolling_upgrade#role) a
    host that is not fit keeps its maintenance mark.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.attributes.info
options:
  check:
    description: What M(virtfleet.migration.host_check_info) found on this host, its
      RV(virtfleet.migration.host_check_info#module:check).
    type: dict
  timeout:
    description: Seconds that each answer of libvirt may take.
    type: int
    default: 20
requirements:
  - virsh on the host
seealso:
  - module: virtfleet.migration.host_check_info
"""

EXAMPLES = r"""
- name: Wait until the host is fit again
  virtfleet.migration.host_fitness_info:
  become: true
  register: fitness
  until: fitness.fit
  retries: 60
  delay: 5

- name: Stop if it is not
  ansible.builtin.assert:
    that: fitness.fit
    fail_msg: "{{ fitness.msg }}"
"""

RETURN = r"""
fit:
  description: Whether nothing was found that keeps the host from taking guests.
  returned: success
  type: bool
problems:
  description: What was found, each with a C(code) that does not change, C(message) and C(remedy).
  returned: success
  type: list
  elements: dict
  sample:
    - code: network_idle
      message: network lan starts by itself and is not active
      remedy: try virsh net-start lan there
msg:
  description: The same for people, in one line.
  returned: success
  type: str
  sample: network lan starts by itself and is not active; try virsh net-start lan there
active_guests:
  description: Names of guests that run on the host, or are paused; V(null) where its libvirt does not answer.
  returned: success
  type: list
  elements: str
  sample: []
control_node:
  description: Whether Ansible runs on this very host, or in a container on it, so that its reboot would end the play.
  returned: success
  type: bool
  sample: false
identity:
  description: What the host is told from other machines by.
  returned: success
  type: dict
  contains:
    machine_id:
      description: Content of C(/etc/machine-id), which machines made from one image may share.
      type: str
    boot_id:
      description: The kernel's name for this boot.
      type: str
    container:
      description: Whether it is a container, which shares its boot with its machine.
      type: bool
  sample:
    machine_id: 7d2c1d9f5f0e4f0d8d6e2b7a3c0f9b11
    boot_id: 4c1b1f2e-52a1-4a4e-8f2e-0d8a8a1c3b11
    container: false
boot:
  description: The running system.
  returned: success
  type: dict
  contains:
    boot_id:
      description: The kernel's name for this boot. A container has that of its machine.
      type: str
    booted:
      description: When it was booted, seconds since 1970.
      type: float
    reasons:
      description: Why a reboot is needed, empty where nothing asks for one.
      type: list
      elements: str
    packages_newer:
      description: Whether packages were installed or removed since the boot.
      type: bool
    outdated:
      description: Those of libvirt's daemons that run a program or a library that was replaced; each is a unit.
      type: list
      elements: str
  sample:
    boot_id: 4c1b1f2e-52a1-4a4e-8f2e-0d8a8a1c3b11
    booted: 1764111600.0
    reasons: [kernel 6.1.0-32-amd64 was installed since the boot]
    packages_newer: true
    outdated: []
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.shell import run_module
from ..module_utils._host.boot import look_at_boot
from ..module_utils._host.fitness import look_at_libvirt
from ..module_utils._host.identity import identity
from ..module_utils._model.codec import to_json
from ..module_utils._model.errors import FleetError
from ..module_utils._model.host_check import read_checks
from ..module_utils._model.prose_fitness import describe_unfit
from ..module_utils._planner.fitness import unfit


def body(module: AnsibleModule) -> dict[str, Any]:
    """Look at this host and judge."""
    given, seconds = module.params["check"], module.params["timeout"]
    check = read_checks({"this host": given})["this host"] if given is not None else None
    if seconds < 1:
        raise FleetError(f"timeout is {seconds}", "Give at least one second")
    if module.get_bin_path("virsh") is None:
        raise FleetError("virsh is not there", "Install libvirt's clients on this host")
    libvirt = look_at_libvirt(seconds, module.run_command)
    problems = [describe_unfit(each) for each in unfit(libvirt, check)]
    who, boot = identity(), look_at_boot(module.run_command, module.get_bin_path("needs-restarting"))
    told = ". ".join(f"{each['message']}; {each['remedy']}" for each in problems)
    return {
        "fit": not problems,
        "problems": problems,
        "msg": told or "the host is fit",
        "active_guests": to_json(libvirt.active_guests),
        "boot": to_json(boot),
        "identity": to_json(who),
    }


def main() -> None:
    """Run the module."""
    spec = {"check": {"type": "dict"}, "timeout": {"type": "int", "default": 20}}
    run_module(AnsibleModule(argument_spec=spec, supports_check_mode=True), body)


if __name__ == "__main__":
    main()
