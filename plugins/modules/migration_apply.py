#!/usr/bin/python
"""The module migration_apply: carries a plan out. A thin shell; the run is in _engine, the calls in _libvirt."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migration_apply
short_description: Carry out a migration plan, several moves at once
version_added: 0.1.0
description:
  - Surveys the fleet, checks that the plan still fits it, and moves the guests. A move starts as soon as its order and
    the plan's slots allow; none waits for a batch.
  - While it runs, the progress of each guest is shown. Every event goes to a journal.
  - A move that fails does not stop the others; the report says what failed, why, and what to do.
  - Running it again converges. Guests that have arrived are left alone, a migration that is under way is watched to its
    end, and what an interrupted run left behind is removed.
  - Ctrl-C, or SIGTERM to the process named in the journal, aborts moves in pre-copy, waits for those in post-copy, and
    reports what is left.
  - Disks in a pool of the source alone are copied along while the guest runs. Once it has arrived, their volumes at the
    source, out of date by then, are removed.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
  - virtfleet.migration.moves.prediction
  - virtfleet.migration.moves.usage
  - virtfleet.migration.history
  - virtfleet.migration.moves
  - virtfleet.migration.transfer
  - virtfleet.migration.moves.slots
  - virtfleet.migration.moves.journal
  - virtfleet.migration.request
  - virtfleet.migration.goals
  - virtfleet.migration.links
  - virtfleet.migration.checks
  - virtfleet.migration.attributes.moves
options:
  hosts:
    required: true
  plan:
    description: The plan that M(virtfleet.migration.migration_plan) returned.
    type: dict
  plan_file:
    description: File on the conductor with a saved plan.
    type: path
  goal:
    description:
      - Plan for this goal from a survey of its own, show the plan, and carry it out at once.
      - It is the same plan as M(virtfleet.migration.migration_plan) makes, without the time that a second task and a
        second survey take.
      - M(virtfleet.migration.migration_plan) explains the goals.
    type: str
    choices: [evacuate, restore, move, relocate, consolidate, balance, rolling, repair]
  awake:
    description:
      - Hosts on standby that are switched on before this is done for real. Check mode takes them for switched on, so
        that a playbook that wakes hosts for a plan can foretell the moves to them. Otherwise it means nothing.
    type: list
    elements: str
    default: []
  max_failures:
    description: Start no further move once more than this number have failed. Left out, there is no limit.
    type: int
  rounds:
    description:
      - With O(goal), how often to plan at the most. Each round after the first begins with a fresh survey and takes
        what the one before has left; a guest goes to another host than the one to which it could not be moved, where
        there is one.
      - A guest that is left then is moved once more as its own C(fallback) allows (M(virtfleet.migration.guest_rules)),
        suspended, or shut down and started again. One that says V(leave) is not tried a second time at all, nor is one
        whose move somebody has aborted on the host.
    type: int
    default: 1
seealso:
  - module: virtfleet.migration.guest_rules
  - module: virtfleet.migration.migration_plan
"""

EXAMPLES = r"""
- name: Carry out the plan made before
  virtfleet.migration.migration_apply:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    plan: "{{ planned.plan }}"
    timeout: 600
  delegate_to: localhost
  run_once: true
  register: applied

- name: Empty hv1 in one step
  virtfleet.migration.migration_apply:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    goal: evacuate
    goal_hosts: [hv1]
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
plan:
  description: The plan that was made, as M(virtfleet.migration.migration_plan) returns it.
  returned: with O(goal), unless the request was refused
  type: dict
  sample: {schema: 1, plan_id: 8e6cd1b3ae0d9f04, moves: []}
plan_text:
  description: The plan as lines for people; shown before the first guest moves.
  returned: with O(goal), unless the request was refused
  type: list
  elements: str
  sample: [nothing to move]
stays:
  description: Guests that should move and can't, with a refusal for each candidate.
  returned: with O(goal), unless the request was refused
  type: list
  elements: dict
  sample: []
stays_text:
  description: A line for people for each reason for which a guest stays.
  returned: with O(goal), unless the request was refused
  type: list
  elements: str
  sample: []
usage:
  description:
    - Where the use of the CPU that was planned with comes from. C(source) is V(history) (O(history)), V(moment), or
      V(none), where nobody measured.
    - Of the active C(guests) those C(with_history) and C(without_history) in the window, and those C(unmeasured)
      anyhow, which count as idle. C(samples) lie in the window, the C(newest) of them at that time.
  returned: with O(goal), unless the request was refused
  type: dict
  sample: {source: history, guests: 12, with_history: 11, without_history: 1, unmeasured: 0, samples: 24,
           newest: '2026-11-26T06:30:00+00:00'}
report:
  description: What became of each guest; the same keys in check mode.
  returned: success, or when moves failed
  type: dict
  contains:
    moves:
      description:
        - One entry per move with its outcome, one of V(moved), V(already_there), V(refused), V(stale), V(failed),
          V(timed_out), V(aborted), V(went_off), V(not_started), V(link_closed) (it would have gone
          over a link that is closed at that hour), V(unknown); seconds, bytes and downtime as libvirt
          measured them. C(bytes) counts memory and copied disks, C(disk_bytes) the disks alone. C(reason) is
          the plan's, C(purpose) for the goal V(balance) only.
      type: list
      elements: dict
    stays:
      description: Guests that the plan left where they are, with the reasons.
      type: list
      elements: dict
    not_moved:
      description:
        - For the goal V(balance), guests that stay on hosts that are fuller than the mean, each with C(why) as
          RV(virtfleet.migration.migration_plan#module:plan.not_moved) has it, and C(text), the reason in words.
      type: list
      elements: dict
    left:
      description: Names of guests that are not where the goal wants them.
      type: list
      elements: str
    problems:
      description:
        - Sentences about guests that are in another state than before, gone, or running twice, and about groups that
          are on two sites.
      type: list
      elements: str
    groups:
      description:
        - Guests that belong together (O(group_label)). C(split_seconds), from the first arrival to the last; C(split),
          whether they are on two sites in the end; C(sites), who is where; C(est_split_seconds), as it was planned.
      type: list
      elements: dict
    links:
      description:
        - What went over each link of the inventory, C(moves), C(bytes), C(seconds) and C(cost), and the same as it was
          planned, C(est_moves) and so on.
      type: list
      elements: dict
    totals:
      description: Counts, bytes and the longest downtime.
      type: dict
    placement:
      description: Names of the guests on each host before and after.
      type: dict
    accuracy:
      description:
        - How far off the estimates were. C(moves) that it can be told of, how many of them were predicted from a
          C(measured) dirty rate, and the medians C(seconds_off_percent) and C(bytes_off_percent).
      type: dict
    energy:
      description:
        - C(energy) of the plan, as RV(virtfleet.migration.migration_plan#module:plan.energy) has it, but with
          C(moves_kwh) from the bytes that were really sent; C(moves_kwh_estimated) is the plan's. Null where hosts have
          no power model.
      type: dict
  sample:
    schema: 1
    plan_id: 8e6cd1b3ae0d9f04
    goal: evacuate
    hosts: [hv1]
    seconds: 6.2
    moves:
      - {id: m0001, name: web, source: hv1, dest: hv2, method: live, outcome: moved, round: 1, seconds: 2.1,
         bytes: 48300032, disk_bytes: 0, downtime_ms: 62, est_seconds: 2.7, error: null, remedy: null}
    stays: []
    left: []
    problems: []
    groups: []
    links: []
    totals: {moved: 1, already_there: 0, failed: 0, stayed: 0, bytes: 48300032, longest_downtime_ms: 62}
    energy: null
    placement:
      before: {hv1: [web], hv2: []}
      after: {hv1: [], hv2: [web]}
text:
  description: The report as lines for people.
  returned: success, or when moves failed
  type: list
  elements: str
  sample:
    - name  source  dest  method  outcome  seconds  data_mib  downtime_ms
    - web   hv1     hv2   live    moved    2.1      46.1      62
journal:
  description: Path of the journal on the conductor; empty in check mode.
  returned: success, or when moves failed
  type: str
  sample: /root/.local/state/virtfleet/20261123T201200-4711.jsonl
"""

import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import (
    fleet_spec,
    hosts_of,
    journal_spec,
    prediction_spec,
    settings_of,
    settings_spec,
    usage_spec,
)
from ..module_utils._ansible.checks import checks_spec, unchecked_lines, with_checks
from ..module_utils._ansible.detached import detached
from ..module_utils._ansible.history import history_spec, window_of
from ..module_utils._ansible.interrupt import stop_event
from ..module_utils._ansible.journal_file import open_run
from ..module_utils._ansible.links import links_of, with_links
from ..module_utils._ansible.request import request_of, request_spec
from ..module_utils._ansible.shell import read_text, run_module
from ..module_utils._engine.engine import RunOptions
from ..module_utils._engine.plan_text import plan_facts
from ..module_utils._engine.report import silent_lines, stay_lines
from ..module_utils._engine.rounds import check_rounds
from ..module_utils._engine.session import (
    Again,
    Further,
    awakened,
    carry_out,
    check_runs_once,
    module_result,
    rehearsal,
)
from ..module_utils._history.recall import with_history
from ..module_utils._libvirt.binding import libvirt
from ..module_utils._libvirt.connection import Fleet
from ..module_utils._libvirt.driver import LibvirtDriver
from ..module_utils._libvirt.rooms import planned
from ..module_utils._libvirt.survey import survey
from ..module_utils._libvirt.trial import end_trials
from ..module_utils._model.codec import load_document, to_json
from ..module_utils._model.plan import SCHEMA, Plan, read_plan
from ..module_utils._model.prose_usage import usage_facts
from ..module_utils._model.settings import wanted_by
from ..module_utils._model.snapshot import Snapshot, with_usage_of
from ..module_utils._planner.check import check_numbers
from ..module_utils._planner.planner import make_plan
from ..module_utils._planner.trial import awake

Planner = Callable[[Snapshot], Plan]


def planner_of(params: dict[str, Any]) -> Planner:
    """Return what gives the plan for a snapshot: the plan that the user gave, or one made for the user's request."""
    wanted = wanted_by(settings_of(params))
    if params["goal"] is not None:
        request = request_of(params, wanted)
        return lambda snapshot: make_plan(snapshot, request)
    if params["plan"] is not None:
        given = load_document(Plan, params["plan"], "the plan", SCHEMA)
    else:
        what = f"plan file {params['plan_file']}"
        given = read_plan(read_text(params["plan_file"], what), what)
    check_numbers(given.request)  # somebody may have edited it
    # whoever made it may have had another way of moving in mind
    judged = replace(given, request=replace(given.request, wanted=wanted))
    return lambda _snapshot: judged


def replanner(params: dict[str, Any], before: Snapshot) -> Again:
    """Return what plans a request that follows from what an earlier round has left; guests use what they did before."""
    return lambda snapshot, request: make_plan(with_given(with_usage_of(snapshot, before), params), request)


def with_given(snapshot: Snapshot, params: dict[str, Any]) -> Snapshot:
    """Return the snapshot with what the user knows beside it: links between sites, and looks on the hosts."""
    return with_checks(with_links(snapshot, links_of(params)), params)


def apply(params: dict[str, Any], rehearse: bool) -> dict[str, Any]:
    """Carry the plan out, one made from the survey that the run needs anyway or one given; return the report."""
    planner, entries, settings = planner_of(params), hosts_of(params), settings_of(params)
    most = check_rounds(params["rounds"])
    with ExitStack() as stack:
        stop = stack.enter_context(stop_event())
        emit, journal = stack.enter_context(open_run(params, rehearse, stop))
        fleet = stack.enter_context(Fleet(entries, params["connect_timeout"]))
        before = with_given(
            survey(fleet, params["measure_usage_seconds"], params["measure_dirty_rate_seconds"]), params
        )
        if params["history"]:
            before = with_history(before, params["history"]["path"], window_of(params["history"]))
        before = awakened(before, params["awake"]) if rehearse else before
        check_runs_once(before)
        ended = [] if rehearse else end_trials(fleet, awake(before), time.time())
        before, plan = planned(fleet, before, planner)
        told = (
            {"plan": to_json(plan), **plan_facts(plan), "usage": usage_facts(before)}
            if params["goal"] is not None
            else {}
        )
        if told:
            emit("planned", {"plan_id": plan.plan_id, "text": told["plan_text"]})
        options = RunOptions(settings, plan.request.slots, params["max_failures"])
        real = LibvirtDriver(fleet, settings, stop), lambda: with_links(survey(fleet), links_of(params))
        driver, look = rehearsal(before, time.time(), stop=stop.is_set) if rehearse else real
        further = Further(replanner(params, before), most) if told else None
        done = carry_out(plan, before, driver, options, emit, look, further)
        if told:
            told.update({"stays": done["stays"], "stays_text": stay_lines(done["stays"])})
        return {
            **told,
            **module_result(done, journal),
            "silent": [*ended, *silent_lines(before), *unchecked_lines(before)],
        }


def body(module: AnsibleModule) -> dict[str, Any]:
    """Rehearse here, or carry out in a process that outlives this one."""
    work = partial(apply, module.params, rehearse=module.check_mode)
    done = work() if module.check_mode else detached(work)
    for line in done.pop("silent"):
        module.warn(line)
    return done


def main() -> None:
    """Run the module."""
    spec = {
        **fleet_spec(),
        **request_spec(required=False),
        **settings_spec(),
        **journal_spec(),
        **prediction_spec(),
        **usage_spec(),
        **history_spec(),
        **checks_spec(),
        "plan": {"type": "dict"},
        "plan_file": {"type": "path"},
        "max_failures": {"type": "int"},
        "rounds": {"type": "int", "default": 1},
        "awake": {"type": "list", "elements": "str", "default": []},
    }
    sources = [("goal", "plan", "plan_file")]
    module = AnsibleModule(
        argument_spec=spec,
        mutually_exclusive=sources,
        required_one_of=sources,
        supports_check_mode=True,
    )
    run_module(module, body, missing=libvirt is None)


if __name__ == "__main__":
    main()
