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
      listen_address:
        description:
          - Address on which this host waits for guests that come; left out, libvirt waits on all of them.
          - Set it to O(hosts[].migration_address) to keep migrations on a network of their own.
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
      latency_ms:
        description:
          - Milliseconds from the host to users, by names of your own for these, such as V(paris). The options
            C(near) and C(max_latency_ms) of M(virtfleet.migration.migration_plan) go by it.
        type: dict
        default: {}
      power:
        description: What the host draws.
        type: dict
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
            description: Watts at 0, 10 ... 100 % load, 11 values, as SPECpower states them. Empty for a straight line.
            type: list
            elements: float
            default: []
          off_watts:
            description: Watts while the host is off, which its BMC draws.
            type: float
            default: 0.0
          boot_seconds:
            description: Seconds from switching it on until it takes guests.
            type: float
            default: 180.0
          shutdown_seconds:
            description: Seconds that it takes to shut down.
            type: float
            default: 60.0
      power_since:
        description: When the host was last switched on or off, in ISO 8601 and UTC. Left out, it was long ago.
        type: str
      pressure:
        description:
          - Percent of the last minute in which something on the host waited, as its kernel tells (pressure stall
            information, line C(some), C(avg60)). M(virtfleet.migration.host_maintenance) reads it on the host, and
            P(virtfleet.migration.fleet_hosts#filter) hands it over.
        type: dict
        suboptions:
          cpu:
            description: Percent of the time in which a task waited for a CPU.
            type: float
          memory:
            description: Percent of the time in which a task waited for memory.
            type: float
          io:
            description: Percent of the time in which a task waited for storage.
            type: float
      own_counters:
        description:
          - Whether what the host's kernel counts is of this host alone. Set it to V(false) for a host that is a
            container, whose kernel counts the whole machine. CPU use of the host as a whole is not measured then.
        type: bool
        default: true
      standby:
        description:
          - The host is powered off on purpose. It is never connected to, even if it would answer.
          - Needs memory and CPUs by O(hosts[].standby_like), by O(hosts[].memory_mib) and O(hosts[].cpus), or by the
            allocatable figures.
        type: bool
        default: false
      standby_like:
        description:
          - Name of a host of the same build that is on. It tells what the inventory does not say of a host on standby,
            such as its CPU, machine types, networks and shared pools.
        type: str
      known:
        description:
          - What a survey knew of a host before it was switched off, for a host on standby without
            O(hosts[].standby_like). P(virtfleet.migration.fleet_hosts#filter) takes it from the notes of
            M(virtfleet.migration.host_standby).
        type: dict
      memory_mib:
        description: Memory of a host on standby, in MiB. One that is on is measured.
        type: int
      cpus:
        description: CPUs of a host on standby. One that is on is measured.
        type: int
      bridge_map:
        description:
          - What bridges of other hosts are called on this one, such as V(br0) as V(br-lan). A guest that comes here is
            plugged into the mapped one. When a guest leaves, the map is read backwards, unless the name is known there
            as it is.
        type: dict
        default: {}
      network_map:
        description: What libvirt networks of other hosts are called on this one, as in O(hosts[].bridge_map).
        type: dict
        default: {}
      pool_map:
        description:
          - What storage pools of other hosts are called on this one, as in O(hosts[].bridge_map). They may be at other
            paths; the guest's definition is changed accordingly.
          - A pool of shared storage must be the same storage; a local one takes the copies.
        type: dict
        default: {}
      path_map:
        description:
          - Folders of other hosts' pools and those that stand for them on this one. Pools in them, or in folders below,
            are then the ones of the mapped path.
        type: dict
        default: {}
      reuse_images:
        description:
          - Whether a disk that is copied to this host may stand on a base image that is here already, so that only what
            is above it is copied. All images below the disk must have the same names, formats and sizes on both hosts,
            and their contents are compared before the copy.
          - With V(false) such disks are always copied whole.
        type: bool
        default: true
      missing_media:
        description:
          - What becomes of CD-ROMs, floppies and other disks that are only read, in a guest that comes to this host and
            whose image is not here.
          - V(refuse) refuses the move.
          - V(eject) lets the guest go with an empty drive, now and after its next start. The image stays where it is.
            Nobody asks the guest, which may have it mounted. Disks that are no CD-ROM or floppy are refused still.
          - V(copy) first copies the image from the source's pool to this host, through the conductor, under the same
            name. It stays here. What is in no local pool of its host is refused still.
        type: str
        choices: [refuse, eject, copy]
        default: refuse
      max_guests:
        description:
          - The most active guests of the host, a hard rule of kind V(max_guests) in every plan. Left out, there is no
            limit.
        type: int
      links:
        description: What migrations may use between sites. The same on every host that gives it.
        type: list
        elements: dict
        default: []
        suboptions:
          sites:
            description: Two sites, or one for its own hosts.
            type: list
            elements: str
            required: true
          bandwidth_mibs:
            description: MiB/s that migrations may use.
            type: float
            required: true
          latency_ms:
            description: Round trip in milliseconds, for people; nothing is decided by it.
            type: float
          cost_per_gib:
            description: What a GiB over the link costs, in any currency; plan and report add it up.
            type: float
          tls_required:
            description: A move over the link that would not be encrypted is refused before anything moves.
            type: bool
            default: false
          hours:
            description:
              - When moves may start over the link, such as V(22:00-06:00), V(mon-fri 18:00-24:00) or
                V(sat,sun 00:00-24:00). What is under way when the hours end goes on. Left out, always.
            type: list
            elements: str
            default: []
          bandwidth_by_hour:
            description: What migrations may use at other hours. The first entry that has the hour counts.
            type: list
            elements: dict
            default: []
            suboptions:
              hours:
                description: The hours, written as those of the link.
                type: str
                required: true
              bandwidth_mibs:
                description: MiB/s in these hours.
                type: float
                required: true
          timezone:
            description: Time zone of all hours of the link, by its IANA name, such as V(Europe/Berlin).
            type: str
            default: UTC
          policy:
            description:
              - Convergence policy of moves over the link. It goes before that of the source host and that of the run;
                the guest's own goes before it.
            type: str
          compression:
            description: How moves over the link are compressed, where the run does not say.
            type: str
            choices: [xbzrle, zlib, zstd]
          parallel_connections:
            description: Connections of each move over the link, where the run does not say.
            type: int
          post_copy:
            description:
              - V(refuse) lets no guest go on in post-copy over the link; what would switch to it is aborted instead.
            type: str
            choices: [allow, refuse]
            default: allow
      migration_bandwidth_mibs:
        description:
          - What all moves together may send from the host, and as much again to it, in MiB/s. It is shared among the
            moves under way, and anew whenever one begins or ends. Left out, there is no limit.
        type: int
      migration_policy:
        description: Convergence policy of the guests that leave the host; goes before that of the run.
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

    MAPS = r"""
options:
  bridge_map:
    description: Added to C(bridge_map) of the destination in O(hosts), for this move.
    type: dict
    default: {}
  network_map:
    description: Added to C(network_map) of the destination in O(hosts), for this move.
    type: dict
    default: {}
  pool_map:
    description: Added to C(pool_map) of the destination in O(hosts), for this move.
    type: dict
    default: {}
  path_map:
    description: Added to C(path_map) of the destination in O(hosts), for this move.
    type: dict
    default: {}
  missing_media:
    description: In place of O(hosts[].missing_media) of the destination, for this move.
    type: str
    choices: [refuse, eject, copy]
"""
