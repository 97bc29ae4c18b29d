"""The action of host_maintenance: a mark that is only to be read is, without a start of Python on its host."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import posixpath
import shlex
from typing import Any, Optional

from ansible.plugins.action import ActionBase

from ..module_utils._ansible.mark import FACT_FILE, FACTS_DIR, facts_of, result
from ..module_utils._model.errors import FleetError
from ..module_utils._model.pressure_text import FOLDER, KINDS, of_lines

# a line that no JSON has
_THEN = "--pressure--"


class ActionModule(ActionBase):
    """As Ansible looks for it."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Return the module's result; runs it unless reading a file will do."""
        super().run(tmp, task_vars)
        reads_only = self._task.args.get("state") == "unchanged" and not self._task.async_val
        found = self._read(str(self._task.args.get("facts_dir") or FACTS_DIR)) if reads_only else None
        if found is not None:
            return found
        done: dict[str, Any] = self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
        return done

    def _read(self, folder: str) -> Optional[dict[str, Any]]:
        """Return the result for the mark as it is, None where the module has to say what is wrong."""
        path = posixpath.join(folder, FACT_FILE)
        read = self._low_level_execute_command(_command(shlex.quote(path)))
        if read.get("rc") != 0:
            return None
        facts, _line, pressure = read["stdout"].partition(_THEN)
        try:
            mark = facts_of(facts, path).get("maintenance")
        except FleetError:  # the module tells it
            return None
        return result(mark, mark, of_lines(pressure))


def _command(file: str) -> str:
    """Return what prints the facts and then the pressure, of which there may be none."""
    kinds = " ".join(posixpath.join(FOLDER, kind) for kind in KINDS)
    facts = f"if test -e {file}; then cat {file}; else echo '{{}}'; fi"
    return f"{{ {facts}; }} && {{ echo; echo {_THEN}; grep '^some' {kinds} 2>/dev/null; true; }}"
