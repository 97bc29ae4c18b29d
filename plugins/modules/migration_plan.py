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
  - Each number of a plan is explained in
    R(Planning, ansible_collections.virtfleet.migration.docsite.guide_planning).
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
  - virtfleet.migration.moves.prediction
  - virtfleet.migration.moves.usage
  - virtfleet.migration.history
  - virtfleet.migration.moves.slots
  - virtfleet.migration.request
  - virtfleet.migration.goals
  - virtfleet.migration.links
  - virtfleet.migration.checks
  - virtfleet.migration.checks.wanted
  - virtfleet.migration.attributes.info
options:
  goal:
    description:
      - V(evacuate) leaves no guest on the hosts of O(goal_hosts), shut-off ones included.
      - V(restore) brings guests back whose home is one of O(goal_hosts). A guest's home is noted when it is evacuated.
      - V(move) brings the guests of O(guests) to the one host of O(goal_hosts).
      - V(relocate) brings the guests of O(guests), and those on O(goal_hosts), to the hosts that O(dests),
        O(dest_sites) and O(dest_labels) allow.
      - V(consolidate) empties as many hosts as it can, or those that save the most watts at rest where all hosts have a
        power model. The plan lists them in C(power_off). With O(high_cpu_percent) it also relieves hosts that are
        overloaded, and wakes others for them where O(wake=true); the plan lists those in C(power_on).
      - V(balance) evens out how full the hosts are, in memory, vCPUs and whatever else was measured, once broken rules
        are mended and overloaded hosts relieved.
      - V(rolling) orders hosts for an upgrade in waves, each host emptied once, by default every host of the fleet.
      - V(repair) mends rules that are broken and hosts that are overfull, with as few moves as it finds.
      - V(explain) plans nothing and returns RV(explanation), for the guests of O(guests) and O(guest_labels) and for
        those on O(goal_hosts) and O(goal_sites), what keeps each of them from each host that O(dests) allows, or what
        the move there would cost.
    type: str
    choices: [evacuate, restore, move, relocate, consolidate, balance, rolling, repair, explain]
    required: true
  snapshot:
    description: Plan on this snapshot instead of surveying O(hosts).
    type: dict
  snapshot_file:
    description: Plan on the snapshot in this file, faster than O(snapshot) for large fleets.
    type: path
  text_moves:
    description:
      - Number of moves, and of reasons for which guests stay, that RV(text) shows of a longer plan; V(0) for all of
        them. The plan itself is always whole.
    type: int
    default: 60
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

# The examples below plan on a snapshot that was saved; with hosts in its place, they survey.
- name: Plan to empty two hosts at once, only to hosts of their own site, with databases in different racks
  virtfleet.migration.migration_plan:
    snapshot_file: fleet.json
    goal: evacuate
    goal_hosts: [hv1, hv2]
    dest_sites: [north]
    bring_back: true
    rules:
      - name: databases-apart
        kind: anti_affinity
        labels: {role: db}
        group_by: cluster
        scope: rack

- name: Plan to bring the guests of hv1 home
  virtfleet.migration.migration_plan:
    snapshot_file: fleet.json
    goal: restore
    goal_hosts: [hv1]

- name: Plan to move two guests to hv3
  virtfleet.migration.migration_plan:
    snapshot_file: fleet.json
    goal: move
    guests: [web, db]
    goal_hosts: [hv3]

- name: Plan to move a tenant to another site, over a link that leaves 200 MiB/s to migrations
  virtfleet.migration.migration_plan:
    snapshot_file: fleet.json
    goal: relocate
    guest_labels: {tenant: blue}
    dest_sites: [south]
    links:
      - sites: [north, south]
        bandwidth_mibs: 200

- name: Plan to empty hosts for the night, with room for the loss of any one host
  virtfleet.migration.migration_plan:
    snapshot_file: fleet.json
    goal: consolidate
    keep_on: [hv1]
    min_on: 3
    headroom_percent: 10
    max_cpu_percent: 60
    survive_loss: keep

- name: Plan to even out the load with at most ten moves
  virtfleet.migration.migration_plan:
    snapshot_file: fleet.json
    goal: balance
    max_moves: 10
    max_bytes: 200G

- name: Plan the waves of an upgrade, two hosts at a time, never two of one rack
  virtfleet.migration.migration_plan:
    snapshot_file: fleet.json
    goal: rolling
    max_at_once: 2
    one_per: rack
    return_home: true

- name: Plan to mend what breaks a rule
  virtfleet.migration.migration_plan:
    snapshot_file: fleet.json
    goal: repair
    rules:
      - name: licensed
        kind: pin
        guests: ["oracle-*"]
        host_labels: {licence: oracle}

- name: Ask where a guest could go and why not elsewhere
  virtfleet.migration.migration_plan:
    snapshot_file: fleet.json
    goal: explain
    guests: [web]
"""

RETURN = r"""
plan:
  description:
    - The plan, a document with a schema number that M(virtfleet.migration.migration_apply) takes. Its JSON schema is
      C(docs/schemas/plan-1.json).
    - RV(plan.est_seconds) and RV(plan.est_bytes) assume a network card of 1 Gbit/s in each host, or its
      O(hosts[].migration_bandwidth_mibs), and one pass over each guest's memory; with O(measure_dirty_rate_seconds),
      what the guest holds and writes. C(expected) of such a move says whether it converges, and which policy to take if
      it does not.
  returned: success, or when guests stay; not for the goal V(explain)
  type: dict
  contains:
    plan_id:
      description: Digest of snapshot and request.
      type: str
    request:
      description: What was asked for, with the defaults filled in.
      type: dict
    moves:
      description:
        - Moves in the order in which they start, each once those of its C(after) are over. C(parking) marks a stop on
          the way, C(est_downtime_ms) is how long nothing runs.
      type: list
      elements: dict
    stays:
      description: Guests that should move and can't, as codes and facts; RV(stays) has them in words.
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
    est_downtime_ms:
      description: Sum of the moves' downtimes as estimated, in milliseconds.
      type: int
    power_on:
      description: Hosts on standby that have to be switched on before the first move.
      type: list
      elements: str
    power_off:
      description: Hosts that have no guest left after the last move and can be switched off.
      type: list
      elements: str
    waves:
      description:
        - Hosts that are upgraded together, the moves that empty them, and how long these take (C(est_seconds)), for
          the goal V(rolling). With O(return_home) a wave may have no host, guests only go home in it.
      type: list
      elements: dict
    bounds:
      description:
        - The goal's own numbers. Each has C(what), C(unit), C(before), the C(value) reached, and C(bound), which no
          plan could have been better than (null where none is known).
      type: list
      elements: dict
    breaches:
      description: Rules that don't hold at the end; C(before) says that they were broken already.
      type: list
      elements: dict
    frail:
      description: Hosts whose loss the others could not take at the end; null unless O(survive_loss) asks for it.
      type: list
      elements: str
    critical_path:
      description: Ids of the moves, each started by the end of the one before, that decide RV(plan.est_seconds).
      type: list
      elements: str
    watts_before:
      description: Watts of the hosts that are on, from their power models; null where one has none.
      type: float
    watts_after:
      description: The same after the plan.
      type: float
    energy:
      description:
        - What the plan does to the fleet's energy; null where RV(plan.watts_before) is.
        - C(watts_before) and C(watts_after) as above. C(kwh_saved_per_day), below zero where hosts are woken.
          C(moves_kwh) and C(switching_kwh), what the moves and switching hosts cost, and C(payback_hours), after which
          that is saved again. C(money_per_day) in C(currency) and C(co2_kg_per_day) where O(price_per_kwh) and
          O(co2_g_per_kwh) are given.
      type: dict
    remarks:
      description: What the planner noticed and could not honour, such as rules that contradict each other.
      type: list
      elements: str
    rule_faults:
      description:
        - Rules that nobody can keep, whatever the plan, each with a C(code), the C(rules) by name, and the C(guests)
          and C(hosts) in question. RV(plan.remarks) has them in words.
        - V(no_guest) and V(no_host), the rule speaks of none that is there. V(unknown_host), it names one that is not
          there. V(no_host_left), pins and bans leave a guest no host. V(no_method_left). V(contradiction).
          V(too_few_places). V(unreadable), of a kind in a guest's metadata that this version does not know.
      type: list
      elements: dict
    not_moved:
      description:
        - For the goal V(balance), guests that stay on hosts that are fuller than the mean, and C(why), with C(facts) or
          C(refusals).
        - V(cooldown), it was moved lately. V(refused), no host takes it, or it can't be moved. V(small_gain).
          V(budget), O(max_moves) or O(max_bytes) is used up. V(consolidation), one would then switch other hosts off
          (O(high_cpu_percent)). V(even_enough), the imbalance is within the threshold. V(not_asked),
          O(aggressiveness=1). V(loss), by O(survive_loss).
      type: list
      elements: dict
  sample:
    schema: 1
    plan_id: 8e6cd1b3ae0d9f04
    request: {goal: evacuate, hosts: [hv1]}
    moves:
      - id: m0001
        guest: 5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01
        name: web
        source: hv1
        dest: hv2
        method: live
        after: []
        copies: []
        adopt: false
        home: hv1
        est_seconds: 2.7
        est_bytes: 134217728
        est_downtime_ms: 300
        reason: hv1 is evacuated
        parking: false
        purpose: null
        balanced: null
    stays: []
    leftovers: []
    est_seconds: 2.7
    est_bytes: 134217728
    est_downtime_ms: 300
    power_on: []
    power_off: []
    waves: []
    bounds:
      - {what: sent, unit: MiB, before: 0.0, value: 128.0, bound: 128.0}
    breaches: []
    frail: null
    critical_path: [m0001]
    watts_before: 310.5
    watts_after: 310.5
    energy:
      watts_before: 310.5
      watts_after: 310.5
      kwh_saved_per_day: 0.0
      moves_kwh: 0.000025
      switching_kwh: 0.0
      payback_hours: null
      money_per_day: null
      currency: null
      co2_kg_per_day: null
    remarks: []
    rule_faults: []
    not_moved: []
text:
  description: The plan, or for the goal V(explain) the explanation, as lines for people of at most 120 columns.
  returned: success, or when guests stay
  type: list
  elements: str
  sample:
    - "Plan 8e6cd1b3ae0d9f04: empty hv1"
    - id     guest  from  to   how   MiB  seconds  waits for  why
    - m0001  web    hv1   hv2  live  128      2.7  -          hv1 is evacuated
    - 1 move, about 128 MiB, about 2.7 s, guests stand still for 0.3 s in sum
    - "Sent: 128 MiB; at the bound, no plan does better"
stays_text:
  description: A line for people for each reason for which a guest stays; also in RV(text).
  returned: success, or when guests stay; not for the goal V(explain)
  type: list
  elements: str
  sample:
    - >-
      web stays on hv1: hv2 has 64 MiB of allocatable memory left, the guest needs 128 MiB; free memory there, or raise
      its allocatable memory
stays:
  description: Guests that should move and can't, with a refusal for each candidate.
  returned: success, or when guests stay; not for the goal V(explain)
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
explanation:
  description: For each guest asked for, every other host.
  returned: success, for the goal V(explain)
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
      description: Where it is.
      type: str
    together:
      description: Names of the guests that a hard rule of affinity takes along. The cost counts them too.
      type: list
      elements: str
    blockers:
      description: What keeps the guest where it is, wherever it would go.
      type: list
      elements: dict
    hosts:
      description:
        - Every other host, whether the guest could go there alone as the fleet stands (C(possible)), else why not
          (C(refusals)). C(breaks) names soft rules that hold now and would not then.
        - C(cost) has the method, bytes, seconds and downtime of the move, disks to copy, whether the host has to be
          switched on (C(wake)), and what it would have left in bytes of memory and in vCPUs, beyond the headroom.
        - C(disks) has for each disk its class as the two hosts have it (shared, local, network, media, empty, device,
          transient, stray) and its way there (reached, copied, copied_top where only what is above its base image
          is copied, ejected, refused).
      type: list
      elements: dict
  sample:
    - guest: 5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01
      name: web
      host: hv1
      together: []
      blockers: []
      hosts:
        - host: hv2
          possible: true
          refusals: []
          breaks: []
          cost:
            method: live
            est_bytes: 134217728
            est_seconds: 2.7
            est_downtime_ms: 300
            free_memory: 7247757312
            free_vcpus: 11
            copies: []
            wake: false
          disks:
            - {target: vda, disk_class: shared, way: reached}
        - host: hv3
          possible: false
          refusals:
            - code: host_in_maintenance
              host: hv3
              message: hv3 is in maintenance (new memory)
              remedy: take its mark off with host_maintenance
          breaks: []
          cost: null
          disks: []
usage:
  description:
    - Where the use of the CPU that was planned with comes from. C(source) is V(history) (O(history)), V(moment), or
      V(none), where nobody measured.
    - Of the active C(guests) those C(with_history) and C(without_history) in the window, and those C(unmeasured)
      anyhow, which count as idle. C(samples) lie in the window, the C(newest) of them at that time.
  returned: success, or when guests stay
  type: dict
  sample: {source: history, guests: 12, with_history: 11, without_history: 1, unmeasured: 0, samples: 24,
           newest: '2026-11-26T06:30:00+00:00'}
placement:
  description: Names of the guests on each host as they are before the plan, sorted.
  returned: success, or when guests stay
  type: dict
  sample: {hv1: [web], hv2: []}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import fleet_spec, hosts_of, prediction_spec, usage_spec
from ..module_utils._ansible.checks import checks_spec, unchecked_lines, wanted_of, wanted_spec, with_checks
from ..module_utils._ansible.history import history_spec, window_of
from ..module_utils._ansible.links import check_links, links_of, lost_links, with_links
from ..module_utils._ansible.request import GOALS, request_of, request_spec
from ..module_utils._ansible.shell import read_text, run_module
from ..module_utils._engine.explanation_text import explanation_facts, explanation_lines
from ..module_utils._engine.plan_text import plan_lines
from ..module_utils._engine.report import placement, silent_lines, stay_facts, stay_lines
from ..module_utils._engine.session import check_runs_once
from ..module_utils._history.recall import with_history
from ..module_utils._host.identity import guest_uuids
from ..module_utils._libvirt.binding import libvirt
from ..module_utils._libvirt.connection import Fleet
from ..module_utils._libvirt.survey import survey
from ..module_utils._model.codec import load_document, to_json
from ..module_utils._model.errors import FleetError
from ..module_utils._model.prose_usage import usage_facts
from ..module_utils._model.request import Goal, Request
from ..module_utils._model.snapshot import SCHEMA, Snapshot, read_snapshot
from ..module_utils._planner.conductor import with_conductor_last
from ..module_utils._planner.explain import explain
from ..module_utils._planner.planner import make_plan

EXPLAIN = "explain"


def look(params: dict[str, Any]) -> Snapshot:
    """Return the snapshot that the user gave, or take one."""
    if params["snapshot"] is not None:
        return load_document(Snapshot, params["snapshot"], "the snapshot", SCHEMA)
    if params["snapshot_file"] is not None:
        what = f"snapshot file {params['snapshot_file']}"
        return read_snapshot(read_text(params["snapshot_file"], what), what)
    with Fleet(hosts_of(params), params["connect_timeout"]) as fleet:
        return survey(fleet, params["measure_usage_seconds"], params["measure_dirty_rate_seconds"])


def planned(snapshot: Snapshot, request: Request, shown: int) -> dict[str, Any]:
    """Return the plan, as data and in words."""
    plan = make_plan(snapshot, request)
    stays = [stay_facts(stay) for stay in plan.stays]
    return {"plan": to_json(plan), "text": plan_lines(plan, shown), "stays": stays, "stays_text": stay_lines(stays)}


def explained(snapshot: Snapshot, request: Request, shown: int) -> dict[str, Any]:
    """Return the explanation, as data and in words."""
    found = explain(snapshot, request)
    return {"explanation": explanation_facts(found), "text": explanation_lines(found, shown)}


def body(module: AnsibleModule) -> dict[str, Any]:
    """Plan and return the plan, or explain."""
    params = module.params
    explaining, shown = params["goal"] == EXPLAIN, params["text_moves"]
    if shown < 0:
        raise FleetError(f"text_moves is {shown}", "Give the number of moves to show, or 0 for all")
    request, links = request_of(params, wanted_of(params), Goal.RELOCATE if explaining else None), links_of(params)
    snapshot = with_checks(with_links(look(params), links), params)
    if params["history"]:
        snapshot = with_history(snapshot, params["history"]["path"], window_of(params["history"]))
    check_links(snapshot.links)
    check_runs_once(snapshot)
    for line in (*silent_lines(snapshot), *unchecked_lines(snapshot), *lost_links(snapshot)):
        module.warn(line)
    told: list[str] = []
    if request.goal is Goal.ROLLING and params["hosts"]:
        request, told = with_conductor_last(snapshot, request, guest_uuids())
    result = (explained if explaining else planned)(snapshot, request, shown)
    result["text"] = [*told, *result["text"]]
    result.update({"placement": placement(snapshot), "usage": usage_facts(snapshot)})
    if result.get("stays") and params["fail_on_stays"]:
        return {**result, "failed": True, "msg": "; ".join(result["stays_text"])}
    return result


def main() -> None:
    """Run the module."""
    spec = {
        **fleet_spec(required=False),
        **request_spec(required=True, goals=(*GOALS, EXPLAIN)),
        **prediction_spec(),
        **usage_spec(),
        **history_spec(),
        **checks_spec(),
        **wanted_spec(),
        "snapshot": {"type": "dict"},
        "snapshot_file": {"type": "path"},
        "text_moves": {"type": "int", "default": 60},
        "fail_on_stays": {"type": "bool", "default": False},
    }
    sources = [("hosts", "snapshot", "snapshot_file")]
    module = AnsibleModule(
        argument_spec=spec, mutually_exclusive=sources, required_one_of=sources, supports_check_mode=True
    )
    # a snapshot is planned on without libvirt
    run_module(module, body, missing=libvirt is None and module.params["hosts"] is not None)


if __name__ == "__main__":
    main()
