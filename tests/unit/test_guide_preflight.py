"""The guide to the pre-flight names every refusal and warning, and tests that are there. Reads files only."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._model.refusal import CautionCode, RefusalCode

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_preflight.rst"
ROW = re.compile(r"^   \* - ``(\w+)``\n     - .+\n     - .+\n     - .+; ``(\S+)``$", re.MULTILINE)


def rows() -> dict[str, str]:
    """Return the test that the guide names for each code."""
    return dict(ROW.findall(GUIDE.read_text(encoding="utf-8")))


def test_no_row_is_of_a_code_that_there_is_not() -> None:
    assert set(rows()) <= {code.value for code in (*RefusalCode, *CautionCode)}


def test_every_code_has_a_row() -> None:
    assert {code.value for code in (*RefusalCode, *CautionCode)} - set(rows()) == set()


@pytest.mark.parametrize("test", sorted(set(rows().values())))
def test_the_tests_that_it_names_are_there(test: str) -> None:
    assert (ROOT / test).is_file()


def test_a_test_of_that_code_is_where_the_guide_says() -> None:
    silent = [
        code
        for code, test in rows().items()
        if "test_preflight" in test and code not in (ROOT / test).read_text(encoding="utf-8").lower()
    ]
    assert silent == []
