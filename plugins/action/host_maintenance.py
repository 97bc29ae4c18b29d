"""The action of host_maintenance: a mark that is as it should be is only read, without a start of Python there."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import posixpath
import shlex
from typing import Any, Optional

from ansible.plugins.action import ActionBase

from ..module_utils._ansible.mark import FACT_FILE, FACTS_DIR, facts_of, result, wanted_mark
from ..module_utils._model.errors import FleetError

KNOWN = frozenset({"state", "reason", "since", "facts_dir"})
STATES = frozenset({"present", "absent", "unchanged"})


class ActionModule(ActionBase):
    """As Ansible looks for it."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Return the module's result; runs it where there is something to change, or to complain about."""
        super().run(tmp, task_vars)
        found = None if self._task.async_val else self._settled()
        if found is not None:
            return found
        done: dict[str, Any] = self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
        return done

    def _settled(self) -> Optional[dict[str, Any]]:
        """Return the result where the mark is as wanted, None where it is not or that can't be told from here."""
        params = self._task.args
        if params.keys() - KNOWN or params.get("state", "present") not in STATES:
            return None
        path = posixpath.join(str(params.get("facts_dir") or FACTS_DIR), FACT_FILE)
        quoted = shlex.quote(path)
        read = self._low_level_execute_command(f"if test -e {quoted}; then cat {quoted}; else echo '{{}}'; fi")
        if read.get("rc") != 0:
            return None
        try:
            mark = facts_of(read["stdout"], path).get("maintenance")
        except FleetError:  # the module says what is wrong with the file
            return None
        wanted = wanted_mark(params, mark, "")
        return result(mark, wanted) if wanted == mark else None
