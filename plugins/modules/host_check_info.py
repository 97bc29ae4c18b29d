#!/usr/bin/python
"""The module host_check_info: a look on one hypervisor at what its moves need. A thin shell; looking is in _host."""
# Copyright: (c) 2026, virtfleet.migration contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_check_info
short_description: Look on a hypervisor at what its migrations need and libvirt does not tell
version_added: 0.1.0
description:
  - Run it on each hypervisor, as root. It opens the other hosts' libvirt as this host's daemon would, looks their names
    up, tries whether this host gets through to their ports for migrations, tries its certificates in a handshake of its
    own, and reads what the kernel and libvirt's configuration allow. It changes nothing.
  - Its result means something together with that of the other hosts, which M(virtfleet.migration.migration_check_info)
    judges. The playbook C(virtfleet.migration.preflight) does both.
  - It needs C(virsh) and C(timeout) on the host, which come with libvirt and coreutils.
  - That nobody listens on a port for migrations is normal before a move. A firewall that answers in the name of the
    host that nobody listens (C(reject with tcp reset)) can't be told from that.
author:
  - virtfleet.migration contributors (@virtfleet)
extends_documentation_fragment:
  - virtfleet.migration.fleet
  - virtfleet.migration.attributes.info
attributes:
  action:
    support: full
    description: Measures on the controller how far the host's clock is ahead.
options:
  hosts:
    required: true
  name:
    description: Which of O(hosts) this host is.
    type: str
    required: true
  peers:
    description:
      - Which of O(hosts) to look at from here. Left out, all others are; empty, none is, and only the host itself is
        looked at.
      - Guests go where their host has looked at the destination and somebody has looked at the destination itself; of
        other pairs nothing is known. So it is enough to let the hosts that guests leave look at those they may go to.
    type: list
    elements: str
  connect_timeout:
    description: Seconds to wait at each step for each other host.
    default: 5
requirements:
  - virsh on the host
seealso:
  - module: virtfleet.migration.migration_check_info
"""

EXAMPLES = r"""
- name: Look on each hypervisor
  virtfleet.migration.host_check_info:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    name: "{{ inventory_hostname }}"
  become: true
  register: virtfleet_check

- name: Judge what was found
  virtfleet.migration.migration_check_info:
    hosts: "{{ groups['hypervisors'] | virtfleet.migration.fleet_hosts(hostvars) }}"
    host_checks: "{{ groups['hypervisors'] | virtfleet.migration.host_checks(hostvars) }}"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
check:
  description: What was found, as O(virtfleet.migration.migration_check_info#module:host_checks) takes it.
  returned: success
  type: dict
  contains:
    time:
      description: The host's clock, seconds since 1970.
      type: float
    clock:
      description:
        - Seconds by which the host's clock is ahead of the controller's (C(offset)), and by how much that may be wrong
          (C(uncertainty)). V(null) where the module ran without its action plugin.
      type: dict
    peers:
      description:
        - For each other host the C(uri) and why it can't be opened (C(error)), the C(address) to which memory would go,
          what it resolves to (C(addresses)) or why it does not (C(unresolved)), and what is in the way of its ports
          (C(blocked)).
      type: list
      elements: dict
    certificates:
      description:
        - Certificates of libvirt and of QEMU (C(use)), as server and as client, each with its names, the end of its
          validity, the authority that has signed it, and what the host itself finds wrong with it (C(problem)).
      type: list
      elements: dict
    free_ports:
      description: How many ports of the range for migrations, C(first_port) to C(last_port), are free.
      type: int
    userfaultfd:
      description: Whether QEMU may use userfaultfd, which post-copy needs.
      type: bool
    tls_forced:
      description: Whether the host takes no migration without TLS.
      type: bool
    verifies_clients:
      description: Whether QEMU on the host asks for the certificate of whoever sends a guest.
      type: bool
    migration_host:
      description: The name or address that libvirt's configuration gives for migrations to this host.
      type: str
    mounts:
      description: File systems that could hold disks.
      type: list
      elements: dict
    shared_filesystems:
      description: Folders that libvirt's configuration says are shared.
      type: list
      elements: str
    nfs_allowed:
      description: Whether SELinux lets guests use NFS, V(null) where it enforces nothing.
      type: bool
    mtus:
      description: MTU of each network device.
      type: dict
  sample:
    time: 1764111600.0
    clock: {offset: 0.02, uncertainty: 0.4}
    free_ports: 64
    userfaultfd: true
    peers:
      - {name: hv2, uri: qemu+tls://hv2/system, error: null, address: 192.0.2.12, addresses: [192.0.2.12]}
"""

import time
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._ansible.arguments import fleet_spec, hosts_of
from ..module_utils._ansible.shell import run_module
from ..module_utils._host.look import look
from ..module_utils._libvirt.advice import remedy_for
from ..module_utils._model.codec import to_json
from ..module_utils._model.errors import FleetError
from ..module_utils._model.fleet import HostEntry


def body(module: AnsibleModule) -> dict[str, Any]:
    """Look at this host, and from it at the others."""
    began = time.time()
    entries, name = hosts_of(module.params), module.params["name"]
    seconds = int(module.params["connect_timeout"])
    if name not in {entry.name for entry in entries}:
        raise FleetError(
            f"host {name!r} is not among the hosts given", "Give the whole fleet, and its own name to each"
        )
    if seconds < 1:
        raise FleetError(f"connect_timeout is {module.params['connect_timeout']:g}", "Give at least one second")
    if module.get_bin_path("virsh") is None:
        raise FleetError("virsh is not there", "Install libvirt's clients on this host")
    seen = with_peers(entries, name, module.params["peers"])
    found = look(name, seen, seconds, began, module.run_command, remedy_for)
    return {"check": to_json(found), "seconds": round(time.time() - began, 3)}


def with_peers(entries: tuple[HostEntry, ...], name: str, peers: Optional[list[str]]) -> tuple[HostEntry, ...]:
    """Return this host and those to look at from it."""
    strangers = sorted(set(peers or ()) - {entry.name for entry in entries})
    if strangers:
        raise FleetError(f"peers has {strangers[0]!r}, which is not among the hosts given", "Give names of hosts")
    return tuple(entry for entry in entries if peers is None or entry.name in {name, *peers})


def main() -> None:
    """Run the module."""
    spec = {**fleet_spec(), "name": {"type": "str", "required": True}, "peers": {"type": "list", "elements": "str"}}
    spec["connect_timeout"] = {"type": "float", "default": 5}
    run_module(AnsibleModule(argument_spec=spec, supports_check_mode=True), body)


if __name__ == "__main__":
    main()
