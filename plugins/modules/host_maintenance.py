#!/usr/bin/python
"""The module host_maintenance: the maintenance mark of a host, as a local fact. Runs on the host; moves nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_maintenance
short_description: Set or take off the maintenance mark of a host
version_added: 0.1.0
description:
  - Keeps the mark in a file of local facts on the host itself, so that it survives reboots and every conductor sees
    it as C(ansible_local.virtfleet.maintenance).
  - A marked host takes no guests in any plan. The mark alone moves no guest away; see
    P(virtfleet.migration.evacuate#role).
  - Returns how hard the host is pressed beside, as every run over a fleet reads the mark on each host anyway.
author:
  - virtfleet.migration contributors (@virtfleet)
attributes:
  check_mode:
    support: full
    description: Says whether the mark would change, and does not change it.
  diff_mode:
    support: full
    description: Returns the mark before and after.
  action_group:
    support: full
    description: Use C(group/virtfleet.migration.migration) in C(module_defaults) to set options once.
    membership:
      - virtfleet.migration.migration
options:
  state:
    description:
      - V(present) sets the mark. A mark that is there already keeps its time, and its reason unless another is given.
      - V(absent) takes it off.
      - V(unchanged) leaves it as it is, and returns it.
    type: str
    choices: [present, absent, unchanged]
    default: present
  reason:
    description: Why the host is in maintenance, for people.
    type: str
  since:
    description: Since when, in ISO 8601, to put a mark back as it was. Left out, a new mark gets the time of now.
    type: str
  facts_dir:
    description: Folder of the host's local facts.
    type: path
    default: /etc/ansible/facts.d
"""

EXAMPLES = r"""
- name: Mark the host before its memory is replaced
  virtfleet.migration.host_maintenance:
    reason: memory module 3

- name: Take the mark off
  virtfleet.migration.host_maintenance:
    state: absent
"""

RETURN = r"""
maintenance:
  description: The mark as it is now, V(null) where there is none.
  returned: success
  type: dict
  sample: {reason: memory module 3, since: '2026-11-23T20:00:00+00:00'}
pressure:
  description:
    - Percent of the last minute in which something on the host waited for a CPU, for memory or for storage, as its
      kernel tells (pressure stall information, line C(some), C(avg60)). P(virtfleet.migration.fleet_hosts#filter) hands
      it over to plans.
    - V(null) for what the kernel does not tell, such as one before 4.20, or one started with C(psi=0).
  returned: success
  type: dict
  sample: {cpu: 23.06, memory: 0.0, io: 0.37}
"""

import datetime
import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.fact_file import read_facts, write_facts
from ..module_utils._ansible.mark import FACT_FILE, FACTS_DIR, facts_of, result, wanted_mark
from ..module_utils._ansible.shell import run_module
from ..module_utils._host.pressure import pressure


def body(module: AnsibleModule) -> dict[str, Any]:
    """Compare the mark with the wanted one, and write it where they differ."""
    path = os.path.join(module.params["facts_dir"], FACT_FILE)
    facts = read_facts(path, facts_of)
    mark = facts.get("maintenance")
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    wanted = wanted_mark(module.params, mark, now)
    if wanted != mark and not module.check_mode:
        rest = {key: value for key, value in facts.items() if key != "maintenance"}
        write_facts(module, path, rest if wanted is None else {**rest, "maintenance": wanted})
    return result(mark, wanted, pressure())


def main() -> None:
    """Run the module."""
    spec = {
        "state": {"type": "str", "choices": ["present", "absent", "unchanged"], "default": "present"},
        "reason": {"type": "str"},
        "since": {"type": "str"},
        "facts_dir": {"type": "path", "default": FACTS_DIR},
    }
    run_module(AnsibleModule(argument_spec=spec, supports_check_mode=True), body)


if __name__ == "__main__":
    main()
