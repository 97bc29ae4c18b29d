"""The page on libvirt's flags is that of the code and of the lab's tests, and it leaves nothing unsaid."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model import migrate_table as table

ROOT = Path(__file__).resolve().parents[2]
ROWS = (*table.FLAGS, *table.PARAMETERS)


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("flags_table", ROOT / "hacking" / "flags_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(script: Any) -> None:
    made = script.page(script.model(), script.used_by())
    assert made == script.PAGE.read_text(encoding="utf-8"), "run hacking/flags_table.py"


def test_all_21_flags_and_25_parameters_are_there_once() -> None:
    assert (len(table.FLAGS), len(table.PARAMETERS)) == (21, 25)
    assert len({row.name for row in ROWS}) == 46


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_is_offered_or_the_page_says_why_not(row: table.Flag) -> None:
    assert bool(row.option) != bool(row.why_not)


def test_each_that_is_offered_was_used_on_real_hosts_and_no_test_names_another(script: Any) -> None:
    used = script.used_by()
    assert set(used) == {row.name for row in ROWS if row.option}


def test_the_tests_are_read_from_their_marks(script: Any, tmp_path: Path) -> None:
    (tmp_path / "test_b.py").write_text(
        "import pytest\n\n\n@pytest.mark.migrates_with('TLS', 'bandwidth')\ndef test_x(): ...\n\n\n"
        "@pytest.mark.parametrize('a', [1])\n@pytest.mark.migrates_with('TLS')\ndef test_w(): ...\n",
        encoding="utf-8",
    )
    (tmp_path / "helper.py").write_text("@pytest.mark.migrates_with('LIVE')\ndef test_y(): ...\n", encoding="utf-8")
    assert script.used_by(tmp_path) == {
        "TLS": ["test_b.py::test_w", "test_b.py::test_x"],
        "bandwidth": ["test_b.py::test_x"],
    }
