#!/usr/bin/python
"""The module migration_check_info: could it go? A thin shell; the looking is in _libvirt, the judging in _planner."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_check_info
short_description: Say for each guest and host whether the guest could go there, and if not, why
version_added: 0.1.0
description:
  - Looks at the fleet and says for each guest and each host it might go to, C(yes) or all that speaks against it, each
    with cause and remedy, and what to beware of. Nothing is moved.
  - The refusals are those of M(virtfleet.migration.migration_plan); a guest that is refused here is refused by every
    plan for the same reasons.
  - Each guest is looked at alone, as the fleet stands; two guests that could each go to a host may not fit there
    together.
  - All checks are listed in R(Pre-flight, ansible_collections.virtfleet.migration.docsite.guide_preflight).
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
  - virtfleet.migration.checks
  - virtfleet.migration.checks.wanted
  - virtfleet.migration.attributes.info
options:
  snapshot_file:
    description:
      - Judge the snapshot in this file instead of surveying O(hosts). Running block jobs that libvirt does not count as
        jobs of the guest are not looked for then.
    type: path
  sources:
    description: Look at the guests on these hosts. Left empty, and O(guests) too, at all guests.
    type: list
    elements: str
    default: []
  guests:
    description: Look at the guests with these names or UUIDs, beside those on O(sources).
    type: list
    elements: str
    default: []
  dests:
    description: Only these hosts are considered. Left empty, all are.
    type: list
    elements: str
    default: []
  host_pairs:
    description:
      - Say also for each host and each other one whether guests could go from the one to the other, in RV(host_pairs).
        Their number grows with the square of the number of hosts.
    type: bool
    default: false
  wake:
    description: Whether a host on standby would be switched on for a guest.
    type: bool
    default: false
  text_rows:
    description: Number of pairs that the table in RV(text) shows; V(0) for all. RV(matrix) is always whole.
    type: int
    default: 60
seealso:
  - module: virtfleet.migration.host_check_info
  - module: virtfleet.migration.migration_plan
"""

EXAMPLES = r"""
- name: Could the guests of hv1 go to any other host?
  virtfleet.migration.migration_check_info:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    sources: [hv1]
  delegate_to: localhost
  run_once: true
  register: check

- name: Show the table
  ansible.builtin.debug:
    var: check.text

- name: Stop if one of them could go nowhere
  ansible.builtin.assert:
    that: check.totals.guests_without_host == 0
"""

RETURN = r"""
matrix:
  description: Each guest with each host it might go to, sorted by guest and host.
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
    source:
      description: The host it is on.
      type: str
    dest:
      description: The host it might go to.
      type: str
    ok:
      description: V(true) where there is no refusal.
      type: bool
    refusals:
      description:
        - All reasons against the move, each with a C(code) that does not change, C(host) (empty where it holds for
          every host), C(message) and C(remedy).
      type: list
      elements: dict
    warnings:
      description: What to beware of, in the same form.
      type: list
      elements: dict
  sample:
    - guest: 5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01
      name: web
      source: hv1
      dest: hv2
      ok: false
      refusals:
        - code: pool_missing
          host: hv2
          message: disk vda is in pool local (dir /var/lib/libvirt/images), which hv2 does not have active
          remedy: define and start that pool on hv2
      warnings: []
host_pairs:
  description:
    - Each host with each other one, sorted by source and destination, judged with a guest that needs nothing but the
      hosts. That a host is marked as in maintenance does not count.
  returned: O(host_pairs=true)
  type: list
  elements: dict
  contains:
    source:
      description: The host that would send.
      type: str
    dest:
      description: The host that would receive.
      type: str
    ok:
      description: V(true) where there is no refusal.
      type: bool
    refusals:
      description: All that speaks against it, in the form of those in RV(matrix).
      type: list
      elements: dict
    warnings:
      description: What to beware of, in the same form.
      type: list
      elements: dict
  sample:
    - {source: hv1, dest: hv2, ok: true, refusals: [], warnings: []}
host_pairs_text:
  description: The matrix of hosts as lines for people, and the reasons.
  returned: O(host_pairs=true)
  type: list
  elements: str
text:
  description: The matrix as lines for people, a table and the reasons.
  returned: success
  type: list
  elements: str
totals:
  description:
    - How many guests and pairs were looked at, how many pairs are possible (C(ok)), C(refused) or C(warned), how many
      guests could go to no host at all (C(guests_without_host)), and how many pairs have each code.
  returned: success
  type: dict
  sample:
    guests: 2
    guests_without_host: 0
    pairs: 4
    ok: 3
    refused: 1
    warned: 0
    refusals: {pool_missing: 1}
    warnings: {}
unreachable_hosts:
  description: Hosts that did not answer, with the reason. Nobody knows which guests are on them.
  returned: success
  type: dict
  sample: {hv3: no answer within 15 s}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import fleet_spec, hosts_of
from ..module_utils._ansible.checks import checks_spec, wanted_of, wanted_spec
from ..module_utils._ansible.shell import read_text, run_module
from ..module_utils._engine.check_text import check_lines, matrix, totals
from ..module_utils._engine.readiness_text import pair_lines, pairs
from ..module_utils._libvirt.binding import libvirt
from ..module_utils._libvirt.blockjobs import with_block_jobs
from ..module_utils._libvirt.connection import Fleet
from ..module_utils._libvirt.survey import survey
from ..module_utils._model.errors import FleetError
from ..module_utils._model.host import HostState
from ..module_utils._model.host_check import read_checks
from ..module_utils._model.request import Goal, Request
from ..module_utils._model.snapshot import Snapshot, read_snapshot
from ..module_utils._planner.preflight import preflight
from ..module_utils._planner.readiness import readiness


def look(params: dict[str, Any]) -> Snapshot:
    """Return the snapshot that the user saved, or take one."""
    if params["snapshot_file"] is not None:
        what = f"snapshot file {params['snapshot_file']}"
        return read_snapshot(read_text(params["snapshot_file"], what), what)
    with Fleet(hosts_of(params), params["connect_timeout"]) as fleet:
        return with_block_jobs(fleet, survey(fleet))


def request_of(params: dict[str, Any], snapshot: Snapshot) -> Request:
    """Return which guests and hosts are asked about; where nothing is named, all that are known."""
    answering = tuple(host.name for host in snapshot.hosts if host.state is not HostState.UNREACHABLE)
    sources = tuple(params["sources"]) or (() if params["guests"] else answering)
    dests = tuple(params["dests"]) or tuple(host.name for host in snapshot.hosts)
    return Request(Goal.RELOCATE, sources, tuple(params["guests"]), dests, wake=params["wake"])


def body(module: AnsibleModule) -> dict[str, Any]:
    """Look, judge, and return the verdicts as data and in words."""
    params = module.params
    if params["text_rows"] < 0:
        raise FleetError(f"text_rows is {params['text_rows']}", "Give the number of pairs to show, or 0 for all")
    entries = {entry.name: entry for entry in hosts_of(params)} if params["hosts"] else None
    snapshot = look(params)
    checks = read_checks(params["host_checks"])
    wanted = wanted_of(params)
    verdicts = matrix(preflight(snapshot, request_of(params, snapshot), wanted, entries, checks))
    host_pairs = {}
    if params["host_pairs"]:
        ready = pairs(readiness(snapshot, wanted, entries, checks))
        host_pairs = {"host_pairs": ready, "host_pairs_text": pair_lines(ready)}
    silent = snapshot.unreachable
    return {
        "matrix": verdicts,
        "text": check_lines(verdicts, params["text_rows"]),
        "totals": totals(verdicts),
        "unreachable_hosts": silent,
        **host_pairs,
    }


def main() -> None:
    """Run the module."""
    names = {"type": "list", "elements": "str", "default": []}
    spec = {
        **fleet_spec(required=False),
        **checks_spec(),
        **wanted_spec(),
        **dict.fromkeys(("sources", "guests", "dests"), names),
        "snapshot_file": {"type": "path"},
        "host_pairs": {"type": "bool", "default": False},
        "wake": {"type": "bool", "default": False},
        "text_rows": {"type": "int", "default": 60},
    }
    module = AnsibleModule(argument_spec=spec, required_one_of=[("hosts", "snapshot_file")], supports_check_mode=True)
    # a saved snapshot is judged without libvirt
    run_module(module, body, missing=libvirt is None and module.params["snapshot_file"] is None)


if __name__ == "__main__":
    main()
