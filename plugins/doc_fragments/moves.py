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
        link breaks meanwhile, the guest stands still until it is back. Where a host refuses the switch, it is
        tried three times, two seconds apart; then the move is given up, and the report says why it was refused.
    type: str
    choices: [abort, pause, post_copy]
    default: abort
  policy:
    description:
      - What is done, and when, with a guest that writes faster than its memory can be sent. V(minimal_downtime),
        V(suspend_if_needed), V(post_copy), V(very_large), V(wan), or the name of one of O(policies). What each does,
        and the time it promises, is in
        R(Convergence, ansible_collections.virtfleet.migration.docsite.guide_convergence).
      - Left out, O(max_downtime_ms), O(timeout) and O(timeout_action) are all there is.
      - A guest's own policy (M(virtfleet.migration.guest_rules)) goes before that of the link between two sites
        (C(policy) of O(hosts[].links)), that before that of its host (O(hosts[].migration_policy)), and that before
        this one.
      - O(max_downtime_ms) beside a policy is the longest downtime that any of its steps may allow. O(timeout) beside it
        is refused. A guest that moves paused or shut off follows no step but those that abort after a time.
    type: str
  link_wait_minutes:
    description:
      - How long a move waits for the link between two sites that is closed at this hour (C(hours) of
        O(hosts[].links)). A move whose link opens later than that is not begun, and the report says when it opens.
    type: float
    default: 0.0
  cut_over:
    description:
      - The window in which guests may switch over to their destination. What copies disks is begun before it and slowed
        down so that it takes until then; what only sends memory begins with it. What has not switched over when the
        window ends is aborted, and its guest runs on at its source.
    type: dict
    suboptions:
      from:
        description: When it begins, in ISO 8601, such as V(2026-11-27T22:00:00+01:00); UTC where it names no zone.
        type: str
      to:
        description: When it ends. Left out, never.
        type: str
  policies:
    description: Policies of your own, to be named in O(policy), by a host or by a guest.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the policy.
        type: str
        required: true
      max_downtime_ms:
        description: Downtime in milliseconds that the move begins with. Left out, QEMU's 300.
        type: int
      auto_converge:
        description: Slow down the guest's vCPUs while it writes faster than its memory can be sent.
        type: bool
        default: false
      bandwidth_mibs:
        description: Speed limit of each of its moves, in MiB/s. Left out, O(bandwidth_mibs).
        type: int
      steps:
        description:
          - What is done, in this order. A step is taken as soon as one of its triggers holds, and makes up for those
            before it. The last one must end the move and say after how many seconds.
        type: list
        elements: dict
        required: true
        suboptions:
          action:
            description:
              - V(max_downtime) raises the downtime to O(policies[].steps[].max_downtime_ms).
              - V(post_copy), V(pause) and V(abort) are those of O(timeout_action).
            type: str
            choices: [max_downtime, post_copy, pause, abort]
            required: true
          max_downtime_ms:
            description: The downtime of the action V(max_downtime), in milliseconds; more than in the steps before.
            type: int
          after:
            description: Trigger. Seconds since the move began.
            type: float
          after_per_gib:
            description: Seconds that O(policies[].steps[].after) grows by for each GiB of memory and copied disks.
            type: float
            default: 0.0
          stalled:
            description:
              - Trigger. Passes over the memory that ended since one began with at least a tenth less to send than all
                before it.
            type: int
          iterations:
            description: Trigger. Number of the pass over the memory.
            type: int
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

    USAGE = r"""
options:
  measure_usage_seconds:
    description:
      - Look twice, so many seconds apart, at what libvirt counts, for C(usage_cpus) of guests and hosts, the CPUs that
        each has used meanwhile, and C(usage_disk) and C(usage_network) of guests, in bytes per second.
      - V(0) does not; the survey is faster then, and these are unknown. At most 600.
      - It takes that long in all, not for each host. What it finds is of that moment only.
    type: float
    default: 0
"""

    PREDICTION = r"""
options:
  measure_dirty_rate_seconds:
    description:
      - Sample for so many seconds how fast each running guest writes to its memory, all at the same time, and predict
        from it bytes, seconds and downtime of each live move, and whether it converges.
      - V(0) does not; estimates then assume one pass over all memory. At most 60; 1 or 2 is enough. Needs libvirt 7.2.
      - What it finds is of that moment only. R(Convergence,
        ansible_collections.virtfleet.migration.docsite.guide_convergence) has the formulas.
    type: int
    default: 0
"""
