"""The table of presets in the guide to convergence says what the presets do."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.policy import PRESETS, Policy, Step

GUIDE = Path(__file__).resolve().parents[5] / "docs" / "docsite" / "rst" / "guide_convergence.rst"


def limit(step: Step) -> str:
    return f"after {step.after:g} s + {step.after_per_gib:g} s per GiB"


def end(step: Step) -> str:
    if step.stalled is None:
        return f"{step.action.value} {limit(step)}"
    return f"{step.action.value} at {step.stalled} stalled passes, at the latest {limit(step)}"


def row(policy: Policy) -> str:
    begins = f"{policy.max_downtime_ms} ms" + (", auto-converge" if policy.auto_converge else "")
    downtimes = [f"{step.stalled}: {step.max_downtime_ms} ms" for step in policy.steps if step.max_downtime_ms]
    ends = [end(step) for step in policy.steps if not step.max_downtime_ms]
    cells = (f"``{policy.name}``", begins, ", ".join(downtimes), "; ".join(ends))
    return "   * - " + "\n     - ".join(cells) + "\n"


@pytest.mark.parametrize("preset", PRESETS, ids=[preset.name for preset in PRESETS])
def test_each_preset_is_in_the_table_as_it_is(preset: Policy) -> None:
    assert row(preset) in GUIDE.read_text(encoding="utf-8")
