"""Columns of numbers come back as they were, however odd; damaged ones are told from others."""

# Copyright: (c) 2026, virtfleet.migration contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
import zlib

import pytest
from ansible_collections.virtfleet.migration.plugins.module_utils._history.packed import (
    MOST,
    pack,
    pack_ascending,
    unpack,
    unpack_ascending,
)
from ansible_collections.virtfleet.migration.plugins.module_utils._model.errors import FleetError


@pytest.mark.parametrize("numbers", [[], [0], [MOST], [0, 1, 255, 256, 65535, 65536, MOST]])
def test_numbers_come_back(numbers: list[int]) -> None:
    assert list(unpack(pack(numbers))) == numbers


def test_ascending_numbers_come_back_and_take_hardly_any_room() -> None:
    drawn = random.Random(1)
    scattered = sorted(drawn.sample(range(1, 10**6), 1000))
    assert list(unpack_ascending(pack_ascending(scattered))) == scattered
    assert list(unpack_ascending(pack_ascending([]))) == []
    assert len(pack_ascending(range(1, 22_001))) < 200


@pytest.mark.parametrize("bad", [b"", b"no such thing", zlib.compress(b"abc"), pack([1, 2, 3])[:-3], "text", None, 7])
def test_what_is_no_column_is_an_error_that_says_so(bad: object) -> None:
    with pytest.raises(FleetError, match="column is damaged"):
        unpack(bad)  # type: ignore[arg-type]
