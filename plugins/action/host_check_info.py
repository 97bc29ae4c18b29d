"""The action of host_check_info: its module, and how far the host's clock is ahead of this machine's."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """As Ansible looks for it."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Return the module's result with the clock, which only both ends together can tell."""
        super().run(tmp, task_vars)
        began = time.time()
        result: dict[str, Any] = self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
        seconds = result.pop("seconds", None)
        if isinstance(result.get("check"), dict) and seconds is not None:
            result["check"]["clock"] = clock(began, time.time(), float(result["check"]["time"]), float(seconds))
        return result


def clock(began: float, ended: float, there: float, seconds: float) -> dict[str, float]:
    """Return how far the other clock is ahead, and the doubt about it.

    The module read its clock after ``began``, by at most the time that it did not spend on looking itself.
    """
    way = max(0.0, ended - began - seconds)
    return {"offset": round(there - began - way / 2, 3), "uncertainty": round(way / 2, 3)}
