"""Fixtures of the scenarios: a lab that is up and as it was made. Must not know what a scenario is about."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from is_as_made import is_as_made
from labview import lab


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Scenarios on the same lab follow one another, last of them one that leaves it spoilt: a new lab takes a while.

    A module says by PROFILE and HOSTS which lab it needs, and by LAST that it leaves that spoilt.
    """

    def order(item: pytest.Item) -> tuple[bool, str, int, bool]:
        module = item.getparent(pytest.Module).obj
        profile, hosts = getattr(module, "PROFILE", "default"), getattr(module, "HOSTS", 0)
        return profile != "default", profile, hosts, getattr(module, "LAST", False)

    items.sort(key=order)


@pytest.fixture(scope="module", autouse=True)
def fresh_lab(request: pytest.FixtureRequest) -> None:
    """Each scenario begins on the lab of its profile, with every guest where and how it was made."""
    hosts = getattr(request.module, "HOSTS", None)
    number = ("--hosts", str(hosts)) if hosts else ()
    lab("up", "--profile", getattr(request.module, "PROFILE", "default"), *number, timeout=1200)
    if not is_as_made():
        lab("reset")
        assert is_as_made(patience=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the whole scenario, for journals and reports that several runs share."""
    return tmp_path_factory.mktemp("scenario")
