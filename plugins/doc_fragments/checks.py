"""Documentation of the option host_checks, and of those that say what the looks are judged for. Text only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What was found on the hosts themselves; ``WANTED`` is for modules that move nothing."""

    DOCUMENTATION = r"""
options:
  host_checks:
    description:
      - What M(virtfleet.migration.host_check_info) found on the hosts, its
        RV(virtfleet.migration.host_check_info#module:check) by host. The filter
        P(virtfleet.migration.host_checks#filter) collects them.
      - With it two hosts of which one does not get through to the other, or would not accept its certificate, are as
        good as none to the guests between them; another destination is taken, or the guest is refused by name.
      - Without it certificates, ports, names, clocks and kernel switches are not judged. A host that is missing here,
        where others are given, is warned of, and nothing is held against it.
    type: dict
    default: {}
"""

    WANTED = r"""
options:
  transport:
    description:
      - How moves would be driven, see M(virtfleet.migration.guest_migration). O(host_checks) are judged for it.
    type: str
    choices: [p2p, direct]
    default: p2p
  tls:
    description: Whether memory and disks would be encrypted on their way. O(host_checks) are judged for it.
    type: bool
    default: true
  post_copy:
    description: Whether a move may end in post-copy. O(host_checks) are judged for it.
    type: bool
    default: false
"""
