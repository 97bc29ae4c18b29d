"""The roles hand on every option of how guests are moved, and say so."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._ansible.arguments import settings_spec

ROLES = Path(__file__).resolve().parents[3] / "roles"


@pytest.mark.parametrize("option", sorted(settings_spec()))
def test_a_role_hands_the_option_on_and_documents_it(option: str) -> None:
    tasks = (ROLES / "pipeline" / "tasks" / "round.yml").read_text(encoding="utf-8")
    assert f'        {option}: "{{{{ pipeline_settings.{option} | default(omit) }}}}"\n' in tasks
    for role in ("evacuate", "restore"):
        specs = (ROLES / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
        assert f"C({option})" in specs
