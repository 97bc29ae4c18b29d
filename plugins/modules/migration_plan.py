#!/usr/bin/python
"""The module migration_plan: from a goal to a verified plan. A thin shell; the planning is done in _planner."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_plan
short_description: Plan which guests move where, and say why others can't
version_added: 0.1.0
description:
  - Makes a plan for a goal and replays it with an independent check of every rule and of the capacity at every step.
    Nothing is moved; M(virtfleet.migration.migration_apply) carries the plan out.
  - A guest that should move and can't is listed with a reason for each host it might have gone to.
  - The same fleet and the same goal give the same plan, whatever the hosts' load is at the moment.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
  - virtfleet.migration.moves.slots
  - virtfleet.migration.attributes.info
options:
  goal:
    description:
      - V(evacuate) leaves no guest on the hosts of O(goal_hosts), shut-off ones included.
      - V(restore) brings guests back whose home is one of O(goal_hosts). A guest's home is noted when it is evacuated.
      - V(move) brings the guests of O(guests) to the one host of O(goal_hosts).
    type: str
    choices: [evacuate, restore, move]
    required: true
  goal_hosts:
    description: The hosts that the goal is about.
    type: list
    elements: str
    required: true
  guests:
    description: Names or UUIDs of the guests to move, for the goal V(move).
    type: list
    elements: str
    default: []
  dests:
    description: Only these hosts may take guests. Left empty, all may.
    type: list
    elements: str
    default: []
  method:
    description:
      - V(auto) moves running guests live, paused ones paused, shut-off ones as a definition.
      - V(paused) suspends running guests while they move.
    type: str
    choices: [auto, paused]
    default: auto
  snapshot:
    description: Plan on this snapshot instead of surveying O(hosts).
    type: dict
  snapshot_file:
    description: Plan on the snapshot in this file, faster than O(snapshot) for large fleets.
    type: path
  fail_on_stays:
    description: Fail if any guest that should move can't.
    type: bool
    default: false
seealso:
  - module: virtfleet.migration.migration_apply
"""

EXAMPLES = r"""
- name: Plan to empty hv1
  virtfleet.migration.migration_plan:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    goal: evacuate
    goal_hosts: [hv1]
  delegate_to: localhost
  run_once: true
  register: planned

- name: Show the plan
  ansible.builtin.debug:
    var: planned.text
"""

RETURN = r"""
plan:
  description:
    - The plan, a document with a schema number that M(virtfleet.migration.migration_apply) takes.
    - RV(plan.est_seconds) and RV(plan.est_bytes) assume a link of 1 Gbit/s and one pass over each guest's memory.
  returned: success, or when guests stay
  type: dict
  contains:
    plan_id:
      description: Digest of snapshot and request.
      type: str
    moves:
      description: Moves in the order in which they start, each once those of its C(after) are over.
      type: list
      elements: dict
    leftovers:
      description: What interrupted moves left behind, and applying the plan removes.
      type: list
      elements: dict
    est_seconds:
      description: Estimate of the time from the first start to the last end, in seconds.
      type: float
    est_bytes:
      description: Estimate of what is sent, in bytes.
      type: int
  sample:
    schema: 1
    plan_id: 8e6cd1b3ae0d9f04
    moves:
      - id: m0001
        name: web
        source: hv1
        dest: hv2
        method: live
        after: []
        copies: []
        est_seconds: 2.7
        est_bytes: 134217728
        reason: hv1 is evacuated
text:
  description: The plan as lines for people.
  returned: success, or when guests stay
  type: list
  elements: str
  sample:
    - id     name  source  dest  method  mib    est_s  why
    - m0001  web   hv1     hv2   live    128.0  2.7    hv1 is evacuated
    - 1 moves, about 128.0 MiB, about 2.7 s
stays_text:
  description: A line for people for each reason for which a guest stays; also at the end of RV(text).
  returned: success, or when guests stay
  type: list
  elements: str
  sample:
    - >-
      web stays on hv1: hv2 has 64 MiB of allocatable memory left, the guest needs 128 MiB; free memory there, or raise
      its allocatable memory
stays:
  description: Guests that should move and can't, with a refusal for each candidate.
  returned: success, or when guests stay
  type: list
  elements: dict
  contains:
    name:
      description: Name of the guest.
      type: str
    host:
      description: Where it is.
      type: str
    refusals:
      description: Code, host (empty for any), message and remedy of each reason.
      type: list
      elements: dict
  sample:
    - guest: 5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01
      name: web
      host: hv1
      refusals:
        - code: memory
          host: hv2
          message: hv2 has 64 MiB of allocatable memory left, the guest needs 128 MiB
          remedy: free memory there, or raise its allocatable memory
placement:
  description: Names of the guests on each host as they are before the plan, sorted.
  returned: success, or when guests stay
  type: dict
  sample: {hv1: [web], hv2: []}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import fleet_spec, hosts_of
from ..module_utils._ansible.request import request_of, request_spec
from ..module_utils._ansible.shell import read_text, run_module
from ..module_utils._engine.report import placement, plan_lines, stay_facts, stay_lines
from ..module_utils._engine.session import check_runs_once
from ..module_utils._libvirt.binding import libvirt
from ..module_utils._libvirt.connection import Fleet
from ..module_utils._libvirt.survey import survey
from ..module_utils._model.codec import load_document, to_json
from ..module_utils._model.host import HostState
from ..module_utils._model.snapshot import SCHEMA, Snapshot, read_snapshot
from ..module_utils._planner.planner import make_plan


def look(params: dict[str, Any]) -> Snapshot:
    """Return the snapshot that the user gave, or take one."""
    if params["snapshot"] is not None:
        return load_document(Snapshot, params["snapshot"], "the snapshot", SCHEMA)
    if params["snapshot_file"] is not None:
        what = f"snapshot file {params['snapshot_file']}"
        return read_snapshot(read_text(params["snapshot_file"], what), what)
    with Fleet(hosts_of(params), params["connect_timeout"]) as fleet:
        return survey(fleet)


def body(module: AnsibleModule) -> dict[str, Any]:
    """Plan and return the plan."""
    request, snapshot = request_of(module.params), look(module.params)
    check_runs_once(snapshot)
    for host in snapshot.hosts:
        if host.state is HostState.UNREACHABLE:
            module.warn(f"host {host.name} does not answer and takes no guests: {host.error}")
    plan = make_plan(snapshot, request)
    stays = [stay_facts(stay) for stay in plan.stays]
    result = {
        "plan": to_json(plan),
        "text": plan_lines(plan),
        "stays": stays,
        "stays_text": stay_lines(stays),
        "placement": placement(snapshot),
    }
    if stays and module.params["fail_on_stays"]:
        return {**result, "failed": True, "msg": "; ".join(stay_lines(stays))}
    return result


def main() -> None:
    """Run the module."""
    spec = {
        **fleet_spec(required=False),
        **request_spec(required=True),
        "snapshot": {"type": "dict"},
        "snapshot_file": {"type": "path"},
        "fail_on_stays": {"type": "bool", "default": False},
    }
    sources = [("hosts", "snapshot", "snapshot_file")]
    module = AnsibleModule(
        argument_spec=spec, mutually_exclusive=sources, required_one_of=sources, supports_check_mode=True
    )
    run_module(module, body, missing=libvirt is None)


if __name__ == "__main__":
    main()
