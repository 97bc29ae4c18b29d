"""The action of host_fitness_info: its module, and whether Ansible itself runs on that host. Looks at nothing else."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._host.identity import identity
from ..module_utils._model.codec import from_json
from ..module_utils._model.fitness import Identity, goes_down_with


class ActionModule(ActionBase):
    """As Ansible looks for it."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Return the module's result, and what only both machines together can tell."""
        super().run(tmp, task_vars)
        result: dict[str, Any] = self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
        if result.get("identity"):
            there = from_json(Identity, result["identity"], "identity")
            local = getattr(self._connection, "transport", None) == "local"
            result["control_node"] = local or goes_down_with(identity(), there)
        return result
