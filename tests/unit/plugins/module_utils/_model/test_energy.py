"""How moments are read, and which of what people write is none."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.energy import moment


@pytest.mark.parametrize("text", ["2026-01-31T18:00:00Z", "2026-01-31T18:00:00", "2026-01-31T19:00:00+01:00"])
def test_a_moment_is_iso_8601_and_utc_where_it_names_no_zone(text: str):
    assert moment(text) == datetime(2026, 1, 31, 18, tzinfo=timezone.utc)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30T00:00:00Z"])
def test_what_is_no_moment_is_none(text: str):
    assert moment(text) is None
