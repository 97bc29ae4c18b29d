#!/usr/bin/python
"""The module fleet_simulation: what consolidation would have saved. A thin shell; the simulating is done in _whatif."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_simulation
short_description: Simulate the energy, moves and overload of consolidation on recorded use
version_added: 0.1.0
description:
  - Lets a fleet live through a time of recorded use, step by step, and has the planner of
    M(virtfleet.migration.migration_plan) consolidate it as often as a schedule would. Returns energy, moves and
    overload beside those of the fleet left as it is. Nothing is moved or switched, and no host is asked anything.
  - The planner sees only what it would have seen, which is the use up to that moment.
  - Every host needs a power model. What is simulated, what is not, and every formula are in
    R(What consolidation would save, ansible_collections.virtfleet.migration.docsite.guide_simulation).
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.moves.slots
  - virtfleet.migration.request
  - virtfleet.migration.goals
  - virtfleet.migration.links
  - virtfleet.migration.attributes.info
options:
  fleet:
    description: The fleet as a list, where there is no snapshot. Disks are taken as shared.
    type: dict
    suboptions:
      hosts:
        description: The hosts. Those that no guest is on may begin on standby.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: Name of the host.
            type: str
            required: true
          cpus:
            description: Number of its CPUs.
            type: int
            required: true
          memory_mib:
            description: Memory for guests, in MiB.
            type: int
            required: true
          cpu_overcommit:
            description: Number of vCPUs for each CPU.
            type: float
            default: 4.0
          standby:
            description: It is off when the simulation begins.
            type: bool
            default: false
          site:
            description: Its site.
            type: str
          rack:
            description: Its rack.
            type: str
          labels:
            description: Its labels.
            type: dict
            default: {}
          power:
            description: Its power model.
            type: dict
            required: true
            suboptions:
              idle_watts:
                description: Watts at rest.
                type: float
                required: true
              full_watts:
                description: Watts at full load.
                type: float
                required: true
              table:
                description: Watts at 0, 10 ... 100 % load, 11 values.
                type: list
                elements: float
                default: []
              off_watts:
                description: Watts while it is off.
                type: float
                default: 0.0
              boot_seconds:
                description: How long it boots, drawing as much as at full load.
                type: float
                default: 180.0
              shutdown_seconds:
                description: How long it shuts down, drawing as much as at full load.
                type: float
                default: 60.0
      guests:
        description: The guests, and where they begin.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the guest.
            type: str
            required: true
          host:
            description: Host where it begins.
            type: str
            required: true
          vcpus:
            description: Number of its vCPUs.
            type: int
            required: true
          memory_mib:
            description: Its memory, in MiB.
            type: int
            required: true
          labels:
            description: Its labels.
            type: dict
            default: {}
  snapshot_file:
    description: A saved snapshot (M(virtfleet.migration.fleet_info)) of the fleet.
    type: path
  trace_file:
    description:
      - A CSV of what guests used. The column C(time), in seconds or ISO 8601, is evenly spaced; each further column is
        the name or UUID of a guest and has the CPUs' worth of time that it used. A guest whose cells are empty to the
        end is gone from there on. One without a column uses what the snapshot measured.
    type: path
  history_file:
    description:
      - A file in which M(virtfleet.migration.fleet_record) has recorded what guests used, instead of O(trace_file).
        Guests of the fleet that are not in it use what the snapshot measured.
    type: path
  step_minutes:
    description: Length of a step of O(history_file). What was recorded in a step is averaged.
    type: int
    default: 15
  every_minutes:
    description: How often a plan is made and carried out.
    type: int
    default: 60
  relief_minutes:
    description:
      - How often somebody looks whether a host is above O(high_cpu_percent), and has a plan made at once. V(0) for
        never.
    type: int
    default: 5
  window_minutes:
    description: Time of the past whose percentile the planner takes as a guest's use.
    type: int
    default: 120
  percentile:
    description: That percentile, above 0 and up to 100.
    type: float
    default: 95.0
  horizon_minutes:
    description: Time ahead for which use is forecast; V(0) forecasts nothing.
    type: int
    default: 60
  profile_days:
    description: Number of earlier days whose same hours the forecast asks; V(0) asks none.
    type: int
    default: 7
  sigmas:
    description: Forecast by mean plus so many standard deviations; left out, by O(percentile).
    type: float
  migration_mib_per_second:
    description: What one move sends, in MiB/s. Moves at the same time do not share it.
    type: float
    default: 100.0
  lost_percent:
    description: Share of its CPU that a guest loses while it moves, in percent.
    type: float
    default: 10.0
seealso:
  - module: virtfleet.migration.fleet_record
  - module: virtfleet.migration.migration_plan
"""

EXAMPLES = r"""
- name: What would last week have saved?
  virtfleet.migration.fleet_simulation:
    snapshot_file: fleet.json
    trace_file: week.csv
    max_cpu_percent: 60
    high_cpu_percent: 80
    survive_loss: keep
    wake: true
  delegate_to: localhost
  run_once: true
  register: simulated

- name: Show it
  ansible.builtin.debug:
    var: simulated.text
"""

RETURN = r"""
figures:
  description:
    - What the time came to. Energy is C(kwh); C(overload_percent) is the share of the time of hosts that were on in
      which their guests wanted more CPU than there was, C(short_percent) the CPU that was wanted and not there.
  returned: success
  type: dict
  sample:
    kwh: 93.1
    hours: 168.0
    migrations: 311
    gib_moved: 1180.0
    mean_hosts_on: 3.2
    overload_percent: 0.05
unchanged:
  description: The same figures of the fleet left as it is.
  returned: success
  type: dict
saved_kwh:
  description: Energy saved, in kWh.
  returned: success
  type: float
  sample: 120.4
steps:
  description: Every step, with hosts on, watts, CPUs wanted, CPUs of the hosts that are on, overloaded hosts and moves.
  returned: success
  type: list
  elements: dict
  sample: [{hosts_on: 4, watts: 812.5, wanted_cpus: 21.3, cpus_on: 64, overloaded: 0, moves: 3}]
switched:
  description: Each time that a host was switched, in seconds from the begin.
  returned: success
  type: list
  elements: dict
  sample: [{second: 3600.0, host: hv3, 'on': false}]
charts:
  description: Hosts on, load and power over time as points and ticks of an SVG, for templates.
  returned: success
  type: list
  elements: dict
text:
  description: The figures as lines for people.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.request import request_spec
from ..module_utils._ansible.shell import read_text, run_module
from ..module_utils._ansible.simulation import fleet_in, moving_of, practice_of, simulation_spec, step_of
from ..module_utils._history.recall import Column, read_history
from ..module_utils._model.codec import to_json
from ..module_utils._model.metering import Kind
from ..module_utils._model.snapshot import Snapshot
from ..module_utils._whatif.planned import planned
from ..module_utils._whatif.plot import charts_of
from ..module_utils._whatif.run import leave, simulate
from ..module_utils._whatif.text import simulation_lines
from ..module_utils._whatif.trace_file import trace_of_csv, trace_of_series
from ..module_utils._whatif.values import Trace

EVER = (-1, 1 << 40)


def trace_in(params: dict[str, Any], snapshot: Snapshot) -> Trace:
    """Return what the user's trace or history file says of the guests of the fleet."""
    if params["trace_file"] is not None:
        what = f"trace file {params['trace_file']}"
        return trace_of_csv(read_text(params["trace_file"], what), what, snapshot)
    history = read_history(params["history_file"], Kind.GUEST, Column.CPUS, [EVER])
    series = {uuid: one for uuid, one in history.series.items() if uuid in snapshot.places}
    return trace_of_series(series, step_of(params), f"history file {params['history_file']}")


def body(module: AnsibleModule) -> dict[str, Any]:
    """Simulate the fleet with and without consolidation, and return both."""
    params = module.params
    snapshot = fleet_in(params)
    trace = trace_in(params, snapshot)
    moving = moving_of(params)
    unchanged = simulate(snapshot, trace, leave, moving)
    run = simulate(snapshot, trace, planned(snapshot, practice_of(params)), moving)
    return {
        "figures": to_json(run.figures),
        "unchanged": to_json(unchanged.figures),
        "saved_kwh": unchanged.figures.kwh - run.figures.kwh,
        "steps": to_json(run.steps),
        "switched": to_json(run.switched),
        "charts": to_json(charts_of(run, unchanged)),
        "text": simulation_lines(run.figures, unchanged.figures),
    }


def main() -> None:
    """Run the module."""
    request = {name: option for name, option in request_spec(required=False).items() if name != "goal"}
    sources = [("fleet", "snapshot_file"), ("trace_file", "history_file")]
    module = AnsibleModule(
        argument_spec={**request, **simulation_spec()},
        mutually_exclusive=sources,
        required_one_of=sources,
        supports_check_mode=True,
    )
    run_module(module, body)


if __name__ == "__main__":
    main()
