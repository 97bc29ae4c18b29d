#!/usr/bin/python
"""The module host_trial: a throw-away guest goes to a host and back. A thin shell; the way there is in _libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_trial
short_description: Try a hypervisor by moving a throw-away guest to it and away again
version_added: 0.1.0
description:
  - Starts a guest of 16 MiB, without disks and network, on another host, moves it to O(name) and back, and removes it.
    It is moved by the call and with the settings that move other guests, so it proves what those need, certificates,
    ports, addresses and QEMU on both ends among it. It is paused from its start to its end.
  - The other host is one that is schedulable and has a machine type in common with O(name); first those with most
    guests whose home is O(name). Where a try fails, further ones follow with other hosts, up to O(partners), and the
    host has failed only if it fails with each. That another host can't even start the guest is not held against it.
  - Where no other host can take part, nothing is tried; the module succeeds, with RV(tried=false) and a warning.
  - The guest is called C(virtfleet-trial-) and the name of the host, and its UUID is made from that. No module of this
    collection takes it for a guest of anybody's. It is removed whatever becomes of the try. One that a killed run has
    left is removed by the next run of this module or of M(virtfleet.migration.migration_apply), a quarter of an hour
    after it was made, and at once by the next try of the same host. It is transient; the host's reboot ends it too.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
attributes:
  check_mode:
    support: full
    description: Tries nothing, and says so.
  diff_mode:
    support: N/A
    description: Nothing differs afterwards.
  action_group:
    support: full
    description: Use C(group/virtfleet.migration.migration) in C(module_defaults) to set options once.
    membership:
      - virtfleet.migration.migration
options:
  hosts:
    required: true
  name:
    description: Which of O(hosts) to try. It may be in maintenance; the others that take part are not.
    type: str
    required: true
  partners:
    description: With how many other hosts to try at the most.
    type: int
    default: 3
  timeout:
    description: Seconds that each of the two moves may take.
    type: float
    default: 60
  transport:
    description: As of M(virtfleet.migration.migration_apply).
    type: str
    choices: [p2p, direct]
    default: p2p
  tls:
    description: As of M(virtfleet.migration.migration_apply).
    type: bool
    default: true
  parallel_connections:
    description: As of M(virtfleet.migration.migration_apply).
    type: int
  zerocopy:
    description: As of M(virtfleet.migration.migration_apply).
    type: bool
    default: false
  compression:
    description: As of M(virtfleet.migration.migration_apply).
    type: str
    choices: [xbzrle, zlib, zstd]
seealso:
  - module: virtfleet.migration.host_fitness_info
  - module: virtfleet.migration.migration_check_info
"""

EXAMPLES = r"""
- name: Try hv1 before guests come home to it
  virtfleet.migration.host_trial:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    name: hv1
  delegate_to: localhost
"""

RETURN = r"""
tried:
  description: Whether a guest was moved.
  returned: success
  type: bool
msg:
  description: What came of it, in one line.
  returned: always
  type: str
  sample: a test guest was moved in from hv2 and out again
attempts:
  description: Each try, in order.
  returned: when anything was tried
  type: list
  elements: dict
  contains:
    partner:
      description: The other host.
      type: str
    failed:
      description: What failed, V(start) of the guest on the other host, its way V(in) or V(out). Null where none did.
      type: str
    message:
      description: The same in words, with libvirt's own.
      type: str
    remedy:
      description: What to do about it.
      type: str
    seconds_in:
      description: How long the way in took.
      type: float
    seconds_out:
      description: How long the way out took.
      type: float
  sample:
    - partner: hv2
      failed: null
      message: ''
      remedy: ''
      seconds_in: 1.31
      seconds_out: 1.18
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import fleet_spec, hosts_of
from ..module_utils._ansible.interrupt import stop_event
from ..module_utils._ansible.shell import run_module
from ..module_utils._ansible.trial import check_trial, trial_settings, trial_spec
from ..module_utils._libvirt.binding import libvirt
from ..module_utils._libvirt.connection import Fleet
from ..module_utils._libvirt.survey import survey
from ..module_utils._libvirt.trial import end_trials, try_host
from ..module_utils._model.prose_trial import describe_attempt, describe_trial, left_lines
from ..module_utils._model.trial import Verdict, verdict
from ..module_utils._planner.trial import awake, partners


def body(module: AnsibleModule) -> dict[str, Any]:
    """Try the host and return what came of it."""
    params, name = module.params, module.params["name"]
    check_trial(params)
    if module.check_mode:
        return {"tried": False, "msg": "nothing is tried in check mode"}
    with stop_event() as stop, Fleet(hosts_of(params), params["connect_timeout"]) as fleet:
        snapshot = survey(fleet)
        for line in end_trials(fleet, awake(snapshot), time.time(), name):
            module.warn(line)
        chosen = partners(snapshot, name)[: params["partners"]]
        attempts = try_host(fleet, trial_settings(params), name, chosen, params["timeout"], stop)
    found = verdict(attempts)
    told = describe_trial(found, attempts)
    for line in (*left_lines(attempts), *([told] if found is Verdict.UNTRIED else [])):
        module.warn(line)
    return {
        "tried": found is not Verdict.UNTRIED,
        "msg": told,
        "attempts": [describe_attempt(attempt) for attempt in attempts],
        **({"failed": True} if found is Verdict.FAILED else {}),
    }


def main() -> None:
    """Run the module."""
    spec = {**fleet_spec(), **trial_spec()}
    run_module(AnsibleModule(argument_spec=spec, supports_check_mode=True), body, missing=libvirt is None)


if __name__ == "__main__":
    main()
