#!/usr/bin/python
"""The module fleet_record: one sample of the fleet's use, into the history file. A thin shell; no decision is here."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_record
short_description: Record what hosts and guests of a libvirt fleet use
version_added: 0.1.0
description:
  - Asks every host at the same time, with a few calls for each, what it and its active guests use, and adds one sample
    to a history file. Run it on a schedule, for example each 5 minutes.
  - M(virtfleet.migration.migration_plan) plans on such a history
    (O(virtfleet.migration.migration_plan#module:history)).
  - Of hosts CPU use and memory are recorded, of guests the bytes per second of their disks and networks too.
  - What is used is what was counted since the sample before, where that was made within two hours and by the same
    process. Guests that were started or moved meanwhile, and all of them the first time, are looked at twice
    (O(measure_usage_seconds)).
  - Hosts on standby are not asked. One that does not answer is missing in the sample with its guests, and named.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
  - virtfleet.migration.attributes.record
options:
  hosts:
    required: true
  path:
    description:
      - The history file, an SQLite database, on the host where this module runs. It is made where it is not there,
        readable by its owner only.
      - Two processes may write to it at once, one of them waits. One that is killed meanwhile leaves it as it was.
        Keep it on a local file system.
    type: path
    required: true
  keep_days:
    description: How many days of samples to keep. Older ones are removed.
    type: int
    default: 14
  measure_usage_seconds:
    description:
      - How far apart to look twice at guests and hosts whose earlier CPU time says nothing. At most 600.
      - V(0) looks once. Their use of the CPU is unknown in this sample then.
    type: float
    default: 2
seealso:
  - module: virtfleet.migration.migration_plan
  - module: virtfleet.migration.fleet_info
"""

EXAMPLES = r"""
- name: Record what the fleet uses
  virtfleet.migration.fleet_record:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    path: ~/.local/state/virtfleet/history.sqlite
  delegate_to: localhost
  run_once: true

- name: Plan on the last two hours, and on the coming hour as it was on earlier days
  virtfleet.migration.migration_plan:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    goal: consolidate
    max_cpu_percent: 60
    history:
      path: ~/.local/state/virtfleet/history.sqlite
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
sample:
  description:
    - The sample that was added; in check mode, the one that would have been.
    - C(hosts) and C(guests) count those in it, C(looked_twice) the hosts that had to be looked at twice, C(unmeasured)
      those hosts and guests whose use of the CPU nobody could tell, C(unmeasured_disk) and C(unmeasured_network) guests
      whose throughput nobody could (user-mode networking and devices of the host are counted by nobody).
    - C(guest_cpus), C(guest_memory) (bytes), C(guest_disk) and C(guest_network) (bytes per second) are what all guests
      together use, C(host_cpus) and C(host_memory) what all hosts do, their guests included.
  returned: success
  type: dict
  sample:
    at: '2026-11-26T06:30:00+00:00'
    hosts: 3
    guests: 12
    looked_twice: 0
    unmeasured: 0
    unmeasured_disk: 0
    unmeasured_network: 1
    guest_cpus: 3.412
    guest_memory: 2147483648
    guest_disk: 1310720.0
    guest_network: 204800.0
    host_cpus: 4.07
    host_memory: 3221225472
text:
  description: The same in words, with what could not be measured.
  returned: success
  type: list
  elements: str
  sample:
    - 12 guests on 3 hosts use 3.41 CPUs, 2048 MiB of memory, 1.25 MiB/s of disks and 0.20 MiB/s of networks
    - 'not measured: throughput of networks of 1 of the guests'
history:
  description:
    - What the file holds afterwards; in check mode, what it holds. C(bytes) is its size, C(oldest) its oldest sample,
      V(null) where there is none.
    - C(ahead) counts samples later than this one. The clock has been set back since they were made, and nobody plans on
      them until their time has come.
  returned: success
  type: dict
  sample:
    path: /root/.local/state/virtfleet/history.sqlite
    samples: 4032
    oldest: '2026-11-12T06:30:00+00:00'
    ahead: 0
    bytes: 5771264
unreachable_hosts:
  description: Hosts that did not answer, with the reason.
  returned: success
  type: dict
  sample: {hv3: no answer within 15 s}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import fleet_spec, hosts_of
from ..module_utils._ansible.shell import run_module
from ..module_utils._history.record import check_keep, known_readings, peek, store
from ..module_utils._libvirt.binding import libvirt
from ..module_utils._libvirt.connection import Fleet
from ..module_utils._libvirt.metering import measure
from ..module_utils._model.prose_usage import record_lines, sample_facts, sample_lines, stock_facts


def body(module: AnsibleModule) -> dict[str, Any]:
    """Look at the fleet and add the sample, or say what it would be."""
    params = module.params
    path, keep_days = params["path"], check_keep(params["keep_days"])
    with Fleet(hosts_of(params), params["connect_timeout"]) as fleet:
        measured = measure(fleet, known_readings(path), params["measure_usage_seconds"])
    at = measured.sample.at
    added, stock = (True, peek(path, at)) if module.check_mode else store(path, measured, keep_days)
    for line in record_lines(measured, stock, added):
        module.warn(line)
    sample = sample_facts(measured)
    return {
        "changed": added,
        "sample": sample,
        "text": sample_lines(sample),
        "history": {"path": path, **stock_facts(stock)},
        "unreachable_hosts": dict(measured.silent),
    }


def main() -> None:
    """Run the module."""
    spec = {
        **fleet_spec(),
        "path": {"type": "path", "required": True},
        "keep_days": {"type": "int", "default": 14},
        "measure_usage_seconds": {"type": "float", "default": 2},
    }
    run_module(AnsibleModule(argument_spec=spec, supports_check_mode=True), body, missing=libvirt is None)


if __name__ == "__main__":
    main()
