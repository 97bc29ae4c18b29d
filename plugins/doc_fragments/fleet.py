"""Documentation of the options that say which hosts there are. Text only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The hosts of the fleet, and how long to wait for them."""

    DOCUMENTATION = r"""
options:
  hosts:
    description:
      - Every host of the fleet, as the filter P(virtfleet.migration.fleet_hosts#filter) makes it from the inventory.
      - Give the whole fleet even where only some hosts are concerned, since a guest can only be found, and can only be
        known to run once, on hosts that are asked.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the host in the inventory and in every report.
        type: str
        required: true
      uri:
        description: libvirt URI at which the conductor reaches the host, such as V(qemu+ssh://root@hv1/system).
        type: str
        required: true
      peer_uri:
        description: libvirt URI at which the other hosts' daemons reach it, such as V(qemu+tls://hv1/system).
        type: str
      migration_address:
        description: Name or address to which guests' memory and disks are sent; left out, libvirt asks the host.
        type: str
      allocatable_memory_mib:
        description: Memory that guests may be given, in MiB. Left out, capacity less O(hosts[].reserve_memory_mib).
        type: int
      reserve_memory_mib:
        description: Memory withheld for the host itself, in MiB.
        type: int
        default: 1024
      allocatable_vcpus:
        description: vCPUs that guests may be given. Left out, CPUs times O(hosts[].cpu_overcommit).
        type: int
      cpu_overcommit:
        description: vCPUs per CPU.
        type: float
        default: 4.0
      shared_pools:
        description:
          - Pools of this host, by name, that are the same storage on every host that lists them, although libvirt can't
            know it, such as a V(dir) pool on a file system that is mounted everywhere.
        type: list
        elements: str
        default: []
      maintenance:
        description: The host's maintenance mark, if it has one; such a host takes no guests.
        type: dict
        suboptions:
          reason:
            description: Why the host is in maintenance.
            type: str
            default: ''
          since:
            description: Since when, in ISO 8601.
            type: str
            default: ''
      labels:
        description: Names and values of the user's own.
        type: dict
        default: {}
      site:
        description: Site of the host.
        type: str
      rack:
        description: Rack (failure domain) of the host.
        type: str
  connect_timeout:
    description: Seconds after which a host that has not answered counts as unreachable.
    type: float
    default: 15
requirements:
  - libvirt-python (C(python3-libvirt)); where the module's Python lacks it, the system's Python is used.
notes:
  - Runs on the conductor, which needs a libvirt client and access to the hosts, not on the hosts themselves.
"""
