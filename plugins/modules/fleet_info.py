#!/usr/bin/python
"""The module fleet_info: a snapshot of the fleet. A thin shell; the looking is done in _libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_info
short_description: Survey all hosts of a libvirt fleet and their guests
version_added: 0.1.0
description:
  - Asks every host at the same time, over one connection each, and returns one snapshot of the fleet, with hosts and
    what they offer, and guests with what they need.
  - A host that does not answer in time is reported as V(unreachable) with the reason.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
  - virtfleet.migration.moves.prediction
  - virtfleet.migration.moves.usage
  - virtfleet.migration.attributes.info
options:
  hosts:
    required: true
  fail_on_unreachable:
    description: Fail if any host does not answer.
    type: bool
    default: false
seealso:
  - module: virtfleet.migration.guest_migration
    description: Mends what half-done moves have left (O(virtfleet.migration.guest_migration#module:mend)).
  - module: virtfleet.migration.migration_plan
"""

EXAMPLES = r"""
- name: Survey the hosts of the group hypervisors
  virtfleet.migration.fleet_info:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
  delegate_to: localhost
  run_once: true
  register: fleet

- name: Survey them, and see how busy the guests are
  virtfleet.migration.fleet_info:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    measure_usage_seconds: 10
  delegate_to: localhost
  run_once: true
  register: fleet

- name: Say which guests are where
  ansible.builtin.debug:
    var: fleet.placement
"""

RETURN = r"""
snapshot:
  description:
    - The fleet snapshot, a document with a schema number that M(virtfleet.migration.migration_plan) takes.
    - Memory and sizes are in bytes, versions as libvirt counts them (1,000,000 x major + 1,000 x minor + release).
  returned: success, or when a host did not answer
  type: dict
  contains:
    schema:
      description: Version of this document's form.
      type: int
    taken_at:
      description: When it was taken, ISO 8601 in UTC.
      type: str
    hosts:
      description: Hosts sorted by name, each with its state, capacity, pools, networks and RV(snapshot.hosts[].guests).
      type: list
      elements: dict
      contains:
        name:
          description: Name of the host.
          type: str
        state:
          description: V(schedulable), V(maintenance), V(standby) or V(unreachable).
          type: str
        guests:
          description:
            - Guests with state, memory, vCPUs, disks (and the pool each lives in), CPU, devices, running job.
            - C(notes) has the labels and rules of their metadata, C(hugepage_kib) the huge pages and C(numa_cells) the
              NUMA nodes that their memory must come from, C(usage_memory) the bytes that their process holds,
              C(balloon_used) those that they need themselves (V(null) where their balloon driver does not tell).
            - C(usage_cpus), C(usage_disk) and C(usage_network) (bytes per second, read and written, received and sent)
              are what O(measure_usage_seconds) has found, C(dirty_rate) (bytes per second) what
              O(measure_dirty_rate_seconds) has. V(null) is what was not measured, such as the traffic of user-mode
              networking and of devices of the host, which nobody counts.
          type: list
          elements: dict
        usage_cpus:
          description:
            - CPUs in use on the host altogether, its guests and all else, as O(measure_usage_seconds) has found.
            - V(null) where that was not asked for, or can't be told (O(hosts[].own_counters)).
          type: float
        pressure:
          description:
            - How hard the host is pressed, as O(hosts[].pressure) says. V(null) where nobody has asked the host.
          type: dict
        numa_cells:
          description: NUMA nodes with bytes of memory for guests, and free huge pages by their size in KiB.
          type: list
          elements: dict
        power:
          description: The power model of the inventory, V(null) without one.
          type: dict
    links:
      description: What sites have between them, as the inventory says.
      type: list
      elements: dict
  sample:
    schema: 1
    taken_at: '2026-11-23T20:00:00+00:00'
    hosts:
      - name: hv1
        state: schedulable
        libvirt_version: 9000000
        qemu_version: 7002000
        memory: 25290190848
        allocatable_memory: 2147483648
        guests:
          - name: web
            uuid: 5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01
            state: running
            memory: 134217728
            vcpus: 1
            disks:
              - {target: vda, kind: file, pool: local, volume: web.qcow2}
placement:
  description: Names of the guests on each host, sorted.
  returned: success, or when a host did not answer
  type: dict
  sample: {hv1: [db, web], hv2: []}
anomalies:
  description:
    - What half-done moves have left, one entry per guest; a warning is given for each.
    - C(kind) is V(runs_twice), V(ghost) (active on one host, and a paused incoming copy on another to which nothing
      moves), V(leftover_definition) (a move has left a second, shut-off definition), V(defined_twice) (no move of ours
      explains it), V(unfinished_move) (a claim is left, and perhaps C(volumes)), V(left_paused) (a migration that
      nobody drives any more has left it paused, and it runs nowhere), V(post_copy_broken) (the link broke in post-copy,
      either host has a part of its memory) or V(post_copy_half) (the same, and no host that answers has the rest).
    - C(hosts) has the host where the guest belongs first, C(message) says what it means, C(remedy) what mends it.
    - A migration that is under way is none.
  returned: success, or when a host did not answer
  type: list
  elements: dict
  sample:
    - kind: leftover_definition
      guest: 5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01
      name: web
      hosts: [hv2, hv1]
      volumes: []
      message: web has arrived on hv2, but its old definition is still on hv1
      remedy: the next evacuation of hv2, or of hv1, removes it; so does guest_migration of this guest to either host
unreachable_hosts:
  description: Hosts that did not answer, with the reason.
  returned: success, or when a host did not answer
  type: dict
  sample: {hv3: no answer within 15 s}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import fleet_spec, hosts_of, prediction_spec, usage_spec
from ..module_utils._ansible.shell import run_module
from ..module_utils._engine.report import placement
from ..module_utils._libvirt.binding import libvirt
from ..module_utils._libvirt.connection import Fleet
from ..module_utils._libvirt.survey import survey
from ..module_utils._model.codec import to_json
from ..module_utils._model.prose_anomaly import describe_anomaly
from ..module_utils._planner.anomalies import anomalies


def body(module: AnsibleModule) -> dict[str, Any]:
    """Survey the fleet and return the snapshot."""
    with Fleet(hosts_of(module.params), module.params["connect_timeout"]) as fleet:
        snapshot = survey(fleet, module.params["measure_usage_seconds"], module.params["measure_dirty_rate_seconds"])
    silent = snapshot.unreachable
    result = {
        "snapshot": to_json(snapshot),
        "placement": placement(snapshot),
        "unreachable_hosts": silent,
        "anomalies": [describe_anomaly(each) for each in anomalies(snapshot)],
    }
    for each in result["anomalies"]:
        module.warn(f"{each['message']}; {each['remedy']}")
    if silent and module.params["fail_on_unreachable"]:
        name, why = next(iter(silent.items()))
        return {**result, "failed": True, "msg": f"{len(silent)} hosts do not answer, among them {name}: {why}"}
    return result


def main() -> None:
    """Run the module."""
    spec = {
        **fleet_spec(),
        "fail_on_unreachable": {"type": "bool", "default": False},
        **usage_spec(),
        **prediction_spec(),
    }
    run_module(AnsibleModule(argument_spec=spec, supports_check_mode=True), body, missing=libvirt is None)


if __name__ == "__main__":
    main()
