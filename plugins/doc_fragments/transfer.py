"""Documentation of the options that say how memory and disks are sent. Text only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of every move of a run, and in a fragment of their own those of one guest."""

    DOCUMENTATION = r"""
options:
  parallel_connections:
    description:
      - Send memory over this many connections at once (QEMU's multifd), 1 to 255. Left out, over one.
      - Together with V(post_copy) as O(timeout_action) it needs QEMU 10.1 on both hosts.
    type: int
  zerocopy:
    description:
      - Let the kernel send memory without copying it first, which saves CPU on fast links. Needs
        O(parallel_connections), O(tls=false), no O(compression), and libvirt 8.5 and QEMU 7.1 on both hosts.
      - QEMU has to lock memory for it, as much as the guest has at the most.
    type: bool
    default: false
  compression:
    description:
      - V(xbzrle) sends of a page that was sent before only what has changed, for guests that write the same pages again
        and again. It does not go with O(parallel_connections).
      - V(zlib) and V(zstd) compress each of the O(parallel_connections), and need libvirt 9.4 on both hosts.
    type: str
    choices: [xbzrle, zlib, zstd]
  compression_level:
    description:
      - How hard to compress, from V(0) for not at all and V(1) for fast to V(9) with V(zlib), to V(20) with V(zstd).
      - Needs libvirt-python 9.4 on the conductor too.
    type: int
  xbzrle_cache_mib:
    description: Memory in which V(xbzrle) keeps pages as they were sent, in MiB, a power of two. Left out, QEMU's 64.
    type: int
  auto_converge_initial:
    description: By how many percent O(auto_converge) slows the guest down at first, 1 to 99. Left out, QEMU's 20.
    type: int
  auto_converge_increment:
    description: By how many percent more it does so each time that was not enough, 1 to 99. Left out, QEMU's 10.
    type: int
  post_copy_bandwidth_mibs:
    description: Speed limit of a move once it is in post-copy, in MiB/s. Left out, there is none.
    type: int
  switchover_bandwidth_mibs:
    description:
      - The speed that QEMU counts on for the last part of memory when it judges whether that fits into the downtime, in
        MiB/s. Left out, what it measured on the way.
      - Needs libvirt 11.1 and QEMU 8.2 on both hosts.
    type: int
  abort_on_error:
    description: Give a move up, and let the guest stay, if a disk of the guest reports an error meanwhile.
    type: bool
    default: false
  storage_synchronous_writes:
    description:
      - Let each write of the guest to a disk that is copied wait until the destination has it too, so that the copy of
        a busy disk surely comes to an end. Needs libvirt 8.0 on both hosts.
    type: bool
    default: false
  detect_zeroes:
    description:
      - Look for zeroes in disks that are copied; where a disk has C(discard='unmap') they take no space at the
        destination. Needs libvirt 10.9 on both hosts.
    type: bool
    default: false
  allow_unsafe:
    description:
      - Move guests although libvirt holds it to be unsafe, for instance because a disk has a cache that the other host
        does not see. Can ruin disks; only for storage of which you know better than libvirt.
    type: bool
    default: false
"""

    ONE_GUEST = r"""
options:
  new_name:
    description:
      - What the guest is called from its arrival on. Its UUID stays, by which reports and rules know it.
      - The name must be free at the destination. A guest that is there already is not renamed.
    type: str
  tls_destination:
    description:
      - Name that must stand in the certificate of the destination's QEMU. Left out, the host's name in its peer_uri.
    type: str
  migration_port:
    description: Port on which the destination waits for the guest's memory. Left out, a free one of libvirt's range.
    type: int
  disks_port:
    description: Port on which the destination waits for the guest's disks. Left out, a free one of libvirt's range.
    type: int
  disks_uri:
    description:
      - Where the destination waits for disks, as C(tcp://ADDRESS:PORT), or as C(unix:///PATH) where something connects
        that socket on both hosts. Not together with O(disks_port).
    type: str
  graphics_uri:
    description:
      - Where viewers of the guest's SPICE display go on, as C(spice://NAME:PORT), for viewers that can't reach the
        destination itself. Left out, its address.
    type: str
"""
