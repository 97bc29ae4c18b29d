"""Documentation of the options that narrow down what a plan may do. Text only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What a request says beside its goal."""

    DOCUMENTATION = r"""
options:
  guests:
    description: Names or UUIDs of the guests to move, for the goal V(move).
    type: list
    elements: str
    default: []
  dests:
    description: Only these hosts may take guests. Left empty, all may.
    type: list
    elements: str
    default: []
  method:
    description:
      - V(auto) moves running guests live, paused ones paused, shut-off ones as a definition.
      - V(paused) suspends running guests while they move.
    type: str
    choices: [auto, paused]
    default: auto
"""
