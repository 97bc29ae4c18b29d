"""Documentation of the option that has the links between sites. Text only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Links between sites, beside those of the inventory."""

    DOCUMENTATION = r"""
options:
  links:
    description: Links between sites, beside those of the inventory; one for the same sites takes the place of it.
    type: list
    elements: dict
    default: []
    suboptions:
      sites:
        description: The two sites, or one for what its own hosts have between them.
        type: list
        elements: str
        required: true
      bandwidth_mibs:
        description: Bandwidth in MiB/s, shared by all moves over the link.
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
"""
