#!/usr/bin/python
"""The module host_shutdown: shuts down a host on which nothing runs, and only that. Runs on the host."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_shutdown
short_description: Shut down an empty hypervisor
version_added: 0.1.0
description:
  - Run it on the hypervisor, as root. It shuts the system down in an orderly way, but only if the host has its
    maintenance mark with a reason that begins with C(standby), its libvirt answers, and no guest is there, not even one
    that is shut off.
  - It then stops the daemons that can start guests, and keeps everybody from starting them until the next boot. Only if
    after that no QEMU runs, whoever has started it, does the system go down.
  - Otherwise the daemons are as they were, and it fails with the reason. All of this is done by one process on the
    host, so that a connection that breaks leaves nothing half done.
  - The role P(virtfleet.migration.power#role) does all that belongs around it.
author:
  - virtfleet.migration contributors (@virtfleet)
attributes:
  check_mode:
    support: full
    description: Looks, but for the mark, which may not be set in check mode. Neither stops nor shuts down anything.
  diff_mode:
    support: none
    description: There is no text to compare.
  action_group:
    support: full
    description: Use C(group/virtfleet.migration.migration) in C(module_defaults) to set options once.
    membership:
      - virtfleet.migration.migration
options:
  timeout:
    description: Seconds that each answer of libvirt may take.
    type: int
    default: 20
  facts_dir:
    description: Folder of the host's local facts, with the maintenance mark.
    type: path
    default: /etc/ansible/facts.d
requirements:
  - virsh and systemd on the host
seealso:
  - module: virtfleet.migration.host_maintenance
  - module: virtfleet.migration.host_standby
"""

EXAMPLES = r"""
- name: Mark the host
  virtfleet.migration.host_maintenance:
    reason: standby
  become: true

- name: Shut it down if nobody is there
  virtfleet.migration.host_shutdown:
  become: true
"""

RETURN = r"""
daemons:
  description: Units that were stopped, or would be.
  returned: success
  type: list
  elements: str
  sample: [libvirtd-admin.socket, libvirtd-ro.socket, libvirtd.service, libvirtd.socket]
"""

import os
import signal
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.fact_file import read_facts
from ..module_utils._ansible.mark import FACT_FILE, FACTS_DIR, facts_of
from ..module_utils._ansible.shell import run_module
from ..module_utils._host import quiet
from ..module_utils._host.fitness import guests_of
from ..module_utils._model.errors import FleetError
from ..module_utils._model.standby import MARK, is_standby_mark


def body(module: AnsibleModule) -> dict[str, Any]:
    """Look, hold the daemons, look again, shut down."""
    run, seconds = module.run_command, module.params["timeout"]
    if seconds < 1:
        raise FleetError(f"timeout is {seconds}", "Give at least one second")
    facts = read_facts(os.path.join(module.params["facts_dir"], FACT_FILE), facts_of)
    if not module.check_mode and not is_standby_mark(facts.get("maintenance")):
        raise FleetError(
            f"the host has no maintenance mark of which the reason begins with {MARK}",
            "Set it with host_maintenance, so that no plan brings guests here meanwhile",
        )
    _refuse("there are guests", guests_of(seconds, run), "Move them away, or undefine them")
    _refuse("QEMU runs there", quiet.emulators(), "Move them away, or shut them off")
    units = quiet.daemons(run)
    if not module.check_mode:
        _hold_and_shut_down(module, units)
    return {"changed": True, "daemons": sorted(unit.name for unit in units)}


def _hold_and_shut_down(module: AnsibleModule, units: tuple[quiet.Unit, ...]) -> None:
    """From here on nobody can start a guest; whoever did a moment ago is seen, and the host is left as it was."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # of a terminal whose connection broke: what is begun is ended
    quiet.hold(module.run_command, units)
    try:
        _refuse("started at the last moment", quiet.emulators(), "Move them away, or shut them off")
        quiet.shut_down_soon(module.run_command)
    except FleetError as error:
        raise quiet.let_go(module.run_command, units, error) from error


def _refuse(what: str, who: tuple[str, ...], remedy: str) -> None:
    if who:
        raise FleetError(f"{what}: {', '.join(who)}", remedy)


def main() -> None:
    """Run the module."""
    spec = {"timeout": {"type": "int", "default": 20}, "facts_dir": {"type": "path", "default": FACTS_DIR}}
    run_module(AnsibleModule(argument_spec=spec, supports_check_mode=True), body)


if __name__ == "__main__":
    main()
