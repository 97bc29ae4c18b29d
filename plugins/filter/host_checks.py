"""The filter host_checks: what host_check_info found on each host, by host. Small, pure, and decides nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def host_checks(names: Sequence[str], hostvars: Mapping[str, Any], variable: str = "virtfleet_check") -> dict[str, Any]:
    """Return the looks that were taken; a host that was not reached has none."""
    results = {name: hostvars[name].get(variable) or {} for name in sorted(set(names))}
    return {name: result["check"] for name, result in results.items() if result.get("check")}


class FilterModule:
    """The filters of this file, as Ansible looks for them."""

    def filters(self) -> dict[str, Any]:
        return {"host_checks": host_checks}
