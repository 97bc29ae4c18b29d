#!/usr/bin/python
"""The module guest_migration: one guest is on a host. A thin shell over planner and engine, as for a whole fleet."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: guest_migration
short_description: Make sure that a guest is on a given host
version_added: 0.1.0
description:
  - Moves one guest, running, paused or shut off, to a host, unless it is there already.
  - The definition moves along; it goes from the source once the destination has confirmed the guest.
  - What can't work is refused with the reason before anything is moved.
  - Where the move fails, the guest is moved once more as its own C(fallback) allows, suspended, or shut down and
    started again (M(virtfleet.migration.guest_rules)).
  - A guest keeps its state. One that was paused is paused at the destination too.
  - Disks in a pool of the source alone are copied along, those of a shut-off guest too. Once it has arrived, their
    volumes at the source, out of date by then, are removed; the images below them stay.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
  - virtfleet.migration.fleet.maps
  - virtfleet.migration.moves.prediction
  - virtfleet.migration.moves
  - virtfleet.migration.transfer
  - virtfleet.migration.transfer.one_guest
  - virtfleet.migration.checks
  - virtfleet.migration.moves.journal
  - virtfleet.migration.attributes.moves
options:
  hosts:
    required: true
  guest:
    description: Name or UUID of the guest.
    type: str
    required: true
  host:
    description: Name of the host that it should be on, one of O(hosts).
    type: str
    required: true
  method:
    description:
      - V(auto) moves a running guest live, a paused one paused, a shut-off one as a definition.
      - V(paused) suspends a running guest while it moves.
    type: str
    choices: [auto, paused]
    default: auto
  mend:
    description:
      - First mend what a half-done move, or a person, has left of the guest on several hosts, or paused on one, and
        what no note of this collection explains. M(virtfleet.migration.fleet_info) shows it as C(anomalies).
      - An incoming copy to which nothing moves is destroyed where the guest runs, or holds its state, elsewhere. The
        paused copy at its source is destroyed where the guest runs as it has arrived by migration. A shut-off
        definition is removed where the guest is active, and defined, on another host; volumes are never touched. A
        guest that a move has left paused at its source, with nothing of it at the other end, is resumed.
      - This is done only where libvirt's state on all hosts proves it right, seen twice in two seconds. Else nothing is
        done, and RV(refusal) says why and what to do.
      - Without it, such a guest is refused. A guest that is whole is moved as ever.
    type: bool
    default: false
seealso:
  - module: virtfleet.migration.migration_plan
  - module: virtfleet.migration.migration_apply
"""

EXAMPLES = r"""
- name: Move the guest web to hv2, live
  virtfleet.migration.guest_migration:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    guest: web
    host: hv2
    max_downtime_ms: 200
    timeout: 300
  delegate_to: localhost
  run_once: true

- name: Move web to a host where bridge and pool are called otherwise
  virtfleet.migration.guest_migration:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    guest: web
    host: hv2
    bridge_map: {br0: br-lan}
    pool_map: {default: nvme}
  delegate_to: localhost
  run_once: true

- name: Send a large guest over four connections, compressed, and call it web-old from then on
  virtfleet.migration.guest_migration:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    guest: web
    host: hv2
    parallel_connections: 4
    compression: zstd
    new_name: web-old
  delegate_to: localhost
  run_once: true

- name: Remove what a half-done move has left of web, which runs on hv1
  virtfleet.migration.guest_migration:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    guest: web
    host: hv1
    mend: true
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
report:
  description: What became of the guest, as M(virtfleet.migration.migration_apply) returns it.
  returned: success, or when the move failed
  type: dict
  sample:
    goal: move
    hosts: [hv2]
    moves:
      - {id: m0001, name: web, source: hv1, dest: hv2, method: live, outcome: moved, seconds: 2.1, bytes: 48300032,
         disk_bytes: 0, downtime_ms: 62, est_seconds: 2.7, error: null, remedy: null}
text:
  description: The report as lines for people.
  returned: success, or when the move failed
  type: list
  elements: str
  sample:
    - name  source  dest  method  outcome  seconds  data_mib  downtime_ms
    - web   hv1     hv2   live    moved    2.1      46.1      62
journal:
  description: Path of the journal on the conductor; empty in check mode and where nothing had to be done.
  returned: success, or when the move failed
  type: str
  sample: /root/.local/state/virtfleet/20261123T201200-4711.jsonl
mended:
  description:
    - What O(mend) has done, in order, or would do in check mode. C(action) is V(destroy), V(undefine) or V(resume).
    - Notes and volumes of interrupted moves, which need no O(mend), are counted in RV(report) alone.
  returned: success, or when the move failed
  type: list
  elements: dict
  sample:
    - {action: destroy, host: hv2, message: 'web: the paused copy on hv2 is destroyed; the guest is on hv1'}
refusal:
  description:
    - Why O(mend) has done nothing.
    - C(code) is V(changes), V(under_way), V(post_copy), V(runs_twice), V(none_active), V(no_source), V(own_state),
      V(has_run), V(went_off), V(state), V(transient), V(saved_image), V(snapshots), V(other_end_unknown) or
      V(other_end_silent); C(message) is the cause, C(remedy) the way out.
  returned: when the state of the guest's copies does not prove what is right
  type: dict
  sample:
    code: own_state
    message: "web is not mended: its copy on hv2 was paused by somebody, and may hold what is wanted"
    remedy: Look into it, then resume or destroy it there
"""

import time
from contextlib import ExitStack
from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import (
    fleet_spec,
    hosts_of,
    journal_spec,
    maps_spec,
    prediction_spec,
    settings_of,
    settings_spec,
    with_maps,
)
from ..module_utils._ansible.checks import checks_spec, with_checks
from ..module_utils._ansible.detached import detached
from ..module_utils._ansible.interrupt import stop_event
from ..module_utils._ansible.journal_file import open_run
from ..module_utils._ansible.shell import run_module
from ..module_utils._ansible.transfer import check_address, guest_of, one_guest_spec
from ..module_utils._engine.engine import RunOptions
from ..module_utils._engine.mend import made_whole, mentioned, not_mended, with_mended
from ..module_utils._engine.report import stay_facts, stay_lines
from ..module_utils._engine.session import Further, carry_out, check_runs_once, module_result, rehearsal
from ..module_utils._libvirt.binding import libvirt
from ..module_utils._libvirt.connection import Fleet
from ..module_utils._libvirt.driver import LibvirtDriver
from ..module_utils._libvirt.mender import LibvirtMender
from ..module_utils._libvirt.rooms import planned
from ..module_utils._libvirt.survey import survey
from ..module_utils._model.errors import FleetError
from ..module_utils._model.plan import Plan
from ..module_utils._model.request import Goal, Method, Request
from ..module_utils._model.settings import wanted_by
from ..module_utils._model.snapshot import Snapshot
from ..module_utils._planner.planner import make_plan


def request_of(params: dict[str, Any], fleet: Snapshot) -> Request:
    """Return what the user asks for."""
    method = Method.PAUSED if params["method"] == "paused" else None
    guest = guest_of(fleet, params["guest"], params["host"], params["new_name"])
    wanted = wanted_by(settings_of(params))
    return Request(Goal.MOVE, hosts=(params["host"],), guests=(guest,), method=method, wanted=wanted)


def looked_at(fleet: Fleet, params: dict[str, Any]) -> Snapshot:
    """Return the fleet as a survey finds it, with what was found on the hosts themselves."""
    return with_checks(survey(fleet, 0, params["measure_dirty_rate_seconds"]), params)


def plan_of(params: dict[str, Any], fleet: Fleet, seen: Snapshot) -> tuple[Snapshot, Plan]:
    """Return the plan, and the fleet with the room that there is for it; raises FleetError where the guest stays."""
    check_runs_once(seen)
    request = request_of(params, seen)
    before, plan = planned(fleet, seen, lambda snapshot: make_plan(snapshot, request))
    if plan.stays:
        raise FleetError("; ".join(stay_lines([stay_facts(stay) for stay in plan.stays])))
    return before, plan


def move(params: dict[str, Any], rehearse: bool) -> dict[str, Any]:
    """Move the guest and return the report."""
    entries, settings = with_maps(hosts_of(params), params["host"], params), settings_of(params)
    check_address(settings, next((entry for entry in entries if entry.name == params["host"]), None))
    with ExitStack() as stack:
        stop = stack.enter_context(stop_event())
        emit, journal = stack.enter_context(open_run(params, rehearse, stop))
        fleet = stack.enter_context(Fleet(entries, params["connect_timeout"]))
        surveyed = partial(looked_at, fleet, params)
        again = None if rehearse else surveyed
        whole = made_whole(surveyed(), params["guest"], params["mend"], LibvirtMender(fleet), emit, again)
        if whole.refusal is not None:
            return not_mended(whole.refusal)
        real = LibvirtDriver(fleet, settings, stop), partial(survey, fleet)
        with mentioned(whole):
            before, plan = plan_of(params, fleet, whole.fleet)
            driver, look = rehearsal(before, time.time(), params["new_name"], stop.is_set) if rehearse else real
            further = Further(lambda seen, request: make_plan(with_checks(seen, params), request))
            report = carry_out(plan, before, driver, RunOptions(settings), emit, look, further)
        return with_mended(module_result(report, journal), whole)


def body(module: AnsibleModule) -> dict[str, Any]:
    """Rehearse here, or carry out in a process that outlives this one."""
    if module.check_mode:
        return move(module.params, rehearse=True)
    return detached(partial(move, module.params, rehearse=False))


def main() -> None:
    """Run the module."""
    spec = {
        **fleet_spec(),
        **settings_spec(),
        **one_guest_spec(),
        **maps_spec(),
        **journal_spec(),
        **prediction_spec(),
        **checks_spec(),
        "guest": {"type": "str", "required": True},
        "host": {"type": "str", "required": True},
        "method": {"type": "str", "choices": ["auto", "paused"], "default": "auto"},
        "mend": {"type": "bool", "default": False},
    }
    run_module(AnsibleModule(argument_spec=spec, supports_check_mode=True), body, missing=libvirt is None)


if __name__ == "__main__":
    main()
