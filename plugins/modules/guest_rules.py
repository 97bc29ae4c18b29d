#!/usr/bin/python
"""The module guest_rules: labels and rules in a guest's own metadata. A thin shell; _libvirt reads and writes."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: guest_rules
short_description: Set labels, rules and migration policy of a guest in its own metadata
version_added: 0.1.0
description:
  - Keeps labels, rules, migration policy and home of one guest in its libvirt metadata, under the namespace
    C(urn:virtfleet:guest:1), so that they travel with it from host to host, and every conductor sees them.
  - The guest is found on whichever host it is; the running and the persistent definition are both changed. The guest
    itself notices nothing.
  - Rules are kept by every plan of M(virtfleet.migration.migration_plan), the policy by every run that moves the guest.
    This module moves no guest.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
attributes:
  check_mode:
    support: full
    description: Says whether anything would change, and does not change it.
  diff_mode:
    support: full
    description: Returns labels, rules, policy and home before and after.
  action_group:
    support: full
    description: Use C(group/virtfleet.migration.migration) in C(module_defaults) to set options once.
    membership:
      - virtfleet.migration.migration
options:
  hosts:
    required: true
  guest:
    description: Name or UUID of the guest. A name that several guests have is refused.
    type: str
    required: true
  state:
    description:
      - V(present) makes each of O(labels), O(rules), O(policy), O(max_downtime_ms), O(fallback), O(priority) and
        O(home) that is given what the guest has from now on. What is not given stays as it is.
      - V(absent) takes the O(labels) away that are named, the O(rules) that are given, and each of the others that is
        given, whatever its value. Where none is given it takes everything away but the home.
    type: str
    choices: [present, absent]
    default: present
  append:
    description: Keep the labels and rules that are there and not given here. Only for O(state=present).
    type: bool
    default: false
  labels:
    description:
      - Names and values of the user's own, by which rules and requests can select guests.
      - An empty mapping with O(state=present) takes all labels away.
    type: dict
  rules:
    description:
      - The guest's own rules; their order means nothing.
      - An empty list with O(state=present) takes all rules away.
    type: list
    elements: dict
    suboptions:
      kind:
        description:
          - V(affinity) keeps the guest together with all others whose rule has the same O(rules[].group) and
            O(rules[].scope).
          - V(anti_affinity) keeps it apart from them.
          - V(pin) lets it go only to O(rules[].hosts), V(ban) never to them.
          - V(methods) lets it be moved only by O(rules[].methods).
        type: str
        choices: [affinity, anti_affinity, pin, ban, methods]
        required: true
      group:
        description: Name of the group; needed by V(affinity) and V(anti_affinity), meaningless to the others.
        type: str
      scope:
        description: What counts as one place for V(affinity) and V(anti_affinity).
        type: str
        choices: [host, rack, site]
        default: host
      hosts:
        description: Names of hosts or shell patterns; needed by V(pin) and V(ban), meaningless to the others.
        type: list
        elements: str
        default: []
      hard:
        description:
          - A hard rule is never broken by a plan.
          - A soft one (V(false)) is broken where otherwise more guests would have to stay.
        type: bool
        default: true
      methods:
        description: How the guest may be moved; needed by V(methods), meaningless to the others.
        type: list
        elements: str
        choices: [live, paused, offline]
        default: []
  policy:
    description: Name of the convergence policy by which the guest is moved, whatever that of the run is.
    type: str
  max_downtime_ms:
    description:
      - How long the guest may stand still at the switchover, in milliseconds, whatever the run allows others. From 1 to
        2000000.
    type: int
  fallback:
    description:
      - What may be done with the guest where it could not be moved as it is. One that does not say is tried again on
        other hosts, and stays where that fails too.
      - V(live_only) says just that, and that no convergence policy may pause it meanwhile.
      - V(may_pause) lets the last try suspend it while it moves.
      - V(may_shut_down) lets the last try shut it down, move it and start it again.
      - V(leave) lets it stay after the first try that failed.
    type: str
    choices: [live_only, may_pause, may_shut_down, leave]
  priority:
    description: Of moves that could start, that of the higher priority starts first. From -1000 to 1000, V(0) if unset.
    type: int
  home:
    description:
      - Name of the host to which the goal V(restore) brings the guest; evacuating notes it by itself.
      - The note goes once the guest has arrived there.
    type: str
seealso:
  - module: virtfleet.migration.fleet_info
  - module: virtfleet.migration.migration_plan
"""

EXAMPLES = r"""
- name: Keep the database's replicas in different racks, and this one on hosts with fast disks if possible
  virtfleet.migration.guest_rules:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    guest: db1
    labels:
      app: shop
      tier: database
    rules:
      - {kind: anti_affinity, group: shop-db, scope: rack}
      - {kind: pin, hosts: ['nvme-*'], hard: false}
  delegate_to: localhost
  run_once: true

- name: Add a label, keep all others
  virtfleet.migration.guest_rules:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    guest: db1
    labels:
      owner: ana
    append: true
  delegate_to: localhost
  run_once: true

- name: Move it first, and shut it down if it can't be moved otherwise
  virtfleet.migration.guest_rules:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    guest: db1
    priority: 10
    fallback: may_shut_down
  delegate_to: localhost
  run_once: true

- name: Take one label away
  virtfleet.migration.guest_rules:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    guest: db1
    state: absent
    labels:
      owner: ''
  delegate_to: localhost
  run_once: true

- name: Take everything away but the home
  virtfleet.migration.guest_rules:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    guest: 5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01
    state: absent
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
guest:
  description: The guest, and the host that it is on.
  returned: success
  type: dict
  sample: {name: db1, uuid: 5e7d1c6e-0f3e-5e0b-9d7b-0a4a3a6f5a01, host: hv1}
labels:
  description: Its labels as they are now, or in check mode would be.
  returned: success
  type: dict
  sample: {app: shop, tier: database}
rules:
  description: Its rules as they are now, or in check mode would be; sorted.
  returned: success
  type: list
  elements: dict
  sample:
    - {kind: anti_affinity, group: shop-db, scope: rack, hard: true, hosts: [], methods: []}
    - {kind: pin, group: null, scope: host, hard: false, hosts: ['nvme-*'], methods: []}
policy:
  description: How it wants to be moved, as it is now, or in check mode would be; V(null) where it says nothing.
  returned: success
  type: dict
  sample: {policy: null, max_downtime_ms: 500, fallback: may_shut_down, priority: 10}
home:
  description: The host to which the goal V(restore) brings it, V(null) where none is noted.
  returned: success
  type: str
  sample: hv1
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import fleet_spec, hosts_of
from ..module_utils._ansible.shell import run_module
from ..module_utils._libvirt.binding import libvirt
from ..module_utils._libvirt.connection import Fleet
from ..module_utils._libvirt.guest_notes import Wish, change_notes, check_home, resident
from ..module_utils._libvirt.survey import survey
from ..module_utils._model.codec import from_json, to_json
from ..module_utils._model.guest import Notes
from ..module_utils._model.guest_policy import Fallback, GuestPolicy
from ..module_utils._model.rules import GuestRule
from ..module_utils._planner.find import guest_named

RULE_OPTIONS = {
    "kind": {"type": "str", "choices": ["affinity", "anti_affinity", "pin", "ban", "methods"], "required": True},
    "group": {"type": "str"},
    "scope": {"type": "str", "choices": ["host", "rack", "site"], "default": "host"},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "hard": {"type": "bool", "default": True},
    "methods": {"type": "list", "elements": "str", "choices": ["live", "paused", "offline"], "default": []},
}

POLICY_OPTIONS = {
    "policy": {"type": "str"},
    "max_downtime_ms": {"type": "int"},
    "fallback": {"type": "str", "choices": [fallback.value for fallback in Fallback]},
    "priority": {"type": "int"},
}


def wish_of(params: dict[str, Any]) -> Wish:
    """Return what the user wants of the guest."""
    labels, rules = params["labels"], params["rules"]
    given = {name: params[name] for name in POLICY_OPTIONS if params[name] is not None}
    policy = from_json(GuestPolicy, given)
    return Wish(
        labels=None if labels is None else {str(name): str(value) for name, value in labels.items()},
        rules=None if rules is None else tuple(from_json(GuestRule, rule, "rules") for rule in rules),
        policy={name: getattr(policy, name) for name in given},
        home=params["home"],
        remove=params["state"] == "absent",
        append=params["append"],
    )


def shown(notes: Notes) -> dict[str, Any]:
    """Return the part of the notes that this module is about."""
    found = {"labels": notes.labels, "rules": notes.rules, "policy": notes.policy, "home": notes.home}
    return {name: to_json(value) for name, value in found.items()}


def body(module: AnsibleModule) -> dict[str, Any]:
    """Find the guest and make its notes what is wished."""
    wish = wish_of(module.params)
    with Fleet(hosts_of(module.params), module.params["connect_timeout"]) as fleet:
        snapshot = survey(fleet)
        check_home(wish, snapshot)
        place = resident(snapshot, guest_named(module.params["guest"], snapshot.residents, snapshot))
        change = change_notes(fleet, place.host, place.guest.uuid, wish, write=not module.check_mode)
    guest = {"name": place.guest.name, "uuid": place.guest.uuid, "host": place.host}
    diff = {"before": shown(change.before), "after": shown(change.after)}
    return {"changed": change.changed, "guest": guest, **shown(change.after), "diff": diff}


def main() -> None:
    """Run the module."""
    spec = {
        **fleet_spec(),
        "guest": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "append": {"type": "bool", "default": False},
        "labels": {"type": "dict"},
        "rules": {"type": "list", "elements": "dict", "options": RULE_OPTIONS},
        **POLICY_OPTIONS,
        "home": {"type": "str"},
    }
    run_module(AnsibleModule(argument_spec=spec, supports_check_mode=True), body, missing=libvirt is None)


if __name__ == "__main__":
    main()
