"""A role that plans as data: its options, and what it hands to the pipeline. Reads files; judges nothing."""
# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"


@dataclass(frozen=True)
class Role:
    """``own``: options that the role uses itself, or hands to other roles than the pipeline."""

    name: str
    own: frozenset[str]

    def read(self, path: str) -> Any:
        return yaml.safe_load((ROLES / self.name / path).read_text(encoding="utf-8"))

    @property
    def options(self) -> dict[str, Any]:
        """The documented options, by name without that of the role."""
        options = self.read("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
        return {name[len(self.name) + 1 :]: option for name, option in options.items()}


BALANCE = Role("balance", frozenset({"group", "hosts", "mode", "plan_file", "plan", "report_dir"}))
CONSOLIDATE = Role(
    "consolidate",
    frozenset({"group", "hosts", "keep_on", "power_off", "settings", "report_dir", "measure_watts"}),
)
