"""The filter of balance hands over what tasks know; what is said has tests of its own."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.virtfleet.migration.plugins.filter.balance import (
    FilterModule,
    balance_saved,
    balance_summary,
)

PLAN: dict[str, Any] = {"plan_id": "8e6cd1b3ae0d9f04", "request": {"threshold": 0.05}, "moves": [], "bounds": []}


def test_no_report_is_an_empty_one() -> None:
    assert balance_summary(PLAN, {}, "recommend") == balance_summary(PLAN, None, "recommend")


def test_a_plan_file_that_is_none_is_refused_with_its_name() -> None:
    with pytest.raises(AnsibleFilterError, match=r"plan file x\.json is not complete JSON"):
        balance_saved('{"plan_id": ', "plan file x.json")


def test_ansible_finds_them_by_name() -> None:
    assert set(FilterModule().filters()) == {"balance_saved", "balance_summary"}
