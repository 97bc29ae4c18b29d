"""Documentation of how modules behave in check and diff mode. Text only."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of modules that look, and of modules that move guests."""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Changes nothing, in check mode or not.
  diff_mode:
    support: N/A
    description: There is nothing that could differ.
  action_group:
    description: Use C(group/virtfleet.migration.migration) in C(module_defaults) to set options once.
    support: full
    membership:
      - virtfleet.migration.migration
"""

    RECORD = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Looks at the fleet and says what it would record, and writes nothing.
  diff_mode:
    support: none
    description: A sample is added to what is there; nothing is replaced.
  action_group:
    description: Use C(group/virtfleet.migration.migration) in C(module_defaults) to set options once.
    support: full
    membership:
      - virtfleet.migration.migration
"""

    MOVES = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Rehearses the very same run on a simulator and predicts the report of a real one.
  diff_mode:
    support: full
    description: Returns which guest is on which host, before and after.
  action_group:
    description: Use C(group/virtfleet.migration.migration) in C(module_defaults) to set options once.
    support: full
    membership:
      - virtfleet.migration.migration
"""
