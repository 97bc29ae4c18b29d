"""What is read from a job's file is parsed and never searched: names are only text."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.virtfleet.migration.plugins.module_utils._engine.journal import parse_object


def test_a_guest_called_started_is_no_sign_of_a_job_that_runs():
    assert "started" in (parse_object('{"started": 1, "finished": 0}') or {})
    assert "started" not in (parse_object('{"report": {"left": ["started"]}}') or {})


def test_what_is_cut_off_or_no_object_is_nothing():
    assert [parse_object(text) for text in ("", '{"started"', "[]", "1")] == [None] * 4
