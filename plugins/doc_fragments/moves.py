"""Documentation of the options that say how guests are moved. Text only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Settings of moves, slots and journal, each in a fragment of its own."""

    DOCUMENTATION = r"""
options:
  transport:
    description:
      - V(p2p) lets the source's daemon drive the move; it ends well even if the conductor dies.
      - V(direct) lets the conductor drive through both daemons, for hosts that can't authenticate to one another; if
        the conductor dies, libvirt gives the move up and the guest runs on at its source.
    type: str
    choices: [p2p, direct]
    default: p2p
  tls:
    description: Encrypt memory and disks on their way with QEMU's own TLS, and check the destination's certificate.
    type: bool
    default: true
  auto_converge:
    description: Slow down the vCPUs of a guest that writes faster than its memory can be sent.
    type: bool
    default: false
  bandwidth_mibs:
    description: Speed limit of each move, in MiB/s. Left out, there is none.
    type: int
  max_downtime_ms:
    description: How long the guest may stand still at the switchover, in milliseconds. Left out, QEMU's 300.
    type: int
  timeout:
    description: Seconds after which O(timeout_action) is taken with a move that is still under way; V(0) for never.
    type: int
    default: 0
  timeout_action:
    description:
      - V(abort) gives the move up, the guest runs on at its source.
      - V(pause) suspends the guest so that the rest of its memory can be sent; it resumes at the destination.
      - V(post_copy) starts the guest at the destination at once, which fetches missing memory from the source; if the
        link breaks meanwhile, the guest stands still until it is back.
    type: str
    choices: [abort, pause, post_copy]
    default: abort
"""

    SLOTS = r"""
options:
  max_outbound_per_host:
    description: Moves that may leave a host at the same time.
    type: int
    default: 6
  max_inbound_per_host:
    description: Moves that may come to a host at the same time.
    type: int
    default: 6
  max_per_fleet:
    description: Moves that may be under way at the same time in the whole fleet.
    type: int
    default: 16
"""

    JOURNAL = r"""
options:
  journal_dir:
    description:
      - Folder on the conductor in which each run leaves a journal of JSON lines. Made if it is missing.
      - A lock in it keeps a second run waiting until the first has ended.
    type: path
    default: ~/.local/state/virtfleet
  run_id:
    description: Name of this run's journal, without its ending. Left out, it is made from the time.
    type: str
"""
