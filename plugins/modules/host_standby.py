#!/usr/bin/python
"""The module host_standby: what this host knows of hosts that were switched off, as a local fact. Switches nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_standby
short_description: Note on a host which other hosts were switched off on purpose
version_added: 0.1.0
description:
  - A host that is switched off can't say so. So every other host of the fleet keeps a note about it in a file of local
    facts, C(ansible_local.virtfleet_standby), which every conductor can read.
  - The filter P(virtfleet.migration.fleet_hosts#filter) makes hosts on standby of them, with what was last known.
  - The role P(virtfleet.migration.power#role) writes, renews and reads the notes; the notes switch nothing.
author:
  - virtfleet.migration contributors (@virtfleet)
attributes:
  check_mode:
    support: full
    description: Says whether the notes would change, and does not change them.
  diff_mode:
    support: full
    description: Returns the notes before and after.
  action_group:
    support: full
    description: Use C(group/virtfleet.migration.migration) in C(module_defaults) to set options once.
    membership:
      - virtfleet.migration.migration
options:
  state:
    description:
      - V(present) adds O(notes) to those that are there. Of two notes about the same host the newer one stays.
      - V(absent) removes the notes about O(hosts).
      - V(unchanged) leaves them as they are, and returns them.
    type: str
    choices: [present, absent, unchanged]
    default: present
  notes:
    description:
      - A note by name of host. Each has C(power), V(off) or V(on), and may have C(since), C(reason), C(failure) (why
        the host could not be woken) and C(known) (what a survey last knew of it).
      - A note without C(since) keeps the time of one that says the same state, and else gets that of now.
    type: dict
    default: {}
  hosts:
    description: Hosts whose notes are removed.
    type: list
    elements: str
    default: []
  facts_dir:
    description: Folder of the host's local facts.
    type: path
    default: /etc/ansible/facts.d
"""

EXAMPLES = r"""
- name: Note that hv4 is off
  virtfleet.migration.host_standby:
    notes:
      hv4:
        power: 'off'
        reason: the night

- name: Read the notes
  virtfleet.migration.host_standby:
    state: unchanged
  register: virtfleet_standby_notes
"""

RETURN = r"""
notes:
  description: The notes as they are now, by name of host.
  returned: success
  type: dict
  sample: {hv4: {power: 'off', reason: the night, since: '2026-11-23T20:00:00+00:00'}}
"""

import datetime
import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.fact_file import read_facts, write_facts
from ..module_utils._ansible.mark import FACTS_DIR
from ..module_utils._ansible.shell import run_module
from ..module_utils._model.standby import checked, read_notes, with_notes, without_notes

FACT_FILE = "virtfleet_standby.fact"


def body(module: AnsibleModule) -> dict[str, Any]:
    """Compare the notes with the wanted ones, and write them where they differ."""
    path = os.path.join(module.params["facts_dir"], FACT_FILE)
    notes = read_facts(path, read_notes)
    wanted = wanted_notes(module.params, notes)
    if wanted != notes and not module.check_mode:
        write_facts(module, path, wanted)
    diff = {"before": _for_people(notes), "after": _for_people(wanted)}
    return {"changed": wanted != notes, "notes": wanted, "diff": diff}


def _for_people(notes: dict[str, Any]) -> dict[str, Any]:
    """Return the notes without what was known of the hosts, which is long and for plans."""
    return {name: {key: value for key, value in note.items() if key != "known"} for name, note in notes.items()}


def wanted_notes(params: dict[str, Any], notes: dict[str, Any]) -> dict[str, Any]:
    """Return the notes as they should be."""
    if params["state"] == "unchanged":
        return notes
    if params["state"] == "absent":
        return without_notes(notes, params["hosts"])
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return with_notes(notes, checked(params["notes"], "notes"), now)


def main() -> None:
    """Run the module."""
    spec = {
        "state": {"type": "str", "choices": ["present", "absent", "unchanged"], "default": "present"},
        "notes": {"type": "dict", "default": {}},
        "hosts": {"type": "list", "elements": "str", "default": []},
        "facts_dir": {"type": "path", "default": FACTS_DIR},
    }
    run_module(AnsibleModule(argument_spec=spec, supports_check_mode=True), body)


if __name__ == "__main__":
    main()
